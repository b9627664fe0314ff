//! What failed and what it said, once more at the end: between a failure and the closing line lie thousands of lines, and a
//! CI server may keep only the last of them.

use std::fmt::Write as _;

/// Lines of a panic that are told again; the rest stands where it happened.
const MOST: usize = 20;
/// Lines that a test printed before it panicked: the last of them.
const BEFORE: usize = 5;
/// Characters of a line. A page as one side of an `assert_eq!` is one line.
const WIDTH: usize = 300;

/// All failures of a run, read from what the test processes print.
#[derive(Debug, Default)]
pub(super) struct Failures {
    tests: Vec<Failure>,
    at: At,
    /// Test processes that have begun, and those of them that have told their result.
    begun: usize,
    ended: usize,
}

#[derive(Debug)]
struct Failure {
    name: String,
    /// What it printed, then one part for each panic.
    parts: Vec<Vec<String>>,
}

/// Where in the output a line stands.
#[derive(Debug, Default, PartialEq, Eq)]
enum At {
    #[default]
    Elsewhere,
    /// In what a failed test said.
    Words,
}

impl Failures {
    /// Takes a line of output. A process tells its failures after its tests, each below `---- NAME stdout ----`; frames of
    /// stacks are not taken.
    pub(super) fn read(&mut self, line: &str) {
        if let Some(name) = line.strip_prefix("---- ").and_then(|rest| rest.strip_suffix(" stdout ----")) {
            self.tests.push(Failure { name: name.to_owned(), parts: vec![Vec::new()] });
            self.at = At::Words;
        } else if line == "failures:" {
            self.at = At::Elsewhere;
        } else if line.starts_with("running ") && (line.ends_with(" test") || line.ends_with(" tests")) {
            self.begun += 1;
            self.at = At::Elsewhere;
        } else if line.starts_with("test result: ") {
            self.ended += 1;
            self.at = At::Elsewhere;
        } else if let (At::Words, false, Some(failure)) = (&self.at, is_of_a_stack(line), self.tests.last_mut()) {
            failure.take(line);
        }
    }

    /// All of them; empty where nothing failed.
    pub(super) fn told(&self) -> String {
        let mut text = String::new();
        for failure in &self.tests {
            failure.tell(&mut text);
        }
        let crashed = self.begun.saturating_sub(self.ended);
        if crashed > 0 {
            let _ = writeln!(text, "failed: {crashed} of {} test processes ended before their result", self.begun);
        }
        text
    }
}

impl Failure {
    fn take(&mut self, line: &str) {
        if line.starts_with("thread '") && line.contains(" panicked at ") {
            self.parts.push(Vec::new());
        }
        if let Some(part) = self.parts.last_mut() {
            let cut: String = line.chars().take(WIDTH).collect();
            part.push(if cut.len() < line.len() { cut + " …" } else { cut });
        }
    }

    fn tell(&self, text: &mut String) {
        let _ = writeln!(text, "failed: {}", self.name);
        for (index, part) in self.parts.iter().enumerate() {
            let shown =
                if index == 0 { &part[part.len().saturating_sub(BEFORE)..] } else { &part[..part.len().min(MOST)] };
            for line in shown {
                let _ = writeln!(text, "    {line}");
            }
            let left_out = part.len() - shown.len();
            if left_out > 0 {
                let _ = writeln!(text, "    … and {left_out} more lines, above");
            }
        }
    }
}

/// Whether a line is empty, a frame of a stack backtrace (`   0: name`, `   at file`), or one of the notes around it.
fn is_of_a_stack(line: &str) -> bool {
    let rest = line.trim_start();
    let numbered = rest.split_once(": ").is_some_and(|(number, _)| number.parse::<u32>().is_ok());
    let indented = line.starts_with("  ");
    rest.is_empty()
        || (indented && (numbered || rest.starts_with("at ")))
        || line == "stack backtrace:"
        || line.starts_with("note: run with `RUST_BACKTRACE")
        || line.starts_with("note: Some details are omitted")
}

#[cfg(test)]
mod tests {
    use super::{BEFORE, Failures, MOST, WIDTH};

    fn read(output: &str) -> String {
        let mut failures = Failures::default();
        output.lines().for_each(|line| failures.read(line));
        failures.told()
    }

    /// As `cargo test` prints two processes, of which the first fails twice.
    const OUTPUT: &str = "\
running 3 tests
test a::holds ... ok
test a::breaks ... FAILED
test a::breaks_too ... FAILED

failures:

---- a::breaks stdout ----

thread 'a::breaks' (7) panicked at src/a.rs:3:5:
assertion `left == right` failed
  left: 1
 right: 2
stack backtrace:
   0: core::panicking::panic_fmt
             at /rustc/library/core/src/panicking.rs:80:14

---- a::breaks_too stdout ----
what the test printed

thread 'a::breaks_too' (8) panicked at src/a.rs:9:5:
nothing came
note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace

thread 'a::breaks_too' (8) panicked at src/a.rs:11:9:
and nothing went
stack backtrace:
   0: core::panicking::panic_fmt
note: Some details are omitted, run with `RUST_BACKTRACE=full` for a verbose backtrace.
Error: \"and then\"

failures:
    a::breaks
    a::breaks_too

test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s

running 1 test
test b::holds ... ok

test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s
";

    #[test]
    fn each_failure_is_told_with_its_words_and_without_its_stack() {
        assert_eq!(
            read(OUTPUT),
            "\
failed: a::breaks
    thread 'a::breaks' (7) panicked at src/a.rs:3:5:
    assertion `left == right` failed
      left: 1
     right: 2
failed: a::breaks_too
    what the test printed
    thread 'a::breaks_too' (8) panicked at src/a.rs:9:5:
    nothing came
    thread 'a::breaks_too' (8) panicked at src/a.rs:11:9:
    and nothing went
    Error: \"and then\"
"
        );
    }

    #[test]
    fn a_page_in_a_message_does_not_push_the_panic_or_the_others_out_of_sight() {
        let (page, line) = ("<p>\n".repeat(MOST + 5), "x".repeat(10 * WIDTH));
        let told = read(&format!(
            "failures:\n\n---- a::looks stdout ----\n{page}\nthread 'a::looks' (7) panicked at src/a.rs:3:5:\n{line}\n{page}\n\
             failures:\n    a::looks\n"
        ));
        assert!(told.contains("    … and 20 more lines, above\n    thread 'a::looks'"), "{told}");
        assert!(told.ends_with("… and 7 more lines, above\n"), "{told}");
        assert_eq!(told.lines().count(), 1 + BEFORE + 1 + MOST + 1);
        assert!(told.lines().all(|line| line.chars().count() < WIDTH + 10), "{told}");
    }

    #[test]
    fn a_process_that_ends_before_its_result_is_told() {
        let told =
            read("running 2 tests\ntest a::holds ... ok\n\nrunning 0 tests\n\ntest result: ok. 0 passed; 0 failed\n");
        assert_eq!(told, "failed: 1 of 2 test processes ended before their result\n");
        let within =
            read("running 1 test\nfailures:\n---- a::dies stdout ----\nwords\nrunning 1 test\ntest b ... ok\n");
        assert!(within.starts_with("failed: a::dies\n    words\nfailed: 2 of 2"), "{within}");
    }

    #[test]
    fn nothing_is_told_where_nothing_failed() {
        assert_eq!(read("running 1 test\ntest b::holds ... ok\n\ntest result: ok. 1 passed; 0 failed\n"), "");
    }
}
