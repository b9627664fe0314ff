//! Verbs without a person: an administrator, the lab, a stranger; and what is altered on its way.

use serde::Deserialize;

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
    /// Whose session it is to end.
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
    /// `state` of the callback.
    pub callback_state: Option<Swap>,
    /// `iss` of the callback.
    pub callback_iss: Option<Swap>,
    /// `code` of the callback.
    pub callback_code: Option<Swap>,
    /// The callback reaches the portal so many seconds later, at most 20.
    pub callback_after: Option<u64>,
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
            || self.callback_state.is_some()
            || self.callback_iss.is_some()
            || self.callback_code.is_some()
            || self.callback_after.is_some()
    }

    /// Whether it says something about the way to a sign-out.
    pub fn at_sign_out(&self) -> bool {
        self.hint.is_some() || self.client.is_some() || self.uri.is_some() || self.state.is_some()
    }

    /// What is altered, as words.
    pub fn words(&self) -> String {
        let mut words = Vec::new();
        let mut add = |name: &str, value: Option<String>| words.extend(value.map(|value| format!("{name} {value}")));
        add("prompt", self.prompt.map(|word| word.to_string()));
        add("max_age", self.max_age.clone());
        add("code_challenge", self.code_challenge.map(|word| word.to_string()));
        add("redirect_uri", self.redirect_uri.map(|word| word.to_string()));
        add("the callback's state", self.callback_state.map(|word| word.to_string()));
        add("the callback's iss", self.callback_iss.map(|word| word.to_string()));
        add("the callback's code", self.callback_code.map(|word| word.to_string()));
        add("the callback comes", self.callback_after.map(|seconds| format!("{seconds} s later")));
        add("id_token_hint", self.hint.map(|word| word.to_string()));
        add("client_id", self.client.map(|word| word.to_string()));
        add("post_logout_redirect_uri", self.uri.map(|word| word.to_string()));
        add("state", self.state.map(|word| word.to_string()));
        words.join(", ")
    }
}
