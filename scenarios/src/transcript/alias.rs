//! Values that differ from run to run become names that do not: `<sid:1>` is the first session that appears, and every
//! later place that carries the same value says `<sid:1>` too.

use std::collections::HashMap;

use lab::control::messages::Topology;
use lab_trace::Shown;

/// Aliases of one transcript, numbered by first appearance.
pub(super) struct Aliases {
    numbers: HashMap<(String, String), usize>,
    counts: HashMap<String, usize>,
    origins: Vec<(String, String)>,
}

impl Aliases {
    /// None yet; addresses of this lab are replaced by the names of its parties.
    pub(super) fn new(topology: &Topology) -> Self {
        let mut origins: Vec<(String, String)> = topology
            .portals
            .iter()
            .map(|portal| (portal.url.origin().ascii_serialization(), portal.name.clone()))
            .chain([(topology.keycloak.origin().ascii_serialization(), "keycloak".to_owned())])
            .map(|(origin, name)| (origin, format!("<{name}>")))
            .collect();
        // `http://localhost:80` is the beginning of `http://localhost:8080`.
        origins.sort_by_key(|(origin, _)| std::cmp::Reverse(origin.len()));
        Self { numbers: HashMap::new(), counts: HashMap::new(), origins }
    }

    /// A captured value as it may stand in a transcript.
    pub(super) fn value(&mut self, value: &Shown) -> String {
        match value {
            Shown::Plain { text } => self.plain(text),
            Shown::Id { kind, text } => self.alias(kind, text).0,
            Shown::Secret { kind, print } | Shown::Token { kind, print, .. } => self.alias(kind, print).0,
        }
    }

    /// The alias of a value, and whether this is its first appearance.
    pub(super) fn alias(&mut self, kind: &str, value: &str) -> (String, bool) {
        let key = (kind.to_owned(), value.to_owned());
        let known = self.numbers.get(&key).copied();
        let number = known.unwrap_or_else(|| {
            let count = self.counts.entry(kind.to_owned()).or_default();
            *count += 1;
            self.numbers.insert(key, *count);
            *count
        });
        (format!("<{kind}:{number}>"), known.is_none())
    }

    /// A text with the lab's addresses replaced by names.
    pub(super) fn plain(&self, text: &str) -> String {
        self.origins.iter().fold(text.to_owned(), |text, (origin, name)| text.replace(origin, name))
    }
}
