use realm::{Client, Target};
use serde_json::{Value, json};

use super::{Original, at, leaves, put_back};

fn original(path: &[&str], value: Option<Value>) -> Original {
    let path = path.iter().map(|&name| name.to_owned()).collect();
    Original { target: Target::Client(Client::Admin), path, value }
}

#[test]
fn a_list_is_one_value_and_an_object_is_not() {
    let patch = json!({ "enabled": false, "protocolMappers": [], "attributes": { "a.b": "", "c": "d" } });
    let found: Vec<String> = leaves(&patch).iter().map(|path| path.join("/")).collect();
    assert_eq!(found, ["enabled", "protocolMappers", "attributes/a.b", "attributes/c"]);
    assert_eq!(at(&patch, &["attributes".to_owned(), "c".to_owned()]), Some(&json!("d")));
}

#[test]
fn what_was_there_comes_back_and_what_was_not_goes() {
    let mut client = json!({ "enabled": false, "note": 1, "attributes": { "planted": "x" } });
    put_back(&mut client, &original(&["enabled"], Some(json!(true))));
    put_back(&mut client, &original(&["note"], None));
    put_back(&mut client, &original(&["attributes", "planted"], None));
    put_back(&mut client, &original(&["attributes", "taken"], Some(json!("S256"))));
    put_back(&mut client, &original(&["attributes", "never"], None));
    assert_eq!(client, json!({ "enabled": true, "attributes": { "planted": "", "taken": "S256" } }));
}
