//! Planted faults that break a rule on purpose. A lesson that plants one of them is excused from that rule; anybody else
//! is not, so every line is also a way to see the rule fail.

use super::Invariant;

/// A fault and the rules that it breaks in a lesson that gives it the occasion.
pub const BREAKS: &[(&str, &[Invariant])] = {
    use Invariant::{BadTokens, GoodTokens, NewLogin, NoLeak, NobodyElse, OnlyTheNamed, SessionsEnd, TwiceIsOnce};
    &[
        // Nobody comes in.
        ("client-disabled", &[NewLogin]),
        ("consent-required", &[NewLogin]),
        ("id-token-hs256", &[GoodTokens, NewLogin]),
        ("issuer-hidden", &[NewLogin]),
        ("p31-endless-tombstone", &[NewLogin]),
        ("ssl-required-over-http", &[NewLogin]),
        // Good tokens do nothing.
        ("p25-csrf-blocks", &[GoodTokens]),
        ("p26-sid-required", &[GoodTokens]),
        ("p29-typ-too-strict", &[GoodTokens]),
        ("p40-keys-for-ever", &[GoodTokens]),
        ("p52-events-exact", &[GoodTokens]),
        ("p53-answer-first", &[GoodTokens]),
        ("s2-backchannel-at-spa", &[GoodTokens]),
        ("s2-lying-200", &[GoodTokens]),
        ("s7-cookie-lookup", &[GoodTokens]),
        // Bad ones do something.
        ("p27-no-claim-checks", &[BadTokens]),
        ("p42-any-token", &[BadTokens]),
        ("p54-issuer-prefix", &[BadTokens]),
        ("s4-unverified-token", &[BadTokens]),
        // A page takes its scripts from somebody else.
        ("s15-cdn", &[NobodyElse]),
        // What was sent is written down.
        ("p21-token-in-log", &[NoLeak]),
        // Others' sessions end, or one's own do not.
        ("p19-long-session", &[SessionsEnd]),
        ("p22-late-save", &[SessionsEnd, GoodTokens]),
        ("p50-sign-out-needs-session", &[TwiceIsOnce]),
        ("s12-token-in-cookie", &[SessionsEnd]),
        ("s5-wildcard", &[OnlyTheNamed]),
        ("s6-revival", &[OnlyTheNamed]),
        ("sid-ignored", &[OnlyTheNamed]),
    ]
};

/// The rules that a fault breaks.
pub fn broken_by(fault: &str) -> &'static [Invariant] {
    BREAKS.iter().find(|(name, _)| *name == fault).map_or(&[], |(_, broken)| broken)
}
