//! Tokens that passed a tap, kept for programs of a lesson that act with somebody's tokens. They are never shown, and the
//! lab's reset forgets them.

use std::collections::VecDeque;

use serde_json::Value;

use super::mask::decode_jwt;

/// How many sessions are kept: more than any lesson has, so that a lab that runs for weeks stays small.
const MOST: usize = 64;

/// What one answer of the token endpoint held (RFC 6749, 5.1). Does not print.
#[derive(Clone)]
pub(crate) struct Given {
    /// The access token.
    pub(crate) access: String,
    /// The refresh token, where there was one.
    pub(crate) refresh: Option<String>,
    /// The ID token, where there was one.
    pub(crate) id: Option<String>,
}

/// The first and the newest answer for each client and session.
#[derive(Default)]
pub(super) struct Tokens {
    kept: VecDeque<Kept>,
}

struct Kept {
    client_id: String,
    sid: String,
    first: Given,
    newest: Given,
}

impl Tokens {
    /// Keeps what an answer for this client holds; an answer that names no session is passed over.
    pub(super) fn keep(&mut self, client_id: &str, answer: &[u8]) {
        let Some((sid, mut given)) = read(answer) else { return };
        if let Some(known) = self.kept.iter_mut().find(|kept| kept.client_id == client_id && kept.sid == sid) {
            // A refresh need not repeat the ID token; the old one stays good as a hint.
            given.id = given.id.or_else(|| known.newest.id.take());
            known.newest = given;
            return;
        }
        if self.kept.len() == MOST {
            self.kept.pop_front();
        }
        self.kept.push_back(Kept { client_id: client_id.to_owned(), sid, first: given.clone(), newest: given });
    }

    pub(super) fn of(&self, client_id: &str, sid: &str, first: bool) -> Option<Given> {
        let kept = self.kept.iter().find(|kept| kept.client_id == client_id && kept.sid == sid)?;
        Some(if first { &kept.first } else { &kept.newest }.clone())
    }
}

/// The session that a token answer is about.
pub(super) fn session_of(answer: &[u8]) -> Option<String> {
    read(answer).map(|(sid, _)| sid)
}

fn read(answer: &[u8]) -> Option<(String, Given)> {
    let answer: Value = serde_json::from_slice(answer).ok()?;
    let text = |name: &str| answer[name].as_str().map(str::to_owned);
    let given = Given { access: text("access_token")?, refresh: text("refresh_token"), id: text("id_token") };
    let sid = |token: &str| decode_jwt(token).and_then(|(_, claims)| claims["sid"].as_str().map(str::to_owned));
    let sid = given.id.as_deref().and_then(sid).or_else(|| sid(&given.access))?;
    Some((sid, given))
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use serde_json::json;

    use super::{MOST, Tokens, session_of};

    fn answer(sid: &str, number: usize, with_id: bool) -> Vec<u8> {
        let part = |value: serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let token = |typ: &str| {
            format!("{}.{}.x", part(json!({"alg": "RS256"})), part(json!({"sid": sid, "typ": typ, "n": number})))
        };
        let mut answer = json!({"access_token": token("Bearer"), "refresh_token": format!("refresh-{number}")});
        if with_id {
            answer["id_token"] = token("ID").into();
        }
        answer.to_string().into_bytes()
    }

    #[test]
    fn the_first_and_the_newest_are_kept_for_each_client_and_session() {
        let mut tokens = Tokens::default();
        tokens.keep("admin", &answer("s1", 1, true));
        tokens.keep("admin", &answer("s1", 2, false));
        tokens.keep("other", &answer("s1", 3, true));
        let refresh = |client: &str, first| tokens.of(client, "s1", first).and_then(|given| given.refresh);
        assert_eq!(refresh("admin", true).as_deref(), Some("refresh-1"));
        assert_eq!(refresh("admin", false).as_deref(), Some("refresh-2"));
        assert_eq!(refresh("other", true).as_deref(), Some("refresh-3"));
        assert!(
            tokens.of("admin", "s1", false).unwrap().id.is_some(),
            "a refresh without an ID token keeps the old one"
        );
        assert!(tokens.of("admin", "s2", false).is_none());
    }

    #[test]
    fn what_names_no_session_is_passed_over_and_old_sessions_make_room() {
        let mut tokens = Tokens::default();
        tokens.keep("admin", b"not json");
        tokens.keep("admin", br#"{"access_token":"opaque"}"#);
        assert!(tokens.kept.is_empty());
        for number in 0..=MOST {
            tokens.keep("admin", &answer(&format!("s{number}"), number, true));
        }
        assert_eq!(tokens.kept.len(), MOST);
        assert!(tokens.of("admin", "s0", false).is_none());
        assert_eq!(session_of(&answer("s9", 1, false)).as_deref(), Some("s9"));
    }
}
