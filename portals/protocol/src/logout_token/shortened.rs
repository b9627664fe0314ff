//! Values out of refused tokens, made fit to be shown.

use std::fmt;

use serde_json::Value;

/// A value out of a refused token, cut to a length and freed of control characters, so that it can be shown in
/// one line of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shortened(String);

impl Shortened {
    const LONGEST: usize = 80;

    /// Shortens `text`.
    pub fn text(text: &str) -> Self {
        let mut shown: String = text.chars().take(Self::LONGEST).flat_map(char::escape_debug).collect();
        if text.chars().nth(Self::LONGEST).is_some() {
            shown.push('…');
        }
        Self(format!("\"{shown}\""))
    }

    /// Shortens a JSON value.
    pub fn of(value: &Value) -> Self {
        match value {
            Value::String(text) => Self::text(text),
            other => Self::text(&other.to_string()),
        }
    }
}

impl fmt::Display for Shortened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
