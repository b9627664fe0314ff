//! A token while it is being forged.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use super::{Forge, Pen};

/// What will become a token.
pub(super) struct Draft {
    pub(super) header: Part,
    pub(super) claims: Part,
    pub(super) pen: Pen,
    /// Claims that are changed after signing: the signature is that of the part before.
    pub(super) swapped: Option<Map<String, Value>>,
    /// Which bit of the signature is turned over.
    pub(super) flipped_bit: Option<usize>,
    /// The form of the finished token.
    pub(super) form: String,
}

/// Header or payload.
pub(super) struct Part {
    pub(super) members: Map<String, Value>,
    /// Members that stand before the others although one of the same name follows.
    pub(super) twice: Vec<(String, Value)>,
    /// The text to use instead of all that.
    pub(super) text: Option<String>,
}

/// The usual form of a token.
const COMPACT: &str = "{header}.{payload}.{signature}";

impl Draft {
    pub(super) fn new(header: Map<String, Value>, claims: Map<String, Value>) -> Self {
        let part = |members| Part { members, twice: Vec::new(), text: None };
        Self {
            header: part(header),
            claims: part(claims),
            pen: Pen::Provider,
            swapped: None,
            flipped_bit: None,
            form: COMPACT.to_owned(),
        }
    }

    /// Signs it and writes it down.
    pub(super) fn write(&self, forge: &Forge) -> String {
        let header = URL_SAFE_NO_PAD.encode(self.header.text());
        let mut payload = URL_SAFE_NO_PAD.encode(self.claims.text());
        let mut signature = self.pen.sign(format!("{header}.{payload}").as_bytes());
        if let Some(bit) = self.flipped_bit {
            signature[bit / 8] ^= 1 << (bit % 8);
        }
        if let Some(claims) = &self.swapped {
            payload = URL_SAFE_NO_PAD.encode(Value::Object(claims.clone()).to_string());
        }
        // The finished parts go in last: base64url has no braces, so nothing in them can be taken for a word.
        let form = self.form.replace("{header}", "\u{1}").replace("{payload}", "\u{2}").replace("{signature}", "\u{3}");
        let form = forge.fill_in(&form);
        form.replace('\u{1}', &header).replace('\u{2}', &payload).replace('\u{3}', &URL_SAFE_NO_PAD.encode(signature))
    }
}

impl Part {
    fn text(&self) -> String {
        if let Some(text) = &self.text {
            return text.clone();
        }
        let mut text = Value::Object(self.members.clone()).to_string();
        for (name, value) in &self.twice {
            text = text.replacen('{', &format!("{{{}:{value},", Value::from(name.as_str())), 1);
        }
        text
    }
}
