//! What holds for every token, not only for those that somebody thought of.

use std::sync::LazyLock;

use proptest::prelude::*;

use super::*;

static GOOD: LazyLock<String> = LazyLock::new(|| signed(&good_header(), &good_claims()));

proptest! {
    #[test]
    fn any_text_is_refused_without_a_panic(text in any::<String>()) {
        prop_assert!(check(&text).is_err());
    }

    #[test]
    fn anything_that_looks_like_a_token_is_refused_without_a_panic(
        text in "[A-Za-z0-9_-]{0,80}(\\.[A-Za-z0-9_-]{0,80}){1,5}"
    ) {
        prop_assert!(check(&text).is_err());
    }

    #[test]
    fn any_header_that_the_provider_never_wrote_is_refused_without_a_panic(
        name in "alg|kid|typ|crit|[a-z0-9]{1,5}", value in any::<String>()
    ) {
        let mut header = good_header();
        header[&name] = json!(value);
        let (_, payload_and_signature) = GOOD.split_once('.').unwrap();
        let header = base64::Engine::encode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, header.to_string());
        let token = format!("{header}.{payload_and_signature}");
        prop_assert!(check(&token).is_err());
    }

    #[test]
    fn a_good_token_with_any_byte_changed_is_refused(at in any::<prop::sample::Index>(), change in 1_u8..128) {
        let mut bytes = GOOD.clone().into_bytes();
        let at = at.index(bytes.len());
        bytes[at] ^= change;
        let changed = String::from_utf8(bytes).unwrap();
        prop_assert!(check(&changed).is_err(), "byte {} changed by {:#x}", at, change);
    }

    #[test]
    fn a_good_token_that_was_cut_or_prolonged_is_refused(at in any::<prop::sample::Index>(), more in "[A-Za-z0-9_-]{1,8}") {
        let at = at.index(GOOD.len());
        prop_assert!(check(&GOOD[..at]).is_err());
        let longer = format!("{}{more}{}", &GOOD[..at], &GOOD[at..]);
        prop_assert!(check(&longer).is_err());
    }

    #[test]
    fn a_refusal_never_shows_more_than_a_line(name in "iss|aud|exp|iat|jti|sid|sub|events", value in any::<String>()) {
        if let Err(refusal) = with_claims(|claims| claims[&name] = json!(value)) {
            let text = refusal.to_string();
            prop_assert!(text.len() < 1_200 && !text.contains(char::is_control), "{}", text);
        }
    }
}
