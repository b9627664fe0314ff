//! Somebody with a browser, whatever plays it: [`Person`] reads pages and plays their scripts, the driver in
//! [`crate::chromium`] drives a real browser.

use std::time::Duration;

use async_trait::async_trait;
use url::Url;

use super::agent::Alteration;
use super::person::{Person, SignOut};
use super::probe::Loot;
use super::sight::Sight;
use super::spa::Tokens;
use crate::trouble::{Kind, Trouble};

/// What is unusual about how somebody acts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Manner {
    /// What is changed in addresses on their way through the browser.
    pub alterations: Vec<Alteration>,
    /// The end of a path to which the browser goes so much later.
    pub hold: Option<(String, Duration)>,
    /// Name and password of somebody else who types.
    pub typing: Option<(String, String)>,
    /// The login form's box "Remember me" is ticked.
    pub remembering: bool,
    /// Frames are loaded without cookies.
    pub frames_without_cookies: bool,
}

/// Somebody with a browser. Each act gives what the person sees in the end.
///
/// # Errors
/// Of every act: trouble of the lab; [`Kind::Lesson`] where the page does not offer what is to be pressed, or where this
/// kind of browser cannot do such a thing.
#[async_trait]
pub trait Player: Send + Sync {
    /// The browser's name.
    fn name(&self) -> &str;

    /// The user whom Keycloak knows in this browser.
    fn user(&self) -> &str;

    /// A copy of everything that a thief of this browser would have had when it was last looked at: after each act, and
    /// at [`Player::look`].
    fn loot(&self) -> Loot;

    /// The tokens that external's page held then.
    fn tokens(&self) -> Option<Tokens>;

    /// Every origin that the browser sent a request to.
    fn asked(&self) -> Vec<String>;

    /// How this person acts from now on.
    fn behave(&mut self, manner: Manner) -> Result<(), Trouble>;

    /// Looks at what the browser holds now. Something may have changed without an act: an open tab was told.
    async fn look(&mut self) -> Result<(), Trouble>;

    /// Opens a portal by its address.
    async fn open(&mut self, portal: &str) -> Result<Sight, Trouble>;

    /// Presses a portal's sign-in button and fills Keycloak's form where it appears.
    async fn sign_in(&mut self, portal: &str) -> Result<Sight, Trouble>;

    /// Signs out at a portal.
    async fn sign_out(&mut self, portal: &str, how: SignOut) -> Result<Sight, Trouble>;

    /// Presses the button of Keycloak's question "do you want to log out?".
    async fn answer_logout_question(&mut self) -> Result<Sight, Trouble>;

    /// Loads the portal's last callback once more.
    async fn repeat_callback(&mut self, portal: &str) -> Result<Sight, Trouble>;

    /// A page elsewhere on the web makes the browser ask for this path of a portal.
    async fn follow_link(&mut self, portal: &str, path: &str, lure: Lure) -> Result<Sight, Trouble>;

    /// Signs in at so many of the lab's listeners.
    async fn open_listeners(&mut self, count: u32) -> Result<Sight, Trouble>;

    /// Presses a button of a portal's page, or with `by_hand` sends what it would send.
    async fn press(&mut self, portal: &str, control: &str, by_hand: bool) -> Result<Sight, Trouble>;

    /// Opens any address of the lab.
    async fn request(&mut self, url: &Url) -> Result<Sight, Trouble>;

    /// Does what only a real browser can do.
    async fn in_tabs(&mut self, _deed: &TabDeed) -> Result<Sight, Trouble> {
        Err(no_screen())
    }

    /// What each portal's newest tab shows, seen without bringing it to the front; nothing for a browser without a screen.
    async fn screens(&mut self) -> Result<Vec<(String, Screen)>, Trouble> {
        Ok(Vec::new())
    }

    /// Pictures of the newest tabs of these portals, and before them of the tab that was used last, if `used` says so; none of a
    /// tab behind others, and none of a browser without a screen.
    async fn shots(&mut self, _used: bool, _portals: &[&str]) -> Vec<Shot> {
        Vec::new()
    }

    /// What the browser has written into its console since this was asked last.
    fn console(&mut self) -> Vec<String> {
        Vec::new()
    }

    /// Ends the browser.
    async fn leave(&mut self) -> Result<(), Trouble> {
        Ok(())
    }
}

/// The page that somebody sees does not offer what is to be pressed.
pub(crate) fn no_control(portal: &str, control: &str) -> Trouble {
    Trouble::new(
        Kind::Lesson,
        format!("the {portal} portal's page offers no \"{control}\" to press"),
        "the person sees another page than the lesson expects",
        "look at the step before: what did the person see?",
    )
}

/// The login form has no box to tick.
pub(crate) fn no_remember_me() -> Trouble {
    Trouble::new(
        Kind::Lesson,
        "Keycloak's login form has no box \"Remember me\"",
        "the realm does not offer to remember anybody, or Keycloak knows the person and asks for the password alone",
        "let an administrator offer it in a step before (`offers-remember-me`), and tick it at the first sign-in",
    )
}

fn no_screen() -> Trouble {
    Trouble::new(
        Kind::Lesson,
        "this browser has no tabs, no history and no screen",
        "it is the scripted one, which reads pages and plays what their scripts would ask for",
        "give the lesson `drivers: [chromium]`",
    )
}

/// How a page elsewhere on the web makes a browser ask for something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lure {
    /// A link that the person follows.
    Link,
    /// An image.
    Image,
    /// A form that a script sends.
    Form,
}

/// What a person does with tabs, history and the browser itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TabDeed {
    /// Opens one more tab of this portal, in front.
    OpenAnother(String),
    /// Brings the portal's newest tab to the front.
    LookAt(String),
    /// Presses "back" in the portal's newest tab.
    GoBack(String),
    /// Loads the portal's newest tab anew.
    Reload(String),
    /// Closes the portal's newest tab.
    Close(String),
    /// Signs out at this portal and closes the tab when Keycloak's page has come, before it has finished.
    SignOutAndClose(String),
    /// Closes the browser and starts it again: session cookies and tabs are gone, the rest is kept.
    Restart,
}

/// A tab as the person sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shot {
    /// The portal whose tab it is; none for a page elsewhere.
    pub portal: Option<String>,
    /// A WebP file; none where the browser could not draw the tab.
    pub image: Option<Vec<u8>>,
}

/// What a tab shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Screen {
    /// Somebody's personal page.
    SignedIn,
    /// The sign-in card or the page "you are signed out".
    SignedOut,
    /// An error.
    Trouble,
    /// Keycloak's page.
    Keycloak,
    /// Anything else.
    Other,
}

#[async_trait]
impl Player for Person {
    fn name(&self) -> &str {
        self.name()
    }

    fn user(&self) -> &str {
        self.user()
    }

    fn loot(&self) -> Loot {
        self.loot()
    }

    fn tokens(&self) -> Option<Tokens> {
        self.tokens().cloned()
    }

    fn asked(&self) -> Vec<String> {
        self.asked().map(str::to_owned).collect()
    }

    fn behave(&mut self, manner: Manner) -> Result<(), Trouble> {
        self.type_as(manner.typing);
        self.tick_remember_me(manner.remembering);
        self.block_cookies_in_frames(manner.frames_without_cookies);
        self.alter(manner.alterations);
        self.hold(manner.hold);
        Ok(())
    }

    async fn look(&mut self) -> Result<(), Trouble> {
        Ok(())
    }

    async fn open(&mut self, portal: &str) -> Result<Sight, Trouble> {
        self.open(portal).await
    }

    async fn sign_in(&mut self, portal: &str) -> Result<Sight, Trouble> {
        self.sign_in(portal).await
    }

    async fn sign_out(&mut self, portal: &str, how: SignOut) -> Result<Sight, Trouble> {
        self.sign_out(portal, how).await
    }

    async fn answer_logout_question(&mut self) -> Result<Sight, Trouble> {
        self.answer_logout_question().await
    }

    async fn repeat_callback(&mut self, portal: &str) -> Result<Sight, Trouble> {
        self.repeat_callback(portal).await
    }

    async fn follow_link(&mut self, portal: &str, path: &str, lure: Lure) -> Result<Sight, Trouble> {
        match lure {
            Lure::Link => self.follow_link(portal, path).await,
            Lure::Image | Lure::Form => Err(no_screen()),
        }
    }

    async fn open_listeners(&mut self, count: u32) -> Result<Sight, Trouble> {
        self.open_listeners(count).await
    }

    async fn press(&mut self, portal: &str, control: &str, by_hand: bool) -> Result<Sight, Trouble> {
        self.press(portal, control, by_hand).await
    }

    async fn request(&mut self, url: &Url) -> Result<Sight, Trouble> {
        self.request(url).await
    }
}
