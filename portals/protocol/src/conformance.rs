//! The logout modules of the OpenID Foundation's conformance suite, by their names there (without `oidcc-client-test-`).
//!
//! The suite plays a provider and watches a running portal. Here each module is its decision alone: what the suite sends,
//! and what the rules say to it.

use crate::callback::{ExpectedIssuer, post_logout};
use crate::forge::{Forge, Mutation, Pen, published_keys};
use crate::logout_token::{Expectations, LOGOUT_EVENT, Refusal, VerifiedLogoutToken, verify};
use crate::testing::{AUDIENCE, ISSUER, now};
use crate::{AuthorizationResponse, FrontChannelRequest, PostLogoutRefusal, Rule};
use serde_json::json;

/// Every token of the suite has a claim that must be ignored.
fn sent(mutations: &[Mutation]) -> Result<VerifiedLogoutToken, Refusal> {
    let mut all = vec![Mutation::claim("ignored_claim", json!("ignored"))];
    all.extend_from_slice(mutations);
    let forge = Forge::new(ISSUER, AUDIENCE, "john", "phone", now());
    verify(&forge.token(&all), &Expectations::new(ISSUER, AUDIENCE), &published_keys(), now())
}

fn refused(mutations: &[Mutation]) -> Rule {
    sent(mutations).expect_err("the suite asks for 400").as_rule()
}

#[test]
fn rp_backchannel_rpinitlogout() {
    assert_eq!(sent(&[]).unwrap().sid(), Some("phone"));
}

#[test]
fn rp_backchannel_rpinitlogout_alg_none() {
    assert_eq!(refused(&[Mutation::Pen(Pen::Nobody)]), Rule::Unsigned);
}

#[test]
fn rp_backchannel_rpinitlogout_wrong_alg() {
    let curve = [Mutation::Pen(Pen::ProviderEs256), Mutation::header("kid", json!("curve-key"))];
    assert_eq!(refused(&curve), Rule::WrongAlgorithm);
}

#[test]
fn rp_backchannel_rpinitlogout_no_event() {
    assert_eq!(refused(&[Mutation::WithoutClaim("events".to_owned())]), Rule::ClaimMissing);
}

#[test]
fn rp_backchannel_rpinitlogout_wrong_event() {
    let wrong = json!({format!("{LOGOUT_EVENT}-wrong"): {}});
    assert_eq!(refused(&[Mutation::claim("events", wrong)]), Rule::NoLogoutEvent);
}

#[test]
fn rp_backchannel_rpinitlogout_with_nonce() {
    assert_eq!(refused(&[Mutation::claim("nonce", json!("n-0S6_WzA2Mj"))]), Rule::HasNonce);
}

#[test]
fn rp_backchannel_rpinitlogout_wrong_aud() {
    assert_eq!(refused(&[Mutation::claim("aud", json!("{client_id}1"))]), Rule::WrongAudience);
}

#[test]
fn rp_backchannel_rpinitlogout_wrong_iss() {
    assert_eq!(refused(&[Mutation::claim("iss", json!("{issuer}1"))]), Rule::WrongIssuer);
}

#[test]
fn rp_frontchannel_rpinitlogout() {
    let query = format!("iss={ISSUER}&sid=phone");
    assert!(FrontChannelRequest::parse(&query).unwrap().names(ISSUER, Some("phone")));
}

#[test]
fn rp_init_logout() {
    assert_eq!(post_logout("state=own", Some("own")), Ok(()));
}

#[test]
fn rp_init_logout_no_state() {
    assert_eq!(post_logout("", Some("own")), Err(PostLogoutRefusal::NoState));
}

#[test]
fn rp_init_logout_other_state() {
    assert_eq!(post_logout("state=other", Some("own")), Err(PostLogoutRefusal::ForeignState));
}

/// No portal here polls the provider's session in an iframe. What the suite sends along with the code must not disturb.
#[test]
fn session_management() {
    let query = format!("state=s&code=c&session_state=4c1d.7Q&iss={ISSUER}");
    let expected = ExpectedIssuer { issuer: ISSUER, always_sent: true };
    let code = AuthorizationResponse::parse(&query).unwrap().into_code(Some("s"), expected);
    assert_eq!(code.unwrap().secret(), "c");
}
