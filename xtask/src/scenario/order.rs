//! Which lessons are played, and in which order.

use std::borrow::Borrow;

use lab::sites::Sites;
use lab::{Kind, Trouble};
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use rand::seq::SliceRandom as _;
use scenarios::Lesson;
use scenarios::library::Library;

/// Situations of the catalogue that a CI should guard whenever something changes: all that the catalogue itself counts to the
/// gate. A lesson belongs to it by naming one of them, so whoever writes the missing ones has nothing to do here.
const GATE: &[&str] = &[
    "LI-01", "RI-01", "RI-02", "RI-04", "RI-08", "BC-01", "BC-02", "BC-04", "BC-05", "BC-09", "BC-11", "BC-12",
    "BC-13", "BC-14", "BC-18", "FC-01", "FC-09", "AD-01", "AD-02", "AD-03", "TI-01", "TI-04", "FA-03", "FA-05",
];

/// All lessons, so many times; each round in an order of its own where a seed is given.
pub(crate) fn rounds<L>(lessons: &[L], repeat: u32, seed: Option<u64>) -> Vec<&L> {
    let mut random = seed.map(StdRng::seed_from_u64);
    let mut all = Vec::new();
    for _ in 0..repeat {
        let mut round: Vec<&L> = lessons.iter().collect();
        if let Some(random) = &mut random {
            round.shuffle(random);
        }
        all.extend(round);
    }
    all
}

/// The same in groups that need the same sites, those for `first` before the others; the order within a group stays.
pub(super) fn by_sites<L: Borrow<Lesson>>(lessons: Vec<&L>, first: Sites) -> Vec<(Sites, Vec<&L>)> {
    let others = [Sites::Same, Sites::Cross].into_iter().filter(|sites| *sites != first);
    std::iter::once(first)
        .chain(others)
        .map(|sites| {
            (
                sites,
                lessons
                    .iter()
                    .copied()
                    .filter(|lesson| Borrow::<Lesson>::borrow(*lesson).front.sites == sites)
                    .collect::<Vec<_>>(),
            )
        })
        .filter(|(_, group)| !group.is_empty())
        .collect()
}

/// The lessons of the gate.
///
/// # Errors
/// Content, when a lesson cannot be read; usage, when no lesson belongs to the gate.
pub(super) fn gate(library: &Library) -> Result<Vec<Lesson>, Trouble> {
    let (mut lessons, errors) = library.lessons()?;
    if let Some(error) = errors.into_iter().next() {
        return Err(error.into());
    }
    // What a lesson shows with a fault planted is no measure for anybody's application.
    lessons.retain(|lesson| {
        lesson.front.faults.is_empty() && lesson.front.catalogue.iter().any(|id| GATE.contains(&id.value.as_str()))
    });
    if lessons.is_empty() {
        return Err(Trouble::new(
            Kind::Usage,
            "no lesson in the folder belongs to the gate",
            "a gate that checks nothing would always be open",
            format!("give lessons a `catalogue:` with one of {}", GATE.join(", ")),
        ));
    }
    Ok(lessons)
}

#[cfg(test)]
mod tests {
    use scenarios::library::Library;

    use lab::sites::Sites;

    use super::{GATE, by_sites, gate, rounds};

    #[test]
    fn a_seed_gives_the_same_orders_and_another_seed_others() {
        let (lessons, _) = Library::shipped().unwrap().lessons().unwrap();
        let ids =
            |repeat, seed| rounds(&lessons, repeat, seed).iter().map(|one| one.id().to_owned()).collect::<Vec<_>>();
        assert_eq!(ids(2, Some(7)), ids(2, Some(7)));
        assert_ne!(ids(1, Some(7)), ids(1, Some(8)));
        let (shuffled, mut plain) = (ids(3, Some(7)), ids(3, None));
        assert_ne!(
            shuffled[..lessons.len()],
            shuffled[lessons.len()..2 * lessons.len()],
            "each round has its own order"
        );
        let mut sorted = shuffled;
        sorted.sort();
        plain.sort();
        assert_eq!(sorted, plain, "and nothing is left out");
    }

    #[test]
    fn lessons_are_grouped_by_sites_and_keep_their_order() {
        let (mut lessons, _) = Library::shipped().unwrap().lessons().unwrap();
        lessons.truncate(5);
        for (index, lesson) in lessons.iter_mut().enumerate() {
            lesson.front.sites = if index % 2 == 0 { Sites::Same } else { Sites::Cross };
        }
        let all = || lessons.iter().collect::<Vec<_>>();
        let ids = |first| {
            let groups = by_sites(all(), first).into_iter();
            groups
                .map(|(sites, group)| (sites, group.iter().map(|one| one.id()).collect::<Vec<_>>()))
                .collect::<Vec<_>>()
        };
        let id = |index: usize| lessons[index].id();
        let (same, cross) = (vec![id(0), id(2), id(4)], vec![id(1), id(3)]);
        assert_eq!(ids(Sites::Cross), [(Sites::Cross, cross.clone()), (Sites::Same, same.clone())]);
        assert_eq!(ids(Sites::Same), [(Sites::Same, same), (Sites::Cross, cross)]);
        assert_eq!(by_sites(vec![&lessons[0]], Sites::Cross).len(), 1, "a group that is empty is none");
    }

    #[test]
    fn the_gate_is_a_part_of_the_shipped_lessons() {
        let library = Library::shipped().unwrap();
        let (gate, all) = (gate(&library).unwrap(), library.lessons().unwrap().0);
        assert!(gate.len() < all.len(), "{} of {}", gate.len(), all.len());
        let shown = |id: &&&str| gate.iter().any(|lesson| lesson.front.catalogue.iter().any(|own| own.value == ***id));
        let missing: Vec<&&str> = GATE.iter().filter(|id| !shown(id)).collect();
        assert!(missing.is_empty(), "no lesson of the gate shows {missing:?}");
    }
}
