use realm::{Client, Hosts, Realm, Secrets};
use serde_json::{Value, json};

use super::merge;

/// A client as Keycloak gives it back: more members and more attributes than a realm file has.
fn stored(client: Client) -> Value {
    let mut stored = Realm::shipped().client(client).unwrap().clone();
    stored["id"] = json!("6f1c");
    stored["nodeReRegistrationTimeout"] = json!(-1);
    stored["attributes"]["client.secret.creation.time"] = json!("1795535442");
    stored["attributes"]["realm_client"] = json!("false");
    stored
}

fn elsewhere() -> Realm {
    let hosts = Hosts {
        internal: "http://localhost:4001".to_owned(),
        external: "http://localhost:4002".to_owned(),
        admin: "http://localhost:4003".to_owned(),
    };
    let secrets = Secrets { internal: "new-one".to_owned(), admin: "new-two".to_owned() };
    Realm::shipped().filled(&hosts, &secrets)
}

#[test]
fn addresses_and_secrets_change_and_what_keycloak_added_stays() {
    let wanted = elsewhere();
    for client in Client::ALL {
        let before = stored(client);
        let merged = merge(&before, wanted.client(client).unwrap());
        assert!(!merged.to_string().contains("localhost:300"), "{merged}");
        assert_eq!(merged["secret"], wanted.client(client).unwrap()["secret"]);
        for kept in ["id", "nodeReRegistrationTimeout", "publicClient", "protocolMappers"] {
            assert_eq!(merged[kept], before[kept], "{kept}");
        }
        assert_eq!(merged["attributes"]["client.secret.creation.time"], "1795535442");
    }
}

#[test]
fn a_client_that_is_as_wanted_does_not_change() {
    for client in Client::ALL {
        let before = stored(client);
        assert_eq!(merge(&before, Realm::shipped().client(client).unwrap()), before);
    }
}

#[test]
fn a_logout_address_that_is_not_wanted_is_emptied() {
    let mut before = stored(Client::Internal);
    before["frontchannelLogout"] = json!(true);
    before["attributes"]["frontchannel.logout.url"] = json!("http://elsewhere/logout");
    let merged = merge(&before, Realm::shipped().client(Client::Internal).unwrap());
    assert_eq!(merged["frontchannelLogout"], false);
    assert_eq!(merged["attributes"]["frontchannel.logout.url"], "");
    assert_eq!(merged["attributes"]["backchannel.logout.url"], "http://localhost:3001/logout");
}
