//! Whether a lab can play a lesson at all: version, driver, sites.

use lab::control::messages::Topology;
use lab::{Kind, Trouble};

use crate::lesson::Lesson;
use crate::lint::impossible;
use crate::version::{Line, Range};
use crate::vocabulary::Driver;

/// Whether a lesson is true for the Keycloak that runs.
pub fn fits(lesson: &Lesson, topology: &Topology) -> Result<bool, Trouble> {
    let line: Line = topology.version.parse().map_err(|message: String| {
        Trouble::new(
            Kind::Part,
            format!("Keycloak's version is not understood: {message}"),
            "nobody can say which lessons are true for it",
            "name the version with `cargo xtask lab up --keycloak V`",
        )
    })?;
    // The linter refuses a range that cannot be read; a lesson that was not linted is not kept from running.
    Ok(lesson.front.keycloak.value.parse::<Range>().map_or(true, |range| range.contains(line)))
}

/// The reason why this lab cannot play it, if there is one.
///
/// # Errors
/// State or content.
pub(super) fn playable(lesson: &Lesson, topology: &Topology, driver: Driver) -> Result<(), Trouble> {
    if !lesson.front.drivers.contains(&driver) {
        let (what, means, action) = match driver {
            Driver::Http => (
                "needs a real browser",
                "its point is what a browser or a page's script does, and this driver runs no scripts",
                "run it with `--driver chromium`",
            ),
            Driver::Chromium => (
                "is not played in a real browser",
                "it does to messages or listeners what no browser does",
                "run it with `--driver http`",
            ),
        };
        return Err(Trouble::new(Kind::State, format!("{} {what}", lesson.id()), means, action));
    }
    if let Some(error) = impossible(lesson).into_iter().next() {
        return Err(error.into());
    }
    if lesson.front.sites != topology.sites {
        return Err(Trouble::new(
            Kind::State,
            format!(
                "{} is written for `sites: {}`, and the lab has `{}`",
                lesson.id(),
                lesson.front.sites,
                topology.sites
            ),
            "a browser sends other cookies there, so the lesson would say something untrue",
            format!("start a fitting lab: `cargo xtask lab up --sites {}`", lesson.front.sites),
        ));
    }
    if !fits(lesson, topology)? {
        return Err(Trouble::new(
            Kind::State,
            format!(
                "{} is written for Keycloak {}, and {} runs",
                lesson.id(),
                lesson.front.keycloak.value,
                topology.version
            ),
            "the lesson would say something untrue",
            "start the lab with a fitting version: `cargo xtask lab up --keycloak V`",
        ));
    }
    Ok(())
}
