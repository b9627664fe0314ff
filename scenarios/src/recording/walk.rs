//! A recorded run at somebody's pace.

use std::sync::Arc;

use lab::{Kind, Trouble};

use crate::lesson::{Lesson, Part};
use crate::run::Run;
use crate::runner::Pace;

/// Walks through a recorded lesson as through a played one.
///
/// # Errors
/// Whatever `pace` gives; content, when the recording has fewer steps than its text.
pub async fn walk(lesson: &Lesson, run: &Run, pace: &mut dyn Pace) -> Result<(), Trouble> {
    pace.begin(&Arc::new(run.topology.clone())).await?;
    let mut steps = run.steps.iter();
    for part in &lesson.parts {
        pace.part(part).await?;
        let Part::Steps(of_part) = part else { continue };
        for step in of_part {
            pace.before(step).await?;
            let Some(done) = steps.next() else {
                return Err(Trouble::new(
                    Kind::Content,
                    "the recording ends before the lesson does",
                    "it was broken off, or its steps are others than those of its text",
                    "record it again: `cargo xtask scenario record ID --out FILE`",
                ));
            };
            pace.after(step, done).await?;
        }
    }
    Ok(())
}
