//! Every realm fault in a running lab: wrong in the way its sentence says while it is on, right when it is off, found
//! by its rule, and gone without a trace.

use std::collections::BTreeSet;

use lab::faults::{Change, Named};
use serde_json::Value;

mod acts;
mod in_portals;
mod looks;
pub(crate) mod stage;

use stage::Stage;

/// A fault, where to look, what is seen when all is right, and what while the fault is on.
struct Case {
    fault: &'static str,
    look: Look,
    right: &'static str,
    wrong: &'static str,
}

/// Where to look. Each is a method of [`Stage`] that says in one line what it saw.
#[derive(Clone, Copy)]
enum Look {
    /// John signs in everywhere and signs out at this portal: who is told, and what is left.
    SignOutAt(&'static str),
    /// John signs in on two devices and signs out on one.
    TwoDevices,
    /// Alex signs in at this portal.
    SignInAt(&'static str),
    /// John signs in and out at this portal.
    Return(&'static str),
    /// Keycloak's answer to a sign-in link with these parameters changed.
    Authorize(&'static str, &'static [(&'static str, &'static str)]),
    /// Keycloak's answer to a sign-out link that wants to come back here.
    ComeBackTo(&'static str),
    /// Keycloak's answer to a code that somebody made up, sent without a secret.
    Redeem(&'static str),
    /// Keycloak's answer to a password at the token endpoint.
    Password,
    /// Whether a script of a foreign site may read the token endpoint's answer.
    ForeignScript,
    /// Alex signs in at both portals with servers and out at one: how the tokens of each are signed.
    Algorithms,
    /// How long an access token lives.
    AccessToken,
    /// How long the session is promised to live; if that is short, what is left when it is over.
    Session,
}

const TOLD: &str = "admin by POST (sid), external by frame (iss, sid), internal by POST (sid)";

const CASES: &[Case] = &[
    Case {
        fault: "s1-frontchannel-switch-on",
        look: Look::SignOutAt("admin"),
        right: TOLD,
        wrong: "admin by POST (sid), external by frame (iss, sid); left: internal",
    },
    Case {
        fault: "s2-backchannel-at-spa",
        look: Look::SignOutAt("admin"),
        right: TOLD,
        wrong: "admin by POST (sid), external by POST (sid) answered 405, internal by POST (sid); left: the tokens in external's tab",
    },
    Case {
        fault: "s3-whose-localhost",
        look: Look::SignOutAt("internal"),
        right: TOLD,
        wrong: "external by frame (iss, sid), internal by POST (sid); left: admin",
    },
    Case {
        fault: "backchannel-url-missing",
        look: Look::SignOutAt("internal"),
        right: TOLD,
        wrong: "external by frame (iss, sid), internal by POST (sid); left: admin",
    },
    Case {
        fault: "frontchannel-url-missing",
        look: Look::SignOutAt("internal"),
        right: TOLD,
        wrong: "admin by POST (sid), internal by POST (sid); left: the tokens in external's tab",
    },
    Case {
        fault: "frontchannel-session-required-off",
        look: Look::SignOutAt("internal"),
        right: TOLD,
        wrong: "admin by POST (sid), external by frame (), internal by POST (sid); left: the tokens in external's tab",
    },
    Case {
        fault: "revoke-offline-tokens",
        look: Look::SignOutAt("internal"),
        right: TOLD,
        wrong: "admin by POST (sid, revoke_offline_access), external by frame (iss, sid), internal by POST (sid)",
    },
    Case {
        fault: "backchannel-session-required-off",
        look: Look::TwoDevices,
        right: "the token names sid and sub; the other device at internal: in",
        wrong: "the token names sub; the other device at internal: out",
    },
    Case {
        fault: "client-disabled",
        look: Look::SignInAt("admin"),
        right: "200 the admin dashboard, signed in as alex.admin; may approve",
        wrong: "400 Keycloak's error page",
    },
    Case {
        fault: "s13-roles-only-in-access-token",
        look: Look::SignInAt("admin"),
        right: "200 the admin dashboard, signed in as alex.admin; may approve",
        wrong: "403 the admin dashboard's refusal: a role is missing",
    },
    Case {
        fault: "consent-required",
        look: Look::SignInAt("internal"),
        right: "200 the internal portal, signed in as alex.admin",
        wrong: "200 Keycloak's question for consent",
    },
    Case {
        fault: "issuer-hidden",
        look: Look::SignInAt("internal"),
        right: "200 the internal portal, signed in as alex.admin",
        wrong: "400 the internal portal's error page",
    },
    Case {
        fault: "id-token-hs256",
        look: Look::SignInAt("internal"),
        right: "200 the internal portal, signed in as alex.admin",
        wrong: "502 the internal portal's error page",
    },
    Case {
        fault: "signature-algorithms-mixed",
        look: Look::Algorithms,
        right: "admin: id_token RS256, logout_token RS256; internal: id_token RS256, logout_token RS256",
        wrong: "admin: id_token RS256, logout_token RS256; internal: id_token ES256, logout_token ES256",
    },
    Case {
        fault: "ssl-required-over-http",
        look: Look::SignInAt("internal"),
        right: "200 the internal portal, signed in as alex.admin",
        wrong: "502 the internal portal's error page",
    },
    Case {
        fault: "post-logout-uri-missing",
        look: Look::Return("internal"),
        right: "200 the internal portal's sign-in card; single sign-on over",
        wrong: "400 Keycloak's error page; single sign-on goes on",
    },
    Case {
        fault: "post-logout-wildcard",
        look: Look::ComeBackTo("anywhere/else"),
        right: "400",
        wrong: "302 anywhere/else",
    },
    Case { fault: "post-logout-plus", look: Look::ComeBackTo("callback"), right: "400", wrong: "302 callback" },
    Case {
        fault: "redirect-wildcard",
        look: Look::Authorize("internal", &[("redirect_uri", "anywhere/else")]),
        right: "400",
        wrong: "200 login form",
    },
    Case {
        fault: "implicit-flow-on",
        look: Look::Authorize("internal", &[("response_type", "token"), ("response_mode", "fragment"), ("nonce", "n")]),
        right: "302 unauthorized_client",
        wrong: "200 login form",
    },
    Case {
        fault: "s10-pkce-not-required",
        look: Look::Authorize("admin", &[("code_challenge", ""), ("code_challenge_method", "")]),
        right: "302 invalid_request",
        wrong: "200 login form",
    },
    Case {
        fault: "s10-public-client",
        look: Look::Redeem("admin"),
        right: "401 unauthorized_client",
        wrong: "400 invalid_grant",
    },
    Case { fault: "password-grant-on", look: Look::Password, right: "400 unauthorized_client", wrong: "200 tokens" },
    Case {
        fault: "web-origin-wildcard",
        look: Look::ForeignScript,
        right: "may not read the answer",
        wrong: "may read the answer",
    },
    Case { fault: "access-token-outlives-session", look: Look::AccessToken, right: "300 s", wrong: "7200 s" },
    Case {
        fault: "sso-idle-above-max",
        look: Look::Session,
        right: "1800 s",
        wrong: "a few seconds; then the single sign-on is over, and nobody was told",
    },
    Case {
        fault: "sso-idle-short",
        look: Look::Session,
        right: "1800 s",
        wrong: "a few seconds; then the single sign-on is over, and nobody was told",
    },
];

#[tokio::test(flavor = "multi_thread")]
async fn every_realm_fault_is_wrong_while_it_is_on_and_right_when_it_is_off() {
    let all: BTreeSet<&str> = realm::Fault::all().iter().map(|fault| fault.name.as_str()).collect();
    assert_eq!(CASES.iter().map(|case| case.fault).collect::<BTreeSet<_>>(), all, "each fault has its case");

    let stage = Stage::start().await;
    let before = stage.lab.realm().await.unwrap();
    let mut complaints = Vec::new();
    for case in CASES {
        stage.lab.reset().await.unwrap();
        stage.on(case.fault).await;
        let found = stage.findings().await;
        let rule = &realm::Fault::named(case.fault).unwrap().rule;
        if found != [rule.clone()] {
            complaints.push(format!("{}: the linter finds {found:?}", case.fault));
        }
        let wrong = stage.see(case.look).await;
        if wrong != case.wrong {
            complaints.push(format!("{}: with it: {wrong}", case.fault));
        }
        stage.lab.reset().await.unwrap();
        let right = stage.see(case.look).await;
        if right != case.right {
            complaints.push(format!("{}: without it: {right}", case.fault));
        }
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
    assert_eq!(stage.findings().await, Vec::<String>::new());
    stage.lab.reset().await.unwrap();
    assert_same(&before, &stage.lab.realm().await.unwrap());
    faults_stack_and_go_one_by_one(&stage).await;
    stage.stop().await;
}

/// Two faults of one client on, the first off again: the second stays. Then names of both sides at once.
async fn faults_stack_and_go_one_by_one(stage: &Stage) {
    let before = stage.lab.realm().await.unwrap();
    stage.on("s10-public-client").await;
    stage.on("s3-whose-localhost").await;
    let off = Change { on: Vec::new(), off: vec!["s10-public-client".to_owned()] };
    assert_eq!(stage.lab.switch_faults(&off).await.unwrap(), ["s3-whose-localhost"]);
    assert_eq!(stage.findings().await, ["realm-backchannel-url-on-other-port"]);
    assert_eq!(stage.lab.status().await.unwrap().faults, ["s3-whose-localhost"]);

    let portal = Named::all().find(|fault| matches!(fault, Named::Portal(_))).unwrap().to_string();
    stage.on(&portal).await;
    assert_eq!(stage.lab.status().await.unwrap().faults, ["s3-whose-localhost".to_owned(), portal]);
    let unknown = Change { on: vec!["s3-whose-localhos".to_owned()], off: Vec::new() };
    let refused = stage.lab.switch_faults(&unknown).await.unwrap_err();
    assert!(refused.what.contains("did you mean \"s3-whose-localhost\""), "{}", refused.what);

    stage.lab.reset().await.unwrap();
    assert_eq!(stage.lab.status().await.unwrap().faults, Vec::<String>::new());
    assert_same(&before, &stage.lab.realm().await.unwrap());
}

/// Fails unless two exports say the same, and names what differs. Lists come in any order.
fn assert_same(one: &Value, other: &Value) {
    let (one, other) = (leaves(one, ""), leaves(other, ""));
    let differing: Vec<&String> = one.symmetric_difference(&other).collect();
    assert!(differing.is_empty(), "{differing:#?}");
}

/// Every value with its path.
fn leaves(value: &Value, path: &str) -> BTreeSet<String> {
    match value {
        Value::Object(members) => {
            members.iter().flat_map(|(name, value)| leaves(value, &format!("{path}/{name}"))).collect()
        }
        // By what it is and not by its place: Keycloak gives lists in any order.
        Value::Array(items) => {
            let name = |item: &Value| {
                let named = ["clientId", "alias", "name", "id"].into_iter().find_map(|name| item[name].as_str());
                named.unwrap_or_default().to_owned()
            };
            items.iter().flat_map(|item| leaves(item, &format!("{path}/[{}]", name(item)))).collect()
        }
        other => BTreeSet::from([format!("{path} = {other}")]),
    }
}
