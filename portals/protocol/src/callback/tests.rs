use super::{
    AuthorizationResponse, CallbackRefusal, ExpectedIssuer, PostLogoutRefusal, post_logout, post_logout_state,
};

const ISSUER: ExpectedIssuer<'_> = ExpectedIssuer { issuer: "https://op.example/r", always_sent: true };
const GOOD: &str = "state=s1&session_state=x&iss=https%3A%2F%2Fop.example%2Fr&code=c1";

fn answer(query: &str, begun: Option<&str>) -> Result<String, CallbackRefusal> {
    let response = AuthorizationResponse::parse(query)?;
    response.into_code(begun, ISSUER).map(|code| code.secret().to_owned())
}

#[test]
fn the_answer_to_a_begun_sign_in_gives_the_code() {
    assert_eq!(answer(GOOD, Some("s1")), Ok("c1".to_owned()));
}

#[test]
fn every_rule_has_its_refusal() {
    let cases = [
        (GOOD, None, CallbackRefusal::ForeignState, "RFC6749-10.12"),
        (GOOD, Some("s2"), CallbackRefusal::ForeignState, "RFC6749-10.12"),
        ("code=c1", Some("s1"), CallbackRefusal::NoState, "RFC6749-10.12"),
        ("state=&code=c1", Some(""), CallbackRefusal::NoState, "RFC6749-10.12"),
        ("state=s1&code=c1", Some("s1"), CallbackRefusal::NoIssuer, "RFC9207-2.4"),
        (
            "state=s1&code=c1&iss=https%3A%2F%2Fother.example",
            Some("s1"),
            CallbackRefusal::WrongIssuer { expected: ISSUER.issuer.into() },
            "RFC9207-2.4",
        ),
        ("state=s1&iss=i", Some("s1"), CallbackRefusal::NoCode, "RFC6749-4.1.2"),
        ("state=s1&iss=i&code=", Some("s1"), CallbackRefusal::NoCode, "RFC6749-4.1.2"),
        ("state=s1&state=s1&code=c", Some("s1"), CallbackRefusal::Repeated { name: "state" }, "RFC6749-3.1"),
        ("state=s1&code=c&code=d", Some("s1"), CallbackRefusal::Repeated { name: "code" }, "RFC6749-3.1"),
        ("state=s1&code=c&iss=i&iss=i", Some("s1"), CallbackRefusal::Repeated { name: "iss" }, "RFC6749-3.1"),
    ];
    for (query, begun, refusal, clause) in cases {
        assert_eq!(answer(query, begun), Err(refusal.clone()), "{query}");
        assert_eq!(refusal.clause(), clause);
    }
}

#[test]
fn the_providers_no_is_believed_only_with_our_state_and_its_issuer() {
    let no = "error=access_denied&error_description=no%0Athanks%22&state=s1&code=c";
    assert_eq!(answer(no, None), Err(CallbackRefusal::ForeignState));
    assert_eq!(answer(no, Some("s1")), Err(CallbackRefusal::NoIssuer));
    let denied = CallbackRefusal::Denied { error: "access_denied".into(), description: Some("nothanks".into()) };
    assert_eq!(answer(&format!("{no}&iss=https://op.example/r"), Some("s1")), Err(denied));
}

#[test]
fn iss_may_be_absent_where_the_provider_never_promised_it() {
    let silent = ExpectedIssuer { always_sent: false, ..ISSUER };
    let response = AuthorizationResponse::parse("state=s1&code=c1").unwrap();
    assert_eq!(response.into_code(Some("s1"), silent).unwrap().secret(), "c1");
    let response = AuthorizationResponse::parse("state=s1&code=c1&iss=https://evil.example").unwrap();
    assert!(matches!(response.into_code(Some("s1"), silent), Err(CallbackRefusal::WrongIssuer { .. })));
}

#[test]
fn a_code_does_not_print() {
    let printed = format!("{:?}", AuthorizationResponse::parse("state=s1&code=topsecret").unwrap());
    assert!(!printed.contains("topsecret"), "{printed}");
}

#[test]
fn the_state_after_a_sign_out_is_read_once() {
    assert_eq!(post_logout_state("state=a%26b%3D%C3%BC"), Ok("a&b=ü".to_owned()));
    for query in ["", "state=", "state=a&state=b"] {
        let refusal = post_logout_state(query).unwrap_err();
        assert_eq!((refusal, refusal.clause()), (PostLogoutRefusal::NoState, "RPIL-3"));
    }
}

#[test]
fn a_redirect_after_a_sign_out_is_compared_with_what_this_browser_began() {
    assert_eq!(post_logout("state=s1&extra=x", Some("s1")), Ok(()));
    assert_eq!(post_logout("state=s2", Some("s1")), Err(PostLogoutRefusal::ForeignState));
    assert_eq!(post_logout("state=s1", None), Err(PostLogoutRefusal::ForeignState));
    assert_eq!(post_logout("", Some("s1")), Err(PostLogoutRefusal::NoState));
}
