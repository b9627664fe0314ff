//! Every fault of the portals beside the real Keycloak: wrong in the way its sentence says while it is on, right when it
//! is off. The portals' own tests show the same with a provider that they hold in their hand; here it is the one that
//! people have.

use std::collections::HashMap;

use portals::{Fault, Kind};

use super::stage::Stage;

mod looks;

/// A situation, what is seen when all is right, and what while the fault is on.
struct Case {
    look: Look,
    right: &'static str,
    wrong: &'static str,
    /// A realm fault that is on both times: Keycloak has to be so for the portal's fault to matter.
    beside: Option<&'static str>,
    /// The only portal at which the situation can be played, where it is not all that can have the fault.
    only: Option<Kind>,
}

/// A situation. Each is a method of [`Stage`] that says in one line what it saw at a portal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Look {
    /// Alex signs in here and at the neighbour, and signs out there: the answer to Keycloak's POST, and what is left.
    LogoutElsewhere,
    /// The same, after Keycloak has begun to sign with a new key.
    LogoutAfterNewKey,
    /// The same, then the portal starts again.
    LogoutThenRestart,
    /// The same, and Mary has nothing to do with it.
    LogoutBesideMary,
    /// The same, then Mary signs in.
    LogoutThenMary,
    /// The same, on one of Alex's two devices.
    LogoutOnOneDevice,
    /// The same, then Alex signs in again.
    LogoutThenSignIn,
    /// The same, then Alex presses the sign-out button of the page that is still open.
    LogoutThenSignOut,
    /// Somebody without Keycloak's key posts a logout token.
    Forgery,
    /// Somebody posts Alex's own ID token: this portal's, or the neighbour's.
    IdToken { neighbours: bool },
    /// Alex signs in.
    SignIn,
    /// Alex signs in where Keycloak demands PKCE, and where it does not.
    Pkce,
    /// Alex signs in, signs out, and signs in again.
    Leave,
    /// What a copy of Alex's cookies is worth after the sign-out.
    Copy,
    /// Alex's browser asks for this address, as an image on any page could make it.
    Visit(&'static str),
    /// Alex signs in here, then at the neighbour, in one browser.
    Neighbours,
    /// How long the portal lets in, and how long Keycloak does.
    Promise,
    /// The portal starts again.
    Restart,
}

/// How a fault is shown beside Keycloak, or why Keycloak has no part in it.
fn played(fault: Fault) -> Result<Case, &'static str> {
    const OVER: &str = "answered 200; the session is over";
    const UNTOUCHED: &str = "answered 400; the session lives on";
    const HOME: &str = "200 the portal, signed out; single sign-on over; back in with a password";
    use Look::*;
    Ok(match fault {
        Fault::S2Lying200 | Fault::S7CookieLookup | Fault::P53AnswerFirst => {
            case(LogoutElsewhere, OVER, "answered 200; the session lives on")
        }
        Fault::P25CsrfBlocks => case(LogoutElsewhere, OVER, "answered 403; the session lives on"),
        Fault::P29TypTooStrict => case(LogoutElsewhere, OVER, UNTOUCHED),
        Fault::P26SidRequired => {
            let case = case(LogoutElsewhere, OVER, UNTOUCHED);
            Case { beside: Some("backchannel-session-required-off"), only: Some(Kind::Internal), ..case }
        }
        Fault::P52EventsExact => {
            let case = case(LogoutElsewhere, OVER, UNTOUCHED);
            Case { beside: Some("revoke-offline-tokens"), only: Some(Kind::Admin), ..case }
        }
        Fault::P40KeysForEver => case(LogoutAfterNewKey, OVER, UNTOUCHED),
        Fault::S8MemoryRevocations => case(LogoutThenRestart, "out; after a restart: out", "out; after a restart: in"),
        Fault::S5Wildcard => case(LogoutBesideMary, "Alex: out; Mary: in", "Alex: out; Mary: out"),
        Fault::S6Revival => case(LogoutThenMary, "out; after Mary came: out", "out; after Mary came: in"),
        Fault::SidIgnored => case(LogoutOnOneDevice, "the other device: in", "the other device: out"),
        Fault::P31EndlessTombstone => {
            case(LogoutThenSignIn, "200 the portal, signed in", "400 the portal's error page")
        }
        Fault::P50SignOutNeedsSession => {
            let case = case(LogoutThenSignOut, "200 the portal, signed out", "500 the portal's error page");
            Case { only: Some(Kind::Internal), ..case }
        }
        Fault::S4UnverifiedToken => case(Forgery, UNTOUCHED, OVER),
        Fault::P42AnyToken => case(IdToken { neighbours: false }, UNTOUCHED, OVER),
        Fault::P27NoClaimChecks => case(IdToken { neighbours: true }, UNTOUCHED, OVER),
        Fault::S10NoPkce => {
            let case = case(
                Pkce,
                "demanded: 200 the portal, signed in; not demanded: 200 the portal, signed in, with a challenge",
                "demanded: 400 the portal's error page; not demanded: 200 the portal, signed in, without a challenge",
            );
            Case { only: Some(Kind::Admin), ..case }
        }
        Fault::S11NoHint => {
            case(Leave, HOME, "400 Keycloak's error page; single sign-on goes on; back in without a password")
        }
        Fault::P05NoIdToken => {
            case(Leave, HOME, "200 Keycloak's question; single sign-on goes on; back in without a password")
        }
        Fault::P34LocalOnly => {
            case(Leave, HOME, "200 the portal, signed out; single sign-on goes on; back in without a password")
        }
        Fault::S12TokenInCookie => case(Copy, "the copy is out", "the copy is in"),
        Fault::S13RolesFromUserinfo => case(SignIn, "200 the portal, signed in", "403 the portal's refusal"),
        Fault::S14WrongDiscovery => case(SignIn, "200 the portal, signed in", "502 the portal's error page"),
        Fault::S18FrontChannelAnyone => {
            case(Visit("logout"), "in; single sign-on goes on", "out; single sign-on goes on")
        }
        Fault::P13GetSignOut => case(Visit("signout"), "in; single sign-on goes on", "out; single sign-on over"),
        Fault::P15SharedCookie => case(Neighbours, "here: in; there: in", "here: out; there: in"),
        Fault::P19LongSession => {
            let case = case(Promise, "Keycloak: 1800 s; the portal: 1800 s", "Keycloak: 1800 s; the portal: 28800 s");
            Case { only: Some(Kind::Internal), ..case }
        }
        Fault::S9RandomKey => case(Restart, "in; single sign-on goes on", "out; single sign-on goes on"),
        Fault::P21TokenInLog => return Err("it is about the portal's own log"),
        Fault::P21bHealthTells => return Err("it is about the portal's own health check"),
        Fault::P22LateSave => {
            return Err("a token request has to be held up at the right moment; Keycloak cannot be asked to wait");
        }
        Fault::P54IssuerPrefix => {
            return Err("Keycloak gives each realm keys of its own, so the other realm's signature is wrong anyway");
        }
        Fault::S15Cdn
        | Fault::S16InnerHtml
        | Fault::S17FocusOnly
        | Fault::P14FramePageLeaves
        | Fault::Fc7LateCleanUp
        | Fault::P38NotFrameable => {
            return Err("a page's script or a frame is the point: the lane with the real browser shows it");
        }
    })
}

fn case(look: Look, right: &'static str, wrong: &'static str) -> Case {
    Case { look, right, wrong, beside: None, only: None }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_portal_fault_is_wrong_while_it_is_on_and_right_when_it_is_off() {
    let stage = Stage::start().await;
    let mut complaints = Vec::new();
    // Several faults are about one situation, and without them it is the same one.
    let mut seen_right = HashMap::new();
    for fault in Fault::ALL {
        let Ok(case) = played(fault) else { continue };
        for kind in fault.about().portals.iter().filter(|kind| case.only.is_none_or(|only| only == **kind)) {
            let wrong = stage.afresh(&case, *kind, Some(fault)).await;
            if wrong != case.wrong {
                complaints.push(format!("{fault} at {kind}, on: {wrong}"));
            }
            let situation = (case.look, case.beside, kind.to_string());
            let right = match seen_right.get(&situation) {
                Some(right) => String::clone(right),
                None => stage.afresh(&case, *kind, None).await,
            };
            if right != case.right {
                complaints.push(format!("{fault} at {kind}, off: {right}"));
            }
            seen_right.insert(situation, right);
        }
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
    stage.stop().await;
}

impl Stage {
    /// Plays the situation in a lab without sessions and without other faults.
    async fn afresh(&self, case: &Case, kind: Kind, fault: Option<Fault>) -> String {
        self.lab.reset().await.unwrap();
        for name in fault.map(Fault::name).into_iter().chain(case.beside) {
            self.on(name).await;
        }
        self.play(case.look, kind).await
    }
}
