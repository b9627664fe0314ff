//! Words of programs, links, hosting and special sign-ins.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::words::words;

words! {
    /// A path of a portal that a link elsewhere on the web can lead to.
    LinkedPage {
        /// Where the portal's sign-out form is sent to.
        SignOut = "sign-out",
        /// The front-channel logout page.
        Logout = "logout",
        /// The health check.
        Health = "health",
    }
}

words! {
    /// How a page elsewhere on the web makes a browser ask for something. Only a real browser loads images and sends forms by
    /// itself.
    #[derive(Default)]
    LinkKind {
        /// A link that the person follows.
        #[default]
        Link = "link",
        /// An image with this address; nobody has to press anything.
        Image = "image",
        /// A form that the page's script sends at once.
        Form = "form",
    }
}

words! {
    /// What a program outside of the browser asks Keycloak, with the tokens that a portal's client was given.
    ScriptDeed {
        /// The end-session endpoint with the ID token as a hint and no cookie.
        EndsSessionWithHint = "ends-session-with-hint",
        /// The same endpoint by POST with the refresh token: Keycloak's own way to log out without a browser.
        EndsSessionWithRefreshToken = "ends-session-with-refresh-token",
        /// The revocation endpoint with the refresh token.
        RevokesRefreshToken = "revokes-refresh-token",
        /// The token endpoint with the newest refresh token.
        Refreshes = "refreshes",
        /// The same with the very first one.
        RefreshesWithFirstToken = "refreshes-with-first-token",
        /// The same with the newest, and without the client's secret.
        RefreshesWithoutSecret = "refreshes-without-secret",
        /// Userinfo with the access token.
        AsksUserinfo = "asks-userinfo",
        /// The same as a script of a page elsewhere on the web would.
        AsksUserinfoFromElsewhere = "asks-userinfo-from-elsewhere",
        /// The introspection endpoint about the access token.
        Introspects = "introspects",
        /// The token endpoint with the user's name and password.
        SignsInWithPassword = "signs-in-with-password",
        /// The account's own interface: end all sessions of this user but this one. The user needs
        /// `lets-manage-account`.
        EndsOtherSessions = "ends-other-sessions",
    }
}

words! {
    /// What a sign-in asks for instead of a code.
    ResponseType {
        /// Tokens in the address (the implicit flow).
        Tokens = "tokens",
    }
}

words! {
    /// What a sign-in asks for besides.
    Scope {
        /// A refresh token that outlives the session.
        Offline = "offline",
    }
}

words! {
    /// Where a portal keeps its sessions.
    Keeps {
        /// In its own memory.
        Memory = "memory",
        /// In a Redis that all replicas share.
        Redis = "redis",
    }
}

words! {
    /// With which requests of other sites a cookie goes along.
    SameSite {
        /// With links only: what the portals have unless a lesson says otherwise.
        Lax = "lax",
        /// With none. The portal then knows a browser that comes back from Keycloak by a second cookie, and leads it on by a page
        /// instead of a redirect.
        Strict = "strict",
        /// With all of them, and `Secure`.
        None = "none",
    }
}

words! {
    /// Where the external portal's app keeps its tokens.
    AppTokens {
        /// In the tab: they survive a reload and end with the tab.
        SessionStorage = "session-storage",
        /// In the browser: all tabs share them, and they survive its end.
        LocalStorage = "local-storage",
        /// In the page: a reload forgets them.
        Memory = "memory",
    }
}

words! {
    /// How the external portal's app watches whether the session at Keycloak lives.
    AppMonitor {
        /// Not at all: it is told by the front channel, or asks when somebody looks.
        None = "none",
        /// It renews its tokens every 10 s, and a refused renewal is the news.
        Refresh = "refresh",
        /// It asks Keycloak's frame every 2 s, which sees whether the browser's session has changed.
        CheckSession = "check-session",
    }
}

words! {
    /// Whether the browser keeps cookies away from frames of other sites.
    ThirdPartyCookies {
        /// It lets them through, as far as their `SameSite` allows.
        Allow = "allow",
        /// It keeps them back. A frame of the same site is no third party and gets them.
        Block = "block",
    }
}

words! {
    /// What Keycloak answers to a question without a person.
    SilentAnswer {
        /// A code: it knows this browser.
        Code = "code",
        /// It would have to ask somebody, so for all it knows nobody is signed in (Core, section 3.1.2.6).
        LoginRequired = "login_required",
    }
}

words! {
    /// Which library the external portal's app uses.
    AppLibrary {
        /// oidc-client-ts 3.5.
        OidcClientTs = "oidc-client-ts",
        /// keycloak-js 26.2, which keeps tokens in memory only.
        KeycloakJs = "keycloak-js",
    }
}
