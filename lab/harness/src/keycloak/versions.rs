//! Which versions of Keycloak the lab knows. The only place that pins one.

use std::fmt;

use crate::trouble::{Kind, Trouble};

/// The version that the lab runs when nobody asks for another.
pub const DEFAULT: &str = "26.7.3";

/// Pinned distributions: version, SHA-256 of `org.keycloak:keycloak-quarkus-dist:VERSION:zip`.
const PINNED: [(&str, &str); 2] = [
    (DEFAULT, "27a6535553c3cdcd083872ba40629efafb3475e3b758e0c6f691395561dd0f1f"),
    ("26.2.5", "31c298273557bd53270905ae63c1522e319d2137ccce17318171864be496d699"),
];

/// A version that the lab can run: three numbers, the first one 26.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    text: String,
    sha256: Option<&'static str>,
}

impl Version {
    /// Reads a version as the command line has it. Errors: no version at all, or a line that the lab was not made
    /// for; both are wrong usage.
    pub fn parse(text: &str) -> Result<Self, Trouble> {
        let parts: Vec<&str> = text.split('.').collect();
        let numbers =
            parts.iter().all(|part| part.len() <= 4 && part.parse::<u16>().is_ok_and(|n| n.to_string() == *part));
        if parts.len() != 3 || !numbers {
            return Err(refused(text, "a version has three numbers, like 26.7.3"));
        }
        if parts[0] != "26" {
            return Err(refused(text, "the lab's statements about Keycloak are measured on 26.x only"));
        }
        let sha256 = PINNED.iter().find(|(version, _)| *version == text).map(|(_, digest)| *digest);
        Ok(Self { text: text.to_owned(), sha256 })
    }

    /// As text, `26.7.3`.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// SHA-256 of the distribution's zip in lower-case hex, where the lab pins it.
    pub fn sha256(&self) -> Option<&'static str> {
        self.sha256
    }

    /// The newest Java that it runs on, as far as that was measured: 26.7.3 runs on Java 25, and 26.2.5 ends while it
    /// starts there. Lines in between count as old, because every Keycloak 26 runs on an older Java, too.
    pub fn newest_java(&self) -> u32 {
        let line = self.text.split('.').nth(1).and_then(|number| number.parse::<u32>().ok()).unwrap_or(0);
        if line >= 7 { u32::MAX } else { 24 }
    }

    /// What to tell the person about a version without a pinned digest; `None` for the pinned ones.
    pub fn warning(&self) -> Option<String> {
        self.sha256.is_none().then(|| {
            format!(
                "Keycloak {self} is not one of the pinned versions ({}): its distribution is used as it comes, and \
                 transcripts may differ",
                PINNED.map(|(version, _)| version).join(", ")
            )
        })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn refused(text: &str, why: &str) -> Trouble {
    Trouble::new(
        Kind::Usage,
        format!("`{text}` is not a Keycloak version that the lab can run"),
        why,
        format!("use `--keycloak {DEFAULT}`, another 26.x release, or leave the option out"),
    )
}

#[cfg(test)]
mod tests;
