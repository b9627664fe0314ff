use std::borrow::Cow;

use lab::control::messages::{ClientSettings, SsoSession};

use super::{Around, NotTold, not_told};
use crate::fixture;

const ALL: [&str; 3] = ["internal-portal", "external-portal", "admin-dashboard"];

/// John's session ends; each client as it is shipped, with one thing changed.
fn around(clients: &[&str], change: impl Fn(&mut ClientSettings)) -> Around {
    let session = |clients: &[&str]| SsoSession {
        sid: "s1".to_owned(),
        clients: clients.iter().map(|client| (*client).to_owned()).collect(),
    };
    let settings = ALL.map(|client_id| {
        let front_channel = client_id == "external-portal";
        let mut settings = ClientSettings {
            client_id: client_id.to_owned(),
            enabled: true,
            front_channel,
            front_channel_url: front_channel,
            back_channel_url: !front_channel,
        };
        change(&mut settings);
        settings
    });
    Around { before: vec![session(clients)], after: Vec::new(), clients: settings.to_vec() }
}

fn whys(yaml: &str, around: &Around) -> Vec<(String, &'static str)> {
    let step = fixture::step(yaml);
    let found = not_told(&step, &fixture::topology(18_000), &[], around);
    let word = |why| match why {
        Cow::Borrowed(why) => why,
        Cow::Owned(why) => panic!("only a recording has words of its own: {why}"),
    };
    found.into_iter().map(|NotTold { portal, why }| (portal, word(why))).collect()
}

const SIGN_OUT: &str = "- { who: john, signs-out-at: internal }";
const KILL: &str = "- administrator: { ends-session-of: john }";

#[test]
fn nobody_can_be_told_of_a_session_that_goes_on() {
    let mut goes_on = around(&ALL, |_| {});
    goes_on.after = goes_on.before.clone();
    let found = whys(SIGN_OUT, &goes_on);
    assert_eq!(found, [("anybody".to_owned(), "no session ended at Keycloak in this step")]);
    assert!(whys("- { who: john, opens: internal }", &goes_on).is_empty(), "nobody asked for a logout");
}

#[test]
fn each_rule_is_found_by_what_it_rests_on() {
    let of = |yaml: &str, portal: &str, around: &Around| {
        whys(yaml, around).into_iter().find(|(name, _)| name == portal).map(|(_, why)| why).unwrap()
    };
    assert!(of(SIGN_OUT, "admin", &around(&ALL[..2], |_| {})).contains("no part in the session"));
    assert!(of(SIGN_OUT, "admin", &around(&ALL, |client| client.enabled = false)).contains("switched off"));
    let without = around(&ALL, |client| client.back_channel_url = false);
    assert!(of(SIGN_OUT, "admin", &without).contains("no back-channel URL"));
    let switch = around(&ALL, |client| client.front_channel = true);
    assert!(of(SIGN_OUT, "admin", &switch).contains("leaves out the back channel"));
    let shipped = around(&ALL, |_| {});
    assert!(of(KILL, "external", &shipped).contains("nobody is looking"));
    assert!(of(SIGN_OUT, "external", &shipped).contains("did not load its page"));
    assert!(of("- administrator: logs-out-everybody", "admin", &shipped).contains("tells nobody"));
    assert!(of("- administrator: { deletes: john }", "admin", &shipped).contains("deleting a user"));
    assert!(of("- lab: { waits: 12 }", "admin", &shipped).contains("silently"));
    assert!(of(KILL, "admin", &shipped).contains("did not come here"), "it may lead elsewhere");
}
