//! What each fault is. The texts are shown on the faulty portal's pages, in the lab and in its documentation.

use crate::settings::Kind;

/// What is known about a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct About {
    /// Its name in commands and lessons.
    pub name: &'static str,
    /// Where it comes from: a defect of the original demo (S), a pitfall of the catalogue (P).
    pub origin: &'static str,
    /// The scenario of the catalogue that shows it.
    pub scenario: &'static str,
    /// The portals that can have it.
    pub portals: &'static [Kind],
    /// What is wrong, in one sentence.
    pub wrong: &'static str,
    /// How to do it right, in one sentence.
    pub right: &'static str,
}

const SERVERS: &[Kind] = &[Kind::Internal, Kind::Admin];

macro_rules! faults {
    ($($(#[$doc:meta])* $fault:ident: $name:literal, $origin:literal, $scenario:literal, $portals:expr, $wrong:literal, $right:literal;)+) => {
        /// A mistake that real portals make.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Fault {
            $(#[doc = $wrong] $fault,)+
        }

        impl Fault {
            /// All of them: the demo's first, then the catalogue's.
            pub const ALL: [Self; [$(Self::$fault),+].len()] = [$(Self::$fault),+];

            /// What it is, which lesson shows it, and how to do it right.
            pub fn about(self) -> &'static About {
                match self {
                    $(Self::$fault => &About {
                        name: $name,
                        origin: $origin,
                        scenario: $scenario,
                        portals: $portals,
                        wrong: $wrong,
                        right: $right,
                    },)+
                }
            }
        }
    };
}

faults! {
    S2Lying200: "s2-lying-200", "S2, P-12", "BC-10", &[Kind::Internal],
        "The back-channel endpoint answers every POST with the app's own page and 200, as a static file server does.",
        "Register a back-channel URL only where code verifies the token and ends the session, or leave it out.";
    S4UnverifiedToken: "s4-unverified-token", "S4, P-01", "BC-12", SERVERS,
        "The claims of a logout token are believed without checking its signature, so anybody can sign anybody out.",
        "Verify the token by the steps of Back-Channel Logout 2.6 before reading a single claim.";
    S5Wildcard: "s5-wildcard", "S5, P-02", "BC-02", SERVERS,
        "One person's logout token ends the sessions of everybody.",
        "End exactly the session that `sid` names, or those of the one `sub`.";
    S6Revival: "s6-revival", "S6, P-02", "BC-02", SERVERS,
        "A logout only sets a flag that hides all sessions, and the next sign-in of anybody clears it: the dead sessions live again.",
        "Delete the session's record. What is deleted cannot come back.";
    S7CookieLookup: "s7-cookie-lookup", "S7, P-03", "BC-01", SERVERS,
        "The back-channel endpoint ends the session of the request's cookie, and the provider's server has none: it ends nothing and answers 200.",
        "Keep an index from (`iss`, `sid`) to sessions and look the session up by the token.";
    S8MemoryRevocations: "s8-memory-revocations", "S8, P-09", "BC-15", SERVERS,
        "Revoked sessions are listed in the memory of one process: the other replica, and the same one after a restart, do not know the list.",
        "Delete the session in the store that all replicas share.";
    S9RandomKey: "s9-random-key", "S9, P-08", "BC-15", SERVERS,
        "Cookies are signed with a key made at each start, so a restart or another replica does not know anybody.",
        "Use a configured key, or an opaque random id that needs none.";
    S10NoPkce: "s10-no-pkce", "S10, P-11", "LI-12", SERVERS,
        "The sign-in sends no PKCE challenge, so a stolen code can be used by the thief.",
        "Send an S256 challenge, also as a confidential client, and let the provider require it.";
    S11NoHint: "s11-no-hint", "S11, P-04", "RI-03", SERVERS,
        "The sign-out sends `post_logout_redirect_uri` alone, after the local session is gone: the provider shows an error and stays signed in.",
        "Send `id_token_hint` and `client_id` with it, so keep the ID token until then.";
    S12TokenInCookie: "s12-token-in-cookie", "S12, P-06, P-07", "RI-01", SERVERS,
        "The session is a cookie that anybody can read, with the access token in it; a copy of it works after the sign-out.",
        "Keep the session on the server and give the browser a random id.";
    S13RolesFromUserinfo: "s13-roles-from-userinfo", "S13, P-10", "LI-17", &[Kind::Admin],
        "Roles are read from userinfo, where the provider does not put them, so nobody has any.",
        "Read them from the token that the realm's mapper fills, and refuse who has none.";
    S14WrongDiscovery: "s14-wrong-discovery", "S14, P-18", "LI-13", SERVERS,
        "The provider is asked for openid_configuration with an underscore, an address that does not exist.",
        "The path is /.well-known/openid-configuration, with a hyphen.";
    S15Cdn: "s15-cdn", "S15, P-20", "LI-01", &[Kind::External],
        "The page loads its sign-in library from another company's server: without that server the app does not start.",
        "Serve the library yourself, with its version and digest written down.";
    S16InnerHtml: "s16-inner-html", "S16, P-20", "LI-01", &[Kind::External],
        "Profile fields are written into the page as HTML, and no policy stops their scripts: a name can steal the tokens.",
        "Write text as text, and let a Content-Security-Policy forbid inline scripts.";
    S17FocusOnly: "s17-focus-only", "S17", "C10", &[Kind::External],
        "The page learns of a logout only when its window gets the focus.",
        "Listen to the front-channel page of the same origin too, and to failed refreshes.";
    S18FrontChannelAnyone: "s18-front-channel-anyone", "S18, P-13", "FC-09", SERVERS,
        "A front-channel GET ends the browser's session without comparing `iss` and `sid`, so any page on the web can do it.",
        "End the session only when both are there and name it.";
    P05NoIdToken: "p05-no-id-token", "P-05, P-35", "RI-02", SERVERS,
        "The ID token is not kept, so the sign-out has no hint and the provider asks whether one really wants to sign out.",
        "Keep the ID token on the server until the sign-out.";
    P13GetSignOut: "p13-get-sign-out", "P-13", "RI-18", &[Kind::Internal],
        "A GET signs out, so an image on any page does it.",
        "Sign out by a POST that only a form of the portal itself can send.";
    P14FramePageLeaves: "p14-frame-page-leaves", "P-14", "FC-10", &[Kind::External],
        "The page in the provider's iframe clears its own storage only and moves on to the app, so open tabs stay signed in.",
        "Tell every tab of the origin, and stay where one is.";
    Fc7LateCleanUp: "fc7-late-clean-up", "FC-07", "FC-07", &[Kind::External],
        "The page in the provider's iframe cleans up 2 s after it has loaded; by then the provider has taken the iframe away.",
        "Do everything at once, before the page counts as loaded; better still, end the session on a server.";
    P15SharedCookie: "p15-shared-cookie", "P-15", "LI-14", SERVERS,
        "All portals call their cookie `session`: on one host name they throw each other's sessions away.",
        "Give every application on a host a cookie name of its own; ports do not separate cookies.";
    P19LongSession: "p19-long-session", "P-19", "TI-03", SERVERS,
        "The session lasts eight hours whatever the provider says, long after the single sign-on is over.",
        "Bind the session's life to the tokens it was opened with.";
    P21TokenInLog: "p21-token-in-log", "P-21", "BC-01", SERVERS,
        "The first 50 characters of every logout token and the name of its user are written to the log.",
        "Log the token's `jti` and what was decided.";
    P21bHealthTells: "p21b-health-tells", "P-21b", "BC-01", SERVERS,
        "The health check says how many people are signed in, to everybody who asks.",
        "A health check says that the service answers, and nothing about people.";
    P22LateSave: "p22-late-save", "P-22", "BC-20", SERVERS,
        "A request that was under way when the logout came writes its copy of the session back: the dead session lives again.",
        "Save only a record that is still there.";
    P25CsrfBlocks: "p25-csrf-blocks", "P-25", "FA-10", SERVERS,
        "The filter against forged forms covers the back-channel endpoint too, and the provider has no form token: 403, nobody is signed out.",
        "Leave this one path out of the filter; its proof is the token's signature.";
    P26SidRequired: "p26-sid-required", "P-26", "BC-03", SERVERS,
        "A logout token without `sid` is refused, although it means every session of its user.",
        "Accept `sid`, `sub` or both, and end what they name.";
    P27NoClaimChecks: "p27-no-claim-checks", "P-27", "BC-12", SERVERS,
        "The signature is checked, but not for whom, by whom and until when the token is good: an old or foreign one ends sessions.",
        "Check `iss`, `aud`, `iat`, `exp` and `jti` as well.";
    P29TypTooStrict: "p29-typ-too-strict", "P-29", "BC-01", SERVERS,
        "Only the type `JWT` is accepted, and the provider writes `logout+jwt`: every logout is refused.",
        "Accept `logout+jwt`; `JWT` or none for older providers.";
    P31EndlessTombstone: "p31-endless-tombstone", "P-31", "TI-10", SERVERS,
        "A logout puts its user on a list that nothing takes them off: they can never sign in again.",
        "Remember when the logout was, and refuse only sessions that are older.";
    P34LocalOnly: "p34-local-only", "P-34", "RI-01", SERVERS,
        "Signing out ends the portal's own session only: one click, and one is in again without a password.",
        "Send the browser to the provider's end_session_endpoint.";
    P38NotFrameable: "p38-not-frameable", "P-38", "FC-06", &[Kind::External],
        "X-Frame-Options forbids every frame, also the provider's, so the front-channel page never runs.",
        "Allow the provider, and nobody else, to frame this one page (`frame-ancestors`).";
    P40KeysForEver: "p40-keys-for-ever", "P-40", "BC-14", SERVERS,
        "The provider's keys are fetched once: after it changes them, every sign-in and every logout is refused until a restart.",
        "Fetch them again when a token names an unknown key, at most once in a while.";
    P42AnyToken: "p42-any-token", "P-42", "BC-12", SERVERS,
        "Any token that the provider signed for this client is taken for a logout token, also the user's own ID token.",
        "Demand the logout event, and refuse a `nonce`.";
    P50SignOutNeedsSession: "p50-sign-out-needs-session", "P-50", "RI-10", SERVERS,
        "Signing out when the session is over already is an error page.",
        "Signing out always works: who is out already is sent on.";
    P52EventsExact: "p52-events-exact", "P-52", "BC-21", SERVERS,
        "A logout token with more in `events` than the one empty member is refused, and Keycloak sends more for offline sessions.",
        "Look for the member that must be there, and ignore others.";
    P53AnswerFirst: "p53-answer-first", "P-53", "BC-01", SERVERS,
        "The endpoint answers 200 and ends the session afterwards: the provider says `signed out` while the session lives.",
        "Act, then answer.";
    P54IssuerPrefix: "p54-issuer-prefix", "P-54", "BC-12", SERVERS,
        "The issuer is compared by its beginning, so another realm whose name begins the same may end sessions.",
        "Compare it byte for byte.";
    SidIgnored: "sid-ignored", "C13", "BC-02", SERVERS,
        "A logout token that names one session ends all sessions of its user, also on other devices.",
        "Where `sid` is given, it alone decides.";
}
