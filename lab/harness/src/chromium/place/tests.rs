use super::{Here, Image, Offer, Otherwise, Wanted, choose, wanted};
use crate::chromium::find::{Missing, Programs};
use crate::chromium::image::OWN;
use crate::engine::Reach;
use crate::trouble::Kind;

const MISSING: Missing = Missing("Chromium");

fn installed() -> Programs {
    Programs { browser: "/usr/bin/chromium".into(), driver: "/usr/bin/chromedriver".into() }
}

fn offer(name: &str, offer: Result<Here, &str>) -> Offer {
    (name.to_owned(), offer.map_err(str::to_owned))
}

#[test]
fn an_installed_browser_is_used_unless_an_image_is_asked_for() {
    assert_eq!(wanted(None, Ok(installed())), Wanted::Installed(installed()));
    for here in [Ok(installed()), Err(MISSING)] {
        let Wanted::Image { names, otherwise } = wanted(Some("theirs:1".to_owned()), here) else { panic!() };
        assert_eq!((names, otherwise), (vec!["theirs:1".to_owned()], Otherwise::Asked("theirs:1".to_owned())));
    }
}

#[test]
fn without_an_installed_browser_only_our_own_image_is_taken_unasked() {
    let Wanted::Image { names, otherwise } = wanted(None, Err(MISSING)) else { panic!() };
    assert_eq!((names, otherwise), (vec![OWN.to_owned()], Otherwise::Missing(MISSING)));
}

#[test]
fn an_image_that_is_here_comes_before_one_that_has_to_be_pulled() {
    let pulled = offer("a:1", Ok(Here::ToBePulled));
    let here = offer("b:1", Ok(Here::Yes));
    let chosen = choose(Reach::HostNetwork, &[pulled.clone(), here]).unwrap();
    assert_eq!(chosen, Image { name: "b:1".to_owned(), here: true });
    let chosen = choose(Reach::HostNetwork, &[offer(OWN, Err("it is not built")), pulled]).unwrap();
    assert_eq!(chosen, Image { name: "a:1".to_owned(), here: false });
}

#[test]
fn an_engine_with_a_network_of_its_own_will_not_do() {
    let reason = choose(Reach::Published, &[offer(OWN, Ok(Here::Yes))]).unwrap_err();
    assert!(reason.contains("install Chromium"), "{reason}");
}

#[test]
fn where_nothing_can_be_had_every_reason_is_told_with_what_to_do() {
    let offers = [offer(OWN, Err("it is not built")), offer("theirs:1", Err("no such host"))];
    let reason = choose(Reach::HostNetwork, &offers).unwrap_err();
    let trouble = Otherwise::Missing(MISSING).trouble(&reason);
    assert_eq!(trouble.kind, Kind::Environment);
    for word in ["Chromium is not installed", "it is not built", "no such host"] {
        assert!(trouble.what.contains(word), "{}", trouble.what);
    }
    for word in ["apt-get install chromium chromium-driver", "image build --browser", "--driver http"] {
        assert!(trouble.action.contains(word), "{}", trouble.action);
    }
}

#[test]
fn an_image_that_was_asked_for_and_cannot_be_had_is_named_with_the_variable() {
    let trouble = Otherwise::Asked("theirs:1".to_owned()).trouble("no container engine answers");
    assert!(trouble.what.contains("theirs:1"), "{}", trouble.what);
    assert!(trouble.action.contains("unset SSO_LAB_BROWSER_IMAGE"), "{}", trouble.action);
}
