//! Lessons: Markdown files that read as handouts and run as tests.
//!
//! Read in this order: [`vocabulary`] (the words of a lesson), [`lesson`] (what a file becomes), [`parse`] and [`lint`]
//! (what is wrong with a file, and where), [`library`] (all lessons), [`runner`] (plays one against a lab),
//! [`checks`] (what came of it), [`invariants`] (what holds in every lesson), [`transcript`] (the text that the snapshot keeps), [`snapshot`],
//! [`diagram`] (the same as a picture), [`report`], and [`recording`] (the run as a file, to be seen again without a lab).

pub mod checks;
pub mod compare;
pub mod content_error;
pub mod diagram;
pub mod invariants;
pub mod lesson;
pub mod library;
pub mod lint;
pub mod parse;
pub mod predict;
pub mod recording;
pub mod report;
pub mod run;
pub mod runner;
pub mod snapshot;
pub mod stepping;
pub mod transcript;
pub mod version;
pub mod vocabulary;
pub mod why;

#[cfg(test)]
mod docs;
#[cfg(test)]
mod fixture;

pub use content_error::ContentError;
pub use lesson::{Action, Lesson, Part, Step};
