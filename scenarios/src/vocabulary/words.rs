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

words! {
    /// Folders of the library.
    Topic {
        /// Signing in.
        Login = "login",
        /// Signing out.
        Logout = "logout",
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
    /// The people of the realm, each with a browser of their own.
    Person {
        /// `john.employee`.
        John = "john",
        /// `mary.manager`.
        Mary = "mary",
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
        /// The portal's page that says "you are signed out".
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

impl Person {
    /// The user of the realm.
    pub fn user(self) -> realm::User {
        match self {
            Self::John => realm::User::John,
            Self::Mary => realm::User::Mary,
            Self::Alex => realm::User::Alex,
            Self::Pat => realm::User::Pat,
        }
    }

    /// The name as people write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::John => "John",
            Self::Mary => "Mary",
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
