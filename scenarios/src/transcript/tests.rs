use super::{alias::Aliases, exchange::lines, render};
use crate::fixture::{Chance, run, token_answer, topology};
use crate::run::Numbered;

const STEP: &str = "
- who: john
  signs-out-at: internal
  expect:
    told:
    - portal: admin
      by: back-channel
      with: [sid]
      session-of: john
    not-told: [external]
    state-returned: true";

#[test]
fn a_sign_out_reads_like_this() {
    let text = render(&run(&Chance { port: 8080, salt: "a", admin_first: true }, STEP));
    insta::assert_snapshot!(text, @r##"
    fixture: John signs out: a fixture

    STEP 1 of 1  John signs out at the internal portal.

       1  john -> internal  POST /signout
            <- 303 to <keycloak>/realms/enterprise-sso/protocol/openid-connect/logout

       2  john -> keycloak  GET /realms/enterprise-sso/protocol/openid-connect/logout
            ? id_token_hint = <id_token:1>
            & client_id = internal-portal
            & post_logout_redirect_uri = <internal>/signed-out
            & state = <state:1>
            <- 200 page "Logging out", after 3, 4
            deletes cookie KEYCLOAK_IDENTITY
            iframe <external>/logout

       3  keycloak ==> admin  [back-channel]  POST /logout
            form logout_token = <logout_token:1>
                head alg RS256, typ logout+jwt
                aud = admin-dashboard
                events = {"http://schemas.openid.net/event/backchannel-logout":{}}
                exp = <iat> + 120 s
                iat = <iat>
                iss = <keycloak>/realms/enterprise-sso
                jti = <jti:1>
                sid = <sid:1>
                sub = <sub:1>
                typ = Logout
            <- 200

       4  keycloak ==> internal  [back-channel]  POST /logout
            form logout_token = <logout_token:2>
                head alg RS256, typ logout+jwt
                aud = internal-portal
                events = {"http://schemas.openid.net/event/backchannel-logout":{}}
                exp = <iat> + 120 s
                iat = <iat>
                iss = <keycloak>/realms/enterprise-sso
                jti = <jti:2>
                sid = <sid:1>
                sub = <sub:1>
                typ = Logout
            <- 200

       5  john -> external  [front-channel iframe]  GET /logout
            ? sid = <sid:1>
            & iss = <keycloak>/realms/enterprise-sso
            <- 200

       6  john -> internal  GET /signed-out
            ? state = <state:1>
            <- 303 to /

      sees  the internal portal's sign-in card
      told  admin by back-channel (3: 200), internal by back-channel (4: 200), external by front-channel (5: 200)

      browser  sso       internal  external  admin
      john     out       out       out       out

      PASS  the admin dashboard is told by back-channel with sid, names John's session
      FAIL  the external portal is not told
            expected  no message over any channel
            seen      a message by front-channel iframe
            proof     exchange 5
            likely    the logout went through after all, or the client is registered for another channel
      PASS  state comes back unchanged
    "##);
}

#[test]
fn ports_values_times_and_keycloaks_order_do_not_show() {
    let one = render(&run(&Chance { port: 8080, salt: "a", admin_first: true }, STEP));
    let other = render(&run(&Chance { port: 49152, salt: "zz", admin_first: false }, STEP));
    assert_eq!(one, other);
}

#[test]
fn sets_that_keycloak_writes_in_an_order_of_its_own_are_sorted() {
    let text = |scope, roles: &[&str]| {
        let numbered = Numbered { number: 7, at_us: 0, exchange: token_answer(scope, roles), meanwhile: Vec::new() };
        lines(&numbered, &mut Aliases::new(&topology(8080))).join("\n")
    };
    let one = text("openid profile email", &["employee", "approver"]);
    assert_eq!(one, text("email openid profile", &["approver", "employee"]));
    insta::assert_snapshot!(one, @r##"
    7  internal => keycloak  POST /realms/enterprise-sso/protocol/openid-connect/token
         header authorization = <authorization:1>
         <- 200
         json id_token = <id_token:1>
             head alg RS256, typ JWT
             aud = internal-portal
             roles = ["approver", "employee"]
         json scope = email openid profile
    "##);
}

#[test]
fn the_head_names_the_faults_that_were_planted() {
    let mut run = run(&Chance { port: 8080, salt: "a", admin_first: true }, STEP);
    run.faults = vec!["s2-lying-200".to_owned(), "s3-whose-localhost".to_owned()];
    let text = render(&run);
    let head: Vec<&str> = text.lines().take_while(|line| !line.is_empty()).collect();
    assert_eq!(head, ["fixture: John signs out: a fixture", "FAULT s2-lying-200", "FAULT s3-whose-localhost"]);
}
