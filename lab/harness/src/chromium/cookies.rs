//! What a browser does with cookies that a page of another site wants to send or set.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::trouble::{Kind, Trouble};

/// What a browser does with third-party cookies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cookies {
    /// It keeps them out, as more and more browsers do.
    Block,
    /// It lets them through, as far as `SameSite` does.
    Allow,
}

impl Cookies {
    /// The word on the command line.
    pub fn word(self) -> &'static str {
        match self {
            Self::Block => "block",
            Self::Allow => "allow",
        }
    }
}

impl FromStr for Cookies {
    type Err = Trouble;

    fn from_str(word: &str) -> Result<Self, Trouble> {
        match word {
            "block" => Ok(Self::Block),
            "allow" => Ok(Self::Allow),
            other => Err(Trouble::new(
                Kind::Usage,
                format!("`{other}` is nothing that a browser does with third-party cookies"),
                "the lab knows `block` (no cookies in frames of another site) and `allow` (as far as SameSite allows)",
                "use one of them, or leave `--third-party-cookies` out",
            )),
        }
    }
}

impl fmt::Display for Cookies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// Writes the choice into a profile, unless that has been used before: no switch of the command line makes it (measured). Whole or
/// not at all: half a file would let the browser do what it does by itself.
pub(super) fn write_preferences(profile: &Path, cookies: Cookies) -> std::io::Result<()> {
    let folder = profile.join("Default");
    std::fs::create_dir_all(&folder)?;
    let file = folder.join("Preferences");
    if file.exists() {
        return Ok(());
    }
    let mode = match cookies {
        Cookies::Allow => 0,
        Cookies::Block => 1,
    };
    let preferences = json!({
        "profile": {"cookie_controls_mode": mode, "block_third_party_cookies": cookies == Cookies::Block},
    });
    let draft = folder.join("Preferences.new");
    std::fs::write(&draft, preferences.to_string())?;
    std::fs::rename(draft, file)
}

pub(super) fn unwritable(profile: &Path, error: std::io::Error) -> Trouble {
    Trouble::new(
        Kind::Environment,
        format!("cannot write the browser's profile at {}", profile.display()),
        "Chromium would start with settings that nobody asked for",
        "see the cause; often the disk is full",
    )
    .caused_by(error)
}

#[cfg(test)]
mod tests {
    use super::{Cookies, write_preferences};
    use crate::trouble::Kind;

    #[test]
    fn other_words_than_block_and_allow_are_refused() {
        for cookies in [Cookies::Block, Cookies::Allow] {
            assert_eq!(cookies.word().parse::<Cookies>().unwrap(), cookies);
        }
        assert_eq!("eat".parse::<Cookies>().unwrap_err().kind, Kind::Usage);
    }

    #[test]
    fn a_profile_that_was_used_keeps_its_choice() {
        let profile = tempfile::tempdir().unwrap();
        let blocks = || {
            let text = std::fs::read_to_string(profile.path().join("Default/Preferences")).unwrap();
            let preferences: serde_json::Value = serde_json::from_str(&text).unwrap();
            preferences["profile"]["block_third_party_cookies"].clone()
        };
        write_preferences(profile.path(), Cookies::Block).unwrap();
        assert_eq!(blocks(), true);
        write_preferences(profile.path(), Cookies::Allow).unwrap();
        assert_eq!(blocks(), true);
    }
}
