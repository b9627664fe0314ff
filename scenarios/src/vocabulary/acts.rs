//! Verbs without a person: an administrator, the lab, a stranger; and what is altered on its way.

use serde::Deserialize;

use super::more_words::{
    AppLibrary, AppMonitor, AppTokens, Keeps, LinkKind, LinkedPage, ResponseType, SameSite, Scope, ScriptDeed,
};
use super::words::{BackTo, ClientWord, Hint, Letter, Person, Place, Portal, Prompt, StateWord, Swap};

/// What an administrator does.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Administrator {
    /// Ends the session that this person's browser has at Keycloak.
    EndsSessionOf(Person),
    /// Ends all sessions of the user.
    LogsOut(Person),
    /// Ends all sessions of the realm.
    LogsOutEverybody,
    /// Switches the user off.
    Disables(Person),
    /// Deletes the user.
    Deletes(Person),
    /// Gives the user another password.
    ResetsPasswordOf(Person),
    /// Takes the user's roles away.
    TakesRolesFrom(Person),
    /// Sets the realm's not-before to now.
    PushesNotBefore,
    /// Switches the portal's client off.
    DisablesClient(Portal),
    /// Lets the portal's client know each user by a name of its own (a pairwise subject).
    GivesPairwiseSubjectTo(Portal),
    /// Adds a key that signs from now on.
    RotatesKeys,
    /// Sets the realm's clocks, in seconds.
    SetsLifetimes(lab::acts::Lifetimes),
    /// Lets each refresh token be used once only, and takes its second use for a theft.
    RotatesRefreshTokens,
    /// Lets the login form offer to remember who signs in ("Remember me").
    OffersRememberMe,
    /// Takes that offer back.
    StopsOfferingRememberMe,
    /// Gives Keycloak's pages a `Content-Security-Policy` of the realm's own, whose `frame-src` names Keycloak's own origin only.
    OverridesFramePolicy,
    /// Gives the user the role that offline tokens need.
    LetsUseOfflineTokens(Person),
    /// Gives the user the role that the account's own interface needs.
    LetsManageAccount(Person),
    /// Registers so many more applications that only listen to the back channel, at most 50.
    RegistersListeners(u32),
    /// Lets a portal with a server hear by the front channel instead of the back channel.
    LetsHearByFrontChannel(Portal),
    /// Imports the signing key of a test realm; whoever runs that realm has its private half.
    ImportsTestKey,
}

/// What happens to the network, to time, to a portal.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Lab {
    /// Nobody reaches this part any more.
    CutsOff(Place),
    /// All trouble before this part ends.
    Reconnects(Place),
    /// A box in front answers back-channel requests; the portal never sees them.
    AnswersFor(AnswersFor),
    /// Back-channel requests arrive late.
    Delays(Delays),
    /// Back-channel requests are taken in and never handed on.
    Hangs(Portal),
    /// A box in front answers frames of this portal; the portal never sees the request.
    AnswersFramesOf(AnswersFor),
    /// Frames of this portal never finish loading.
    FramesHangAt(Portal),
    /// Back-channel requests arrive, and their answers do not.
    SwallowsAnswerOf(Portal),
    /// Back-channel requests arrive twice.
    DeliversTwice(Portal),
    /// Portals' servers get this status for whatever they ask Keycloak.
    KeycloakAnswers(u16),
    /// The portals' clocks are moved, in seconds. Keycloak's stays: more than 150 s ahead, a portal refuses logout tokens,
    /// and from 300 s on the tokens of a refresh that Keycloak grants are old on arrival. Use 280 where a refresh is to
    /// succeed, and go back before a logout is to arrive.
    MovesClock(i64),
    /// The portal starts anew.
    Restarts(Portal),
    /// Time passes, in seconds: for Keycloak's own clocks, which cannot be moved.
    Waits(u64),
    /// A queue before the portal takes back-channel requests in, answers 200 at once and hands them on later.
    Queues(Queues),
    /// A logout overtakes Keycloak's next token answer to this portal: an administrator ends the session that it names
    /// before it arrives.
    LogoutOvertakesTokensFor(Portal),
    /// A logout overtakes the next form that this person sends to the admin dashboard: an administrator ends the session
    /// when the dashboard has the head of the request and not yet its body.
    LogoutOvertakesFormOf(Person),
    /// The portal is hosted otherwise: as several replicas behind a balancer, or with its sessions in Redis. A browser
    /// stays with its replica, the first browser with the first; whoever has no cookie gets the last one.
    Hosts(Hosts),
    /// The external portal's app works otherwise from its next page load on. What is not named is as ordinarily.
    ExternalApp(ExternalApp),
    /// The portal ends the session that a front-channel request names, also without its cookie.
    EndsBySid(Portal),
    /// The portal gives its session cookie another `SameSite`; cookies that browsers hold already stay as they are.
    SetsCookie(SetsCookie),
    /// A box in front of Keycloak adds a second `Content-Security-Policy` to its pages, which allows frames of Keycloak's own
    /// origin only.
    ForbidsForeignFrames,
    /// Redis goes away; what it holds is kept.
    StopsRedis,
    /// Redis comes back.
    StartsRedis,
    /// Redis forgets everything.
    EmptiesRedis,
    /// Keycloak is started anew, with the same database.
    RestartsKeycloak,
}

/// A queue before a portal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Queues {
    /// Before whom.
    pub portal: Portal,
    /// How long something waits in it, at most 10.
    pub seconds: u64,
}

/// The cookie of a portal's session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct SetsCookie {
    /// Whose.
    pub portal: Portal,
    /// With which requests of other sites it goes along.
    pub same_site: SameSite,
}

/// How a portal is hosted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hosts {
    /// Which.
    pub portal: Portal,
    /// How many of it, 1 or 2.
    pub replicas: u8,
    /// Where they keep sessions.
    pub sessions: Keeps,
}

/// How the external portal's app works.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct ExternalApp {
    /// Where it keeps its tokens; ordinarily `session-storage`, with keycloak-js `memory`.
    pub tokens: Option<AppTokens>,
    /// How it watches whether the session at Keycloak lives; ordinarily `none`.
    pub monitor: Option<AppMonitor>,
    /// Which library it uses; ordinarily `oidc-client-ts`.
    pub library: Option<AppLibrary>,
    /// Whether it asks at page load, unseen, whether somebody is signed in at Keycloak; ordinarily `false`.
    pub silent_sign_in: Option<bool>,
}

/// A program outside of the browser: the portal's own back end, a batch job, or a thief who has their secrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Script {
    /// In whose name, and with whose tokens.
    pub in_name_of: Portal,
    /// What it asks Keycloak.
    pub does: ScriptDeed,
    /// Whose session the tokens belong to.
    #[serde(rename = "for")]
    pub whose: Person,
}

/// A link on a page elsewhere on the web.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Link {
    /// Of which portal.
    pub portal: Portal,
    /// What it leads to.
    pub page: LinkedPage,
    /// How the page elsewhere makes the browser ask for it.
    #[serde(default)]
    pub by: LinkKind,
}

/// A box in front of a portal that answers in its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnswersFor {
    /// In front of whom.
    pub portal: Portal,
    /// The status.
    pub with: u16,
}

/// A slow way to a portal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Delays {
    /// To whom.
    pub portal: Portal,
    /// How much later, at most 4: Keycloak gives up after 5 seconds of silence.
    pub seconds: u64,
}

/// What a stranger on the network tries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stranger {
    /// What is posted to the logout endpoint.
    pub posts: Letter,
    /// To whom.
    pub to: Portal,
    /// Whose session it is to end, or whose ID token it is.
    pub about: Option<Person>,
    /// How often, at most 500; each token is a new one.
    pub times: Option<u32>,
}

/// What is changed where the browser carries messages between portal and Keycloak. What is not named stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Altered {
    /// `prompt` of the sign-in.
    pub prompt: Option<Prompt>,
    /// `max_age` of the sign-in, in seconds.
    pub max_age: Option<String>,
    /// `code_challenge` of the sign-in, with its method.
    pub code_challenge: Option<Swap>,
    /// `redirect_uri` of the sign-in.
    pub redirect_uri: Option<BackTo>,
    /// What the sign-in asks for instead of a code.
    pub response_type: Option<ResponseType>,
    /// What the sign-in asks for besides.
    pub scope: Option<Scope>,
    /// Somebody else types name and password into this browser.
    pub typed_by: Option<Person>,
    /// The box "Remember me" of the login form is ticked; the realm has to offer it (`offers-remember-me`).
    pub remember_me: bool,
    /// `state` of the callback.
    pub callback_state: Option<Swap>,
    /// `iss` of the callback.
    pub callback_iss: Option<Swap>,
    /// `code` of the callback.
    pub callback_code: Option<Swap>,
    /// The callback reaches the portal so many seconds later, at most 20.
    pub callback_after: Option<u64>,
    /// Frames of Keycloak's logout page are loaded without cookies, as where a browser blocks third-party cookies.
    pub frames_without_cookies: bool,
    /// `id_token_hint` of the sign-out.
    pub hint: Option<Hint>,
    /// `client_id` of the sign-out.
    pub client: Option<ClientWord>,
    /// `post_logout_redirect_uri` of the sign-out.
    pub uri: Option<BackTo>,
    /// `state` of the sign-out.
    pub state: Option<StateWord>,
}

impl Altered {
    /// Whether it says something about the way to a sign-in and back.
    pub fn at_sign_in(&self) -> bool {
        self.prompt.is_some()
            || self.max_age.is_some()
            || self.code_challenge.is_some()
            || self.redirect_uri.is_some()
            || self.response_type.is_some()
            || self.scope.is_some()
            || self.typed_by.is_some()
            || self.remember_me
            || self.callback_state.is_some()
            || self.callback_iss.is_some()
            || self.callback_code.is_some()
            || self.callback_after.is_some()
    }

    /// Whether something is changed or held on its way; who types and what is ticked is no such thing.
    pub fn on_the_way(&self) -> bool {
        let by_hand = Self { typed_by: self.typed_by, remember_me: self.remember_me, ..Self::default() };
        self.at_sign_out() || *self != by_hand
    }

    /// Whether it says something about the way to a sign-out.
    pub fn at_sign_out(&self) -> bool {
        self.frames_without_cookies
            || self.hint.is_some()
            || self.client.is_some()
            || self.uri.is_some()
            || self.state.is_some()
    }

    /// What is altered, as words.
    pub fn words(&self) -> String {
        let mut words = Vec::new();
        let mut add = |name: &str, value: Option<String>| words.extend(value.map(|value| format!("{name} {value}")));
        add("prompt", self.prompt.map(|word| word.to_string()));
        add("max_age", self.max_age.clone());
        add("code_challenge", self.code_challenge.map(|word| word.to_string()));
        add("redirect_uri", self.redirect_uri.map(|word| word.to_string()));
        add("response_type", self.response_type.map(|word| word.to_string()));
        add("scope", self.scope.map(|word| word.to_string()));
        add("name and password are typed by", self.typed_by.map(|who| who.name().to_owned()));
        add("\"Remember me\"", self.remember_me.then(|| "is ticked".to_owned()));
        add("the callback's state", self.callback_state.map(|word| word.to_string()));
        add("the callback's iss", self.callback_iss.map(|word| word.to_string()));
        add("the callback's code", self.callback_code.map(|word| word.to_string()));
        add("the callback comes", self.callback_after.map(|seconds| format!("{seconds} s later")));
        add("id_token_hint", self.hint.map(|word| word.to_string()));
        add("client_id", self.client.map(|word| word.to_string()));
        add("post_logout_redirect_uri", self.uri.map(|word| word.to_string()));
        add("state", self.state.map(|word| word.to_string()));
        words.extend(self.frames_without_cookies.then(|| "frames are loaded without cookies".to_owned()));
        words.join(", ")
    }
}
