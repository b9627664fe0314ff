//! Adding up what the test processes say at their ends.

/// Sums over all test processes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Totals {
    pub(super) passed: u32,
    pub(super) failed: u32,
    pub(super) skipped: u32,
}

impl Totals {
    /// Takes a line of output; only closing lines of test processes count.
    pub(super) fn read(&mut self, line: &str) {
        let Some(counts) =
            line.strip_prefix("test result: ").and_then(|rest| rest.split_once(". ")).map(|(_, counts)| counts)
        else {
            return;
        };
        for part in counts.split(';') {
            if let Some((number, word)) = part.trim().split_once(' ')
                && let Ok(number) = number.parse::<u32>()
            {
                match word {
                    "passed" => self.passed += number,
                    "failed" => self.failed += number,
                    "ignored" => self.skipped += number,
                    _ => {}
                }
            }
        }
    }

    /// The last line of a run.
    pub(super) fn closing_line(self) -> String {
        format!("{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped)
    }
}

#[cfg(test)]
mod tests {
    use super::Totals;

    #[test]
    fn closing_lines_are_added_up_and_other_lines_are_not() {
        let mut totals = Totals::default();
        totals.read("test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s");
        totals
            .read("test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 7 filtered out; finished in 1.00s");
        totals.read("the test result: ok. 99 passed; 0 failed");
        assert_eq!(totals, Totals { passed: 15, failed: 2, skipped: 1 });
        assert_eq!(totals.closing_line(), "15 passed, 2 failed, 1 skipped");
    }
}
