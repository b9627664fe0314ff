//! What a program was answered, against what it should be answered.

use lab_trace::shown::find;
use lab_trace::{Answer, Body};

use super::{Check, Evidence, Failure, likely};
use crate::vocabulary::Expect;

/// Checks on Keycloak's answer to a program.
pub(super) fn checks(evidence: &Evidence<'_>, expect: &Expect) -> Vec<Check> {
    let asked = evidence.programs();
    let proof = asked.map(|numbered| numbered.number);
    let answer = asked.map(|numbered| &numbered.exchange.answer);
    let members: Vec<String> = match answer {
        Some(Answer::Response { body: Body::Json { members }, .. }) => {
            members.iter().filter_map(|member| Some(format!("{}: {}", member.name, member.value.text()?))).collect()
        }
        _ => Vec::new(),
    };
    let mut checks = Vec::new();
    for wanted in &expect.answer_has {
        checks.push(Check::new(format!("the answer has {wanted}"), members.contains(wanted), || Failure {
            expected: wanted.clone(),
            seen: if members.is_empty() { "no JSON".to_owned() } else { members.join(", ") },
            proof,
            likely: likely::PROGRAM.into(),
        }));
    }
    if let Some(wanted) = expect.readable_elsewhere {
        let allowed = match answer {
            Some(Answer::Response { headers, .. }) => Some(find(headers, "access-control-allow-origin").is_some()),
            _ => None,
        };
        let words = |readable| if readable { "a page elsewhere may read it" } else { "no page elsewhere may read it" };
        checks.push(Check::new(words(wanted), allowed == Some(wanted), || Failure {
            expected: words(wanted).to_owned(),
            seen: allowed.map_or("no answer", words).to_owned(),
            proof,
            likely: likely::CORS.into(),
        }));
    }
    checks
}
