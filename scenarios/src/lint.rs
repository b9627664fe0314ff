//! What a lesson needs besides being readable: text, clauses, a trainer's note, a prediction that teaches, and at least
//! one expectation that something does *not* happen.

use crate::content_error::{ContentError, instead};
use crate::lesson::{Action, Deed, Lesson, Part};
use crate::version::Range;
use crate::vocabulary::{
    Administrator, AppLibrary, AppTokens, Driver, Expect, ExternalApp, How, Lab, Letter, Portal, Prediction, Seen,
    State, Stranger, TabWord, Worth,
};

/// Everything that is wrong with a lesson; empty means it may be taught. `known` are the ids of all lessons.
pub fn lint(lesson: &Lesson, known: &[&str]) -> Vec<ContentError> {
    let mut found = Vec::new();
    front(lesson, known, &mut found);
    body(lesson, &mut found);
    for part in &lesson.parts {
        if let Part::Predict(prediction) = part {
            predict(lesson, prediction, &mut found);
        }
    }
    steps(lesson, &mut found);
    found
}

/// Whether an expectation says that something must not be so.
pub fn is_negative(expect: &Expect) -> bool {
    !expect.not_told.is_empty()
        || !expect.hides.is_empty()
        || expect.does_not_say.is_some()
        || expect.takes_scripts_from_elsewhere == Some(false)
        || expect.runs_smuggled_scripts == Some(false)
        || expect.readable_elsewhere == Some(false)
        || !expect.logs_no_token.is_empty()
        || expect.told.iter().any(|told| !told.without.is_empty())
        || expect.asked_for_password == Some(false)
        || !expect.keycloak_does_not_write.is_empty()
        || expect.answered.is_some_and(|status| status >= 400)
        || matches!(expect.sees, Some(Seen::KeycloakError | Seen::PortalError | Seen::Forbidden))
        || expect.old_cookies == Some(Worth::Dead)
        || expect.matrix.values().any(|row| row.cells().any(|(_, state)| state == State::Out))
}

fn front(lesson: &Lesson, known: &[&str], found: &mut Vec<ContentError>) {
    let front = &lesson.front;
    let expected = format!("{}/{}.md", front.topic, lesson.id());
    if lesson.path != expected {
        found.push(
            at(lesson, front.id.referenced, lesson.id(), "the file is not where its topic and id say")
                .help(format!("move it to {expected}, or change `topic` or `id`")),
        );
    }
    if front.minutes.value == 0 || front.minutes.value > 60 {
        found.push(at(lesson, front.minutes.referenced, "0", "a lesson takes 1 to 60 minutes"));
    }
    if !(1..=3).contains(&front.level.value) {
        found.push(at(lesson, front.level.referenced, "0", "levels are 1 (newcomers), 2 and 3 (specialists)"));
    }
    if front.objectives.iter().all(|objective| objective.trim().is_empty()) {
        found.push(top(lesson, "no objective: what can people do after the lesson?"));
    }
    if front.drivers.is_empty() {
        found.push(top(lesson, "no driver can run it").help("drivers: [http]"));
    }
    if front.blocks_third_party_cookies() && front.drivers.contains(&Driver::Http) {
        found.push(
            top(lesson, "scripted browsers have no setting that blocks third-party cookies")
                .help("drivers: [chromium], or `altered: { frames-without-cookies: true }` at the sign-out"),
        );
    }
    if front.drivers.contains(&Driver::Http)
        && lesson.steps().any(|step| matches!(step.action, Action::Lab(Lab::ExternalApp(_))))
    {
        // The scripted browser plays the app as it ordinarily is: its verdict would be about another app.
        let message = "a lesson that sets the external portal's app up cannot be played with scripted browsers";
        found.push(top(lesson, message).help("drivers: [chromium]"));
    }
    if let Err(message) = front.keycloak.value.parse::<Range>() {
        found.push(
            at(lesson, front.keycloak.referenced, &front.keycloak.value, message).help("for example: '>=26.2, <27'"),
        );
    }
    if front.spec.is_empty() {
        found.push(top(lesson, "no clause: which text of which specification does it show?").help("spec: [BCL-2.5]"));
    }
    for clause in &front.spec {
        if lab_trace::spec::parse(&clause.value).is_none() {
            let shorts: Vec<&str> = lab_trace::spec::SPECS.iter().map(|spec| spec.short).collect();
            let short = clause.value.split('-').next().unwrap_or_default();
            found.push(
                at(lesson, clause.referenced, &clause.value, format!("`{}` is no clause that is known", clause.value))
                    .help(format!("a clause is SPEC-SECTION; {}", instead(short, &shorts))),
            );
        }
    }
    for need in &front.needs {
        if !known.contains(&need.value.as_str()) || need.value == lesson.id() {
            found.push(
                at(lesson, need.referenced, &need.value, format!("`{}` is no other lesson", need.value))
                    .help(instead(&need.value, known)),
            );
        }
    }
    let faults: Vec<&str> = lab::faults::Named::all().map(lab::faults::Named::name).collect();
    for fault in front.faults.iter().chain(&front.watches).filter(|fault| !faults.contains(&fault.value.as_str())) {
        found.push(
            at(lesson, fault.referenced, &fault.value, format!("no fault is called `{}`", fault.value))
                .help(instead(&fault.value, &faults)),
        );
    }
}

fn body(lesson: &Lesson, found: &mut Vec<ContentError>) {
    let count = |wanted: fn(&Part) -> bool| lesson.parts.iter().filter(|part| wanted(part)).count();
    let prose: usize = lesson
        .parts
        .iter()
        .map(|part| if let Part::Prose(text) = part { text.split_whitespace().count() } else { 0 })
        .sum();
    if prose < 40 {
        found.push(top(lesson, "too little text to teach from: setting and what to watch need 40 words at least"));
    }
    for (wanted, name) in [
        (count(|part| matches!(part, Part::Predict(_))), "predict"),
        (count(|part| matches!(part, Part::Explain(text) if !text.trim().is_empty())), "explain"),
        (count(|part| matches!(part, Part::Trainer(text) if !text.trim().is_empty())), "trainer"),
    ] {
        if wanted == 0 {
            found.push(top(lesson, format!("no block `{name}`")).help(format!("add ```{name} … ```")));
        }
    }
    // The prediction is worth nothing once the run has answered it.
    let first_steps = lesson.parts.iter().position(|part| matches!(part, Part::Steps(_)));
    let first_predict = lesson.parts.iter().position(|part| matches!(part, Part::Predict(_)));
    if let (Some(steps), Some(predict)) = (first_steps, first_predict)
        && steps < predict
        && lesson.parts[predict..].iter().all(|part| !matches!(part, Part::Steps(_)))
    {
        found.push(top(lesson, "the prediction comes after all steps").help("ask before the run answers"));
    }
}

fn predict(lesson: &Lesson, prediction: &Prediction, found: &mut Vec<ContentError>) {
    let right = prediction.choices.iter().filter(|choice| choice.correct).count();
    if prediction.choices.len() < 2 || right != 1 {
        found.push(
            top(lesson, format!("the prediction \"{}\" has {right} right answers", prediction.question))
                .help("give two to five choices and mark exactly one with `correct: true`"),
        );
    }
    for choice in &prediction.choices {
        if choice.correct == choice.misconception.is_some() {
            let what = if choice.correct { "right and has a misconception" } else { "wrong and has no misconception" };
            found.push(
                top(lesson, format!("the choice \"{}\" is {what}", choice.says))
                    .help("`misconception` says what somebody believes who chooses it"),
            );
        }
    }
}

fn steps(lesson: &Lesson, found: &mut Vec<ContentError>) {
    if lesson.steps().next().is_none() {
        found.push(top(lesson, "no step: nothing happens"));
        return;
    }
    if !lesson.steps().any(|step| is_negative(&step.expect)) {
        found.push(
            top(lesson, "no expectation says what must *not* happen")
                .help("for example not-told, hides, asked-for-password: false, old-cookies: dead, a cell that is out"),
        );
    }
    found.extend(impossible(lesson));
}

/// Steps that cannot be what their author meant. They are refused when a lesson is played, too: an expectation that nobody can
/// check would pass.
pub fn impossible(lesson: &Lesson) -> Vec<ContentError> {
    let mut found = Vec::new();
    for step in lesson.steps() {
        let mut misplaced = |wrong: bool, what: &str, help: &str| {
            if wrong {
                let error = ContentError::new(&lesson.path, &lesson.source, (step.line, 3), 1, what);
                found.push(error.help(help));
            }
        };
        if let Some((what, help)) = out_of_bounds(&step.action) {
            misplaced(true, what, help);
        }
        let expect = &step.expect;
        let mut named = expect.keycloak_writes.iter().chain(&expect.keycloak_does_not_write);
        misplaced(
            named.any(|kind| !EVENTS.contains(&kind.as_str())),
            "an event is named that Keycloak does not keep",
            "use LOGIN, LOGOUT, CODE_TO_TOKEN, each also with _ERROR; REVOKE_GRANT, UPDATE_PASSWORD",
        );
        misplaced(
            expect.state_returned.is_some() && !step.is_sign_out(),
            "`state-returned` belongs to a sign-out",
            "move it to the step with `signs-out-at`",
        );
        let of_people = expect.asked_for_password.is_some()
            || expect.sees.is_some()
            || expect.says.is_some()
            || expect.does_not_say.is_some()
            || expect.takes_scripts_from_elsewhere.is_some()
            || expect.runs_smuggled_scripts.is_some()
            || expect.status.is_some()
            || !expect.shows.is_empty()
            || !expect.hides.is_empty()
            || expect.code_exchanged_by.is_some();
        misplaced(
            of_people && step.seat().is_none(),
            "nobody looks at a page in this step, and the expectation is about what somebody sees",
            "move it to a step with `who`",
        );
        misplaced(
            expect.silent_question.is_some() && !loads_app(&step.action),
            "when an app asks by itself in this step, nobody can say: only after its page is loaded it asks at once",
            "move it to a step that loads the external portal's page: opens, opens-another-tab-of, reloads, signs-in-at",
        );
        misplaced(
            expect.console_says.is_some() && step.seat().is_none(),
            "nobody acts in this step, and the expectation is about somebody's console",
            "move it to a step with `who`",
        );
        for (driver, why) in [(Driver::Http, step.needs_a_browser()), (Driver::Chromium, step.needs_a_script())] {
            if let Some(why) = why.filter(|_| lesson.front.drivers.contains(&driver)) {
                let what = format!("the driver `{driver}` cannot play this step: {why}");
                misplaced(true, &what, "take the driver out of `drivers`");
            }
        }
        misplaced(
            expect.old_cookies.is_some() && step.seat().is_none(),
            "`old-cookies` are those of the person in `who`, and nobody acts in this step",
            "move it to a step with `who`; what an administrator's act leaves of a session is in the `matrix`",
        );
        misplaced(
            expect.answered.is_some() && !matches!(step.action, Action::Stranger(_) | Action::Script(_)),
            "`answered` belongs to a stranger's or a program's step",
            "move it to the step with `stranger` or `script`, or write it into an entry of `told`",
        );
        misplaced(
            (expect.readable_elsewhere.is_some() || !expect.answer_has.is_empty())
                && !matches!(step.action, Action::Script(_)),
            "nothing asks Keycloak in this step, and the expectation is about Keycloak's answer",
            "move it to the step with `script`",
        );
        misplaced(
            expect.answer_has.iter().any(|member| !member.contains(": ")),
            "a member of an answer has a name and a value",
            "write it as \"name: value\", for example \"active: false\"",
        );
    }
    found
}

/// Whether the external portal's page is loaded from its server. "Back" may bring it out of the browser's memory.
fn loads_app(action: &Action) -> bool {
    let Action::Person { does, .. } = action else { return false };
    matches!(
        does,
        Deed::Open(Portal::External)
            | Deed::SignIn(Portal::External, _)
            | Deed::Tab(TabWord::OpensAnother | TabWord::Reloads, Portal::External)
    )
}

/// Types of events that the realm keeps and that a lesson can be about. Others would never be seen, and "does not write" would
/// hold for ever.
const EVENTS: &[&str] = &[
    "CODE_TO_TOKEN",
    "CODE_TO_TOKEN_ERROR",
    "LOGIN",
    "LOGIN_ERROR",
    "LOGOUT",
    "LOGOUT_ERROR",
    "REVOKE_GRANT",
    "UPDATE_PASSWORD",
];

/// A number that no lesson can mean, and what is possible.
fn out_of_bounds(action: &Action) -> Option<(&'static str, &'static str)> {
    let status = |status: u16| !(200..=599).contains(&status);
    match action {
        Action::Person { does: Deed::SignIn(_, Some(altered)) | Deed::SignOut(_, _, Some(altered)), .. } => {
            let late = altered.callback_after.is_some_and(|seconds| !(1..=20).contains(&seconds));
            let age = altered.max_age.as_ref().is_some_and(|age| age.parse::<u32>().is_err());
            match (late, age, altered.at_sign_in() || altered.at_sign_out()) {
                (true, ..) => {
                    Some(("a browser does not take its time like that", "let the callback come 1 to 20 s later"))
                }
                (_, true, _) => Some(("`max-age` is a number of seconds", "write it as a text, for example \"0\"")),
                (_, _, false) => Some(("`altered` names nothing that is altered", "name something, or leave it out")),
                _ => None,
            }
        }
        Action::Stranger(stranger) if stranger.times.is_some_and(|times| !(1..=500).contains(&times)) => {
            Some(("a stranger has other patience", "post 1 to 500 times"))
        }
        Action::Lab(Lab::Waits(seconds)) if !(1..=60).contains(seconds) => {
            Some(("a lesson cannot wait that long", "wait 1 to 60 seconds, and shorten Keycloak's own times instead"))
        }
        Action::Lab(Lab::MovesClock(0)) => Some(("the clocks are not moved at all", "move them by at least a second")),
        Action::Person { does: Deed::SignOut(Portal::External, Some(How::DoubleClick), _), .. } => Some((
            "the external portal's button is a script, which forgets the tokens at the first click",
            "click twice at internal or admin",
        )),
        Action::Lab(Lab::MovesClock(seconds)) if seconds.unsigned_abs() > 366 * 86_400 => {
            Some(("the clocks cannot be moved that far", "move them by at most a year, in seconds"))
        }
        Action::Lab(Lab::Delays(delays)) if !(1..=4).contains(&delays.seconds) => {
            Some(("a delay of this length shows nothing", "delay by 1 to 4 seconds: after 5 Keycloak gives up"))
        }
        Action::Administrator(Administrator::RegistersListeners(count))
        | Action::Person { does: Deed::OpenListeners(count), .. }
            if !(1..=lab::acts::MOST_LISTENERS).contains(count) =>
        {
            Some(("so many listeners cannot be had", "use 1 to 50"))
        }
        Action::Lab(Lab::SetsCookie(sets)) if sets.portal == Portal::External => {
            Some(("the external portal has no sessions on a server, and so no cookie of one", "name internal or admin"))
        }
        Action::Lab(Lab::ExternalApp(app)) if *app == ExternalApp::default() => {
            Some(("nothing is chosen about the app", "name at least one of tokens, monitor, library, silent-sign-in"))
        }
        Action::Lab(Lab::ExternalApp(app))
            if app.library == Some(AppLibrary::KeycloakJs) && app.tokens.is_some_and(|at| at != AppTokens::Memory) =>
        {
            Some(("keycloak-js keeps tokens in memory only", "leave `tokens` out, or say `memory`"))
        }
        Action::Lab(Lab::EndsBySid(Portal::External))
        | Action::Administrator(Administrator::LetsHearByFrontChannel(Portal::External)) => {
            Some(("the external portal has no sessions on a server", "name internal or admin"))
        }
        Action::Lab(Lab::Queues(queues)) if !(1..=10).contains(&queues.seconds) => {
            Some(("a queue of this length shows nothing", "let it hand on after 1 to 10 seconds"))
        }
        Action::Lab(Lab::Hosts(hosts)) if !(1..=2).contains(&hosts.replicas) => {
            Some(("a portal is not hosted like that here", "use 1 or 2 replicas"))
        }
        Action::Lab(Lab::Hosts(hosts)) if hosts.portal == Portal::External => {
            Some(("the external portal has no sessions of its own to keep", "host internal or admin"))
        }
        Action::Stranger(Stranger { posts, about: None, .. })
            if !matches!(posts, Letter::Nonsense | Letter::Copy | Letter::CopyForOther) =>
        {
            Some(("such a letter is about somebody", "name the person in `about`"))
        }
        Action::Lab(Lab::AnswersFor(instead) | Lab::AnswersFramesOf(instead)) if status(instead.with) => {
            Some(("this is no status of an answer", "use 200 to 599"))
        }
        Action::Lab(Lab::KeycloakAnswers(with)) if status(*with) => {
            Some(("this is no status of an answer", "use 200 to 599"))
        }
        Action::Administrator(Administrator::SetsLifetimes(lifetimes)) => {
            let named = [lifetimes.access, lifetimes.code, lifetimes.idle, lifetimes.max];
            let wrong = named.iter().flatten().any(|seconds| !(1..=31_536_000).contains(seconds))
                || named.iter().all(Option::is_none);
            wrong.then_some((
                "nothing lives for no time",
                "name at least one of access, code, idle, max, each from a second to a year",
            ))
        }
        Action::Lab(_) | Action::Administrator(_) | Action::Person { .. } | Action::Stranger(_) | Action::Script(_) => {
            None
        }
    }
}

fn top(lesson: &Lesson, message: impl Into<String>) -> ContentError {
    ContentError::new(&lesson.path, &lesson.source, (1, 1), 3, message)
}

/// A value of the front matter, which begins in the file's second line.
pub(crate) fn at(
    lesson: &Lesson,
    place: serde_saphyr::Location,
    value: &str,
    message: impl Into<String>,
) -> ContentError {
    let number = |of: u64| usize::try_from(of).unwrap_or(1).max(1);
    let place = (number(place.line()) + 1, number(place.column()));
    ContentError::new(&lesson.path, &lesson.source, place, value.len(), message)
}

#[cfg(test)]
pub(crate) mod tests;
