//! What stands around every answer: the headers that protect it, and the page for an error.

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use tower_http::csrf::CsrfLayer;

use crate::error::{ErrorPage, Trouble, page_for};
use crate::faults::Fault;
use crate::portal::App;
use crate::settings::{Kind, Settings};

/// A random word that this page's scripts carry: a script that somebody smuggles in does not know it.
#[derive(Debug, Clone)]
pub(crate) struct Nonce(pub(crate) String);

/// Marks an answer that may be shown in an iframe, and by whom. Every other answer may be framed by nobody.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Frameable {
    /// By the provider's logout page.
    ByProvider,
    /// By pages of this portal.
    ByThisPortal,
}

/// Gives every request a nonce, and every answer its page (if it is an error) and its headers.
pub(crate) async fn dress(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let nonce = Nonce(STANDARD.encode(rand::random::<[u8; 18]>()));
    request.extensions_mut().insert(nonce.clone());
    let answer = next.run(request).await;
    let mut answer = with_error_page(&app, answer, &nonce);
    if app.faults.on(Fault::P38NotFrameable) {
        answer.extensions_mut().remove::<Frameable>();
    }
    protect(&app, &mut answer, &nonce);
    if app.faults.on(Fault::S16InnerHtml) {
        answer.headers_mut().remove(CONTENT_SECURITY_POLICY);
    }
    answer
}

/// Refuses forms that another site sends (cross-site request forgery). `open` is the one path that takes POSTs from
/// elsewhere: the back-channel endpoint, which has no cookie and trusts nothing but a signature.
pub(crate) fn no_cross_site_posts(settings: &Settings, open: &'static str) -> CsrfLayer {
    let own = settings.own_url("");
    let layer = CsrfLayer::new().with_insecure_bypass(move |_, uri| uri.path() == open);
    // A proxy in front of the portal may change `Host`; the portal knows its own origin better.
    layer.clone().add_trusted_origin(own).unwrap_or(layer)
}

/// The answer after a panic in a handler.
pub(crate) fn after_panic(panic: Box<dyn std::any::Any + Send>) -> Response {
    let why = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let why = why.or_else(|| panic.downcast_ref::<String>().cloned());
    Trouble::Fault { why: format!("a handler panicked: {}", why.as_deref().unwrap_or("no message")) }.into_response()
}

/// Renders the page that an error brought along, or the one for an answer that a layer gave without a body.
fn with_error_page(app: &App, mut answer: Response, nonce: &Nonce) -> Response {
    let brought = answer.extensions_mut().remove::<ErrorPage>();
    let bare = !answer.headers().contains_key(CONTENT_TYPE);
    let Some(page) = brought.or_else(|| bare.then(|| page_for(answer.status())).flatten()) else { return answer };
    let mut values = json!(page);
    values["back"] = json!({"href": "/", "label": format!("Back to the {}", app.settings.kind.title().to_lowercase())});
    match app.pages.render("error.html", nonce, values) {
        Ok(html) => {
            // Headers such as `Allow` or a deleted cookie belong to the answer, not to its body.
            let (mut head, _) = answer.into_parts();
            let (html, body) = html.into_response().into_parts();
            head.headers.remove(axum::http::header::CONTENT_LENGTH);
            head.headers.extend(html.headers);
            Response::from_parts(head, body)
        }
        Err(error) => {
            tracing::error!(target: "portal", "{error}");
            *answer.body_mut() = Body::from(format!("{}\n{}\n{}\n", page.title, page.what, page.action));
            answer
        }
    }
}

/// Sets the headers that every answer has.
fn protect(app: &App, answer: &mut Response, nonce: &Nonce) {
    let framing = answer.extensions().get::<Frameable>().map(|by| match by {
        Frameable::ByProvider => app.settings.issuer_origin(),
        Frameable::ByThisPortal => "'self'".to_owned(),
    });
    let headers = answer.headers_mut();
    let mut set = |name: HeaderName, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.entry(name).or_insert(value);
        }
    };
    set(CONTENT_SECURITY_POLICY, &policy(app, nonce, framing.as_deref()));
    if framing.is_none() {
        set(X_FRAME_OPTIONS, "DENY");
    }
    set(X_CONTENT_TYPE_OPTIONS, "nosniff");
    // Not `no-referrer`: then browsers send `Origin: null` with forms, and a form of our own looks like a stranger's.
    set(REFERRER_POLICY, "same-origin");
    set(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    set(HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()");
    // Everything may depend on a session, so nothing is stored unless its handler says otherwise.
    set(CACHE_CONTROL, "no-store");
}

/// What a page may load, and who may frame it.
fn policy(app: &App, nonce: &Nonce, framed_by: Option<&str>) -> String {
    let issuer = app.settings.issuer_origin();
    // Only the pure single-page app talks to the provider from the browser.
    let (connect, frame) = match app.settings.kind {
        // A frame that begins at the provider and is sent back here needs both: each redirect is looked at as well.
        Kind::External if app.chosen.get().frames_itself() => (format!("'self' {issuer}"), format!("'self' {issuer}")),
        Kind::External => (format!("'self' {issuer}"), issuer.clone()),
        Kind::Internal | Kind::Admin => ("'self'".to_owned(), "'none'".to_owned()),
    };
    format!(
        "default-src 'none'; script-src 'self' 'nonce-{}'; style-src 'self'; img-src 'self' data:; font-src 'self'; \
         connect-src {connect}; frame-src {frame}; form-action 'self' {issuer}; base-uri 'none'; frame-ancestors {}",
        nonce.0,
        framed_by.unwrap_or("'none'"),
    )
}
