use std::collections::{BTreeMap, BTreeSet};

use lab::browser::{Place, Sight};
use lab_trace::{Cell, CellState};

use super::{Check, Evidence, checks};
use crate::fixture::{Chance, matrix, sessions, sight, sign_out, step, topology};
use crate::run::{Heard, select};
use crate::vocabulary::Person;

const CHANCE: Chance = Chance { port: 8080, salt: "a", admin_first: false };

struct Seen {
    sight: Sight,
    states: [CellState; 4],
    old: Vec<Cell>,
}

impl Default for Seen {
    fn default() -> Self {
        Self { sight: sight(), states: [CellState::Out; 4], old: Vec::new() }
    }
}

/// The only check of an expectation about John's sign-out at internal.
fn judge(expect: &str, seen: Seen) -> Check {
    let step = step(&format!("- who: john\n  signs-out-at: internal\n  expect:\n    {expect}"));
    let exchanges = select(&sign_out(&CHANCE), &[Person::John], 1, &[], Heard::Everything);
    let all = checks(&Evidence {
        step: &step,
        topology: &topology(CHANCE.port),
        exchanges: &exchanges,
        sight: Some(&seen.sight),
        keycloak: &[],
        key_fetches: &BTreeMap::new(),
        leaks: &BTreeSet::new(),
        screens: &std::collections::BTreeMap::new(),
        console: &std::collections::BTreeMap::new(),
        matrix: &matrix(seen.states),
        sessions: &sessions(&CHANCE),
        old: &seen.old,
    });
    assert_eq!(all.len(), 1, "{all:?}");
    all.into_iter().next().unwrap()
}

fn passes(expect: &str) {
    let check = judge(expect, Seen::default());
    assert!(check.passed(), "{check:?}");
}

/// What a failed check says it has seen, and the exchange that it points at.
fn fails(expect: &str, seen: Seen) -> (String, Option<usize>) {
    let failure = judge(expect, seen).failure.unwrap_or_else(|| panic!("{expect} passed"));
    assert_ne!(failure.expected, failure.seen);
    (failure.seen, failure.proof)
}

#[test]
fn who_was_told_rests_on_what_the_taps_saw() {
    passes(
        "told: [{ portal: admin, by: back-channel, with: [iss, aud, sid, events, exp], without: [nonce], session-of: john, answered: 200 }]",
    );
    passes("told: [{ portal: external, by: front-channel, with: [iss, sid], session-of: john }]");
    let (seen, proof) = fails("told: [{ portal: external, by: back-channel }]", Seen::default());
    assert_eq!((seen.as_str(), proof), ("nothing was sent to it by back-channel", None));
    let (seen, proof) = fails("told: [{ portal: admin, by: back-channel, with: [nonce] }]", Seen::default());
    assert_eq!((seen.as_str(), proof), ("nonce is missing", Some(3)));
    let (seen, _) = fails("told: [{ portal: admin, by: back-channel, without: [sid] }]", Seen::default());
    assert_eq!(seen, "sid is present");
    let (seen, _) = fails("told: [{ portal: admin, by: back-channel, session-of: mary }]", Seen::default());
    assert_eq!(seen, "sid is not the session that Mary had");
    let (seen, _) = fails("told: [{ portal: admin, by: back-channel, answered: 400 }]", Seen::default());
    assert_eq!(seen, "answered 200");
}

#[test]
fn nobody_told_means_no_message_over_any_channel() {
    let (seen, proof) = fails("not-told: [external]", Seen::default());
    assert_eq!((seen.as_str(), proof), ("a message by front-channel iframe", Some(5)));
    let (seen, proof) = fails("not-told: [internal]", Seen::default());
    assert_eq!((seen.as_str(), proof), ("a message by back-channel", Some(4)));
}

#[test]
fn state_is_compared_and_not_believed() {
    passes("state-returned: true");
    let (seen, proof) = fails("state-returned: false", Seen::default());
    assert_eq!((seen.as_str(), proof), ("the same state came back", Some(6)));
}

#[test]
fn no_token_request_is_no_exchange_by_anybody() {
    let (seen, proof) = fails("code-exchanged-by: server", Seen::default());
    assert_eq!((seen.as_str(), proof), ("no token request", None));
}

#[test]
fn what_is_seen_is_the_right_page_of_the_right_portal() {
    passes("sees: sign-in-card");
    passes("says: Access required");
    passes("status: 200");
    passes("asked-for-password: false");
    let elsewhere =
        Seen { sight: Sight { place: Place::SignInCard("admin".to_owned()), ..sight() }, ..Seen::default() };
    let (seen, proof) = fails("sees: sign-in-card", elsewhere);
    assert_eq!((seen.as_str(), proof), ("the admin dashboard's sign-in card", Some(6)));
    fails("says: Missing parameters", Seen::default());
    fails("status: 400", Seen::default());
    fails("asked-for-password: true", Seen::default());
}

#[test]
fn buttons_are_those_of_the_page() {
    let offers = |list: &[&str]| Seen {
        sight: Sight { offers: list.iter().map(|offer| (*offer).to_owned()).collect(), ..sight() },
        ..Seen::default()
    };
    assert!(judge("shows: [approve]", offers(&["approve", "reject"])).passed());
    assert!(judge("hides: [approve]", offers(&["logout"])).passed());
    let (seen, _) = fails("hides: [approve]", offers(&["approve", "logout"]));
    assert_eq!(seen, "buttons: approve, logout");
    fails("shows: [review-all]", offers(&["review"]));
}

#[test]
fn a_matrix_is_compared_cell_by_cell_and_quotes_its_evidence() {
    passes("matrix: { john: { sso: out, internal: out, external: out, admin: out } }");
    let zombie =
        Seen { states: [CellState::Out, CellState::Out, CellState::Out, CellState::Zombie], ..Seen::default() };
    let (seen, _) = fails("matrix: { john: { sso: out, admin: out } }", zombie);
    assert_eq!(seen, "admin ZOMBIE (asked)");
    let (seen, _) = fails("matrix: { mary: { sso: out } }", Seen::default());
    assert_eq!(seen, "sso is not in this lab");
}

#[test]
fn old_cookies_are_judged_only_where_they_were_worth_something() {
    let old = |state| Seen {
        old: vec![Cell { of: "internal".to_owned(), state, evidence: "GET /api/me: 200".to_owned() }],
        ..Seen::default()
    };
    assert!(judge("old-cookies: dead", old(CellState::Out)).passed());
    assert!(judge("old-cookies: alive", old(CellState::In)).passed());
    assert_eq!(fails("old-cookies: dead", old(CellState::In)).0, "internal: GET /api/me: 200");
    fails("old-cookies: dead", old(CellState::Unknown));
    assert_eq!(fails("old-cookies: dead", Seen::default()).0, "they opened no door before this step");
}

/// The checks of a step without a person, about these exchanges and these events of Keycloak.
fn of_nobody(yaml: &str, exchanges: &[crate::run::Numbered], events: &[&str]) -> Vec<Check> {
    let events: Vec<String> = events.iter().map(|event| (*event).to_owned()).collect();
    checks(&Evidence {
        step: &step(yaml),
        topology: &topology(CHANCE.port),
        exchanges,
        sight: None,
        keycloak: &events,
        key_fetches: &BTreeMap::from([("admin".to_owned(), 2)]),
        leaks: &BTreeSet::from(["admin".to_owned()]),
        screens: &std::collections::BTreeMap::new(),
        console: &std::collections::BTreeMap::new(),
        matrix: &matrix([CellState::Out; 4]),
        sessions: &sessions(&CHANCE),
        old: &[],
    })
}

#[test]
fn what_a_stranger_was_answered_is_the_taps_word() {
    let mut exchanges = select(&sign_out(&CHANCE), &[Person::John], 1, &[], Heard::Everything);
    let yaml = "- { stranger: { posts: nonsense, to: admin }, expect: { answered: 200 } }";
    let failure = of_nobody(yaml, &exchanges, &[])[0].failure.clone().unwrap();
    assert_eq!((failure.seen.as_str(), failure.proof), ("no answer", None), "Keycloak's own POSTs do not count");
    exchanges[2].exchange.caller = lab_trace::Party::Stranger;
    assert!(of_nobody(yaml, &exchanges, &[])[0].passed());
    let refused = of_nobody(&yaml.replace("200", "400"), &exchanges, &[])[0].failure.clone().unwrap();
    assert_eq!((refused.seen.as_str(), refused.proof), ("200", Some(exchanges[2].number)));
}

#[test]
fn what_keycloak_wrote_is_compared_both_ways() {
    let yaml =
        "- { administrator: rotates-keys, expect: { keycloak-writes: [LOGOUT], keycloak-does-not-write: [LOGIN] } }";
    let passed = |events: &[&str]| of_nobody(yaml, &[], events).iter().map(Check::passed).collect::<Vec<_>>();
    assert_eq!(passed(&["LOGOUT"]), [true, true]);
    assert_eq!(passed(&["LOGIN"]), [false, false]);
    assert_eq!(passed(&[]), [false, true]);
    let failure = of_nobody(yaml, &[], &["LOGIN", "CODE_TO_TOKEN"])[0].failure.clone().unwrap();
    assert_eq!(failure.seen, "LOGIN, CODE_TO_TOKEN");
}

#[test]
fn how_often_somebody_was_told_is_counted() {
    passes("told: [{ portal: admin, by: back-channel, times: 1 }]");
    let (seen, proof) = fails("told: [{ portal: admin, by: back-channel, times: 2 }]", Seen::default());
    assert!(seen.starts_with("1 messages") && proof == Some(3), "{seen}");
}

#[test]
fn how_often_keys_are_fetched_is_counted() {
    let of = |count: usize| {
        let yaml = format!(
            "- {{ stranger: {{ posts: unknown-key, to: admin, times: 3 }}, expect: {{ fetches-keys: {{ admin: {count} }} }} }}"
        );
        of_nobody(&yaml, &[], &[]).remove(0)
    };
    assert!(of(2).passed());
    assert_eq!(of(1).failure.unwrap().seen, "2");
}

#[test]
fn what_a_program_was_answered_is_its_own_request_and_no_portals() {
    use lab_trace::{Answer, Body, Channel, Param, Party};
    let yaml = "- { script: { in-name-of: admin, does: introspects, for: john }, expect: { answered: 200, \
                answer-has: ['active: false'], readable-elsewhere: false } }";
    let mut exchanges = select(&sign_out(&CHANCE), &[Person::John], 1, &[], Heard::Everything);
    let failed = |exchanges: &[crate::run::Numbered]| {
        of_nobody(yaml, exchanges, &[]).iter().filter(|check| !check.passed()).count()
    };
    exchanges.retain(|numbered| numbered.exchange.callee != Party::Keycloak);
    assert_eq!(failed(&exchanges), 3, "nothing was asked: no status, no member, and nothing to read");
    let asked = &mut exchanges[0].exchange;
    (asked.callee, asked.channel, asked.caller) = (Party::Keycloak, Channel::Server, Party::App("admin".to_owned()));
    asked.answer = Answer::Response {
        status: 200,
        headers: Vec::new(),
        set_cookies: Vec::new(),
        location: None,
        body: Body::Json { members: vec![Param::plain("active", "false")] },
    };
    assert_eq!(failed(&exchanges), 0);
    let asked = &mut exchanges[0].exchange;
    if let Answer::Response { headers, body, .. } = &mut asked.answer {
        headers.push(Param::plain("access-control-allow-origin", "https://elsewhere.example"));
        *body = Body::Json { members: vec![Param::plain("active", "true")] };
    }
    assert_eq!(failed(&exchanges), 2, "another member, and readable");
}

#[test]
fn a_piece_of_a_token_in_a_log_is_found_and_missed() {
    let yaml = "- { administrator: rotates-keys, expect: { logs-token: [admin], logs-no-token: [internal] } }";
    assert!(of_nobody(yaml, &[], &[]).iter().all(Check::passed));
    let turned = yaml
        .replace("logs-token: [admin], logs-no-token: [internal]", "logs-token: [internal], logs-no-token: [admin]");
    assert!(of_nobody(&turned, &[], &[]).iter().all(|check| !check.passed()));
}

#[test]
fn a_page_is_judged_by_what_it_would_run_and_does_not_say() {
    passes("does-not-say: Welcome");
    passes("takes-scripts-from-elsewhere: false");
    passes("runs-smuggled-scripts: false");
    let bad = || Seen {
        sight: Sight {
            scripts_of: vec!["https://cdn.example".to_owned()],
            runs_inline_scripts: true,
            text: "Welcome".to_owned(),
            ..sight()
        },
        ..Seen::default()
    };
    assert!(judge("takes-scripts-from-elsewhere: true", bad()).passed());
    assert!(judge("runs-smuggled-scripts: true", bad()).passed());
    assert_eq!(fails("takes-scripts-from-elsewhere: false", bad()).0, "scripts of https://cdn.example");
    fails("runs-smuggled-scripts: false", bad());
    fails("does-not-say: Welcome", bad());
}

#[test]
fn a_silent_question_is_asked_once_and_judged_by_its_answer_and_its_cookie() {
    use lab_trace::{Answer, Body, Channel, Location, Param, Party};
    let page = |status: u16| Answer::Response {
        status,
        headers: Vec::new(),
        set_cookies: Vec::new(),
        location: None,
        body: Body::Empty,
    };
    let asked = |answer: Param, cookies: &[&str]| {
        let mut one = select(&sign_out(&CHANCE), &[Person::John], 1, &[], Heard::Everything).remove(0);
        let exchange = &mut one.exchange;
        (exchange.channel, exchange.callee) = (Channel::Embedded, Party::Keycloak);
        exchange.query = vec![Param::plain("prompt", "none"), Param::plain("state", "s")];
        exchange.cookies = cookies.iter().map(|name| Param::plain(*name, "c")).collect();
        exchange.answer = Answer::Response {
            status: 302,
            headers: Vec::new(),
            set_cookies: Vec::new(),
            location: Some(Location {
                origin: String::new(),
                path: "/silent-callback".to_owned(),
                query: vec![answer],
            }),
            body: Body::Empty,
        };
        one
    };
    // The portal's page in the frame, which hands the answer on.
    let back = |state: &str, status: u16| {
        let mut one = asked(Param::plain("code", "c"), &[]);
        let exchange = &mut one.exchange;
        exchange.callee = Party::App("external".to_owned());
        exchange.query = vec![Param::plain("code", "c"), Param::plain("state", state)];
        exchange.answer = page(status);
        one
    };
    let yes = || asked(Param::plain("code", "c"), &["AUTH_SESSION_ID", "KEYCLOAK_IDENTITY"]);
    let no = || asked(Param::plain("error", "login_required"), &["AUTH_SESSION_ID"]);
    let failure = |words: &str, exchanges: &[crate::run::Numbered]| {
        let yaml = format!(
            "- {{ who: john, reloads: external, expect: {{ asked-for-password: false, silent-question: {words} }} }}"
        );
        let checks = of_nobody(&yaml, exchanges, &[]);
        checks.into_iter().find(|check| check.name.contains("hidden frame")).unwrap().failure
    };
    let seen = |words: &str, question: crate::run::Numbered| {
        failure(words, &[question, back("s", 200)]).map(|failure| failure.seen)
    };
    assert_eq!(seen("{ answer: code }", yes()), None);
    assert_eq!(seen("{ answer: code, brings-cookie: true }", yes()), None);
    assert_eq!(seen("{ answer: login_required, brings-cookie: false }", no()), None);
    assert_eq!(seen("{ answer: code }", no()).unwrap(), "login_required");
    let cookie = seen("{ answer: login_required, brings-cookie: true }", no()).unwrap();
    assert_eq!(cookie, "login_required, without a cookie of a session");
    let lost = "code, and the frame did not come back to the app";
    for lonely in [vec![yes()], vec![yes(), back("another", 200)], vec![yes(), back("s", 500)]] {
        assert_eq!(failure("{ answer: code }", &lonely).unwrap().seen, lost);
    }
    assert_eq!(failure("{ answer: code }", &[]).unwrap().seen, "no question");
    let twice = failure("{ answer: login_required }", &[no(), back("s", 200), no()]).unwrap();
    assert_eq!((twice.expected.as_str(), twice.seen.as_str()), ("one question: login_required", "2 questions"));
    let mut refused = no();
    refused.exchange.answer = page(400);
    let refused = failure("{ answer: code }", &[refused]).unwrap();
    assert!(refused.seen.starts_with("answered 400, without a redirect"), "{}", refused.seen);
    assert!(refused.likely.contains("redirect URI"), "{}", refused.likely);
    let mut marys = yes();
    marys.exchange.caller = Party::Browser(Some("mary".to_owned()));
    assert_eq!(seen("{ answer: code }", marys).unwrap(), "no question");
}
