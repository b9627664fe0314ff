//! An exchange as a command that somebody can run against this lab. What the lab does not show is a variable to be filled.

use std::collections::BTreeSet;

use lab_trace::{Body, Exchange, Param, Party, Shown};
use serde_json::json;
use url::form_urlencoded;

use crate::control::messages::Topology;

/// Request headers that make a difference to who answers.
const TELLING: &[&str] = &["accept", "content-type", "origin", "sec-fetch-dest", "sec-fetch-mode", "sec-fetch-site"];

/// The command.
pub(super) fn of(exchange: &Exchange, topology: &Topology) -> String {
    let mut unknown = BTreeSet::new();
    let base = match &exchange.callee {
        Party::App(name) => topology.portal(name).map_or(&topology.keycloak, |portal| &portal.url),
        Party::Keycloak | Party::Browser(_) | Party::Lab | Party::Stranger => &topology.keycloak,
    };
    let url =
        format!("{}{}{}", base.as_str().trim_end_matches('/'), exchange.path, query(&exchange.query, &mut unknown));
    let mut lines = vec![format!("curl -i -X {} {}", method(&exchange.method), quoted(&url, &unknown))];
    for header in exchange.headers.iter().filter(|header| TELLING.contains(&header.name.as_str())) {
        lines.push(format!("  -H {}", quoted(&format!("{}: {}", header.name, shown(header, &mut unknown)), &unknown)));
    }
    if let Some(header) = exchange.headers.iter().find(|header| header.name == "authorization") {
        lines.push(format!("  -H {}", quoted(&format!("authorization: {}", shown(header, &mut unknown)), &unknown)));
    }
    if !exchange.cookies.is_empty() {
        let pairs: Vec<String> = exchange
            .cookies
            .iter()
            .map(|cookie| format!("{}={}", cookie.name, variable(&cookie.name, &mut unknown)))
            .collect();
        lines.push(format!("  -b {}", quoted(&pairs.join("; "), &unknown)));
    }
    match &exchange.body {
        Body::Form { fields } => {
            for field in fields {
                let pair = format!("{}={}", field.name, shown(field, &mut unknown));
                lines.push(format!("  --data-urlencode {}", quoted(&pair, &unknown)));
            }
        }
        Body::Json { members } => {
            let members: Vec<String> = members
                .iter()
                .map(|member| format!("{}: {}", json!(member.name), json!(shown(member, &mut unknown))))
                .collect();
            lines.push(format!("  --data-raw {}", quoted(&format!("{{{}}}", members.join(", ")), &unknown)));
        }
        Body::Empty | Body::Html { .. } | Body::Other { .. } => {}
    }
    let variables = unknown.iter().map(|name| format!("{name}='put it here'"));
    variables.chain([lines.join(" \\\n")]).collect::<Vec<_>>().join("\n")
}

/// A method may hold nearly any letter; only plain ones need no quotes.
fn method(name: &str) -> String {
    let plain = !name.is_empty() && name.bytes().all(|letter| letter.is_ascii_uppercase());
    if plain { name.to_owned() } else { quoted(name, &BTreeSet::new()) }
}

fn query(params: &[Param], unknown: &mut BTreeSet<String>) -> String {
    let pairs: Vec<String> = params
        .iter()
        .map(|param| {
            let name: String = form_urlencoded::byte_serialize(param.name.as_bytes()).collect();
            match param.value.text() {
                Some(text) => {
                    format!("{name}={}", form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>())
                }
                None => format!("{name}={}", variable(&param.name, unknown)),
            }
        })
        .collect();
    if pairs.is_empty() { String::new() } else { format!("?{}", pairs.join("&")) }
}

fn shown(param: &Param, unknown: &mut BTreeSet<String>) -> String {
    match &param.value {
        Shown::Plain { text } | Shown::Id { text, .. } => text.clone(),
        Shown::Secret { .. } | Shown::Token { .. } => variable(&param.name, unknown),
    }
}

/// `$ID_TOKEN_HINT` for a value that is not shown.
fn variable(name: &str, unknown: &mut BTreeSet<String>) -> String {
    let letters =
        name.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter.to_ascii_uppercase() } else { '_' });
    let mut name: String = letters.collect();
    if name.starts_with(|first: char| first.is_ascii_digit()) {
        name.insert(0, '_');
    }
    let text = format!("${{{name}}}");
    unknown.insert(name);
    text
}

/// For a shell: everything as it stands, but for the variables. What came over the wire shall not run here.
fn quoted(text: &str, variables: &BTreeSet<String>) -> String {
    let mut quoted = format!("'{}'", text.replace('\'', r"'\''"));
    for name in variables {
        quoted = quoted.replace(&format!("${{{name}}}"), &format!("'\"${{{name}}}\"'"));
    }
    quoted
}

#[cfg(test)]
mod tests {
    use lab_trace::{Answer, Body, Channel, Exchange, Param, Party, Shown};
    use url::Url;

    use super::of;
    use crate::control::messages::{PortalPlace, Topology};
    use crate::keycloak::RuntimeKind;
    use crate::sites::Sites;

    #[test]
    fn the_command_is_complete_and_nothing_from_the_wire_can_run() {
        let url: Url = "http://localhost:3003/".parse().unwrap();
        let portals =
            vec![PortalPlace { name: "admin".to_owned(), url: url.clone(), client_id: "admin-dashboard".to_owned() }];
        let topology = Topology {
            keycloak: url.clone(),
            issuer: url,
            version: String::new(),
            runtime: RuntimeKind::Dist,
            sites: Sites::Same,
            portals,
        };
        let secret = |name: &str| Param {
            name: name.to_owned(),
            value: Shown::Secret { kind: name.to_owned(), print: "0123".to_owned() },
        };
        let exchange = Exchange {
            took_us: 1,
            caller: Party::Keycloak,
            callee: Party::App("admin".to_owned()),
            channel: Channel::BackChannel,
            method: "POST".to_owned(),
            path: "/logout".to_owned(),
            query: vec![Param::plain("a b", "';rm -rf $HOME;'")],
            headers: vec![Param::plain("accept", "*/*'$(id)'"), Param::plain("user-agent", "left out")],
            cookies: vec![secret("lab.session")],
            body: Body::Form { fields: vec![secret("logout_token"), Param::plain("x", "it's $(id)")] },
            answer: Answer::Aborted,
            housekeeping: false,
        };
        let command = of(&exchange, &topology);
        assert_eq!(
            command,
            [
                "LAB_SESSION='put it here'",
                "LOGOUT_TOKEN='put it here'",
                r"curl -i -X POST 'http://localhost:3003/logout?a+b=%27%3Brm+-rf+%24HOME%3B%27' \",
                r"  -H 'accept: */*'\''$(id)'\''' \",
                "  -b 'lab.session='\"${LAB_SESSION}\"'' \\",
                "  --data-urlencode 'logout_token='\"${LOGOUT_TOKEN}\"'' \\",
                r"  --data-urlencode 'x=it'\''s $(id)'",
            ]
            .join("\n")
        );
        let odd = Exchange { method: "A`id`|sh".to_owned(), ..exchange };
        assert!(of(&odd, &topology).contains("curl -i -X 'A`id`|sh' "), "{}", of(&odd, &topology));
    }
}
