//! The lessons that a run is about.

use lab::{Kind, Trouble};
use scenarios::Lesson;
use scenarios::library::Library;
use scenarios::vocabulary::Driver;

use super::{RunArgs, order};

/// Those that were named, or all, or the gate.
///
/// # Errors
/// Usage, when none is meant or can be played; content, when one of them cannot be read.
pub(super) fn chosen(library: &Library, args: &RunArgs) -> Result<Vec<Lesson>, Trouble> {
    if args.gate {
        return playable(order::gate(library)?, args);
    }
    if !args.all {
        if args.ids.is_empty() {
            return Err(Trouble::new(
                Kind::Usage,
                "no lesson is named",
                "the command plays the lessons that you name, or all of them",
                "name some (`cargo xtask scenario list` shows them), or add `--all` or `--gate`",
            ));
        }
        return args.ids.iter().map(|id| library.lesson(id)).collect();
    }
    let (lessons, errors) = library.lessons()?;
    match errors.into_iter().next() {
        Some(error) => Err(error.into()),
        // A CI run over a wrong folder must not be green.
        None if lessons.is_empty() => Err(Trouble::new(
            Kind::Usage,
            "there is no lesson in the folder",
            "nothing would be played, and nothing checked",
            "name the folder that holds `<topic>/<id>.md` with `--lessons`, or leave it out for the shipped lessons",
        )),
        None => playable(lessons, args),
    }
}

/// Those that this driver can play; how many are left to the other one is said.
fn playable(lessons: Vec<Lesson>, args: &RunArgs) -> Result<Vec<Lesson>, Trouble> {
    let driver = args.driver.driver();
    let (these, others): (Vec<_>, Vec<_>) = lessons.into_iter().partition(|one| one.front.drivers.contains(&driver));
    if !others.is_empty() {
        let other = if driver == Driver::Http { Driver::Chromium } else { Driver::Http };
        eprintln!("note: for `--driver {other}` only, and not played now: {} of the lessons", others.len());
    }
    if these.is_empty() {
        return Err(Trouble::new(
            Kind::Usage,
            format!("no lesson can be played with `--driver {driver}`"),
            "nothing would be played, and nothing checked",
            "choose the other driver, or name this one in the lessons' `drivers`",
        ));
    }
    Ok(these)
}
