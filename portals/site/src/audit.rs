//! The audit log: who signed in or out, by which channel, with which verdict, and by which rule. One JSON object a line.
//!
//! Kept apart from the journal, which speaks to people: an audit log is read by programs and kept for years. It holds no
//! token, no cookie and no code, and the provider's session only as a digest, which is enough to follow one session.

use jiff::Timestamp;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::journal::{Entry, Step};
use crate::settings::Kind;

/// Target of the `tracing` events; `RUST_LOG=portal::audit=info` shows nothing else.
pub(crate) const TARGET: &str = "portal::audit";

/// One line.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Line {
    at: Timestamp,
    portal: Kind,
    pub(crate) what: What,
    pub(crate) channel: Channel,
    pub(crate) verdict: Verdict,
    /// The rule that decided, for a refusal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) clause: Option<String>,
    /// The user's name, or `sub` where only that is known; absent where nobody is.
    #[serde(skip_serializing_if = "Option::is_none")]
    who: Option<String>,
    /// Start of the SHA-256 of the provider's `sid`.
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<String>,
    /// How many sessions ended here, where that is counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    sessions: Option<u64>,
}

/// What it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum What {
    Login,
    Logout,
}

/// How it came.
#[expect(clippy::enum_variant_names, reason = "these are the specifications' own names")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Channel {
    /// The person, at this portal.
    Browser,
    /// The provider's server.
    BackChannel,
    /// The provider's page, in the person's browser.
    FrontChannel,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Verdict {
    /// It was done.
    Accepted,
    /// It was against a rule.
    Refused,
    /// It was legal and about nobody here.
    Ignored,
}

impl Line {
    /// The line for a journal entry; `None` for entries that are not about a login or logout that came to its end.
    pub(crate) fn of(portal: Kind, entry: &Entry) -> Option<Self> {
        use {Channel as C, Verdict as V, What as W};
        let (what, channel, verdict) = match entry.step {
            Step::SessionOpened => (W::Login, C::Browser, V::Accepted),
            Step::SignInRefused | Step::SessionRefused => (W::Login, C::Browser, V::Refused),
            Step::SignOutStarted | Step::SignOutLocalOnly => (W::Logout, C::Browser, V::Accepted),
            Step::LogoutTokenAccepted => (W::Logout, C::BackChannel, V::Accepted),
            Step::LogoutTokenRefused => (W::Logout, C::BackChannel, V::Refused),
            Step::FrontChannelLogout => (W::Logout, C::FrontChannel, V::Accepted),
            Step::FrontChannelIgnored => (W::Logout, C::FrontChannel, V::Ignored),
            Step::FrontChannelRefused => (W::Logout, C::FrontChannel, V::Refused),
            _ => return None,
        };
        let detail = |name: &str| entry.detail.iter().find(|(own, _)| own == name).map(|(_, value)| value.clone());
        let session = detail("sid").filter(|sid| sid != "none").map(|sid| digest(&sid));
        Some(Self {
            at: entry.at,
            portal,
            what,
            channel,
            verdict,
            clause: detail("clause"),
            who: detail("username").or_else(|| detail("sub")),
            session,
            sessions: detail("sessions").and_then(|count| count.parse().ok()),
        })
    }

    /// Writes the line.
    pub(crate) fn write(&self) {
        match serde_json::to_string(self) {
            Ok(json) => tracing::info!(target: TARGET, "{json}"),
            Err(error) => tracing::error!(target: TARGET, "a line could not be written: {error}"),
        }
    }
}

fn digest(sid: &str) -> String {
    let digest = Sha256::digest(sid.as_bytes());
    let start = digest.iter().take(8).fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    format!("{start:016x}")
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use serde_json::json;

    use super::Line;
    use crate::journal::{Entry, Step};
    use crate::settings::Kind;

    fn entry(step: Step, detail: &[(&str, &str)]) -> Entry {
        let detail = detail.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Entry { at: Timestamp::UNIX_EPOCH, step, text: "a sentence for people".to_owned(), detail }
    }

    fn json(step: Step, detail: &[(&str, &str)]) -> serde_json::Value {
        serde_json::to_value(Line::of(Kind::Admin, &entry(step, detail)).unwrap()).unwrap()
    }

    #[test]
    fn a_line_says_who_what_by_which_channel_and_with_which_verdict() {
        let opened = json(Step::SessionOpened, &[("username", "john.employee"), ("sid", "a session")]);
        let expected = json!({
            "at": "1970-01-01T00:00:00Z", "portal": "admin", "what": "login", "channel": "browser",
            "verdict": "accepted", "who": "john.employee", "session": "1e2952b478968fb6"
        });
        assert_eq!(opened, expected);
        let refused = json(Step::LogoutTokenRefused, &[("clause", "BCL-2.6")]);
        assert_eq!((&refused["channel"], &refused["verdict"]), (&json!("back-channel"), &json!("refused")));
        assert_eq!(refused["clause"], "BCL-2.6");
    }

    #[test]
    fn a_session_is_written_as_a_digest_only() {
        let line = json(Step::LogoutTokenAccepted, &[("sid", "the-sid"), ("sessions", "2"), ("sub", "the-sub")]);
        assert!(!line.to_string().contains("the-sid"));
        assert_eq!((&line["sessions"], &line["who"]), (&json!(2), &json!("the-sub")));
    }

    #[test]
    fn what_is_no_login_and_no_logout_has_no_line() {
        for step in [Step::SignInStarted, Step::ItemDecided, Step::KeysFetchedAgain, Step::SignOutReturned] {
            assert_eq!(Line::of(Kind::Admin, &entry(step, &[])), None);
        }
    }
}
