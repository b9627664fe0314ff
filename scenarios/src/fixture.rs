//! Material for tests: one sign-out as the taps of a lab see it, with everything that has to be left out. Values, ports
//! and Keycloak's order vary as they do between real runs.

use std::collections::BTreeMap;

use lab::browser::{Place, Sight};
use lab::control::messages::{PortalPlace, Topology};
use lab::keycloak::RuntimeKind;
use lab_trace::{
    Answer, Body, Cell, CellState, Channel, Event, EventKind, Exchange, Location, Matrix, Param, Party, Row, Shown,
};
use serde_json::json;
use url::Url;

use crate::lesson::Step;
use crate::run::{Heard, Run, StepRun, select};
use crate::vocabulary::{Driver, Person};

/// A lab whose portals listen from `port` on, Keycloak behind them.
pub(crate) fn topology(port: u16) -> Topology {
    let url = |offset: u16| Url::parse(&format!("http://localhost:{}/", port + offset)).unwrap();
    let portal = |name: &str, offset, client: &str| PortalPlace {
        name: name.to_owned(),
        url: url(offset),
        client_id: client.to_owned(),
    };
    Topology {
        keycloak: url(0),
        issuer: url(0).join("realms/enterprise-sso").unwrap(),
        version: "26.7.3".to_owned(),
        runtime: RuntimeKind::Dist,
        sites: lab::sites::Sites::Same,
        portals: vec![
            portal("internal", 1, "internal-portal"),
            portal("external", 2, "external-portal"),
            portal("admin", 3, "admin-dashboard"),
        ],
    }
}

fn id(name: &str, kind: &str, text: &str) -> Param {
    Param { name: name.to_owned(), value: Shown::Id { kind: kind.to_owned(), text: text.to_owned() } }
}

fn secret(name: &str, kind: &str, print: &str) -> Param {
    Param { name: name.to_owned(), value: Shown::Secret { kind: kind.to_owned(), print: print.to_owned() } }
}

pub(crate) fn exchange(from: Party, to: Party, channel: Channel, method: &str, path: &str) -> Exchange {
    Exchange {
        took_us: 1,
        caller: from,
        callee: to,
        channel,
        method: method.to_owned(),
        path: path.to_owned(),
        query: Vec::new(),
        headers: Vec::new(),
        cookies: Vec::new(),
        body: Body::Empty,
        answer: answer(200, None),
        housekeeping: false,
    }
}

pub(crate) fn answer(status: u16, to: Option<(&str, &str)>) -> Answer {
    let location = to.map(|(origin, path)| Location {
        origin: origin.trim_end_matches('/').to_owned(),
        path: path.to_owned(),
        query: Vec::new(),
    });
    Answer::Response { status, headers: Vec::new(), set_cookies: Vec::new(), location, body: Body::Empty }
}

/// How the values of one run differ from those of another.
pub(crate) struct Chance {
    pub(crate) port: u16,
    pub(crate) salt: &'static str,
    /// Keycloak's order of the back-channel POSTs.
    pub(crate) admin_first: bool,
}

/// John signs out at the internal portal. Somebody else clicks meanwhile, and the lab probes.
pub(crate) fn sign_out(chance: &Chance) -> Vec<Event> {
    let topology = topology(chance.port);
    let salted = |text: &str| format!("{text}-{}", chance.salt);
    let john = || Party::Browser(Some("john".to_owned()));
    let app = |name: &str| Party::App(name.to_owned());
    let internal = topology.portals[0].url.as_str().trim_end_matches('/').to_owned();
    let issuer = topology.issuer.to_string();

    let mut signout = exchange(john(), app("internal"), Channel::Page, "POST", "/signout");
    signout.answer =
        answer(303, Some((topology.keycloak.as_str(), "/realms/enterprise-sso/protocol/openid-connect/logout")));

    let mut certs = exchange(
        app("internal"),
        Party::Keycloak,
        Channel::Server,
        "GET",
        "/realms/enterprise-sso/protocol/openid-connect/certs",
    );
    certs.housekeeping = true;

    let mut logout = exchange(
        john(),
        Party::Keycloak,
        Channel::Page,
        "GET",
        "/realms/enterprise-sso/protocol/openid-connect/logout",
    );
    logout.query = vec![
        secret("id_token_hint", "id_token", &salted("hint")),
        Param::plain("client_id", "internal-portal"),
        Param::plain("post_logout_redirect_uri", format!("{internal}/signed-out")),
        secret("state", "state", &salted("state")),
        id("tab_id", "tab_id", &salted("tab")),
    ];
    // Long enough for the three exchanges that begin inside it.
    logout.took_us = 25;
    logout.answer = Answer::Response {
        status: 200,
        headers: Vec::new(),
        set_cookies: vec![Param::plain("KEYCLOAK_IDENTITY", "")],
        location: None,
        body: Body::Html {
            title: "Logging out".to_owned(),
            frames: vec![topology.portals[1].url.join("/logout").unwrap().to_string()],
        },
    };

    let post = |name: &str, client: &str| {
        let mut post = exchange(Party::Keycloak, app(name), Channel::BackChannel, "POST", "/logout");
        let claims = json!({
            "iss": issuer, "aud": client, "sub": salted("sub"), "sid": salted("sid"), "jti": salted(client),
            "iat": 1_800_000_000_i64 + i64::from(chance.port), "exp": 1_800_000_120_i64 + i64::from(chance.port),
            "typ": "Logout", "events": { "http://schemas.openid.net/event/backchannel-logout": {} },
        });
        let token = Shown::Token {
            kind: "logout_token".to_owned(),
            print: salted(name),
            header: json!({ "alg": "RS256", "typ": "logout+jwt", "kid": salted("kid") }),
            claims,
        };
        post.body = Body::Form { fields: vec![Param { name: "logout_token".to_owned(), value: token }] };
        post
    };
    let mut posts = vec![post("internal", "internal-portal"), post("admin", "admin-dashboard")];
    if chance.admin_first {
        posts.reverse();
    }

    let mut frame = exchange(john(), app("external"), Channel::Frame, "GET", "/logout");
    frame.query = vec![id("sid", "sid", &salted("sid")), Param::plain("iss", issuer.clone())];

    let mut back = exchange(john(), app("internal"), Channel::Page, "GET", "/signed-out");
    back.query = vec![secret("state", "state", &salted("state"))];
    back.answer = answer(303, Some(("", "/")));

    let probe = exchange(Party::Lab, app("internal"), Channel::Probe, "GET", "/api/me");
    let stranger = exchange(Party::Browser(None), app("admin"), Channel::Page, "GET", "/admin/login");

    let all = [signout, stranger, logout].into_iter().chain(posts).chain([certs, frame, probe, back]);
    all.zip(10..)
        .map(|(exchange, seq)| Event { seq, at_us: seq * 7, kind: EventKind::Exchange(Box::new(exchange)) })
        .collect()
}

/// A server redeems a code; scopes and roles come in the given order, which Keycloak changes with every import.
pub(crate) fn token_answer(scope: &str, roles: &[&str]) -> Exchange {
    let mut token = exchange(
        Party::App("internal".to_owned()),
        Party::Keycloak,
        Channel::Server,
        "POST",
        "/realms/enterprise-sso/protocol/openid-connect/token",
    );
    token.headers = vec![secret("authorization", "authorization", "basic")];
    let id_token = Shown::Token {
        kind: "id_token".to_owned(),
        print: "print".to_owned(),
        header: json!({ "alg": "RS256", "typ": "JWT" }),
        claims: json!({ "aud": "internal-portal", "roles": roles, "email": "john.employee@example.com" }),
    };
    token.answer = Answer::Response {
        status: 200,
        headers: Vec::new(),
        set_cookies: Vec::new(),
        location: None,
        body: Body::Json {
            members: vec![
                Param { name: "id_token".to_owned(), value: id_token },
                Param::plain("scope", scope),
                Param::plain("expires_in", "300"),
            ],
        },
    };
    token
}

/// A matrix with one row.
pub(crate) fn matrix(states: [CellState; 4]) -> Matrix {
    let cells = ["sso", "internal", "external", "admin"]
        .iter()
        .zip(states)
        .map(|(of, state)| Cell { of: (*of).to_owned(), state, evidence: "asked".to_owned() })
        .collect();
    Matrix { rows: vec![Row { browser: "john".to_owned(), cells }] }
}

/// What John sees afterwards.
pub(crate) fn sight() -> Sight {
    Sight {
        place: Place::SignInCard("internal".to_owned()),
        status: 200,
        title: "Internal portal".to_owned(),
        text: "Access required".to_owned(),
        offers: vec!["signout".to_owned()],
        asked_for_password: false,
        scripts_of: Vec::new(),
        runs_inline_scripts: false,
    }
}

/// The session that John had.
pub(crate) fn sessions(chance: &Chance) -> BTreeMap<Person, String> {
    BTreeMap::from([(Person::John, format!("sid-{}", chance.salt))])
}

/// A step as it is written in a lesson.
pub(crate) fn step(yaml: &str) -> Step {
    let text = include_str!("fixture.md").replace("STEPS", yaml.trim_end());
    let lesson = crate::parse::parse("logout/fixture.md", &text).unwrap();
    lesson.steps().next().unwrap().clone()
}

/// A whole run with one step.
pub(crate) fn run(chance: &Chance, yaml: &str) -> Run {
    let (topology, step) = (topology(chance.port), step(yaml));
    let exchanges = select(&sign_out(chance), &[Person::John], 1, &[], Heard::Everything);
    let (sight, matrix) = (sight(), matrix([CellState::Out; 4]));
    let evidence = crate::checks::Evidence {
        step: &step,
        topology: &topology,
        exchanges: &exchanges,
        sight: Some(&sight),
        matrix: &matrix,
        sessions: &sessions(chance),
        old: &[],
        keycloak: &[],
        key_fetches: &BTreeMap::new(),
        leaks: &std::collections::BTreeSet::new(),
        screens: &std::collections::BTreeMap::new(),
        console: &std::collections::BTreeMap::new(),
    };
    let checks = crate::checks::checks(&evidence);
    let done = StepRun {
        sentence: step.to_string(),
        line: step.line,
        exchanges,
        sight: Some(sight),
        screens: Vec::new(),
        shots: Vec::new(),
        sign_out: true,
        not_told: Vec::new(),
        matrix,
        checks,
    };
    Run {
        id: "fixture".to_owned(),
        title: "John signs out: a fixture".to_owned(),
        topology,
        driver: Driver::Http,
        faults: Vec::new(),
        steps: vec![done],
        invariants: Vec::new(),
    }
}
