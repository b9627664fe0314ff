use super::{FrontChannelRefusal, FrontChannelRequest};

const ISS: &str = "http://localhost:8080/realms/enterprise-sso";

fn request(query: &str) -> FrontChannelRequest {
    FrontChannelRequest::parse(query).unwrap()
}

#[test]
fn a_request_with_both_names_its_session_and_no_other() {
    let request = request("sid=s%201&other=x&iss=http%3A%2F%2Flocalhost%3A8080%2Frealms%2Fenterprise-sso");
    assert!(request.names(ISS, Some("s 1")));
    assert!(!request.names(ISS, Some("s 2")));
    assert!(!request.names(ISS, None));
    assert!(!request.names("http://localhost:8080/realms/enterprise-sso/", Some("s 1")));
}

#[test]
fn a_request_that_names_nothing_matches_nothing() {
    assert_eq!(request(""), FrontChannelRequest::Unnamed);
    assert!(!request("x=1").names(ISS, None));
    assert!(!request("").names(ISS, Some("s 1")));
}

#[test]
fn one_of_the_two_alone_is_refused() {
    assert_eq!(FrontChannelRequest::parse("iss=a"), Err(FrontChannelRefusal::HalfNamed { only: "iss" }));
    assert_eq!(FrontChannelRequest::parse("sid=a"), Err(FrontChannelRefusal::HalfNamed { only: "sid" }));
}

#[test]
fn an_empty_name_is_refused() {
    for (query, name) in [("iss=&sid=b", "iss"), ("iss=a&sid=", "sid"), ("iss=", "iss"), ("sid", "sid")] {
        assert_eq!(FrontChannelRequest::parse(query), Err(FrontChannelRefusal::Empty { name }));
    }
}

#[test]
fn a_repeated_parameter_is_refused() {
    for (query, name) in [("iss=a&sid=b&sid=b", "sid"), ("iss=a&iss=c&sid=b", "iss")] {
        let refusal = FrontChannelRequest::parse(query).unwrap_err();
        assert_eq!(refusal, FrontChannelRefusal::Repeated { name });
        assert_eq!(refusal.clause(), "FCL-2");
    }
}
