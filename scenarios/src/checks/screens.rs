//! What open tabs show by themselves, and what a browser writes into its console.

use super::{Check, Evidence, Failure, likely};
use crate::vocabulary::Expect;

/// Checks on tabs and consoles; only a real browser has any.
pub(super) fn checks(evidence: &Evidence<'_>, expect: &Expect) -> Vec<Check> {
    let mut checks = Vec::new();
    for (person, row) in &expect.screens {
        for (portal, wanted) in row.screens() {
            let tab = (*person, portal.word().to_owned());
            let shown = evidence.screens.get(&tab);
            let name = format!("{}'s tab of the {} shows {wanted}", person.name(), portal.title());
            checks.push(Check::new(name, shown == Some(&Some(wanted)), || Failure {
                expected: wanted.to_string(),
                seen: match shown {
                    None => "no such tab".to_owned(),
                    Some(None) => "a page of another kind".to_owned(),
                    Some(Some(word)) => word.to_string(),
                },
                proof: None,
                likely: likely::SCREEN.into(),
            }));
        }
    }
    if let (Some(text), Some((who, _))) = (&expect.console_says, evidence.step.seat()) {
        let lines = evidence.console.get(&who).map(Vec::as_slice).unwrap_or_default();
        let found = lines.iter().any(|line| line.contains(text.as_str()));
        checks.push(Check::new(format!("the browser's console says \"{text}\""), found, || Failure {
            expected: format!("a line with \"{text}\""),
            seen: if lines.is_empty() { "no line".to_owned() } else { lines.join(" / ") },
            proof: None,
            likely: likely::SCREEN.into(),
        }));
    }
    checks
}
