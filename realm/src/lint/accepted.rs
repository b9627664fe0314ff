//! The weaknesses that the lab's own realm is allowed to have, each with its reason: `accepted.json`.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::rule::{Finding, Look, Place, Rule, Severity};
use crate::REALM;

/// The file as shipped.
const SHIPPED: &str = include_str!("../../accepted.json");

/// A weakness that is known and wanted.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Accepted {
    /// Which rule finds it.
    pub rule: String,
    /// Whose setting it is, as [`Place`] prints it: `realm`, `client internal-portal`, `user john.employee`.
    pub place: String,
    /// Why the lab wants it so.
    pub reason: String,
}

/// Findings, sorted into those that count and those that are known.
#[derive(Debug, Clone, Serialize)]
pub struct Judged {
    /// What is wrong.
    pub findings: Vec<Finding>,
    /// What is accepted, with the reason.
    pub accepted: Vec<(Finding, String)>,
    /// Accepted weaknesses that are not there. They count as findings where the shipped file itself is looked at; a
    /// running realm shows neither users nor secrets, and a faulty one may lack a weakness because of its fault.
    pub unused: Vec<Finding>,
}

/// Found by no look, but when an accepted weakness is there no more.
pub static UNUSED: Rule = Rule {
    id: "realm-accepted-and-gone",
    severity: Severity::Warning,
    explanation: "A weakness is accepted that the realm does not have. An entry that nobody needs would hide the same mistake when somebody makes it again.",
    fix: "Remove the entry from realm/accepted.json",
    path: "",
    source: "realm/accepted.json",
    look: Look::Realm(|_| Vec::new()),
};

/// The weaknesses that the lab's own realm declares.
///
/// # Panics
/// Never: a test parses the shipped file.
pub fn accepted() -> Vec<Accepted> {
    serde_json::from_str(SHIPPED).unwrap_or_else(|error| unreachable!("the accepted weaknesses: {error}"))
}

/// Sorts the findings of `realm`. Accepted weaknesses count for the lab's own realm only: a stranger has not accepted
/// anything.
pub fn judge(realm: &Value, findings: Vec<Finding>, accepted: &[Accepted]) -> Judged {
    let mut judged = Judged { findings: Vec::new(), accepted: Vec::new(), unused: Vec::new() };
    if realm["realm"] != REALM {
        judged.findings = findings;
        return judged;
    }
    let mut used = vec![false; accepted.len()];
    for finding in findings {
        let place = finding.place.to_string();
        match accepted.iter().position(|entry| entry.rule == finding.rule.id && entry.place == place) {
            Some(index) => {
                used[index] = true;
                judged.accepted.push((finding, accepted[index].reason.clone()));
            }
            None => judged.findings.push(finding),
        }
    }
    let unused = accepted.iter().zip(used).filter(|(_, used)| !used);
    judged.unused = unused
        .map(|(entry, _)| Finding {
            rule: &UNUSED,
            place: Place::Realm,
            pointer: String::new(),
            found: format!("{} at {}", entry.rule, entry.place),
        })
        .collect();
    judged
}
