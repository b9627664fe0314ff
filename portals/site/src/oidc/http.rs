//! The one HTTP client of a portal, and the bridge by which `openidconnect` uses it.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse};

use crate::loopback::Loopback;
use crate::settings::Kind;

/// Nobody waits longer than this for the provider: the visitor is waiting too.
const DEADLINE: Duration = Duration::from_secs(10);
/// Discovery, keys and tokens are some kilobytes. More is not an answer but an attack or an accident.
const LONGEST_ANSWER: usize = 1024 * 1024;

/// Calls the provider.
#[derive(Debug, Clone)]
pub(crate) struct Http {
    client: reqwest::Client,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HttpError {
    /// No connection, no answer in time, or an answer that broke off.
    #[error("{}", innermost(.0))]
    Failed(#[from] reqwest::Error),
    /// More than any answer of a provider has.
    #[error("the answer is longer than {LONGEST_ANSWER} bytes")]
    TooLong,
    /// The answer cannot be represented.
    #[error(transparent)]
    Malformed(#[from] openidconnect::http::Error),
}

impl Http {
    /// A client that follows no redirects (a provider's endpoints have none, and a redirect could lead a secret
    /// elsewhere), and that says who it is: `sso-lab-portal/<version> (<kind>)`.
    ///
    /// # Errors
    /// When the TLS backend cannot be set up.
    pub(crate) fn new(kind: Kind) -> Result<Self, HttpError> {
        // TLS needs one provider of cryptography for the process. The error says only that there is one already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .dns_resolver(Arc::new(Loopback))
            .timeout(DEADLINE)
            .user_agent(format!("sso-lab-portal/{} ({kind})", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self { client })
    }

    /// Sends a request and reads the whole answer.
    pub(crate) async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let mut answer = self.client.execute(request.try_into()?).await?;
        let mut response = openidconnect::http::Response::builder().status(answer.status());
        if let Some(headers) = response.headers_mut() {
            *headers = std::mem::take(answer.headers_mut());
        }
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await? {
            if body.len() + chunk.len() > LONGEST_ANSWER {
                return Err(HttpError::TooLong);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(response.body(body)?)
    }
}

impl<'c> AsyncHttpClient<'c> for Http {
    type Error = HttpError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.send(request))
    }
}

/// The last cause, which says what happened ("connection refused"); the first one only says that something did, and
/// may contain the URL with its parameters.
fn innermost(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return format!("no answer within {} s", DEADLINE.as_secs());
    }
    let mut cause: &dyn std::error::Error = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}
