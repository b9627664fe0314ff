//! What people see: progress and trouble on stderr, results on stdout.

use std::error::Error as _;
use std::io::IsTerminal as _;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use lab::Trouble;
use lab::progress::{Progress, Silent};
use tracing_subscriber::EnvFilter;

use crate::settings::Global;

/// Sets the log up: warnings unless more is asked for.
pub(crate) fn init(global: &Global) {
    let default = match global.verbose {
        // A cookie of an ended session is what every lesson about logout is about, not a reason to warn.
        0 => "warn,tower_sessions_core=error",
        1 => "info,lab=debug,portals=debug,tower_sessions_core=error",
        _ => "debug",
    };
    let filter = EnvFilter::try_from_env("SSO_LAB_LOG").unwrap_or_else(|_| EnvFilter::new(default));
    let colour = colour();
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(colour)
        .with_writer(std::io::stderr)
        .log_internal_errors(false)
        .init();
}

/// Whether stderr may have colour and moving lines: a terminal, and nobody said no.
pub(crate) fn colour() -> bool {
    std::io::stderr().is_terminal() && wanted()
}

/// Whether nobody said no to colour and moving lines.
fn wanted() -> bool {
    let said = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    !said("NO_COLOR") && !said("CI") && std::env::var("TERM").as_deref() != Ok("dumb")
}

/// Prints trouble in its four parts and gives its exit code.
pub(crate) fn trouble(trouble: &Trouble) -> ExitCode {
    tell(&format!("error: {}", trouble.what));
    let mut source = trouble.source();
    while let Some(cause) = source {
        tell(&format!("  caused by: {cause}"));
        source = cause.source();
    }
    tell(&format!("  {}.", trouble.means.trim_end_matches('.')));
    tell(&format!("  do: {}", trouble.action));
    ExitCode::from(trouble.kind.exit_code())
}

/// Progress as it suits where stderr goes.
pub(crate) fn progress(global: &Global) -> Arc<dyn Progress> {
    if global.quiet {
        Arc::new(Silent)
    } else if colour() {
        Arc::new(Moving { bar: Mutex::new(None) })
    } else {
        Arc::new(Lines { begun: Mutex::new(Instant::now()) })
    }
}

/// Progress without anything that moves, also at a terminal.
pub(crate) fn plain_progress(global: &Global) -> Arc<dyn Progress> {
    if global.quiet { Arc::new(Silent) } else { Arc::new(Lines { begun: Mutex::new(Instant::now()) }) }
}

/// Verdicts of lessons with colour, where stdout is a terminal. The words stay what they are: colour means nothing by itself.
pub(crate) fn coloured(text: &str) -> String {
    if std::io::stdout().is_terminal() && wanted() { paint(text) } else { text.to_owned() }
}

fn paint(text: &str) -> String {
    const VERDICTS: &[(&str, &str)] =
        &[("PASS", "32"), ("FAIL", "31"), ("ERROR", "31"), ("BROKEN", "31"), ("DIFF", "33"), ("SKIP", "33")];
    let line = |line: &str| {
        let word = line.trim_start();
        let verdict = VERDICTS.iter().find(|(verdict, _)| word.split(' ').next() == Some(*verdict));
        match verdict {
            Some((verdict, colour)) => line.replacen(verdict, &format!("\u{1b}[{colour}m{verdict}\u{1b}[0m"), 1),
            None => line.to_owned(),
        }
    };
    text.split_inclusive('\n').map(line).collect()
}

/// One plain line a stage: for CI, files and screen readers.
struct Lines {
    begun: Mutex<Instant>,
}

impl Progress for Lines {
    fn begin(&self, what: &str, usual: Option<Duration>) {
        *self.begun.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        tell(&format!("{what}{}", usually(usual)));
    }

    fn done(&self, what: &str) {
        let took = self.begun.lock().unwrap_or_else(PoisonError::into_inner).elapsed();
        tell(&format!("{what} ({:.1} s)", took.as_secs_f32()));
    }

    fn note(&self, text: &str) {
        tell(&format!("note: {text}"));
    }
}

/// A spinner with the seconds, for a terminal.
struct Moving {
    bar: Mutex<Option<ProgressBar>>,
}

impl Moving {
    fn replace(&self, bar: Option<ProgressBar>) {
        let old = std::mem::replace(&mut *self.bar.lock().unwrap_or_else(PoisonError::into_inner), bar);
        if let Some(old) = old {
            old.finish_and_clear();
        }
    }
}

impl Progress for Moving {
    fn begin(&self, what: &str, usual: Option<Duration>) {
        let style = ProgressStyle::with_template("{spinner} {msg} {elapsed}")
            .unwrap_or_else(|_| ProgressStyle::default_spinner());
        let bar = ProgressBar::new_spinner().with_style(style).with_message(format!("{what}{}", usually(usual)));
        bar.enable_steady_tick(Duration::from_millis(120));
        self.replace(Some(bar));
    }

    fn done(&self, what: &str) {
        let took = self.bar.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map(ProgressBar::elapsed);
        self.replace(None);
        tell(&format!("{what} ({:.1} s)", took.unwrap_or_default().as_secs_f32()));
    }

    fn note(&self, text: &str) {
        match self.bar.lock().unwrap_or_else(PoisonError::into_inner).as_ref() {
            Some(bar) => bar.suspend(|| tell(&format!("note: {text}"))),
            None => tell(&format!("note: {text}")),
        }
    }
}

fn usually(usual: Option<Duration>) -> String {
    usual.map(|usual| format!(" (usually {} s)", usual.as_secs().max(1))).unwrap_or_default()
}

/// Prints progress or trouble. Whoever reads stderr may have gone (`2>&1 | tee log` at Ctrl-C, a closed terminal).
/// Trap: `eprintln!` panics then, in the middle of cleaning up.
pub(crate) fn tell(text: &str) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// Prints a result. A reader that has gone away (`| head`) is no error.
pub(crate) fn say(text: &str) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}

/// Prints a result that brings its own line ends.
pub(crate) fn print(text: &str) {
    use std::io::Write as _;
    let _ = write!(std::io::stdout().lock(), "{text}");
}

#[cfg(test)]
mod tests {
    use super::paint;

    #[test]
    fn colour_is_put_around_the_word_that_says_the_same() {
        let text = "PASS  a: PASS the salt\n  FAIL  b\nPASSED\n";
        assert_eq!(paint(text), "\u{1b}[32mPASS\u{1b}[0m  a: PASS the salt\n  \u{1b}[31mFAIL\u{1b}[0m  b\nPASSED\n");
    }
}
