use lab_trace::Party;

use super::{Heard, select};
use crate::fixture::{Chance, sign_out};
use crate::vocabulary::Person;

#[test]
fn only_what_belongs_to_the_lesson_is_kept_and_numbered() {
    let events = sign_out(&Chance { port: 8080, salt: "a", admin_first: false });
    let chosen = select(&events, &[Person::John], 5, &[], Heard::Everything);
    let lines: Vec<String> = chosen
        .iter()
        .map(|one| format!("{} {} {} {}", one.number, one.exchange.caller, one.exchange.callee, one.exchange.path))
        .collect();
    assert_eq!(
        lines,
        [
            "5 john's browser internal /signout",
            "6 john's browser keycloak /realms/enterprise-sso/protocol/openid-connect/logout",
            "7 keycloak admin /logout",
            "8 keycloak internal /logout",
            "9 john's browser external /logout",
            "10 john's browser internal /signed-out",
        ]
    );
}

#[test]
fn keycloaks_order_of_calls_does_not_show() {
    let chosen = |admin_first| {
        let mut all = select(
            &sign_out(&Chance { port: 8080, salt: "a", admin_first }),
            &[Person::John],
            1,
            &[],
            Heard::Everything,
        );
        // When each of them came differs, and stands in no transcript.
        for one in &mut all {
            one.at_us = 0;
        }
        all
    };
    assert_eq!(chosen(true), chosen(false));
}

#[test]
fn what_the_callee_does_before_it_answers_is_inside_and_nothing_else() {
    let chosen = select(
        &sign_out(&Chance { port: 8080, salt: "a", admin_first: true }),
        &[Person::John],
        1,
        &[],
        Heard::Everything,
    );
    let inside: Vec<(usize, &[usize])> = chosen.iter().map(|one| (one.number, one.meanwhile.as_slice())).collect();
    assert_eq!(inside, [(1, &[][..]), (2, &[3, 4]), (3, &[]), (4, &[]), (5, &[]), (6, &[])]);
}

#[test]
fn scripted_browsers_of_other_lessons_are_left_out() {
    let events = sign_out(&Chance { port: 8080, salt: "a", admin_first: false });
    let chosen = select(&events, &[Person::Mary], 1, &[], Heard::Everything);
    assert!(chosen.iter().all(|one| one.exchange.caller == Party::Keycloak), "{chosen:?}");
}

#[test]
fn several_sessions_told_to_one_portal_come_in_the_lessons_order() {
    let about = |event: &lab_trace::Event, sid: &str| {
        let mut event = event.clone();
        if let lab_trace::EventKind::Exchange(exchange) = &mut event.kind
            && let lab_trace::Body::Form { fields } = &mut exchange.body
            && let lab_trace::Shown::Token { claims, .. } = &mut fields[0].value
        {
            claims["sid"] = sid.into();
        }
        event
    };
    let events = sign_out(&Chance { port: 8080, salt: "a", admin_first: true });
    let told = |event: &&lab_trace::Event| match &event.kind {
        lab_trace::EventKind::Exchange(exchange) => exchange.channel == lab_trace::Channel::BackChannel,
        lab_trace::EventKind::Portal(_) | lab_trace::EventKind::Lab(_) => false,
    };
    let post = events.iter().find(told).unwrap();
    let order = |arrived: [&str; 3]| {
        let events = arrived.map(|sid| about(post, sid));
        select(&events, &[Person::John], 1, &["desk", "phone"], Heard::Everything)
            .iter()
            .map(|one| crate::transcript::Telling::of(&one.exchange).and_then(|told| told.claim("sid")).unwrap())
            .collect::<Vec<_>>()
    };
    assert_eq!(order(["phone", "other", "desk"]), ["desk", "phone", "other"]);
    assert_eq!(order(["other", "desk", "phone"]), ["desk", "phone", "other"]);
}

#[test]
fn in_a_real_browser_images_of_pages_elsewhere_are_shown_and_those_of_the_page_itself_are_not() {
    let asked = |dest: &str, site: &str| {
        let mut events = sign_out(&Chance { port: 8080, salt: "a", admin_first: true });
        events.truncate(1);
        let lab_trace::EventKind::Exchange(exchange) = &mut events[0].kind else { panic!("{events:?}") };
        exchange.channel = lab_trace::Channel::Script;
        exchange.headers = [("sec-fetch-dest", dest), ("sec-fetch-site", site)]
            .map(|(name, value)| lab_trace::Param::plain(name, value))
            .into();
        select(&events, &[Person::John], 1, &[], Heard::Pages).len()
    };
    assert_eq!(asked("image", "cross-site"), 1);
    assert_eq!(asked("image", "same-origin"), 0);
    assert_eq!(asked("empty", "cross-site"), 0);
}

#[test]
fn what_an_app_asks_in_a_hidden_frame_is_told_only_where_the_step_says_when() {
    use lab_trace::{Channel, Param};
    let told = |heard: Heard, channel: Channel, callee: Party, query: &[Param]| {
        let mut events = sign_out(&Chance { port: 8080, salt: "a", admin_first: true });
        events.truncate(1);
        let lab_trace::EventKind::Exchange(exchange) = &mut events[0].kind else { panic!("{events:?}") };
        (exchange.channel, exchange.callee, exchange.query) = (channel, callee, query.to_vec());
        select(&events, &[Person::John], 1, &[], heard).len()
    };
    let external = || Party::App("external".to_owned());
    let question = [Param::plain("prompt", "none")];
    let state = || Param::plain("state", "s");
    let (yes, no) = ([Param::plain("code", "c"), state()], [Param::plain("error", "login_required"), state()]);
    let all = |heard: Heard, channel: Channel| {
        told(heard, channel, Party::Keycloak, &question)
            + told(heard, channel, external(), &yes)
            + told(heard, channel, external(), &no)
    };
    let asks = Heard::PagesAndSilentQuestions;
    assert_eq!(all(asks(Person::John), Channel::Embedded), 3);
    assert_eq!(all(asks(Person::Mary), Channel::Embedded), 0, "hers is another step's");
    assert_eq!(all(Heard::Pages, Channel::Embedded), 0, "they come when they come");
    assert_eq!(all(Heard::Everything, Channel::Embedded), 3);
    assert_eq!(all(Heard::Pages, Channel::Page), 3, "with `prompt=none` in a tab they are pages like others");
    // Keycloak's check-session frame, and what a script fetches.
    assert_eq!(told(asks(Person::John), Channel::Embedded, Party::Keycloak, &[]), 0);
    assert_eq!(told(asks(Person::John), Channel::Script, external(), &yes), 0);
}
