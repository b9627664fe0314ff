use super::{Runtime, neither};
use crate::trouble::{Kind, Trouble};

#[test]
fn every_runtime_is_read_from_the_word_it_prints() {
    for runtime in Runtime::ALL {
        assert_eq!(runtime.to_string().parse::<Runtime>().unwrap(), runtime);
    }
    assert_eq!(Runtime::default(), Runtime::Auto);
}

#[test]
fn another_word_is_wrong_usage_and_the_words_are_named() {
    for word in ["", "Docker", "podman", "dist "] {
        let trouble = word.parse::<Runtime>().unwrap_err();
        assert_eq!(trouble.kind, Kind::Usage, "{word}");
        for runtime in Runtime::ALL {
            assert!(trouble.means.contains(runtime.word()), "{}", trouble.means);
        }
    }
}

#[test]
fn when_neither_works_both_reasons_and_an_advice_are_said() {
    let dist = Trouble::new(Kind::Environment, "no Java", "it needs Java", "install a JDK");
    let both = neither("no engine answers", &dist);
    assert_eq!(both.kind, Kind::Environment);
    assert!(both.what.contains("no engine answers") && both.what.contains("no Java"), "{}", both.what);
    assert!(both.action.contains("install a JDK"), "{}", both.action);
}
