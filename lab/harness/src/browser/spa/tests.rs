use super::{Spa, Tokens};
use url::Url;

fn signed_in() -> Spa {
    let tokens = Tokens {
        access: "a".to_owned(),
        user: "john.employee".to_owned(),
        id: "i".to_owned(),
        iss: "http://localhost:8080/realms/enterprise-sso".to_owned(),
        sid: Some("s1".to_owned()),
    };
    Spa { tokens: Some(tokens), ..Spa::default() }
}

fn frame(query: &str) -> Url {
    Url::parse(&format!("http://localhost:3002/logout{query}")).unwrap()
}

#[test]
fn the_tab_forgets_its_tokens_only_when_issuer_and_session_are_its_own() {
    let own = "iss=http%3A%2F%2Flocalhost%3A8080%2Frealms%2Fenterprise-sso";
    for (query, forgets) in [
        (format!("?sid=s1&{own}"), true),
        (format!("?sid=s2&{own}"), false),
        ("?sid=s1&iss=http%3A%2F%2Fevil.example%2F".to_owned(), false),
        ("?sid=s1".to_owned(), false),
        (format!("?{own}"), false),
        (String::new(), false),
    ] {
        let mut spa = signed_in();
        assert_eq!(spa.heard(&frame(&query)), forgets, "{query}");
        assert_eq!(spa.tokens().is_none(), forgets, "{query}");
    }
}
