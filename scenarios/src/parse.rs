//! Reads a lesson: front matter, prose, fenced blocks.

use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_saphyr::{Location, Spanned};

use crate::content_error::{ContentError, instead};
use crate::lesson::{Action, Deed, Lesson, Part, Step};
use crate::vocabulary::{FrontMatter, Prediction, StepWords, TabWord};

/// Fences that mean something.
const BLOCKS: &[&str] = &["predict", "steps", "explain", "trainer"];

/// What a step can be.
const VERBS: &str = "a step has exactly one verb: with `who` opens, signs-in-at, signs-out-at, answers-logout-question-at, \
                     repeats-callback-of, follows-link-to, opens-listeners, presses, forces, and in a real browser \
                     opens-another-tab-of, looks-at, goes-back-in, reloads, closes-tab-of, signs-out-and-closes, browser; without `who` administrator, lab, stranger, script";

/// Fences that are quoted text.
const QUOTES: &[&str] = &["", "text", "json", "http", "sh", "yaml"];

/// Reads the text of a lesson; `path` is for messages.
///
/// # Errors
/// The first thing that is wrong, with its line and column in the file.
pub fn parse(path: &str, text: &str) -> Result<Lesson, ContentError> {
    let file = File { path, text };
    let lines: Vec<&str> = text.lines().collect();
    let (front, mut at) = file.front(&lines)?;
    let mut parts = Vec::new();
    let mut prose = String::new();
    while at < lines.len() {
        let Some(word) = lines[at].strip_prefix("```") else {
            prose.push_str(lines[at]);
            prose.push('\n');
            at += 1;
            continue;
        };
        let word = word.trim();
        let end = (at + 1..lines.len()).find(|line| lines[*line].trim_end() == "```").ok_or_else(|| {
            file.error((at + 1, 1), 3, format!("the block `{word}` that begins here has no end"))
                .help("close it with a line of three backticks")
        })?;
        // Line `at` (from 0) is the fence, so the block's first line is `at + 2` counted from 1.
        let block = Block { first_line: at + 2, text: lines[at + 1..end].join("\n") };
        if QUOTES.contains(&word) {
            prose.push_str(&lines[at..=end].join("\n"));
            prose.push('\n');
        } else {
            if !prose.trim().is_empty() {
                parts.push(Part::Prose(std::mem::take(&mut prose)));
            }
            prose.clear();
            parts.push(file.block(word, at + 1, &block)?);
        }
        at = end + 1;
    }
    if !prose.trim().is_empty() {
        parts.push(Part::Prose(prose));
    }
    Ok(Lesson { path: path.to_owned(), source: text.to_owned(), front, parts })
}

struct File<'a> {
    path: &'a str,
    text: &'a str,
}

struct Block {
    first_line: usize,
    text: String,
}

impl File<'_> {
    fn error(&self, place: (usize, usize), len: usize, message: impl Into<String>) -> ContentError {
        ContentError::new(self.path, self.text, place, len, message)
    }

    fn front(&self, lines: &[&str]) -> Result<(FrontMatter, usize), ContentError> {
        if lines.first().map(|line| line.trim_end()) != Some("---") {
            return Err(self
                .error((1, 1), 3, "a lesson begins with `---` and its front matter")
                .help("see `cargo xtask scenario show sso-first-login` for an example"));
        }
        let end = (1..lines.len())
            .find(|line| lines[*line].trim_end() == "---")
            .ok_or_else(|| self.error((1, 1), 3, "the front matter has no end").help("close it with a line `---`"))?;
        let block = Block { first_line: 2, text: lines[1..end].join("\n") };
        Ok((self.yaml(&block)?, end + 1))
    }

    fn block(&self, word: &str, line: usize, block: &Block) -> Result<Part, ContentError> {
        match word {
            "predict" => Ok(Part::Predict(self.yaml::<Prediction>(block)?)),
            "steps" => {
                let steps: Vec<Spanned<StepWords>> = self.yaml(block)?;
                Ok(Part::Steps(steps.into_iter().map(|step| self.step(block, step)).collect::<Result<_, _>>()?))
            }
            "explain" => Ok(Part::Explain(format!("{}\n", block.text))),
            "trainer" => Ok(Part::Trainer(format!("{}\n", block.text))),
            other => {
                let known: Vec<&str> = BLOCKS.iter().chain(QUOTES).copied().filter(|word| !word.is_empty()).collect();
                Err(self
                    .error((line, 4), other.len(), format!("`{other}` is no block of a lesson"))
                    .help(instead(other, &known)))
            }
        }
    }

    fn step(&self, block: &Block, words: Spanned<StepWords>) -> Result<Step, ContentError> {
        let place = place(block, words.referenced);
        let words = words.value;
        let deeds: Vec<Deed> = [
            words.opens.map(Deed::Open),
            words.signs_in_at.map(|portal| Deed::SignIn(portal, words.altered.clone())),
            words.signs_out_at.map(|portal| Deed::SignOut(portal, words.how, words.altered.clone())),
            words.answers_logout_question_at.map(Deed::AnswerLogoutQuestion),
            words.repeats_callback_of.map(Deed::RepeatCallback),
            words.follows_link_to.map(Deed::FollowLink),
            words.opens_listeners.map(Deed::OpenListeners),
            words.opens_another_tab_of.map(|portal| Deed::Tab(TabWord::OpensAnother, portal)),
            words.looks_at.map(|portal| Deed::Tab(TabWord::LooksAt, portal)),
            words.goes_back_in.map(|portal| Deed::Tab(TabWord::GoesBack, portal)),
            words.reloads.map(|portal| Deed::Tab(TabWord::Reloads, portal)),
            words.closes_tab_of.map(|portal| Deed::Tab(TabWord::Closes, portal)),
            words.signs_out_and_closes.map(|portal| Deed::Tab(TabWord::SignsOutAndCloses, portal)),
            words.browser.map(Deed::Browser),
            words.presses.map(Deed::Press),
            words.forces.map(Deed::Force),
        ]
        .into_iter()
        .flatten()
        .collect();
        let others: Vec<Action> = [
            words.administrator.map(Action::Administrator),
            words.lab.map(Action::Lab),
            words.stranger.map(Action::Stranger),
            words.script.map(Action::Script),
        ]
        .into_iter()
        .flatten()
        .collect();
        let action = match (words.who, deeds.as_slice(), others.as_slice()) {
            (Some(who), [does], []) => Action::Person { who, does: does.clone() },
            (None, [], [action]) => action.clone(),
            (Some(_), [], [_]) => {
                return Err(self
                    .error(place, 1, "`who` belongs to people's verbs")
                    .help("an administrator, the lab, a stranger and a program act without `who`"));
            }
            (None, [_], []) => {
                return Err(self.error(place, 1, "`who` is missing").help("add `who:` with a name, for example john"));
            }
            (_, [], []) => return Err(self.error(place, 1, "this step has no verb").help(VERBS)),
            _ => return Err(self.error(place, 1, "this step has more than one verb").help(VERBS)),
        };
        if words.how.is_some() && words.signs_out_at.is_none() {
            return Err(self.error(place, 1, "`how` belongs to `signs-out-at`").help("remove `how`"));
        }
        if let Some(altered) = &words.altered {
            let fits = match &action {
                Action::Person { does: Deed::SignIn(..), .. } => !altered.at_sign_out(),
                Action::Person { does: Deed::SignOut(_, None, _), .. } => !altered.at_sign_in(),
                _ => false,
            };
            if !fits {
                return Err(self.error(place, 1, "`altered` does not fit this step").help(
                    "at a sign-in: prompt, max-age, code-challenge, redirect-uri, remember-me, callback-…; at a sign-out without \
                     `how`: hint, client, uri, state, frames-without-cookies",
                ));
            }
        }
        Ok(Step { line: place.0, action, expect: words.expect })
    }

    fn yaml<T: DeserializeOwned>(&self, block: &Block) -> Result<T, ContentError> {
        let read =
            serde_saphyr::from_str(&block.text).map_err(|error| self.explained(block, error.without_snippet()))?;
        self.nothing_is_empty(block)?;
        Ok(read)
    }

    /// A word with nothing behind it is read as if it were not there, and what is not there is not checked.
    fn nothing_is_empty(&self, block: &Block) -> Result<(), ContentError> {
        let value: Value = serde_saphyr::from_str(&block.text).unwrap_or_default();
        let Some(word) = without_value(&value) else { return Ok(()) };
        // The reader of values keeps no places.
        let lines: Vec<&str> = block.text.lines().collect();
        let found = (0..lines.len()).find_map(|index| Some((index, stands_alone(word, &lines[index..])?)));
        let place = found.map_or((block.first_line, 1), |(index, column)| (block.first_line + index, column));
        Err(self
            .error(place, word.len(), format!("`{word}` has no value"))
            .help("give it one, or take the word out: what is not said is not checked"))
    }

    /// The reader's error in the words and lines of the lesson.
    fn explained(&self, block: &Block, error: &serde_saphyr::Error) -> ContentError {
        use serde_saphyr::Error as Yaml;
        let place = error.location().map_or((block.first_line, 1), |location| place(block, location));
        match error {
            Yaml::SerdeUnknownField { field, expected, .. } => {
                self.error(place, field.len(), format!("unknown word `{field}`")).help(instead(field, expected))
            }
            Yaml::SerdeUnknownVariant { variant, expected, .. } => self
                .error(place, variant.len(), format!("`{variant}` is not possible here"))
                .help(instead(variant, expected)),
            Yaml::SerdeMissingField { field, .. } => {
                self.error(place, 1, format!("`{field}` is missing")).help(format!("add `{field}:` with its value"))
            }
            Yaml::DuplicateMappingKey { key, .. } => {
                let key = key.as_deref().unwrap_or("a key");
                self.error(place, key.len(), format!("`{key}` stands here twice")).help("keep one of them")
            }
            other => {
                // Some kinds of value cannot be read from nothing, and the reader says so in words of its own.
                if let Err(empty) = self.nothing_is_empty(block) {
                    return empty;
                }
                let error = self.error(place, 1, one_line(&other.to_string()));
                let form = [
                    ("expected mapping", "write it as `{ word: value }`"),
                    ("expected sequence", "write it as a list: `[one, two]`"),
                ];
                match form.iter().find(|(said, _)| error.message.contains(said)) {
                    Some((_, help)) => error.help(*help),
                    None => error,
                }
            }
        }
    }
}

/// The first word whose value is missing.
fn without_value(value: &Value) -> Option<&str> {
    match value {
        Value::Object(members) => members
            .iter()
            .find_map(|(word, value)| if value.is_null() { Some(word.as_str()) } else { without_value(value) }),
        Value::Array(items) => items.iter().find_map(without_value),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}

/// The column at which `word` stands in the first of these lines with nothing behind it: not there, and not below it.
fn stands_alone(word: &str, lines: &[&str]) -> Option<usize> {
    let (line, below) = lines.split_first()?;
    let indent = |line: &str| line.len() - line.trim_start().len();
    let next = below.iter().find(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#'));
    line.match_indices(word)
        .find(|(at, _)| {
            let whole = !line[..*at].ends_with(|before: char| before.is_alphanumeric() || "-_".contains(before));
            let Some(rest) = line[at + word.len()..].strip_prefix(':').map(str::trim_start).filter(|_| whole) else {
                return false;
            };
            let below = next
                .is_some_and(|next| indent(next) > *at || (indent(next) == *at && next.trim_start().starts_with("- ")));
            rest.starts_with([',', '}', '~'])
                || rest.starts_with("null")
                || ((rest.is_empty() || rest.starts_with('#')) && !below)
        })
        .map(|(at, _)| line[..at].chars().count() + 1)
}

/// A place in a block as a place in the file. Fences stand at the beginning of a line, so columns are the same.
fn place(block: &Block, location: Location) -> (usize, usize) {
    let line = usize::try_from(location.line()).unwrap_or(1).max(1);
    let column = usize::try_from(location.column()).unwrap_or(1).max(1);
    (block.first_line + line - 1, column)
}

/// The reader appends its own line and column, which count from the block and would contradict ours.
fn one_line(message: &str) -> String {
    let message = message.lines().next().unwrap_or_default();
    let message = message.split(" at line ").next().unwrap_or(message);
    message.strip_prefix("error: ").unwrap_or(message).to_owned()
}

#[cfg(test)]
mod tests;
