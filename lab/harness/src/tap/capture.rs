//! From bytes on the wire to what a lesson needs.

use axum::http::{HeaderMap, Uri};
use lab_trace::{Body, Location, Param};
use scraper::{Html, Selector};
use serde_json::Value;
use url::{Url, form_urlencoded};

use super::mask::Masker;

/// Bytes of a body that are kept for reading; the rest only counts.
pub const CAPTURE_LIMIT: usize = 256 * 1024;

/// Headers that a lesson may want to see. All others are forwarded and forgotten.
const KEPT_HEADERS: &[&str] = &[
    "accept",
    "access-control-allow-origin",
    "allow",
    "authorization",
    "cache-control",
    "clear-site-data",
    "content-security-policy",
    "content-type",
    "origin",
    "sec-fetch-dest",
    "sec-fetch-mode",
    "sec-fetch-site",
    "sec-fetch-storage-access",
    "user-agent",
    "www-authenticate",
    "x-frame-options",
];

/// A body while it passes.
#[derive(Debug, Default)]
pub struct Passing {
    /// The first bytes, up to [`CAPTURE_LIMIT`].
    pub head: Vec<u8>,
    /// All bytes seen.
    pub bytes: u64,
}

impl Passing {
    /// Notes a piece of the body.
    pub fn push(&mut self, piece: &[u8]) {
        let room = CAPTURE_LIMIT - self.head.len();
        self.head.extend_from_slice(&piece[..piece.len().min(room)]);
        self.bytes += piece.len() as u64;
    }

    /// A field of a form, unmasked: for those who forward it, never for those who show it.
    pub(super) fn form_field(&self, name: &str) -> Option<String> {
        let whole = self.bytes == self.head.len() as u64;
        let found = url::form_urlencoded::parse(&self.head).find(|(field, _)| whole && field == name);
        found.map(|(_, value)| value.into_owned())
    }

    /// A whole JSON body, unmasked: for those who act with it, never for those who show it.
    pub(super) fn json(&self, headers: &HeaderMap) -> Option<&[u8]> {
        let whole = self.bytes == self.head.len() as u64;
        (whole && media_type(headers) == "application/json").then_some(self.head.as_slice())
    }

    /// The body as it is kept.
    pub fn body(&self, headers: &HeaderMap, masker: &Masker) -> Body {
        if self.bytes == 0 {
            return Body::Empty;
        }
        let media_type = media_type(headers);
        let whole = self.bytes == self.head.len() as u64;
        let text = String::from_utf8_lossy(&self.head);
        match media_type.as_str() {
            "application/x-www-form-urlencoded" if whole => Body::Form { fields: pairs(&self.head, masker) },
            "application/json" if whole => match serde_json::from_str(&text) {
                Ok(Value::Object(members)) => Body::Json { members: masker.members(&members) },
                Ok(_) | Err(_) => Body::Other { media_type, bytes: self.bytes },
            },
            "text/html" => html(&text),
            _ => Body::Other { media_type, bytes: self.bytes },
        }
    }
}

/// Query parameters, masked.
pub fn query(uri: &Uri, masker: &Masker) -> Vec<Param> {
    pairs(uri.query().unwrap_or_default().as_bytes(), masker)
}

/// The headers worth keeping, masked.
pub fn headers(headers: &HeaderMap, masker: &Masker) -> Vec<Param> {
    KEPT_HEADERS
        .iter()
        .flat_map(|name| headers.get_all(*name).iter().map(move |value| (name, value)))
        .map(|(name, value)| match *name {
            "authorization" => masker.param(name, &String::from_utf8_lossy(value.as_bytes())),
            _ => Param::plain(*name, String::from_utf8_lossy(value.as_bytes())),
        })
        .collect()
}

/// The request's cookies, values masked.
pub fn cookies(headers: &HeaderMap, masker: &Masker) -> Vec<Param> {
    headers
        .get_all("cookie")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .map(|(name, value)| masker.cookie(name, value))
        .collect()
}

/// The cookies that an answer sets, values masked.
pub fn set_cookies(headers: &HeaderMap, masker: &Masker) -> Vec<Param> {
    headers
        .get_all("set-cookie")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .filter_map(|line| line.split(';').next()?.trim().split_once('='))
        .map(|(name, value)| masker.cookie(name, value.trim_matches('"')))
        .collect()
}

/// The `Location` header, taken apart and masked.
pub fn location(headers: &HeaderMap, masker: &Masker) -> Option<Location> {
    let text = headers.get("location")?.to_str().ok()?;
    // A relative address is resolved against a stand-in, which is taken off again.
    let stand_in = Url::parse("http://relative.invalid/").ok()?;
    let url = stand_in.join(text).ok()?;
    let origin = if url.host_str() == stand_in.host_str() { String::new() } else { url.origin().ascii_serialization() };
    let encoded = url.query().or(url.fragment()).unwrap_or_default();
    Some(Location { origin, path: url.path().to_owned(), query: pairs(encoded.as_bytes(), masker) })
}

fn pairs(encoded: &[u8], masker: &Masker) -> Vec<Param> {
    form_urlencoded::parse(encoded).map(|(name, value)| masker.param(&name, &value)).collect()
}

fn html(text: &str) -> Body {
    let page = Html::parse_document(text);
    let select = |selector: &str| Selector::parse(selector).expect("a constant selector");
    let title = page.select(&select("title")).next().map(|title| title.text().collect::<String>()).unwrap_or_default();
    let frames = page
        .select(&select("iframe[src]"))
        .filter_map(|frame| frame.attr("src"))
        .map(|src| src.split(['?', '#']).next().unwrap_or_default().to_owned())
        .collect();
    Body::Html { title: title.split_whitespace().collect::<Vec<_>>().join(" "), frames }
}

fn media_type(headers: &HeaderMap) -> String {
    let value = headers.get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}
