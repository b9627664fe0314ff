//! A prediction on its way: asked before the steps, shown to be right or wrong after them.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;

use lab::state::private_folder;
use serde_json::json;

use crate::lesson::Part;
use crate::vocabulary::{Choice, Prediction};

/// File in the state folder that remembers what was predicted.
const PREDICTIONS: &str = "predictions.ndjson";

/// A question that was asked, and what was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// The question with its choices.
    pub prediction: Prediction,
    /// Which choice was taken, from 0; `None` when the question was skipped.
    pub chose: Option<usize>,
}

/// Holds the question that waits for its steps.
#[derive(Debug, Default)]
pub struct Waiting {
    question: Option<Answered>,
    played: bool,
}

impl Waiting {
    /// A question was asked and answered, or skipped.
    pub fn asked(&mut self, prediction: &Prediction, chose: Option<usize>) {
        self.question = Some(Answered { prediction: prediction.clone(), chose });
        self.played = false;
    }

    /// The question that can be resolved before `next` comes: its steps were played. `None` stands for the lesson's end.
    pub fn due(&mut self, next: Option<&Part>) -> Option<Answered> {
        if self.played || next.is_none() {
            return self.question.take();
        }
        self.played = self.question.is_some() && matches!(next, Some(Part::Steps(_)));
        None
    }
}

impl Answered {
    /// The right choice with its letter.
    pub fn right(&self) -> Option<(char, &Choice)> {
        self.prediction
            .choices
            .iter()
            .zip('a'..)
            .find(|(choice, _)| choice.correct)
            .map(|(choice, letter)| (letter, choice))
    }

    /// The choice that was taken, with its letter.
    pub fn chosen(&self) -> Option<(char, &Choice)> {
        let index = self.chose?;
        self.prediction.choices.get(index).zip(('a'..).nth(index)).map(|(choice, letter)| (letter, choice))
    }

    /// Whether it was answered, and right.
    pub fn is_right(&self) -> bool {
        self.chosen().is_some_and(|(_, choice)| choice.correct)
    }

    /// What is said when the curtain opens: sentences, one an item.
    pub fn reveal(&self) -> Vec<String> {
        let mut said = Vec::new();
        if let Some((letter, choice)) = self.right() {
            said.push(format!("Right is {letter}) {}", choice.says.trim()));
        }
        match self.chosen() {
            None => said.push("You made no prediction.".to_owned()),
            Some((letter, choice)) if choice.correct => said.push(format!("You said {letter}: yes.")),
            Some((letter, choice)) => {
                let believes = choice.misconception.as_ref();
                let believes =
                    believes.map(|text| format!(" Who says so may believe: {}", text.trim())).unwrap_or_default();
                said.push(format!("You said {letter}) {}: not yet.{believes}", choice.says.trim()));
            }
        }
        said
    }
}

/// Adds what was predicted to the person's own record in the state folder, one JSON object a line: `at`, `lesson`, `question`,
/// `answer` (a letter, or nothing where it was skipped) and `right`.
///
/// # Errors
/// The file cannot be written.
pub fn remember(state: &Path, lesson: &str, prediction: &Prediction, chose: Option<usize>) -> std::io::Result<()> {
    let line = json!({
        "at": jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        "lesson": lesson,
        "question": prediction.question.trim(),
        "answer": chose.and_then(|index| ('a'..).nth(index)),
        "right": chose.and_then(|index| prediction.choices.get(index)).map(|choice| choice.correct),
    });
    private_folder(state)?;
    let mut file = OpenOptions::new().create(true).append(true).open(state.join(PREDICTIONS))?;
    // At once, so that two who write at the same time do not mix their lines.
    file.write_all(format!("{line}\n").as_bytes())
}

/// The choice that an answer means: its letter, in either case. `None` for anything else.
pub fn choice(answer: &str, prediction: &Prediction) -> Option<usize> {
    let answer = answer.trim().trim_end_matches(')').to_ascii_lowercase();
    prediction.choices.iter().zip('a'..).position(|(_, letter)| answer == letter.to_string())
}

#[cfg(test)]
mod tests {
    use super::{Waiting, choice};
    use crate::lesson::Part;
    use crate::vocabulary::{Choice, Prediction};

    fn prediction() -> Prediction {
        let choice = |says: &str, misconception: Option<&str>| Choice {
            says: says.to_owned(),
            correct: misconception.is_none(),
            misconception: misconception.map(str::to_owned),
        };
        Prediction {
            question: "How many?".to_owned(),
            choices: vec![choice("None", Some("A cookie is enough")), choice("Two", None)],
        }
    }

    #[test]
    fn a_question_is_resolved_after_its_steps_and_not_before() {
        let (steps, prose) = (Part::Steps(Vec::new()), Part::Prose("text".to_owned()));
        let mut waiting = Waiting::default();
        assert_eq!(waiting.due(Some(&steps)), None, "nothing was asked");
        waiting.asked(&prediction(), Some(0));
        assert_eq!(waiting.due(Some(&prose)), None);
        assert_eq!(waiting.due(Some(&steps)), None, "they are about to be played");
        let answered = waiting.due(Some(&prose)).unwrap();
        assert!(!answered.is_right());
        assert_eq!(
            answered.reveal(),
            ["Right is b) Two", "You said a) None: not yet. Who says so may believe: A cookie is enough"]
        );
        assert_eq!(waiting.due(None), None, "once");
    }

    #[test]
    fn a_question_at_the_end_is_resolved_at_the_end() {
        let mut waiting = Waiting::default();
        waiting.asked(&prediction(), None);
        assert_eq!(waiting.due(Some(&Part::Steps(Vec::new()))), None);
        assert_eq!(waiting.due(None).unwrap().reveal()[1], "You made no prediction.");
    }

    #[test]
    fn letters_are_answers_and_nothing_else_is() {
        for (answer, wanted) in [("a", Some(0)), (" B) ", Some(1)), ("c", None), ("", None), ("ab", None), ("ä", None)]
        {
            assert_eq!(choice(answer, &prediction()), wanted, "{answer:?}");
        }
    }
}
