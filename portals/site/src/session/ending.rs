//! Why a session ended, and what its person is told.

use serde::Serialize;

/// Why a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Ending {
    /// The provider's logout token named it.
    BackChannel,
    /// A front-channel request of its own browser named it.
    FrontChannel,
    /// Its user signed out here.
    SignOut,
    /// Its time was over.
    Expired,
    /// The provider refused to go on with it.
    RefreshRefused,
    /// The provider could not be asked for too long.
    Unconfirmed,
    /// Its browser signed in anew, or the portal was reset.
    Replaced,
}

impl Ending {
    const ALL: [Self; 7] = [
        Self::BackChannel,
        Self::FrontChannel,
        Self::SignOut,
        Self::Expired,
        Self::RefreshRefused,
        Self::Unconfirmed,
        Self::Replaced,
    ];

    /// What the person is told.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::BackChannel => "You were signed out at another portal, or by an administrator.",
            Self::FrontChannel => "You were signed out at another portal.",
            Self::SignOut => "You signed out.",
            Self::Expired => "Your session has expired.",
            Self::RefreshRefused => "The sign-in service has ended your session.",
            Self::Unconfirmed => "The sign-in service could not confirm your session for too long.",
            Self::Replaced => "Your session has ended.",
        }
    }

    /// The word for it in addresses and events.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::BackChannel => "back-channel",
            Self::FrontChannel => "front-channel",
            Self::SignOut => "sign-out",
            Self::Expired => "expired",
            Self::RefreshRefused => "refresh-refused",
            Self::Unconfirmed => "unconfirmed",
            Self::Replaced => "replaced",
        }
    }

    /// The ending with this word, if there is one.
    pub(crate) fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|ending| ending.word() == word)
    }
}
