//! A logout that is faster than another message: the order in which things arrive is what a race is about, and here it is
//! made, so that a lesson shows the same race each time.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::http::Method;
use futures_util::future::BoxFuture;
use futures_util::stream;
use lab_trace::Party;

/// Ends a session at Keycloak by its `sid` and returns when everybody who is to be told has answered.
pub(crate) type Ender = Arc<dyn Fn(String) -> BoxFuture<'static, ()> + Send + Sync>;

/// Which message the logout overtakes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Overtaking {
    /// Keycloak's next token answer to this portal's server: the session that it names is over when it arrives.
    TokensFor(String),
    /// The next POST of a browser, between its head and its body: this session is over when the body arrives.
    PostOf(String),
}

impl Overtaking {
    /// Whether a request that arrives at a tap is the one.
    pub(super) fn fits(&self, caller: &Party, method: &Method, path: &str) -> bool {
        match self {
            Self::TokensFor(app) => {
                *caller == Party::App(app.clone()) && path.ends_with("/protocol/openid-connect/token")
            }
            Self::PostOf(_) => matches!(caller, Party::Browser(_)) && method == Method::POST,
        }
    }
}

/// A body whose bytes come only after the session has ended.
pub(super) fn late_body(bytes: Bytes, sid: String, end: Ender) -> Body {
    Body::from_stream(stream::once(async move {
        end(sid).await;
        Ok::<_, std::convert::Infallible>(bytes)
    }))
}

#[cfg(test)]
mod tests {
    use axum::http::Method;
    use lab_trace::Party;

    use super::Overtaking;

    #[test]
    fn only_the_message_that_is_meant_is_overtaken() {
        let tokens = Overtaking::TokensFor("admin".to_owned());
        let token = "/realms/x/protocol/openid-connect/token";
        let app = |name: &str| Party::App(name.to_owned());
        assert!(tokens.fits(&app("admin"), &Method::POST, token));
        assert!(!tokens.fits(&app("internal"), &Method::POST, token), "another portal's");
        assert!(!tokens.fits(&app("admin"), &Method::GET, "/realms/x/protocol/openid-connect/certs"));
        let post = Overtaking::PostOf("s1".to_owned());
        let browser = Party::Browser(Some("john".to_owned()));
        assert!(post.fits(&browser, &Method::POST, "/admin/items/leave-1/approve"));
        assert!(!post.fits(&browser, &Method::GET, "/admin/dashboard"));
        assert!(!post.fits(&Party::Keycloak, &Method::POST, "/logout"), "the back channel is not a browser");
    }
}
