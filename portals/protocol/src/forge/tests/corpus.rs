//! The corpus against [`verify`] and the rules around it; over HTTP it runs against the portals, elsewhere.

use std::collections::HashSet;

use jiff::SignedDuration;
use openidconnect::core::CoreJwsSigningAlgorithm;

use super::forge;
use crate::forge::corpus::{Case, Circumstance, Delivery, Effect, Group, cases, front_cases};
use crate::forge::{Forge, published_keys, published_keys_with_a_choice};
use crate::logout_token::{Expectations, Refusal, SHORT_LIFE, TypePolicy, VerifiedLogoutToken, verify};
use crate::matching::{KnownSession, matches};
use crate::testing::{AUDIENCE, ISSUER, now};
use crate::{FrontChannelRequest, SeenTokens, Tombstones};

/// What the portal of this case expects.
fn expectations(case: &Case) -> Expectations {
    let usual = Expectations::new(ISSUER, AUDIENCE);
    match case.circumstance {
        Circumstance::Es256Allowed => usual.also_allowing([CoreJwsSigningAlgorithm::EcdsaP256Sha256]),
        Circumstance::OnlyLogoutType => usual.with_types(TypePolicy::OnlyLogout),
        Circumstance::ShortLife => usual.living_at_most(SHORT_LIFE),
        Circumstance::ExpOptional => usual.with_exp_optional(),
        _ => usual,
    }
}

/// Which of the sessions here a verified token ends.
fn effect(case: &Case, token: &VerifiedLogoutToken, forge: &Forge) -> Result<Effect, Refusal> {
    let age = if case.circumstance == Circumstance::SessionIsNewer { 0 } else { 60 };
    let issued_at = now() - SignedDuration::from_secs(age);
    let mine = KnownSession { iss: ISSUER, sub: &forge.sub, sid: Some(&forge.sid), issued_at, auth_time: None };
    if case.circumstance == Circumstance::SessionIsLate {
        let mut tombstones = Tombstones::new(1);
        tombstones.remember(token, now());
        return Ok(if tombstones.has_ended(mine, now()) { Effect::LateSessionRefused } else { Effect::None });
    }
    let desk = KnownSession { sid: Some("another-device"), ..mine };
    let other = KnownSession { sub: &forge.other_sub, sid: Some("session-of-another-user"), ..mine };
    let ended = [mine, desk, other].map(|session| matches(token, session).ends());
    match ended {
        [Err(refusal), _, _] | [_, Err(refusal), _] | [_, _, Err(refusal)] => Err(refusal),
        [Ok(false), Ok(false), Ok(false)] => Ok(Effect::None),
        [Ok(true), Ok(false), Ok(false)] => Ok(Effect::NamedSession),
        [Ok(true), Ok(true), Ok(false)] => Ok(Effect::AllOfSub),
        other => panic!("{}: ended {other:?}", case.title),
    }
}

/// Delivers the case's tokens as its requests carry them; the answer to the last one counts.
fn judged(case: &Case, forge: &Forge) -> Result<Effect, Refusal> {
    let keys = match case.circumstance {
        Circumstance::ChoiceOfKeys => published_keys_with_a_choice(),
        _ => published_keys(),
    };
    let mut seen = SeenTokens::new(10);
    let mut verdict = Ok(Effect::None);
    for request in case.requests(forge) {
        assert!(verdict.is_ok(), "{} {}: what prepares it is refused: {verdict:?}", case.id, case.title);
        let mut form = url::form_urlencoded::parse(&request.body);
        let (_, token) = form.find(|(name, _)| name == "logout_token").expect("the form has a token");
        verdict = verify(&token, &expectations(case), &keys, now()).and_then(|token| {
            let effect = effect(case, &token, forge)?;
            seen.remember(&token, now())?;
            Ok(effect)
        });
    }
    verdict
}

#[test]
fn every_attack_on_a_token_comes_to_what_the_corpus_says() {
    let forge = forge();
    let mut tried = 0;
    for case in cases() {
        // These are about more than one token and what is known here.
        let needs_a_portal = matches!(case.circumstance, Circumstance::KeysUnreachable | Circumstance::StoreDown)
            || case.delivery == Delivery::Parallel
            || case.id == "A-80";
        if case.group == Group::Request || needs_a_portal {
            continue;
        }
        tried += 1;
        let verdict = judged(&case, &forge);
        let tag = verdict.as_ref().err().map(Refusal::tag);
        let expected = case.expect.refusal.map(crate::Rule::tag);
        assert_eq!(tag, expected, "{} {}: {verdict:?}", case.id, case.title);
        assert_eq!(verdict.unwrap_or(Effect::None), case.expect.effect, "{} {}", case.id, case.title);
    }
    assert!(tried >= 230, "only {tried} cases");
}

#[test]
fn no_case_contradicts_itself() {
    for case in cases() {
        let Case { id, title, expect, .. } = &case;
        let (refused, accepted) = (expect.refusal.is_some(), expect.status == [200]);
        if case.delivery != Delivery::Parallel {
            assert!(!(refused && expect.status.contains(&200)), "{id} {title}: refused with 200");
            assert!(accepted || expect.effect == Effect::None, "{id} {title}: an effect without 200");
        }
        assert!(!expect.status.is_empty() && expect.status.iter().all(|status| *status < 500 || *status == 503));
        assert!(case.clause.split_once('-').is_some_and(|(spec, section)| {
            !spec.is_empty() && section.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
        }));
    }
}

#[test]
fn every_attack_of_the_catalogue_is_there() {
    let ids: HashSet<String> = cases().into_iter().map(|case| case.id).collect();
    for number in 1..=90 {
        assert!(ids.contains(&format!("A-{number:02}")), "A-{number:02} is missing");
    }
}

#[test]
fn every_rule_has_an_attack() {
    let attacked: HashSet<_> = cases().iter().filter_map(|case| case.expect.refusal).collect();
    for rule in <crate::Rule as strum::IntoEnumIterator>::iter() {
        assert!(attacked.contains(&rule), "no attack on {}", rule.tag());
    }
}

#[test]
fn a_request_is_written_as_it_is_sent() {
    let all = cases();
    let find = |title: &str| all.iter().find(|case| case.title == title).unwrap_or_else(|| panic!("{title}"));
    let forge = forge();

    let usual = find("a good token").request(&forge);
    assert_eq!((usual.method.as_str(), usual.path_query.as_str()), ("POST", "/logout"));
    assert_eq!(usual.headers, [("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned())]);
    assert!(usual.body.starts_with(b"logout_token=ey"));

    let query = find("the token in the query, the body empty").request(&forge);
    assert!(query.path_query.starts_with("/logout?logout_token=ey") && query.body.is_empty());

    let two = find("a good token, then a bad one").request(&forge);
    let tokens: Vec<_> = url::form_urlencoded::parse(&two.body).map(|(name, _)| name.into_owned()).collect();
    assert_eq!(tokens, ["logout_token", "logout_token"]);

    let padded = find("a newline inside").request(&forge);
    assert!(!padded.body.contains(&b'\n') && padded.body.windows(3).any(|three| three == b"%0A"));

    assert!(find("a body over the limit").request(&forge).body.len() > 2_000_000);
    assert!(find("a compressed body that grows a thousandfold").request(&forge).body.starts_with(&[0x1f, 0x8b]));
    assert_eq!(find("the same token again").requests(&forge).len(), 2);
}

#[test]
fn every_front_channel_attack_is_parsed_as_the_corpus_says() {
    let forge = forge();
    for case in front_cases() {
        let parsed = FrontChannelRequest::parse(&case.query(&forge));
        let tag = parsed.as_ref().err().map(crate::FrontChannelRefusal::tag);
        assert_eq!(tag, case.expect.refusal.as_deref(), "{} {}", case.id, case.title);
        assert!(case.request(&forge).path_query.starts_with("/logout"));
        let Ok(request) = parsed else { continue };
        let sid_of_browser = match case.cookie {
            crate::forge::corpus::Cookie::Own => Some(forge.sid.as_str()),
            crate::forge::corpus::Cookie::Other => Some("session-of-another-user"),
            crate::forge::corpus::Cookie::None => None,
        };
        // A query of 1 MB is refused by the server before anybody reads it.
        if case.expect.status.contains(&200) {
            let ends = request.names(ISSUER, sid_of_browser);
            assert_eq!(ends, case.expect.effect == Effect::NamedSession, "{} {}", case.id, case.title);
        }
    }
}
