//! What to search for: a secret in every notation in which it might be written.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use url::form_urlencoded::byte_serialize;

/// So much of a secret is enough to recognise it; a log that cuts it off does not make it harmless.
const ENOUGH: usize = 16;

/// The parts of `secrets` that stand in `text`, each with some of its surroundings.
pub(super) fn leaks(text: &str, secrets: &[String]) -> Vec<String> {
    let mut all: Vec<String> = secrets.iter().flat_map(|secret| needles(secret)).collect();
    all.sort_unstable();
    all.dedup();
    assert!(!all.is_empty(), "there is nothing to search for");
    all.iter().filter_map(|needle| text.find(needle).map(|at| around(text, at))).collect()
}

fn needles(secret: &str) -> Vec<String> {
    let begin = |text: &str| text.chars().take(ENOUGH).collect::<String>();
    let mut needles = vec![begin(secret), begin(&byte_serialize(secret.as_bytes()).collect::<String>())];
    // A token's parts say more than its beginning, which all tokens of a provider share.
    needles.extend(secret.split('.').filter(|part| part.len() >= ENOUGH).map(begin));
    // The last few characters depend on what follows.
    for base64 in [STANDARD_NO_PAD.encode(secret), URL_SAFE_NO_PAD.encode(secret)] {
        needles.push(begin(&base64));
    }
    // The random end of an opaque token.
    if let Some((_, end)) = secret.rsplit_once(' ') {
        needles.push(begin(end));
    }
    needles.retain(|needle| needle.len() >= 5);
    needles
}

fn around(text: &str, at: usize) -> String {
    let before = text[..at].char_indices().rev().nth(80).map_or(0, |(index, _)| index);
    text[before..].chars().take(160).collect()
}
