//! The console's two pages and their files. All of it is part of the program: nothing comes from elsewhere.

use axum::extract::{Path, Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};
use minijinja::{Environment, UndefinedBehavior, context};

use super::Console;

/// What the pages may load: their own files and the stream, and nothing else. Nobody may frame them, and a script that somebody
/// smuggles into a value would not run.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; \
     frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

const LAYOUT: &str = include_str!("../../templates/layout.html");
const CONSOLE: &str = include_str!("../../templates/console.html");
const PRESENT: &str = include_str!("../../templates/present.html");

const NOTES: &str = include_str!("../../templates/notes.html");

const CSS: &str = "text/css; charset=utf-8";
const JS: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";

macro_rules! files {
    ($($name:literal is $kind:expr),* $(,)?) => {
        &[$(($name, $kind, include_str!(concat!("../../static/console/", $name)))),*]
    };
}

const FILES: &[(&str, &str, &str)] = files![
    "base.css" is CSS,
    "console.css" is CSS,
    "timeline.css" is CSS,
    "present.css" is CSS,
    "lesson.css" is CSS,
    "icon.svg" is SVG,
    "console.js" is JS,
    "present.js" is JS,
    "notes.js" is JS,
    "lesson.js" is JS,
    "dom.js" is JS,
    "stream.js" is JS,
    "timeline.js" is JS,
    "diagram.js" is JS,
    "filters.js" is JS,
    "inspector.js" is JS,
    "matrix.js" is JS,
    "controls.js" is JS,
    "keys.js" is JS,
];

pub(super) async fn console(State(console): State<Console>) -> Response {
    page(&console, "console.html")
}

pub(super) async fn present(State(console): State<Console>) -> Response {
    page(&console, "present.html")
}

/// The trainer's second screen.
pub(super) async fn notes(State(console): State<Console>) -> Response {
    page(&console, "notes.html")
}

pub(super) async fn icon() -> Response {
    named("icon.svg")
}

pub(super) async fn file(Path(name): Path<String>) -> Response {
    named(&name)
}

/// What every answer says, so that nothing of it stays anywhere or gets out.
pub(super) async fn protected(request: Request, next: Next) -> Response {
    let mut answer = next.run(request).await;
    let headers = answer.headers_mut();
    let all = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ];
    for (name, value) in all {
        headers.insert(name, HeaderValue::from_static(value));
    }
    answer
}

fn page(console: &Console, name: &str) -> Response {
    match render(console, name) {
        Ok(page) => Html(page).into_response(),
        Err(error) => {
            tracing::error!(%error, name, "a page of the console cannot be made");
            (StatusCode::INTERNAL_SERVER_ERROR, "the console's page cannot be made; the lab's log says why\n")
                .into_response()
        }
    }
}

fn render(console: &Console, name: &str) -> Result<String, minijinja::Error> {
    let mut templates = Environment::new();
    // A typing error in a template is an error, not an empty place in a page.
    templates.set_undefined_behavior(UndefinedBehavior::Strict);
    for (name, source) in
        [("layout.html", LAYOUT), ("console.html", CONSOLE), ("present.html", PRESENT), ("notes.html", NOTES)]
    {
        templates.add_template(name, source)?;
    }
    let topology = &console.shown.topology;
    let portals: Vec<_> = topology
        .portals
        .iter()
        .map(|portal| context! { name => portal.name.clone(), url => portal.url.as_str() })
        .collect();
    templates.get_template(name)?.render(context! {
        keycloak => topology.keycloak.as_str(),
        version => topology.version.clone(),
        runtime => topology.runtime.to_string(),
        portals,
        recorded => console.shown.parts.is_none(),
    })
}

fn named(name: &str) -> Response {
    match FILES.iter().find(|(known, _, _)| *known == name) {
        Some((_, kind, content)) => ([(header::CONTENT_TYPE, *kind)], *content).into_response(),
        None => (StatusCode::NOT_FOUND, "the console has no such file\n").into_response(),
    }
}
