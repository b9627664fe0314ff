//! The choice of `SameSite` for the session's cookie, and what `Strict` needs besides.

use portals::{Kind, SameSite};

use crate::portal_for;
use crate::provider::Provider;
use crate::visitor::{Answer, Visitor};

fn set_cookies(answer: &Answer) -> Vec<String> {
    answer.headers.get_all("set-cookie").iter().map(|value| value.to_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn the_cookie_says_what_was_chosen_and_a_reset_takes_it_back() {
    let provider = Provider::start().await;
    for kind in [Kind::Internal, Kind::Admin] {
        let portal = portal_for(kind, provider.issuer());
        for (same_site, attributes) in [
            (SameSite::Lax, "SameSite=Lax"),
            (SameSite::Strict, "SameSite=Strict"),
            (SameSite::None, "SameSite=None; Secure"),
        ] {
            portal.set_same_site(same_site);
            provider.expect("john", "sid-1");
            let answer = Visitor::of(&portal).sign_in().await;
            let cookies = set_cookies(&answer);
            assert!(cookies.iter().any(|one| one.contains("_session=") && one.contains(attributes)), "{cookies:?}");
        }
        portal.reset().await.unwrap();
        assert_eq!(portal.same_site(), SameSite::Lax);
    }
}

/// As a browser does: the strict cookie stays away from what the provider's pages cause.
#[tokio::test]
async fn a_strict_cookie_is_not_needed_on_the_way_back_and_a_page_leads_on() {
    let provider = Provider::start().await;
    for (kind, path) in [(Kind::Internal, "/"), (Kind::Admin, "/admin/dashboard")] {
        let portal = portal_for(kind, provider.issuer());
        portal.set_same_site(SameSite::Strict);
        provider.expect("john", "sid-1");
        let mut visitor = Visitor::of(&portal);
        let callback = visitor.begin_sign_in().await;
        let session = format!("{kind}_session");
        visitor.cookies.remove(&session);
        assert!(visitor.cookies.contains_key(&format!("{kind}_begun")), "{:?}", visitor.cookies);
        assert_eq!(visitor.stranger().get(&callback).await.status, 400, "another browser's callback");
        let answer = visitor.get(&callback).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        assert!(answer.body.contains(&format!("content=\"0; url={path}\"")), "{}", answer.body);
        assert_eq!(visitor.who().await.as_deref(), Some("john"), "{kind}");

        // A callback that nobody has asked for leaves the session alone, although its cookie did not come along.
        let strict = visitor.cookies.remove(&session).unwrap();
        let foreign = visitor.get(&callback).await;
        assert_eq!((foreign.status, set_cookies(&foreign)), (400, Vec::new()));
        visitor.cookies.insert(session, strict);
        assert_eq!(visitor.who().await.as_deref(), Some("john"), "{kind}");
    }
}

/// The cookie by which a browser is known again holds whatever a browser says, so no hint may hang on it.
#[tokio::test]
async fn whoever_has_only_the_cookie_of_what_was_begun_gets_no_hint() {
    let provider = Provider::start().await;
    for (kind, path) in [(Kind::Internal, "/signout"), (Kind::Admin, "/admin/logout")] {
        let portal = portal_for(kind, provider.issuer());
        portal.set_same_site(SameSite::Strict);
        provider.expect("john", "sid-1");
        let mut visitor = Visitor::of(&portal);
        let begun = format!("{kind}_begun");
        visitor.cookies.insert(begun.clone(), "planted".to_owned());
        visitor.sign_in().await;
        assert_eq!(visitor.who().await.as_deref(), Some("john"), "{kind}");
        let left = visitor.post(path, "").await;
        assert!(left.location().contains("id_token_hint="), "{kind}: {}", left.location());
        let mut thief = visitor.stranger();
        thief.cookies.insert(begun, "planted".to_owned());
        let stolen = thief.post(path, "").await;
        assert!(!stolen.location().contains("id_token_hint="), "{kind}: {}", stolen.location());
    }
}
