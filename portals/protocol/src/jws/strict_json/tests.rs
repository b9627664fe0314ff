use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::{Problem, parse};

#[test]
fn a_member_that_stands_twice_is_found_at_any_depth() {
    assert_eq!(parse(br#"{"a":1,"a":1}"#), Err(Problem::Duplicate("a".into())));
    assert_eq!(parse(br#"{"x":[{"b":1,"c":2,"b":3}]}"#), Err(Problem::Duplicate("b".into())));
}

#[test]
fn the_same_name_in_two_objects_is_fine() {
    let text = br#"{"a":{"n":1.5},"b":{"n":null},"c":[true,"x",-3]}"#;
    let expected: Value = serde_json::from_slice(text).unwrap();
    assert_eq!(parse(text), Ok(expected));
}

#[test]
fn broken_or_trailing_text_is_a_syntax_problem() {
    for text in ["", "{", "{}{}", "{\"a\":1e400}", "nul"] {
        assert_eq!(parse(text.as_bytes()), Err(Problem::Syntax), "{text}");
    }
    let deep = "[".repeat(100_000);
    assert_eq!(parse(deep.as_bytes()), Err(Problem::Syntax), "nesting is bounded");
}

/// Any JSON value of a moderate size.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_filter("JSON has no infinities", |number| number.is_finite()).prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(any::<String>(), inner, 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

proptest! {
    #[test]
    fn without_a_repeated_member_it_reads_what_serde_reads(value in value()) {
        let text = value.to_string();
        let read: Value = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(parse(text.as_bytes()), Ok(read));
    }

    #[test]
    fn a_repeated_member_is_found_wherever_it_is(inner in value(), name in any::<String>(), depth in 0_usize..20) {
        let member = format!("{}:{inner}", json!(name));
        let twice = format!("{}{{{member},{member}}}{}", "[".repeat(depth), "]".repeat(depth));
        prop_assert_eq!(parse(twice.as_bytes()), Err(Problem::Duplicate(name)));
    }
}
