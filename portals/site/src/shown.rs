//! Tokens and times as a page may show them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::journal::Journal;
use crate::session::SignedIn;
use crate::settings::Secret;

/// Claims that are times: their number is said in words too.
const TIMES: [&str; 4] = ["exp", "iat", "nbf", "auth_time"];

/// A token: its beginning, which all tokens of a kind share, and what it says. Reading is not verifying; these two were
/// verified (ID token) or came straight from the provider (access token), and here they are only shown.
pub(crate) fn token(token: &Secret) -> Value {
    let text = token.reveal();
    let parts: Vec<&str> = text.split('.').collect();
    let (header, claims) = match parts[..] {
        [header, claims, _] => (pairs(header), pairs(claims)),
        _ => (Vec::new(), Vec::new()),
    };
    json!({"masked": masked(text), "header": header, "claims": claims})
}

/// A token that only its issuer can read.
pub(crate) fn opaque_token(token: Option<&Secret>) -> Value {
    json!({"masked": token.map_or_else(|| "none".to_owned(), |token| masked(token.reveal()))})
}

/// A time to the second, in UTC: the zone of whoever reads it is not known here.
pub(crate) fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// What the portal heard about logouts. `form` decides how a time looks: text for pages, a timestamp for scripts.
pub(crate) fn heard(journal: &Journal, form: impl Fn(Timestamp) -> String) -> Vec<Value> {
    journal.heard().into_iter().map(|entry| json!({"at": form(entry.at), "text": entry.text})).collect()
}

/// The person, for pages.
pub(crate) fn user(who: &SignedIn) -> Value {
    json!({"username": who.username, "name": who.name, "email": who.email, "roles": who.roles})
}

fn masked(text: &str) -> String {
    let beginning: String = text.chars().take(8).collect();
    format!("{beginning}… ({} characters, the rest is not shown)", text.chars().count())
}

/// The members of an encoded JSON object as name and text, in their order.
fn pairs(encoded: &str) -> Vec<[String; 2]> {
    let members =
        URL_SAFE_NO_PAD.decode(encoded).ok().and_then(|bytes| serde_json::from_slice::<Map<_, _>>(&bytes).ok());
    members
        .into_iter()
        .flatten()
        .map(|(name, value)| {
            let text = said(&name, &value);
            [name, text]
        })
        .collect()
}

fn said(name: &str, value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) if TIMES.contains(&name) => {
            let at = number.as_i64().and_then(|seconds| Timestamp::from_second(seconds).ok());
            at.map_or_else(|| number.to_string(), |at| format!("{number} ({})", time(at)))
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use serde_json::json;

    use super::{opaque_token, token};
    use crate::settings::Secret;

    #[test]
    fn a_token_is_shown_by_its_content_and_not_by_itself() {
        let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"RS256"}"#);
        let claims = URL_SAFE_NO_PAD.encode(r#"{"sub":"s","exp":1800000000,"aud":["a","b"]}"#);
        let text = format!("{header}.{claims}.signature-that-is-secret");
        let shown = token(&Secret::new(text.clone()));
        assert_eq!(shown["header"], json!([["alg", "RS256"]]));
        assert_eq!(
            shown["claims"],
            json!([["sub", "s"], ["exp", "1800000000 (2027-01-15 08:00:00 UTC)"], ["aud", r#"["a","b"]"#]])
        );
        assert_eq!(shown["masked"], format!("eyJhbGci… ({} characters, the rest is not shown)", text.len()));
    }

    #[test]
    fn a_token_of_another_form_is_only_masked() {
        let shown = token(&Secret::new("an opaque access token"));
        assert_eq!((&shown["header"], &shown["claims"]), (&json!([]), &json!([])));
        assert_eq!(opaque_token(None)["masked"], "none");
        assert!(!opaque_token(Some(&Secret::new("0123456789abcdef"))).to_string().contains("89abcdef"));
    }
}
