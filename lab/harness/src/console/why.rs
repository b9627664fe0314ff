//! What an exchange is for, and the clause that asks for it.

use lab_trace::{Channel, Exchange, Party};

/// A reason in words, and the reference of its clause where a specification has one.
pub(super) type Reason = (&'static str, Option<&'static str>);

/// Why this exchange happens.
pub(super) fn of(exchange: &Exchange) -> Reason {
    match exchange.channel {
        Channel::BackChannel => (
            "Keycloak tells the portal's server that a session has ended. No browser takes part and no cookie comes along: \
             the signature of the logout token is all that the portal can trust. It ends the session and answers 200, or 400 \
             where the token is wrong.",
            Some("BCL-2.5"),
        ),
        Channel::Frame => (
            "Keycloak's logout page loads the portal's own page in an invisible iframe, so that the portal can clear what this \
             browser holds. Whether the browser sends its cookies into that iframe is the browser's choice, and nobody learns \
             whether it worked.",
            Some("FCL-2"),
        ),
        Channel::Probe => {
            ("The lab looks whether a session still works. A lesson's verdict rests on such looks.", None)
        }
        Channel::Page | Channel::Embedded | Channel::Script | Channel::Server | Channel::Other => {
            match &exchange.callee {
                Party::Keycloak => at_keycloak(exchange),
                Party::App(_) | Party::Browser(_) | Party::Lab | Party::Stranger => at_portal(exchange),
            }
        }
    }
}

fn at_keycloak(exchange: &Exchange) -> Reason {
    let path = exchange.path.as_str();
    let grant = exchange.form_field("grant_type").and_then(|grant| grant.text());
    if path.ends_with("/protocol/openid-connect/auth") {
        return if exchange.forbids_prompts() {
            (
                "A portal asks without any page (prompt=none): is somebody signed in here? Keycloak answers with a code or with \
                 login_required, and shows nothing.",
                Some("Core-3.1.2.1"),
            )
        } else {
            (
                "The portal sends the browser to Keycloak to sign in. state and code_challenge tie the answer to this browser \
                 and to this portal, nonce ties the ID token to this request.",
                Some("Core-3.1.2.1"),
            )
        };
    }
    if path.contains("/login-actions/") {
        return (
            "Keycloak finds out who is there. Only Keycloak ever sees the password; the portals get a code.",
            Some("Core-3.1.2.3"),
        );
    }
    if path.ends_with("/protocol/openid-connect/token") {
        return match grant {
            Some("authorization_code") => (
                "The code from the browser's address is exchanged for tokens. code_verifier proves that whoever asks also began \
                 the sign-in.",
                Some("Core-3.1.3.1"),
            ),
            Some("refresh_token") => (
                "New tokens for an old refresh token. When the session has ended this is refused: that is how an application \
                 without a server learns of a logout at the latest.",
                Some("Core-12"),
            ),
            Some(_) | None => ("Tokens are asked for in another way than by a code.", Some("RFC6749-4")),
        };
    }
    if path.ends_with("/logout-confirm") {
        return ("The user has confirmed to Keycloak that the session shall end.", Some("RPIL-2"));
    }
    if path.ends_with("/protocol/openid-connect/logout") {
        return (
            "A portal sends the browser to Keycloak to end the session everywhere. id_token_hint says whose it is; without it \
             Keycloak has to ask. Everybody else who is in the session is told from here.",
            Some("RPIL-2"),
        );
    }
    if path.ends_with("/protocol/openid-connect/revoke") {
        return ("A token is given back, so that nobody can use it any more.", Some("RFC7009-2.1"));
    }
    if path.ends_with("/protocol/openid-connect/userinfo") {
        return ("Who is behind this access token? Keycloak looks at the session, too.", Some("Core-5.3.1"));
    }
    ("One of Keycloak's own pages or interfaces. OpenID Connect does not say how these look.", None)
}

fn at_portal(exchange: &Exchange) -> Reason {
    let has = |name: &str| exchange.query_param(name).is_some();
    let answered = has("state") && (has("code") || has("error"));
    if answered && exchange.channel == Channel::Embedded {
        return (
            "A hidden frame of the portal's app has come back with Keycloak's answer to a question without a page: a code, or an \
             error such as login_required. Its script hands the answer to the page around it.",
            Some(if has("code") { "Core-3.1.2.5" } else { "Core-3.1.2.6" }),
        );
    }
    if has("code") && has("state") {
        return (
            "Keycloak has sent the browser back with a code. The portal compares state and iss, fetches the tokens with the \
             code, and begins a session of its own under a fresh cookie.",
            Some("Core-3.1.2.5"),
        );
    }
    if has("error") && has("state") {
        return ("Keycloak has sent the browser back without a code; error says why.", Some("Core-3.1.2.6"));
    }
    let path = exchange.path.as_str();
    if exchange.method == "POST" && (path.ends_with("/signout") || path == "/admin/logout") {
        return (
            "The user signs out here. The portal ends its own session first and then sends the browser to Keycloak, which ends \
             the others. It is a POST, so that no link and no picture can do it.",
            Some("RPIL-2"),
        );
    }
    if path == "/logout" || path == "/logout.html" {
        return (
            "The portal's address for logouts was asked for, but not in the way that the front channel or the back channel \
             would.",
            None,
        );
    }
    if has("state") {
        return (
            "Keycloak has sent the browser back after the logout. state proves that the portal itself asked for it.",
            Some("RPIL-3"),
        );
    }
    if exchange.channel == Channel::Script {
        return ("A script of the portal's page asks its own server. The portal's session cookie says for whom.", None);
    }
    ("An ordinary page of the portal. Whether it shows anything rests on the portal's own session cookie.", None)
}

#[cfg(test)]
mod tests {
    use lab_trace::{Answer, Body, Channel, Exchange, Param, Party};

    use super::super::detail::Clause;
    use super::of;

    fn exchange(channel: Channel, callee: Party, path: &str, query: &[(&str, &str)], grant: Option<&str>) -> Exchange {
        Exchange {
            took_us: 1,
            caller: Party::Browser(None),
            callee,
            channel,
            method: "GET".to_owned(),
            path: path.to_owned(),
            query: query.iter().map(|(name, value)| Param::plain(*name, *value)).collect(),
            headers: Vec::new(),
            cookies: Vec::new(),
            body: grant.map_or(Body::Empty, |grant| Body::Form { fields: vec![Param::plain("grant_type", grant)] }),
            answer: Answer::Aborted,
            housekeeping: false,
        }
    }

    #[test]
    fn every_step_of_a_sign_in_and_a_sign_out_has_its_clause() {
        let app = || Party::App("admin".to_owned());
        let end = |name: &str| format!("/realms/enterprise-sso/protocol/openid-connect/{name}");
        let back = [("code", "c"), ("state", "s")];
        let all = [
            (exchange(Channel::Page, Party::Keycloak, &end("auth"), &[], None), "Core-3.1.2.1"),
            (exchange(Channel::Page, app(), "/admin/callback", &back, None), "Core-3.1.2.5"),
            (
                exchange(Channel::Page, app(), "/admin/callback", &[("error", "e"), ("state", "s")], None),
                "Core-3.1.2.6",
            ),
            (
                exchange(Channel::Embedded, app(), "/silent-callback", &[("error", "e"), ("state", "s")], None),
                "Core-3.1.2.6",
            ),
            (
                exchange(Channel::Server, Party::Keycloak, &end("token"), &[], Some("authorization_code")),
                "Core-3.1.3.1",
            ),
            (exchange(Channel::Server, Party::Keycloak, &end("token"), &[], Some("refresh_token")), "Core-12"),
            (exchange(Channel::Page, Party::Keycloak, &end("logout"), &[], None), "RPIL-2"),
            (exchange(Channel::BackChannel, app(), "/logout", &[], None), "BCL-2.5"),
            (exchange(Channel::Frame, app(), "/logout", &[], None), "FCL-2"),
            (exchange(Channel::Page, app(), "/admin/signed-out", &[("state", "s")], None), "RPIL-3"),
        ];
        for (exchange, wanted) in all {
            let (_, clause) = of(&exchange);
            assert_eq!(clause, Some(wanted), "{}", exchange.path);
            assert!(Clause::of(wanted).is_some(), "{wanted} can be looked up");
        }
    }
}
