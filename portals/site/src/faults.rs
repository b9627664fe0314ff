//! Named faults: mistakes that real portals make, one switch for each, all off by default.
//!
//! A lesson switches one on, shows what it does, and switches it off again. The right way stands in the handlers; the
//! naive twin of each stands below this module, so that nobody takes it for an example. Read in this order: [`about`]
//! (what each fault is), [`backchannel`], [`sessions`], [`sign_in`], [`sign_out`] (the twins that are more than a line).

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

mod about;
pub(crate) mod backchannel;
pub(crate) mod sessions;
pub(crate) mod sign_in;
pub(crate) mod sign_out;

pub use about::{About, Fault};

/// A set of faults.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Faults(u64);

/// A word that names no fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{found}\" is not a fault of the portals{}", nearest.map(|fault| format!("; did you mean \"{fault}\"?")).unwrap_or_default())]
pub struct UnknownFault {
    found: String,
    nearest: Option<Fault>,
}

/// Faults can be tried by everybody who reaches the portal, so they stay on this computer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a portal with faults must not be reachable from other computers, and this one listens on more than the loopback address; \
     bind it to 127.0.0.1, or switch the faults off"
)]
pub struct Exposed;

/// The switches of a running portal. Copies share them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Switches(Arc<AtomicU64>);

impl Faults {
    /// No fault.
    pub const NONE: Self = Self(0);

    /// Whether `fault` is in the set.
    pub fn has(self, fault: Fault) -> bool {
        self.0 & fault.bit() != 0
    }

    /// Whether the set is empty.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The faults, in the order of [`Fault::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Fault> {
        Fault::ALL.into_iter().filter(move |fault| self.has(*fault))
    }
}

impl FromIterator<Fault> for Faults {
    fn from_iter<T: IntoIterator<Item = Fault>>(faults: T) -> Self {
        Self(faults.into_iter().fold(0, |bits, fault| bits | fault.bit()))
    }
}

impl fmt::Debug for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter().map(Fault::name)).finish()
    }
}

impl Switches {
    pub(crate) fn new(faults: Faults) -> Self {
        Self(Arc::new(AtomicU64::new(faults.0)))
    }

    pub(crate) fn set(&self, faults: Faults) {
        self.0.store(faults.0, Ordering::Release);
    }

    pub(crate) fn get(&self) -> Faults {
        Faults(self.0.load(Ordering::Acquire))
    }

    pub(crate) fn on(&self, fault: Fault) -> bool {
        self.get().has(fault)
    }
}

impl Fault {
    fn bit(self) -> u64 {
        1 << (self as u64)
    }

    /// Its name in commands and lessons, such as `s2-lying-200`.
    pub fn name(self) -> &'static str {
        self.about().name
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Fault {
    type Err = UnknownFault;

    fn from_str(word: &str) -> Result<Self, UnknownFault> {
        let word = word.trim().to_ascii_lowercase();
        Self::ALL.into_iter().find(|fault| fault.name() == word).ok_or_else(|| {
            // `s2` or `lying` is what people remember of a name.
            let close = |fault: &Fault| fault.name().split('-').any(|part| word.split('-').any(|typed| typed == part));
            UnknownFault { nearest: Self::ALL.into_iter().find(close), found: word }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Fault, Faults};

    #[test]
    fn every_fault_has_a_name_of_its_own_and_says_what_it_is() {
        for fault in Fault::ALL {
            let about = fault.about();
            assert_eq!(about.name.parse::<Fault>(), Ok(fault));
            for text in [about.wrong, about.right] {
                assert!(text.ends_with('.') && text.len() > 10, "{fault}: {text}");
            }
            assert!(!about.portals.is_empty(), "{fault}");
            assert!(about.scenario.split('-').all(|part| !part.is_empty()), "{fault}");
        }
        assert!(Fault::ALL.len() <= 64, "the set is one number");
    }

    #[test]
    fn a_set_knows_its_members() {
        let some = Faults::from_iter([Fault::S2Lying200, Fault::S18FrontChannelAnyone]);
        assert_eq!(some.iter().collect::<Vec<_>>(), [Fault::S2Lying200, Fault::S18FrontChannelAnyone]);
        assert!(!some.has(Fault::S4UnverifiedToken) && Faults::NONE.is_empty());
    }

    #[test]
    fn a_wrong_word_is_answered_with_the_nearest_right_one() {
        let error = "s2-lying".parse::<Fault>().unwrap_err().to_string();
        assert_eq!(error, "\"s2-lying\" is not a fault of the portals; did you mean \"s2-lying-200\"?");
        assert_eq!("x".parse::<Fault>().unwrap_err().to_string(), "\"x\" is not a fault of the portals");
    }
}
