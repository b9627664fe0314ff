use axum::http::HeaderMap;
use lab_trace::Party;
use url::Url;

use crate::tap::balancer::Balancer;
use crate::tap::{BROWSER_HEADER, PROBE_HEADER};

fn replica(number: u16) -> Url {
    Url::parse(&format!("http://127.0.0.1:{number}/")).unwrap()
}

fn two() -> Balancer {
    let balancer = Balancer::from(replica(9));
    balancer.lead_to(vec![replica(1), replica(2)]);
    balancer
}

/// Number of the replica that gets a request.
fn led(balancer: &Balancer, caller: Party, headers: &[(&'static str, &'static str)]) -> u16 {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.insert(*name, value.parse().unwrap());
    }
    balancer.choose(&map, || caller).port().unwrap()
}

fn browser(balancer: &Balancer, name: &str) -> u16 {
    led(balancer, Party::Browser(Some(name.to_owned())), &[])
}

#[test]
fn browsers_are_dealt_out_in_the_order_in_which_they_come_and_stay() {
    let balancer = two();
    let dealt = ["john", "mary", "john", "alex", "mary", "pat"].map(|name| browser(&balancer, name));
    assert_eq!(dealt, [1, 2, 1, 1, 2, 2]);
    assert_eq!(led(&balancer, Party::Browser(None), &[]), 1, "a fifth browser, which has no name");
    assert_eq!(led(&balancer, Party::Browser(None), &[]), 1);
}

#[test]
fn servers_go_to_the_last_replica() {
    let balancer = two();
    for server in [Party::Keycloak, Party::Stranger, Party::App("admin".to_owned()), Party::Lab] {
        assert_eq!(led(&balancer, server.clone(), &[]), 2, "{server}");
    }
    assert_eq!(browser(&balancer, "john"), 1, "and count for nothing among the browsers");
}

#[test]
fn a_probe_goes_where_the_browser_goes_whose_cookies_it_carries() {
    let balancer = two();
    let probe = |name| led(&balancer, Party::Lab, &[(PROBE_HEADER, "1"), (BROWSER_HEADER, name)]);
    assert_eq!(probe("mary"), 2, "she was never here");
    assert_eq!((browser(&balancer, "john"), browser(&balancer, "mary")), (1, 2), "and the probe is no visit");
    assert_eq!((probe("john"), probe("mary")), (1, 2));
}

#[test]
fn browsers_stay_when_replicas_start_anew_and_not_when_a_portal_is_hosted_anew() {
    let balancer = two();
    assert_eq!((browser(&balancer, "john"), browser(&balancer, "mary")), (1, 2));
    balancer.replace(vec![replica(3), replica(4)]);
    assert_eq!((browser(&balancer, "mary"), browser(&balancer, "john")), (4, 3));
    balancer.lead_to(vec![replica(5), replica(6)]);
    assert_eq!((browser(&balancer, "mary"), browser(&balancer, "john")), (5, 6));
    balancer.lead_to(vec![replica(7)]);
    assert_eq!((browser(&balancer, "john"), led(&balancer, Party::Keycloak, &[])), (7, 7));
}
