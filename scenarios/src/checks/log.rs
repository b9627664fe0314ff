//! What stands in the portals' own logs, against what should never stand there.

use super::{Check, Evidence, Failure, likely};
use crate::vocabulary::Expect;

/// Checks on the portals' logs.
pub(super) fn checks(evidence: &Evidence<'_>, expect: &Expect) -> Vec<Check> {
    let words = |portal: &str, leaks| {
        format!("the log of {portal} has {} of a token", if leaks { "a piece" } else { "no piece" })
    };
    [(&expect.logs_token, true), (&expect.logs_no_token, false)]
        .into_iter()
        .flat_map(|(portals, wanted)| portals.iter().map(move |portal| (portal.word(), wanted)))
        .map(|(portal, wanted)| {
            let found = evidence.leaks.contains(portal);
            Check::new(words(portal, wanted), found == wanted, || Failure {
                expected: words(portal, wanted),
                seen: words(portal, found),
                proof: None,
                likely: likely::LOG.into(),
            })
        })
        .collect()
}
