//! Each rule that holds in every lesson, seen to fail: a fault that the lesson knows nothing of has to break it by its name.

use std::collections::BTreeSet;

use scenarios::invariants::BREAKS;
use scenarios::invariants::Invariant::{
    self, BadTokens, GoodTokens, NewLogin, NoLeak, NobodyElse, OnlyTheNamed, SessionsEnd, TwiceIsOnce,
};
use scenarios::library::Library;
use scenarios::{runner, transcript};

use crate::stage::Stage;

/// I5 has no fault in the lab (every answer of a portal says no-store, whoever gives it); the unit tests break it.
const SABOTAGE: &[(Invariant, &str, &str)] = &[
    (SessionsEnd, "p19-long-session", "backchannel-happy"),
    (SessionsEnd, "s12-token-in-cookie", "rp-logout"),
    (OnlyTheNamed, "s5-wildcard", "only-this-device"),
    (OnlyTheNamed, "s6-revival", "backchannel-happy"),
    (OnlyTheNamed, "sid-ignored", "only-this-device"),
    (BadTokens, "s4-unverified-token", "forged"),
    (GoodTokens, "s7-cookie-lookup", "backchannel-happy"),
    (GoodTokens, "p29-typ-too-strict", "rp-logout"),
    (NoLeak, "p21-token-in-log", "backchannel-happy"),
    (NobodyElse, "s15-cdn", "what-the-page-may-run"),
    (TwiceIsOnce, "p50-sign-out-needs-session", "rp-logout"),
    (NewLogin, "p31-endless-tombstone", "rp-logout"),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_that_breaks_a_rule_is_noticed_by_its_name() {
    let stage = Stage::start().await;
    let library = Library::shipped().unwrap();
    let mut wrong = Vec::new();
    for (invariant, fault, id) in SABOTAGE {
        let lesson = library.lesson(id).unwrap();
        let run = match runner::run_with(&lesson, &stage.client(), &[(*fault).to_owned()]).await {
            Ok(run) => run,
            Err(trouble) => {
                wrong.push(format!("{id} with {fault} cannot be played: {trouble}"));
                continue;
            }
        };
        let name = invariant.name();
        let text = transcript::render(&run);
        if !run.failures().any(|(_, check)| check.name == name) || !text.contains(&format!("FAIL  {name}")) {
            let broken: Vec<&str> = run.broken().map(|judged| judged.invariant.id()).collect();
            wrong.push(format!("{id} with {fault}: {} is not broken, but {broken:?}", invariant.id()));
        }
    }
    // The same break, where the lesson itself plants the fault, is what the lesson is about.
    let lesson = library.lesson("spa-backchannel-lies").unwrap();
    let run = runner::run(&lesson, &stage.client()).await.unwrap();
    let judged = run.invariants.iter().find(|judged| judged.invariant == GoodTokens).unwrap();
    assert!(!judged.check.passed() && judged.excused.as_deref().is_some_and(|why| why.contains("s2-lying-200")));
    stage.stop().await;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// An excuse that nobody needs would hide something one day: in a lesson that plants a fault of the table, the rule is broken.
#[tokio::test(flavor = "multi_thread")]
async fn every_excuse_is_needed_by_a_lesson_or_seen_above() {
    let stage = Stage::start().await;
    let (lessons, _) = Library::shipped().unwrap().lessons().unwrap();
    let mut idle = Vec::new();
    let planting = |fault: &str| {
        let fault = fault.to_owned();
        lessons.iter().filter(move |lesson| lesson.front.faults.iter().any(|planted| planted.value == fault))
    };
    for (fault, rules) in BREAKS {
        let mut broken = BTreeSet::new();
        for lesson in planting(fault) {
            let run = runner::run(lesson, &stage.client()).await.unwrap();
            broken.extend(run.invariants.iter().filter(|judged| !judged.check.passed()).map(|judged| judged.invariant));
        }
        let sabotaged = |rule: &Invariant| SABOTAGE.iter().any(|(known, name, _)| (known, name) == (rule, fault));
        let missing = rules.iter().filter(|rule| !broken.contains(*rule) && !sabotaged(rule));
        idle.extend(missing.map(|rule| format!("{fault} does not break {}", rule.id())));
    }
    stage.stop().await;
    assert!(idle.is_empty(), "{}", idle.join("\n"));
}
