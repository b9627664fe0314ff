//! The items that wait for a decision: the business state of the dashboard, shared by everybody who is signed in.
//!
//! Left out: a database. The items live as long as the portal, and a reset puts them back.

use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

/// All items.
#[derive(Debug)]
pub(crate) struct Approvals {
    items: Mutex<Vec<Item>>,
}

/// One item.
#[derive(Debug, Clone)]
pub(super) struct Item {
    pub(super) id: &'static str,
    pub(super) kind: &'static str,
    pub(super) description: &'static str,
    pub(super) requested_by: &'static str,
    pub(super) state: State,
    pub(super) decided: Option<(String, Timestamp)>,
}

/// How far an item is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Pending,
    InReview,
    Approved,
    Rejected,
}

/// What may be done with an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    Approve,
    Review,
    Reject,
}

/// Why nothing was decided.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Undecided {
    /// There is no such item.
    NoItem,
    /// It was decided in another way before; a decision is final.
    Final(State),
}

impl Approvals {
    pub(crate) fn new() -> Self {
        Self { items: Mutex::new(start()) }
    }

    /// Puts every item back to its start.
    pub(crate) fn reset(&self) {
        *self.lock() = start();
    }

    /// All items, in their order.
    pub(super) fn all(&self) -> Vec<Item> {
        self.lock().clone()
    }

    /// Decides about one item. Doing the same twice (a double click) is fine and changes nothing.
    pub(super) fn decide(&self, id: &str, verb: Verb, who: &str, now: Timestamp) -> Result<(), Undecided> {
        let mut items = self.lock();
        let item = items.iter_mut().find(|item| item.id == id).ok_or(Undecided::NoItem)?;
        let next = verb.leads_to();
        match item.state {
            state if state == next => {}
            State::Pending | State::InReview => {
                item.state = next;
                item.decided = Some((who.to_owned(), now));
            }
            State::Approved | State::Rejected => return Err(Undecided::Final(item.state)),
        }
        Ok(())
    }

    /// Takes every pending item into review. Returns how many that were.
    pub(super) fn review_all(&self, who: &str, now: Timestamp) -> usize {
        let mut items = self.lock();
        let pending = items.iter_mut().filter(|item| item.state == State::Pending);
        pending
            .map(|item| {
                item.state = State::InReview;
                item.decided = Some((who.to_owned(), now));
            })
            .count()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Item>> {
        self.items.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::InReview => "in review",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
        }
    }
}

impl Verb {
    pub(super) fn of_word(word: &str) -> Option<Self> {
        match word {
            "approve" => Some(Self::Approve),
            "review" => Some(Self::Review),
            "reject" => Some(Self::Reject),
            _ => None,
        }
    }

    pub(super) fn leads_to(self) -> State {
        match self {
            Self::Approve => State::Approved,
            Self::Review => State::InReview,
            Self::Reject => State::Rejected,
        }
    }
}

fn start() -> Vec<Item> {
    let item = |id, kind, description, requested_by| Item {
        id,
        kind,
        description,
        requested_by,
        state: State::Pending,
        decided: None,
    };
    vec![
        item("leave-1", "Leave request", "Annual leave, ten working days", "john.employee"),
        item("purchase-1", "Purchase order", "Twenty monitors for the training room", "mary.manager"),
        item("vendor-1", "Vendor registration", "Partner Bank, payment services", "pat.partner"),
        item("budget-1", "Project budget", "Single sign-on for all portals, first quarter", "alex.admin"),
    ]
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::{Approvals, State, Undecided, Verb};

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn state(approvals: &Approvals, id: &str) -> (State, Option<String>) {
        let item = approvals.all().into_iter().find(|item| item.id == id).unwrap();
        (item.state, item.decided.map(|(who, _)| who))
    }

    #[test]
    fn a_decision_changes_its_item_and_names_who_decided() {
        let approvals = Approvals::new();
        approvals.decide("leave-1", Verb::Review, "mary.manager", NOW).unwrap();
        assert_eq!(state(&approvals, "leave-1"), (State::InReview, Some("mary.manager".into())));
        approvals.decide("leave-1", Verb::Approve, "alex.admin", NOW).unwrap();
        assert_eq!(state(&approvals, "leave-1"), (State::Approved, Some("alex.admin".into())));
        assert_eq!(state(&approvals, "budget-1"), (State::Pending, None));
    }

    #[test]
    fn a_decision_is_final_but_may_be_repeated() {
        let approvals = Approvals::new();
        approvals.decide("leave-1", Verb::Reject, "mary.manager", NOW).unwrap();
        assert_eq!(approvals.decide("leave-1", Verb::Reject, "alex.admin", NOW), Ok(()));
        assert_eq!(
            approvals.decide("leave-1", Verb::Approve, "alex.admin", NOW),
            Err(Undecided::Final(State::Rejected))
        );
        assert_eq!(state(&approvals, "leave-1"), (State::Rejected, Some("mary.manager".into())));
    }

    #[test]
    fn an_unknown_item_is_not_decided() {
        assert_eq!(Approvals::new().decide("leave-9", Verb::Approve, "x", NOW), Err(Undecided::NoItem));
    }

    #[test]
    fn review_all_takes_only_what_is_pending_and_reset_puts_all_back() {
        let approvals = Approvals::new();
        approvals.decide("vendor-1", Verb::Reject, "mary.manager", NOW).unwrap();
        assert_eq!(approvals.review_all("mary.manager", NOW), 3);
        assert_eq!(approvals.review_all("mary.manager", NOW), 0);
        approvals.reset();
        assert!(approvals.all().iter().all(|item| item.state == State::Pending && item.decided.is_none()));
    }
}
