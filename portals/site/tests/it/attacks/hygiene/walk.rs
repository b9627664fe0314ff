//! Everything at a portal in which tokens, codes, cookies and secrets take part.

use portals::Kind;
use serde_json::json;

use crate::provider::{Fault, Provider};
use crate::visitor::{Answer, Visitor};

/// What came of it.
pub(super) struct Walk {
    /// Error pages, numbers, and what the portal says about itself.
    pub(super) shown: String,
    /// What must stand nowhere.
    pub(super) secrets: Vec<String>,
}

impl Walk {
    fn saw(&mut self, visitor: &Visitor, answer: &Answer) {
        self.secrets.extend(visitor.cookies.values().cloned());
        if answer.status >= 400 {
            self.shown += &answer.body;
        }
    }

    async fn post(&mut self, visitor: &mut Visitor, path: &str, form: &str, status: u16) {
        let answer = visitor.post(path, form).await;
        assert_eq!(answer.status, status, "{path}: {}", answer.body);
        self.saw(visitor, &answer);
    }

    async fn get(&mut self, visitor: &mut Visitor, path: &str, status: u16) -> Answer {
        let answer = visitor.get(path).await;
        assert_eq!(answer.status, status, "{path}: {}", answer.body);
        self.saw(visitor, &answer);
        answer
    }

    async fn signs_in(&mut self, visitor: &mut Visitor, status: u16) -> String {
        let callback = visitor.begin_sign_in().await;
        self.secrets.extend(visitor.cookies.values().cloned());
        self.get(visitor, &callback, status).await;
        callback
    }
}

/// Leads the portal of `nobody`, a browser without cookies, through all of it.
pub(super) async fn walk(provider: &Provider, nobody: &Visitor) -> Walk {
    let admin = nobody.kind() == Kind::Admin;
    let client = format!("{}-client", nobody.kind());
    let (page, sign_out) = if admin { ("/admin/dashboard", "/admin/logout") } else { ("/", "/signout") };
    let mut walk = Walk { shown: String::new(), secrets: Vec::new() };
    let mut john = nobody.clone();

    // Sign-ins: a good one, its callback again, and refused ones.
    provider.access_expires_in(1);
    provider.expect("john", "sid-1");
    let callback = walk.signs_in(&mut john, 303).await;
    walk.get(&mut john, &callback, 400).await;
    for fault in [Fault::Denied, Fault::WrongNonce, Fault::UnpublishedKey, Fault::WrongAudience, Fault::WrongSecret] {
        provider.fault(Some(fault));
        let mut other = nobody.clone();
        let callback = other.begin_sign_in().await;
        let answer = other.get(&callback).await;
        assert!(answer.status >= 400, "{fault:?}: {}", answer.status);
        walk.saw(&other, &answer);
    }

    // Refreshes: a good one at the next page, one while the provider does not answer, one that it refuses.
    provider.fault(None);
    walk.get(&mut john, page, 200).await;
    assert!(provider.asked("refresh") > 0, "the page asked for new tokens");
    provider.fault(Some(Fault::RefreshUnavailable));
    john.get(page).await;
    provider.fault(None);
    let mut mary = nobody.clone();
    provider.expect("mary", "sid-2");
    walk.signs_in(&mut mary, 303).await;
    provider.end_sessions();
    let refused = mary.get(page).await;
    walk.saw(&mary, &refused);
    assert_eq!(mary.who().await, None, "the provider went on with nobody");

    // Logout tokens: refused ones in the body, in the address, and as other things; a good one, and the same again.
    let mut sender = nobody.clone();
    let good = provider.logout_token(&client, |claims| claims["sid"] = json!("sid-1"));
    let foreign = provider.logout_token("another-client", |claims| claims["sid"] = json!("sid-1"));
    let forged = provider.forge("logout+jwt", &json!({"iss": provider.issuer(), "aud": client, "sid": "sid-1"}));
    walk.secrets.extend([good.clone(), foreign.clone(), forged.clone()]);
    for token in [&foreign, &forged] {
        walk.post(&mut sender, "/logout", &format!("logout_token={token}"), 400).await;
        walk.post(&mut sender, &format!("/logout?logout_token={token}"), "", 400).await;
        walk.get(&mut sender, &format!("/no-such-page?logout_token={token}"), 404).await;
        let callback = if admin { "/admin/callback" } else { "/callback" };
        walk.get(&mut sender, &format!("{callback}?code={token}&state={token}"), 400).await;
    }
    walk.post(&mut sender, "/logout", &format!("logout_token={good}&logout_token={foreign}"), 400).await;
    walk.post(&mut sender, "/logout", &format!("logout_token={good}"), 200).await;
    walk.post(&mut sender, "/logout", &format!("logout_token={good}"), 400).await;

    // Sign-outs: with the ID token in the address of the provider, and by the front channel.
    provider.expect("john", "sid-3");
    walk.signs_in(&mut john, 303).await;
    walk.post(&mut john, sign_out, "", 303).await;
    provider.expect("john", "sid-4");
    walk.signs_in(&mut john, 303).await;
    let iss: String = url::form_urlencoded::byte_serialize(provider.issuer().as_bytes()).collect();
    walk.get(&mut john, &format!("/logout?iss={iss}&sid=sid-4"), 200).await;
    assert_eq!(john.who().await, None);

    for path in ["/metrics", "/info", "/health"] {
        let answer = walk.get(&mut sender, path, 200).await;
        walk.shown += &answer.body;
    }
    walk.secrets.extend(provider.secrets());
    walk
}
