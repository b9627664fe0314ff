//! Thousands of tokens with at least one thing wrong: what an attacker's own list of ideas leaves out, a grid covers.
//!
//! Five lists of changes: claims, algorithms, key ids, types, header members. Every list is crossed with others in three
//! grids; combinations in which nothing is illegal are left out. A verifier that looks at two things in an order of which
//! one hides the other shows itself here.

use serde_json::{Value, json};

use super::mutation::Member;
use super::{Mutation, Pen};

/// One token of the grid.
#[derive(Debug, Clone)]
pub struct Forgery {
    /// What is done to it.
    pub name: String,
    /// The same for the forge.
    pub mutations: Vec<Mutation>,
}

/// One entry of a list.
#[derive(Debug, Clone)]
struct Change {
    name: String,
    mutations: Vec<Mutation>,
    /// Whether a token with only this change is still a good one.
    legal: bool,
}

/// All forgeries: none of them may be accepted.
pub fn forgeries() -> impl Iterator<Item = Forgery> {
    let grids =
        [[claims(), algorithms(), key_ids()], [claims(), types(), members()], [algorithms(), types(), members()]];
    grids.into_iter().flat_map(crossed)
}

fn crossed([first, second, third]: [Vec<Change>; 3]) -> Vec<Forgery> {
    let mut forgeries = Vec::new();
    for one in &first {
        for two in &second {
            for three in &third {
                let all = [one, two, three];
                if all.iter().any(|change| !change.legal) {
                    let names = all.map(|change| change.name.as_str());
                    let mutations = all.into_iter().flat_map(|change| change.mutations.clone()).collect();
                    forgeries.push(Forgery { name: names.join(", "), mutations });
                }
            }
        }
    }
    forgeries
}

/// Each claim that a logout token has, in seven wrong ways.
fn claims() -> Vec<Change> {
    let mut changes = vec![legal("good claims", vec![])];
    for claim in ["iss", "aud", "iat", "exp", "jti", "events", "sub", "sid"] {
        let set = |value: Value| vec![Mutation::claim(claim, value)];
        let is_time = matches!(claim, "iat" | "exp");
        let huge = match claim {
            "events" => json!({"{x*300}": {}}),
            _ if is_time => json!(1e300),
            _ => json!("{x*300}"),
        };
        let empty = match claim {
            "events" => json!({}),
            "aud" => json!([]),
            _ => json!(""),
        };
        let wrong_type = if is_time { json!("1800000000") } else { json!(7) };
        let missing = vec![Mutation::WithoutClaim(claim.to_owned())];
        let twice = Mutation::ClaimTwice(Member { name: claim.to_owned(), value: json!("{x*3}") });
        // A token that names a session needs no user, and the other way round.
        let may_be_missing = matches!(claim, "sub" | "sid");
        changes.push(Change { name: format!("{claim} missing"), mutations: missing, legal: may_be_missing });
        changes.push(illegal(format!("{claim} null"), set(Value::Null)));
        changes.push(illegal(format!("{claim} of a wrong type"), set(wrong_type)));
        changes.push(illegal(format!("{claim} empty"), set(empty)));
        changes.push(illegal(format!("{claim} an array"), set(json!(["another"]))));
        changes.push(illegal(format!("{claim} twice"), vec![twice]));
        changes.push(illegal(format!("{claim} huge"), set(huge)));
    }
    changes
}

fn algorithms() -> Vec<Change> {
    let named = |alg: &str| vec![Mutation::Pen(Pen::Nobody), Mutation::header("alg", json!(alg))];
    let by = |pen| vec![Mutation::Pen(pen)];
    vec![
        legal("RS256", vec![]),
        illegal("alg none", named("none")),
        illegal("alg None", named("None")),
        illegal("alg NONE", named("NONE")),
        illegal("HS256 with the public key as PEM", by(Pen::HmacOfPublicPem)),
        illegal("HS256 with the public key as JWK", by(Pen::HmacOfPublicJwk)),
        illegal("ES256", by(Pen::ProviderEs256)),
        illegal("PS256", by(Pen::ProviderPs256)),
        illegal("RS384", by(Pen::ProviderRs384)),
    ]
}

fn key_ids() -> Vec<Change> {
    let kid = |kid: &str| vec![Mutation::header("kid", json!(kid))];
    vec![
        legal("the right kid", vec![]),
        legal("no kid", vec![Mutation::WithoutHeader("kid".to_owned())]),
        illegal("an unknown kid", kid("unknown")),
        illegal("a path for a kid", kid("../../etc/passwd")),
        illegal("4 kB for a kid", kid("{k*4096}")),
    ]
}

fn types() -> Vec<Change> {
    let typ = |typ: &str| vec![Mutation::header("typ", json!(typ))];
    vec![
        legal("typ logout+jwt", vec![]),
        legal("typ JWT", typ("JWT")),
        legal("no typ", vec![Mutation::WithoutHeader("typ".to_owned())]),
        illegal("typ at+jwt", typ("at+jwt")),
    ]
}

fn members() -> Vec<Change> {
    let member = |name: &str, value: Value| vec![Mutation::header(name, value)];
    vec![
        legal("no more in the header", vec![]),
        illegal("jku", member("jku", json!("https://evil.example/keys"))),
        illegal("x5u", member("x5u", json!("https://evil.example/chain"))),
        illegal("jwk", vec![Mutation::OwnKey]),
        illegal("crit", member("crit", json!(["exp"]))),
        illegal("b64", member("b64", json!(false))),
        illegal("zip", member("zip", json!("DEF"))),
    ]
}

fn legal(name: impl Into<String>, mutations: Vec<Mutation>) -> Change {
    Change { name: name.into(), mutations, legal: true }
}

fn illegal(name: impl Into<String>, mutations: Vec<Mutation>) -> Change {
    Change { name: name.into(), mutations, legal: false }
}
