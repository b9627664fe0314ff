//! The realm linter: what is set in a way that sign-in or sign-out goes wrong, and which switch mends it.
//!
//! [`lint`] takes any realm in Keycloak's export format, also a stranger's. Each rule is a value ([`Rule`]) with its
//! explanation. Read in this order: [`rule`] (what a rule is), [`view`] (how rules look at a realm), then the rules by
//! subject: [`logout`], [`addresses`], [`flows`], [`tokens`], [`lifetimes`], [`server`]; at last [`accepted`].

use serde_json::Value;

mod accepted;
mod addresses;
mod flows;
mod lifetimes;
mod logout;
mod rule;
mod server;
mod tokens;
mod view;

pub use accepted::{Accepted, Judged, UNUSED, accepted, judge};
pub use rule::{Finding, Place, Rule, Severity};

use rule::Look;
use view::{ClientView, RealmView};

/// Looks at a realm with every rule. Findings come by place in the file, the realm's own first.
///
/// Members that are absent count as what Keycloak makes of them at an import. A realm without `clients` is looked at
/// as far as it goes: it is not an error here.
pub fn lint(realm: &Value) -> Vec<Finding> {
    let view = RealmView::new(realm);
    let clients: Vec<ClientView<'_>> = view.clients().collect();
    let mut findings = Vec::new();
    for rule in Rule::all() {
        match rule.look {
            Look::Realm(look) => findings.extend(look(view).into_iter().map(|found| found.by(rule))),
            Look::Client(look) => {
                findings.extend(clients.iter().flat_map(|client| look(*client)).map(|found| found.by(rule)));
            }
        }
    }
    findings.sort_by_key(Finding::position);
    findings
}

impl Rule {
    /// All rules, by subject.
    pub fn all() -> impl Iterator<Item = &'static Self> {
        [logout::RULES, addresses::RULES, flows::RULES, tokens::RULES, lifetimes::RULES, server::RULES]
            .into_iter()
            .flatten()
    }
}

#[cfg(test)]
mod tests;
