//! Words of what only a real browser can do and show.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::words::words;

words! {
    /// What becomes of a whole browser.
    BrowserDeed {
        /// It is closed and started again: tabs and session cookies are gone, the rest is kept.
        Restarts = "restarts",
    }
}

words! {
    /// What a person does with a portal's tab.
    TabWord {
        /// Opens one more tab of the portal, in front; it counts as the portal's tab from then on.
        OpensAnother = "opens-another-tab-of",
        /// Brings the tab to the front, so that its page notices that somebody looks.
        LooksAt = "looks-at",
        /// Presses "back".
        GoesBack = "goes-back-in",
        /// Loads the page anew.
        Reloads = "reloads",
        /// Closes the tab; the tab before it, if there is one, is the portal's tab again.
        Closes = "closes-tab-of",
        /// Signs out and closes the tab while Keycloak's page with the frames is in it.
        SignsOutAndCloses = "signs-out-and-closes",
    }
}

words! {
    /// What a tab shows, whether or not somebody looks.
    ScreenWord {
        /// Somebody's own page.
        SignedIn = "signed-in",
        /// The sign-in card, or a page that says "you are signed out".
        SignedOut = "signed-out",
        /// An error page.
        Trouble = "trouble",
        /// A page of Keycloak.
        Keycloak = "keycloak",
    }
}
