//! What failed and what it said, once more at the end: between a failure and the closing line lie thousands of lines, and a
//! CI server may keep only the last of them.

use std::fmt::Write as _;

/// Lines of one failure that are told again; the rest stands where it happened.
const MOST: usize = 20;

/// All failures of a run, read from what the test processes print.
#[derive(Debug, Default)]
pub(super) struct Failures {
    tests: Vec<Failure>,
    at: At,
}

#[derive(Debug)]
struct Failure {
    name: String,
    said: Vec<String>,
    left_out: usize,
}

/// Where in the output a line stands.
#[derive(Debug, Default, PartialEq, Eq)]
enum At {
    #[default]
    Elsewhere,
    /// What a failed test said.
    Words,
    /// The frames below it. A test in which two threads panicked speaks again after them.
    Frames,
}

impl Failures {
    /// Takes a line of output. A process tells its failures after its tests, each below `---- NAME stdout ----`; stack
    /// backtraces are not taken.
    pub(super) fn read(&mut self, line: &str) {
        if let Some(name) = line.strip_prefix("---- ").and_then(|rest| rest.strip_suffix(" stdout ----")) {
            self.tests.push(Failure { name: name.to_owned(), said: Vec::new(), left_out: 0 });
            self.at = At::Words;
        } else if line == "failures:" || self.at == At::Elsewhere {
            self.at = At::Elsewhere;
        } else if line.starts_with("stack backtrace:") || line.starts_with("note: run with `RUST_BACKTRACE") {
            self.at = At::Frames;
        } else {
            if line.starts_with("thread '") && line.contains(" panicked at ") {
                self.at = At::Words;
            }
            if let (At::Words, false, Some(failure)) = (&self.at, line.trim().is_empty(), self.tests.last_mut()) {
                failure.take(line);
            }
        }
    }

    /// All of them; empty where nothing failed.
    pub(super) fn told(&self) -> String {
        let mut text = String::new();
        for Failure { name, said, left_out } in &self.tests {
            let _ = writeln!(text, "failed: {name}");
            for line in said {
                let _ = writeln!(text, "    {line}");
            }
            if *left_out > 0 {
                let _ = writeln!(text, "    … and {left_out} more lines, above");
            }
        }
        text
    }
}

impl Failure {
    fn take(&mut self, line: &str) {
        if self.said.len() < MOST {
            self.said.push(line.to_owned());
        } else {
            self.left_out += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Failures, MOST};

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

failures:
    a::breaks
    a::breaks_too

test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s

running 1 test
test b::holds ... ok
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
"
        );
    }

    #[test]
    fn a_page_in_a_message_does_not_push_the_others_out_of_sight() {
        let page = "<p>\n".repeat(MOST + 5);
        let told = read(&format!("failures:\n\n---- a::looks stdout ----\n{page}\nfailures:\n    a::looks\n"));
        assert_eq!(told.lines().count(), MOST + 2);
        assert!(told.ends_with("… and 5 more lines, above\n"), "{told}");
    }

    #[test]
    fn nothing_is_told_where_nothing_failed() {
        assert_eq!(read("running 1 test\ntest b::holds ... ok\n\ntest result: ok. 1 passed; 0 failed\n"), "");
    }
}
