//! Style sheets, scripts and pictures, part of the program. They hold no session data, so browsers may keep them.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::LazyLock;

use axum::Router;
use axum::extract::Path;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::embedded::STATIC;
use crate::error::Trouble;
use crate::portal::App;

struct Asset {
    content: &'static [u8],
    kind: &'static str,
    tag: String,
}

static ASSETS: LazyLock<HashMap<&str, Asset>> = LazyLock::new(|| {
    STATIC.iter().map(|(name, content)| (*name, Asset { content, kind: kind_of(name), tag: tag_of(content) })).collect()
});

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/static/{*name}", get(serve))
        .route("/favicon.ico", get(async |headers: HeaderMap| answer("favicon.svg", &headers)))
}

async fn serve(Path(name): Path<String>, headers: HeaderMap) -> Result<Response, Trouble> {
    answer(&name, &headers)
}

fn answer(name: &str, request: &HeaderMap) -> Result<Response, Trouble> {
    let asset = ASSETS.get(name).ok_or(Trouble::NoPage)?;
    let known = request.get_all(IF_NONE_MATCH).iter().filter_map(|tags| tags.to_str().ok());
    let unchanged = known.flat_map(|tags| tags.split(',')).any(|tag| tag.trim().trim_start_matches("W/") == asset.tag);
    let headers = [(CONTENT_TYPE, asset.kind), (CACHE_CONTROL, "public, max-age=3600"), (ETAG, asset.tag.as_str())];
    Ok(if unchanged {
        (StatusCode::NOT_MODIFIED, headers).into_response()
    } else {
        (headers, asset.content).into_response()
    })
}

fn kind_of(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, ending)| ending) {
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("json") => "application/json",
        Some("svg") => "image/svg+xml",
        _ => "text/plain; charset=utf-8",
    }
}

/// A name for this content. It only has to change when the content does; nobody is kept out by it.
fn tag_of(content: &[u8]) -> String {
    let mut hasher = DefaultHasher::new();
    content.hash(&mut hasher);
    format!("\"{:016x}\"", hasher.finish())
}
