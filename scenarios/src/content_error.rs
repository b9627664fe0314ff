//! What is wrong with a lesson's file: where, what, and which word was probably meant.

use std::fmt;
use std::sync::Arc;

use lab::{Kind, Trouble};
use miette::{Diagnostic, LabeledSpan, NamedSource, SourceCode};

/// An error in a file, with its place. Renders as a snippet through miette, as one line through `Display`.
#[derive(Debug, Clone)]
pub struct ContentError {
    /// Path below the library's folder.
    pub path: String,
    /// Line, from 1.
    pub line: usize,
    /// Column, from 1.
    pub column: usize,
    /// What is wrong: a fact.
    pub message: String,
    /// What would be right.
    pub help: Option<String>,
    source: Arc<NamedSource<String>>,
    span: (usize, usize),
}

impl ContentError {
    /// An error at a place of a file; `len` is how much of the line is marked.
    pub fn new(path: &str, text: &str, place: (usize, usize), len: usize, message: impl Into<String>) -> Self {
        let (line, column) = place;
        let start = offset(text, line, column);
        let rest = text[start..].lines().next().map_or(0, str::len);
        Self {
            path: path.to_owned(),
            line,
            column,
            message: message.into(),
            help: None,
            source: Arc::new(NamedSource::new(path, text.to_owned())),
            span: (start, len.clamp(1, rest.max(1))),
        }
    }

    /// Adds what would be right.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// The nearest of `words`, if one is near enough to be a slip of the pen.
pub fn nearest<'a>(wrong: &str, words: &[&'a str]) -> Option<&'a str> {
    similar::get_close_matches(wrong, words, 1, 0.6).first().copied()
}

/// Help for a wrong word: the nearest right one, and all of them.
pub fn instead(wrong: &str, words: &[&str]) -> String {
    let all = words.join(", ");
    match nearest(wrong, words) {
        Some(word) => format!("did you mean `{word}`? Possible here: {all}"),
        None if words.is_empty() => "nothing is possible here yet".to_owned(),
        None => format!("possible here: {all}"),
    }
}

fn offset(text: &str, line: usize, column: usize) -> usize {
    let before: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    let inside: usize = text[before.min(text.len())..].chars().take(column.saturating_sub(1)).map(char::len_utf8).sum();
    (before + inside).min(text.len())
}

impl fmt::Display for ContentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: {}", self.path, self.line, self.column, self.message)
    }
}

impl std::error::Error for ContentError {}

impl Diagnostic for ContentError {
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(self.source.as_ref())
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(std::iter::once(LabeledSpan::new_with_span(Some("here".to_owned()), self.span))))
    }
}

impl From<ContentError> for Trouble {
    fn from(error: ContentError) -> Self {
        let action = error.help.clone().unwrap_or_else(|| "correct the file".to_owned());
        Self::new(Kind::Content, error.to_string(), "the lesson cannot be read, so it was not run", action)
            .caused_by(error)
    }
}
