use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderValue};

use super::{Refused, the_token};

fn token(kind: &str, body: &str) -> Result<String, Refused> {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_str(kind).unwrap());
    the_token(&headers, body.as_bytes())
}

#[test]
fn the_token_is_read_out_of_a_form_and_other_parameters_are_ignored() {
    for kind in ["application/x-www-form-urlencoded", "APPLICATION/X-WWW-Form-Urlencoded; charset=UTF-8"] {
        assert_eq!(token(kind, "extra=1&logout_token=a.b.c&x=").unwrap(), "a.b.c");
    }
}

#[test]
fn another_number_of_tokens_than_one_is_refused() {
    let form = "application/x-www-form-urlencoded";
    for (body, count) in
        [("", 0), ("token=a", 0), ("logout_token=a&logout_token=a", 2), ("logout_token=&logout_token=b", 2)]
    {
        assert!(matches!(token(form, body), Err(Refused::NotOneToken(found)) if found == count), "{body}");
    }
}

#[test]
fn another_kind_of_body_is_refused() {
    for kind in ["application/json", "multipart/form-data; boundary=x", "text/plain"] {
        assert!(matches!(token(kind, "logout_token=a.b.c"), Err(Refused::NoForm)), "{kind}");
    }
}
