//! Results as JUnit XML: one suite a lesson, one case a check.

use lab::Kind;
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::{Finished, Outcome};
use crate::checks::Check;

/// The whole report. A lesson's failure is a `failure`, the lab's is an `error`.
///
/// # Panics
/// Never: the writer is a string.
pub fn junit(finished: &[Finished]) -> String {
    let mut report = Report::new("sso-lab");
    for one in finished {
        report.add_test_suite(suite(one));
    }
    report.to_string().unwrap_or_else(|error| unreachable!("writing to a string: {error}"))
}

fn suite(finished: &Finished) -> TestSuite {
    let mut suite = TestSuite::new(finished.id.clone());
    suite.set_time(finished.took);
    for (index, step) in finished.run.iter().flat_map(|run| run.steps.iter().enumerate()) {
        for check in &step.checks {
            suite.add_test_case(case(finished, format!("step {}: {}", index + 1, check.name), status(check)));
        }
    }
    if let Some(run) = &finished.run {
        for judged in run.broken() {
            let name = format!("{}: {}", judged.when(run.steps.len()), judged.check.name);
            suite.add_test_case(case(finished, name, status(&judged.check)));
        }
    }
    // What concerns the lesson as a whole is one case more.
    match &finished.outcome {
        Outcome::Passed | Outcome::Blessed(_) | Outcome::LessonFailed(_) => {}
        Outcome::Skipped(reason) => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(reason.clone());
            suite.add_test_case(case(finished, "run".to_owned(), status));
        }
        Outcome::SnapshotDiffers(diff) => {
            let mut status = not_ok(NonSuccessKind::Failure, "snapshot", "the transcript differs from its snapshot");
            status.set_description(diff.clone());
            suite.add_test_case(case(finished, "snapshot".to_owned(), status));
        }
        Outcome::Trouble(trouble) => {
            let (kind, word) = if trouble.kind == Kind::Lesson {
                (NonSuccessKind::Failure, "lesson")
            } else {
                (NonSuccessKind::Error, "lab")
            };
            let mut status = not_ok(kind, word, trouble.what.clone());
            status.set_description(format!("{}\n{}", trouble.means, trouble.action));
            suite.add_test_case(case(finished, "run".to_owned(), status));
        }
    }
    suite
}

fn status(check: &Check) -> TestCaseStatus {
    match &check.failure {
        None => TestCaseStatus::success(),
        Some(failure) => {
            let proof = failure.proof.map(|number| format!("; exchange {number}")).unwrap_or_default();
            let message = format!("expected {}; seen {}{proof}", failure.expected, failure.seen);
            not_ok(NonSuccessKind::Failure, "lesson", message)
        }
    }
}

fn case(finished: &Finished, name: String, status: TestCaseStatus) -> TestCase {
    let mut case = TestCase::new(name, status);
    case.set_classname(format!("lessons.{}", finished.id));
    case
}

fn not_ok(kind: NonSuccessKind, word: &str, message: impl Into<String>) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(kind);
    status.set_type(word).set_message(message.into());
    status
}

#[cfg(test)]
mod tests;
