//! Applications that do nothing but listen: a tap answers for them. A lesson about many clients needs many of them, and
//! what they do is all the same.

use axum::http::Method;
use lab_trace::Party;

use super::attribution::{KnownApp, Registry};

const BELOW: &str = "/listener/";
/// What their names begin with.
const NAMED: &str = "listener-";

/// One of them, by its name (`listener-07`).
pub(super) struct Listener(String);

impl Listener {
    /// The listener that a path belongs to.
    pub(super) fn of(path: &str) -> Option<Self> {
        let (name, _) = path.strip_prefix(BELOW)?.split_once('/')?;
        let number = name.strip_prefix(NAMED)?;
        let is_one = !number.is_empty() && number.len() < 4 && number.bytes().all(|byte| byte.is_ascii_digit());
        is_one.then(|| Self(name.to_owned()))
    }

    /// Who that is in a transcript.
    pub(super) fn party(&self) -> Party {
        Party::App(self.0.clone())
    }

    /// What a tap has to know to name who calls.
    pub(super) fn known(&self) -> Registry {
        let path = format!("{BELOW}{}/logout", self.0);
        let app = KnownApp {
            name: self.0.clone(),
            client_id: self.0.clone(),
            back_channel_paths: vec![path],
            front_channel_paths: Vec::new(),
        };
        Registry { apps: vec![app] }
    }
}

/// Whether an exchange belongs to the sign-in at a listener: thirty of them teach nothing that one does not.
pub(super) fn is_sign_in(method: &Method, path: &str, client_id: Option<&str>) -> bool {
    (method == Method::GET && Listener::of(path).is_some())
        || (path.ends_with("/openid-connect/auth") && client_id.is_some_and(|id| id.starts_with(NAMED)))
}

#[cfg(test)]
mod tests {
    use axum::http::Method;

    use super::{Listener, is_sign_in};

    #[test]
    fn only_a_listeners_own_paths_are_answered_for() {
        assert_eq!(Listener::of("/listener/listener-07/logout").unwrap().0, "listener-07");
        for path in ["/listener/", "/listener/x/logout", "/listener/listener-/x", "/listener/listener-0x/", "/logout"] {
            assert!(Listener::of(path).is_none(), "{path}");
        }
    }

    #[test]
    fn signing_in_there_is_left_out_and_a_logout_is_not() {
        let auth = "/realms/x/protocol/openid-connect/auth";
        assert!(is_sign_in(&Method::GET, auth, Some("listener-07")));
        assert!(!is_sign_in(&Method::GET, auth, Some("internal-portal")));
        assert!(is_sign_in(&Method::GET, "/listener/listener-07/", None));
        assert!(!is_sign_in(&Method::POST, "/listener/listener-07/logout", None));
    }
}
