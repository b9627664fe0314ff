//! A lab with four sites: the same sign-in and sign-out, with the cookies that a browser sends between strangers.

use std::sync::Arc;

use ::lab::acts::{Act, SameSite};
use ::lab::browser::probe::Prober;
use ::lab::browser::{Person, Place, SignOut};
use ::lab::sites::Sites;
use lab_trace::{Channel, EventKind, Party};
use realm::User;

use crate::lab::RunningLab;
use crate::support::Desk;

const PORTALS: [&str; 3] = ["internal", "external", "admin"];

#[tokio::test(flavor = "multi_thread")]
async fn one_sign_out_reaches_every_portal_across_four_sites() {
    let lab = RunningLab::with_sites(Sites::Cross).await;
    let client = lab.client();
    let topology = Arc::new(client.topology().await.unwrap());
    assert_eq!((topology.sites, topology.issuer.host_str()), (Sites::Cross, Some("keycloak.localhost")));
    for name in PORTALS {
        assert_eq!(topology.portal(name).unwrap().url.host_str(), Some(format!("{name}.localhost").as_str()));
    }
    assert!(client.reach().await.unwrap().iter().all(|reach| reach.arrived), "Keycloak's POSTs arrive");

    for policy in [SameSite::Lax, SameSite::Strict, SameSite::None] {
        client.reset().await.unwrap();
        for portal in ["internal", "admin"] {
            client.act(&Act::SetCookiePolicy { portal: portal.to_owned(), same_site: policy }).await.unwrap();
        }
        let mark = client.mark().await.unwrap();
        let mut john = Person::new(topology.clone(), "john", User::John.username(), User::John.password());
        for portal in PORTALS {
            let seen = john.sign_in(portal).await.unwrap();
            let user = User::John.username().to_owned();
            assert_eq!(seen.place, Place::SignedIn { portal: portal.to_owned(), user }, "{policy:?}");
            assert_eq!(seen.asked_for_password, portal == "internal", "{policy:?}");
        }
        let old = john.loot();
        let seen = john.sign_out("admin", SignOut::AtPortal).await.unwrap();
        assert_eq!(seen.place, Place::SignedOutPage("admin".to_owned()), "{policy:?}");
        assert!(!seen.text.contains("did not belong"), "the way back is known again with {policy:?}: {}", seen.text);

        let prober = Prober::new(client.clone());
        let matrix = prober.matrix(&topology, &[(john.user().to_owned(), john.loot())]).await.unwrap();
        let mut cells = matrix.rows[0].cells.clone();
        cells.extend(prober.old_logins(&topology, &old).await);
        for cell in cells {
            assert_eq!(cell.state.to_string(), "out", "{} with {policy:?}: {}", cell.of, cell.evidence);
        }
        let told: Vec<(Party, Channel)> = client
            .events_since(mark)
            .await
            .unwrap()
            .into_iter()
            .filter_map(|event| match event.kind {
                EventKind::Exchange(exchange) if exchange.path == "/logout" => {
                    Some((exchange.callee, exchange.channel))
                }
                _ => None,
            })
            .collect();
        for (portal, channel) in
            [("internal", Channel::BackChannel), ("external", Channel::Frame), ("admin", Channel::BackChannel)]
        {
            assert!(told.contains(&(Party::App(portal.to_owned()), channel)), "{portal} with {policy:?}: {told:?}");
        }
    }
    lab.stop().await;
}

#[test]
fn a_lesson_for_four_sites_gets_a_lab_of_its_own_beside_the_running_one() {
    let desk = Desk::new();
    desk.must(&["lab", "up", "--detach", "--runtime", "dist"]);
    let both = desk.must(&["scenario", "run", "lax-stays-at-home", "rp-logout", "--check"]);
    assert!(both.out.contains("PASS  rp-logout") && both.out.contains("PASS  lax-stays-at-home"), "{}", both.out);
    assert!(both.out.find("rp-logout") < both.out.find("lax-stays-at-home"), "the running lab first: {}", both.out);
    let why = "1 lesson is written for four sites (`sites: cross`), and the running lab has one site";
    assert!(both.err.contains(why), "{}", both.err);
    let status = desk.must(&["lab", "status"]);
    assert!(status.out.contains("state: up"), "the running lab stays: {}", status.out);

    let only = desk.must(&["scenario", "run", "lax-stays-at-home", "--sites", "same"]);
    assert!(only.out.contains("`--sites` asks for others"), "{}", only.out);
}
