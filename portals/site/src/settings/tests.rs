use url::Url;

use super::{Kind, Secret, Settings, SettingsError, StoreAt};

fn settings() -> Settings {
    Settings {
        kind: Kind::Admin,
        issuer: Url::parse("http://localhost:8080/realms/enterprise-sso").unwrap(),
        client_id: "admin-dashboard".into(),
        client_secret: Some(Secret::new("hush")),
        public_url: Url::parse("http://localhost:3003").unwrap(),
        siblings: Vec::new(),
        store: StoreAt::Memory,
        faults: crate::Faults::NONE,
    }
}

#[test]
fn an_unknown_portal_is_refused_with_the_valid_words() {
    let error = "intern".parse::<Kind>().unwrap_err().to_string();
    assert_eq!(error, "\"intern\" is not a portal; the portals are internal, external and admin");
    for kind in Kind::ALL {
        assert_eq!(kind.word().parse::<Kind>(), Ok(kind));
    }
}

#[test]
fn settings_that_could_only_fail_later_are_refused() {
    assert_eq!(settings().check(), Ok(()));
    let ftp = Settings { issuer: Url::parse("ftp://localhost/realm").unwrap(), ..settings() };
    assert!(matches!(ftp.check(), Err(SettingsError::NotHttp { what: "issuer", .. })));
    let path = Settings { public_url: Url::parse("http://localhost:3003/app").unwrap(), ..settings() };
    assert!(matches!(path.check(), Err(SettingsError::NotAnOrigin { .. })));
    let unnamed = Settings { client_id: String::new(), ..settings() };
    assert_eq!(unnamed.check(), Err(SettingsError::NoClientId));
    let open = Settings { client_secret: None, ..settings() };
    assert_eq!(open.check(), Err(SettingsError::NoSecret { kind: Kind::Admin }));
    let public = Settings { client_secret: None, kind: Kind::External, ..settings() };
    assert_eq!(public.check(), Ok(()));
}

#[test]
fn urls_are_written_as_the_provider_writes_them() {
    assert_eq!(settings().issuer_text(), "http://localhost:8080/realms/enterprise-sso");
    let bare = Settings { issuer: Url::parse("https://op.example").unwrap(), ..settings() };
    assert_eq!((bare.issuer_text(), bare.issuer_origin().as_str()), ("https://op.example", "https://op.example"));
    assert_eq!(settings().own_url("/admin/callback"), "http://localhost:3003/admin/callback");
}

#[test]
fn a_secret_does_not_print() {
    assert!(!format!("{:?}", settings()).contains("hush"));
}
