//! The words themselves: one enum a list, each word with what it means.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$variant_doc])* #[serde(rename = $word)] $variant),+
        }

        impl $name {
            /// The word as it stands in a lesson.
            pub fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.word())
            }
        }
    };
}

pub(super) use words;

words! {
    /// Folders of the library.
    Topic {
        /// Signing in.
        Login = "login",
        /// Signing out.
        Logout = "logout",
        /// Keycloak tells a portal's server.
        BackChannel = "back-channel",
        /// The browser tells a portal's page.
        FrontChannel = "front-channel",
        /// An administrator acts.
        Administrator = "administrator",
        /// Lifetimes and clocks.
        Time = "time",
        /// Something fails.
        Trouble = "trouble",
    }
}

words! {
    /// How a scenario can be played.
    Driver {
        /// Scripted browsers.
        Http = "http",
        /// A real Chromium.
        Chromium = "chromium",
    }
}

words! {
    /// The people of the realm, each with a browser of their own; some have a second one.
    Person {
        /// `john.employee`.
        John = "john",
        /// `john.employee` in a second browser.
        JohnPhone = "john-phone",
        /// `mary.manager`.
        Mary = "mary",
        /// `mary.manager` in a second browser.
        MaryPhone = "mary-phone",
        /// `alex.admin`.
        Alex = "alex",
        /// `pat.partner`.
        Pat = "pat",
    }
}

words! {
    /// The three portals.
    Portal {
        /// Single-page app with a back end of its own.
        Internal = "internal",
        /// Pure single-page app.
        External = "external",
        /// Server-rendered.
        Admin = "admin",
    }
}

words! {
    /// How somebody signs out; the portal's button unless said otherwise.
    How {
        /// The demo's address: cookies of the portal dropped, then Keycloak's logout with nothing but the way back.
        WithoutHint = "without-hint",
        /// By the portal's button, clicked twice: the browser drops the first request and sends it again.
        DoubleClick = "double-click",
    }
}

words! {
    /// Buttons of the admin dashboard.
    Control {
        /// Approve an item.
        Approve = "approve",
        /// Send an item to review.
        Review = "review",
        /// Reject an item.
        Reject = "reject",
        /// Send all items to review.
        ReviewAll = "review-all",
    }
}

words! {
    /// Kinds of pages; a portal's page belongs to the portal that the step names.
    Seen {
        /// Keycloak asks for name and password.
        LoginForm = "login-form",
        /// Keycloak asks whether to log out.
        LogoutQuestion = "logout-question",
        /// Keycloak's error page.
        KeycloakError = "keycloak-error",
        /// The portal's card that asks to sign in.
        SignInCard = "sign-in-card",
        /// The portal, signed in as this person.
        SignedIn = "signed-in",
        /// The portal knows the person and refuses.
        Forbidden = "forbidden",
        /// The admin dashboard's page that says "you are signed out". The other two show their sign-in card then.
        SignedOutPage = "signed-out-page",
        /// The portal's error page.
        PortalError = "portal-error",
    }
}

words! {
    /// Who called the token endpoint.
    Exchanger {
        /// The portal's server: tokens never pass the browser.
        Server = "server",
        /// A script in the browser.
        Browser = "browser",
    }
}

words! {
    /// Parts of the lab that the network can fail before.
    Place {
        /// The internal portal.
        Internal = "internal",
        /// The external portal.
        External = "external",
        /// The admin dashboard.
        Admin = "admin",
        /// Keycloak.
        Keycloak = "keycloak",
    }
}

words! {
    /// What `prompt` is changed to.
    Prompt {
        /// Sign in without showing anything.
        None = "none",
        /// Ask for the password in any case.
        Login = "login",
    }
}

words! {
    /// What a value is changed to on its way.
    Swap {
        /// It is taken away.
        None = "none",
        /// Another one stands in its place.
        Foreign = "foreign",
    }
}

words! {
    /// What an address to come back to is changed to.
    BackTo {
        /// It is taken away.
        None = "none",
        /// A page of the same portal that is not registered.
        Unregistered = "unregistered",
        /// The internal portal's page after a sign-out.
        OfInternal = "of-internal",
        /// The external portal's page after a sign-out.
        OfExternal = "of-external",
        /// The admin dashboard's page after a sign-out.
        OfAdmin = "of-admin",
    }
}

words! {
    /// What `id_token_hint` is changed to.
    Hint {
        /// It is taken away.
        None = "none",
        /// Its signature is damaged.
        Broken = "broken",
        /// The access token that this browser holds at the external portal.
        AccessToken = "access-token",
        /// The ID token that John's tab at the external portal holds.
        OfJohn = "of-john",
        /// The same of Mary's tab.
        OfMary = "of-mary",
        /// The same of Alex' tab.
        OfAlex = "of-alex",
        /// The same of Pat's tab.
        OfPat = "of-pat",
    }
}

words! {
    /// What `client_id` is changed to.
    ClientWord {
        /// It is taken away.
        None = "none",
        /// The internal portal's.
        Internal = "internal",
        /// The external portal's.
        External = "external",
        /// The admin dashboard's.
        Admin = "admin",
    }
}

words! {
    /// What `state` of a sign-out is changed to.
    StateWord {
        /// It is taken away.
        None = "none",
        /// A long one with signs that have a meaning in addresses.
        Odd = "odd",
    }
}

words! {
    /// What a stranger posts to a logout endpoint.
    Letter {
        /// Everything right, the `kid` too, signed with a key of the stranger's own.
        Forged = "forged",
        /// The same without a signature (`alg` `none`).
        Unsigned = "unsigned",
        /// The same as `forged`, with a `kid` that nobody has ever heard of.
        UnknownKey = "unknown-key",
        /// No token at all.
        Nonsense = "nonsense",
        /// The last logout token that Keycloak sent to this portal.
        Copy = "copy",
        /// The last logout token that Keycloak sent to the other portal with a server.
        CopyForOther = "copy-for-other",
        /// The ID token that this portal has of the session named in `about`.
        IdToken = "id-token",
        /// The ID token that the other portal with a server has of that session.
        IdTokenOfOther = "id-token-of-other",
        /// A logout token of the test realm whose key an administrator imported (`imports-test-key`): its issuer is this
        /// realm's with `-test` behind it.
        FromTestRealm = "from-test-realm",
    }
}

words! {
    /// How a portal hears of a logout.
    ToldBy {
        /// Keycloak posts a logout token.
        BackChannel = "back-channel",
        /// The browser loads the portal's logout page in an iframe.
        FrontChannel = "front-channel",
    }
}

words! {
    /// Claims and parameters of logout messages.
    Claim {
        /// Issuer.
        Iss = "iss",
        /// Audience.
        Aud = "aud",
        /// Subject.
        Sub = "sub",
        /// Session.
        Sid = "sid",
        /// Issued at.
        Iat = "iat",
        /// Expires.
        Exp = "exp",
        /// Token's own identifier.
        Jti = "jti",
        /// What happened.
        Events = "events",
        /// Belongs into ID tokens only.
        Nonce = "nonce",
    }
}

words! {
    /// Whether something old still works.
    Worth {
        /// It is refused everywhere.
        Dead = "dead",
        /// It still opens a door.
        Alive = "alive",
    }
}

words! {
    /// A cell of the matrix.
    State {
        /// A live session.
        In = "in",
        /// No session.
        Out = "out",
        /// Keycloak's session is gone and the portal still serves.
        Zombie = "zombie",
        /// Could not be established.
        Unknown = "unknown",
    }
}

impl Hint {
    /// Whose ID token it is.
    pub fn owner(self) -> Option<Person> {
        match self {
            Self::OfJohn => Some(Person::John),
            Self::OfMary => Some(Person::Mary),
            Self::OfAlex => Some(Person::Alex),
            Self::OfPat => Some(Person::Pat),
            Self::None | Self::Broken | Self::AccessToken => None,
        }
    }
}

impl Person {
    /// The user of the realm.
    pub fn user(self) -> realm::User {
        match self {
            Self::John | Self::JohnPhone => realm::User::John,
            Self::Mary | Self::MaryPhone => realm::User::Mary,
            Self::Alex => realm::User::Alex,
            Self::Pat => realm::User::Pat,
        }
    }

    /// The name as people write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::John => "John",
            Self::JohnPhone => "John (phone)",
            Self::Mary => "Mary",
            Self::MaryPhone => "Mary (phone)",
            Self::Alex => "Alex",
            Self::Pat => "Pat",
        }
    }
}

impl Portal {
    /// The portal as people call it.
    pub fn title(self) -> &'static str {
        match self {
            Self::Internal => "internal portal",
            Self::External => "external portal",
            Self::Admin => "admin dashboard",
        }
    }
}

impl State {
    /// The same as the lab's word.
    pub fn cell(self) -> lab_trace::CellState {
        match self {
            Self::In => lab_trace::CellState::In,
            Self::Out => lab_trace::CellState::Out,
            Self::Zombie => lab_trace::CellState::Zombie,
            Self::Unknown => lab_trace::CellState::Unknown,
        }
    }
}
