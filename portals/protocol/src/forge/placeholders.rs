//! Words in braces that stand for what only the forge knows.

use serde_json::Value;

use super::Forge;

impl Forge {
    /// Puts values in for `{issuer}`, `{client_id}`, `{sub}`, `{sid}` and `{other_sub}`, and repeats: `{x*300}` is 300
    /// times `x`.
    ///
    /// # Panics
    /// For another word in braces: the corpus has a slip of the pen.
    pub(super) fn fill_in(&self, text: &str) -> String {
        let mut filled = text.to_owned();
        for (word, value) in [
            ("{issuer}", &self.issuer),
            ("{client_id}", &self.client_id),
            ("{sub}", &self.sub),
            ("{sid}", &self.sid),
            ("{other_sub}", &self.other_sub),
        ] {
            filled = filled.replace(word, value);
        }
        while let Some((before, what, times, after)) = repetition(&filled) {
            filled = format!("{before}{}{after}", what.repeat(times));
        }
        if let Some(word) = left_over(&filled) {
            panic!("no forge knows the word {{{word}}}");
        }
        filled
    }

    /// The same in every text of a JSON value, also in the names of members.
    pub(super) fn fill_in_value(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.fill_in(text)),
            Value::Array(items) => items.iter().map(|item| self.fill_in_value(item)).collect(),
            Value::Object(members) => {
                members.iter().map(|(name, value)| (self.fill_in(name), self.fill_in_value(value))).collect()
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
        }
    }
}

/// The first `{what*times}`: what stands before it, its two halves, and what stands behind it.
fn repetition(text: &str) -> Option<(&str, &str, usize, &str)> {
    let braces = text.match_indices('{').map(|(start, _)| start);
    braces.into_iter().find_map(|start| {
        let (inner, after) = text[start + 1..].split_once('}')?;
        let (what, times) = inner.split_once('*').filter(|(what, _)| !what.contains('{'))?;
        Some((&text[..start], what, times.parse().ok()?, after))
    })
}

/// A word of small letters and `_` in braces.
fn left_over(text: &str) -> Option<&str> {
    text.match_indices('{').find_map(|(start, _)| {
        let (word, _) = text[start + 1..].split_once('}')?;
        let is_word = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        is_word.then_some(word)
    })
}
