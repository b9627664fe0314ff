//! Findings, for people and for programs.

use realm::lint::{Finding, Judged, Severity};
use serde_json::{Value, json};

/// The worst first; then what is accepted; then the sum.
pub(super) fn human(source: &str, realm: &Value, judged: &Judged) -> String {
    let mut text = String::new();
    let mut findings: Vec<&Finding> = judged.findings.iter().collect();
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.rule.severity));
    for finding in findings {
        let rule = finding.rule;
        text.push_str(&format!("{}: {} at {}\n", rule.severity, rule.id, finding.place));
        text.push_str(&format!("  found: {}{}\n", finding.found, pointer(finding)));
        text.push_str(&format!("  {}\n  do: {}\n  see: {}\n\n", rule.explanation, rule.fix, rule.source));
    }
    for (finding, reason) in &judged.accepted {
        text.push_str(&format!("accepted: {} at {}\n  {reason}\n", finding.rule.id, finding.place));
    }
    if !judged.accepted.is_empty() {
        text.push('\n');
    }
    text.push_str(&format!("{source} ({}): {}\n", realm["realm"].as_str().unwrap_or_default(), sum(judged)));
    text
}

fn pointer(finding: &Finding) -> String {
    if finding.pointer.is_empty() { String::new() } else { format!(" ({})", finding.pointer) }
}

fn sum(judged: &Judged) -> String {
    let of = |severity: Severity| judged.findings.iter().filter(|finding| finding.rule.severity == severity).count();
    let count = |number: usize, word: &str| format!("{number} {word}{}", if number == 1 { "" } else { "s" });
    let accepted = match judged.accepted.len() {
        0 => String::new(),
        number => format!("; {number} accepted by the lab"),
    };
    let [errors, warnings, notices] = [Severity::Error, Severity::Warning, Severity::Notice].map(of);
    format!("{}, {}, {}{accepted}", count(errors, "error"), count(warnings, "warning"), count(notices, "notice"))
}

/// One object with everything.
pub(super) fn json(source: &str, realm: &Value, judged: &Judged, exit_code: u8) -> Value {
    let accepted = judged.accepted.iter().map(|(finding, reason)| {
        let mut entry = json!(finding);
        entry["reason"] = reason.as_str().into();
        entry
    });
    json!({
        "source": source,
        "realm": realm["realm"],
        "findings": judged.findings,
        "accepted": accepted.collect::<Vec<_>>(),
        "exit_code": exit_code,
    })
}
