//! The closed vocabulary of lessons: every word that may stand in a fenced block, and nothing else.
//!
//! Front matter and blocks are read straight into these types, so an unknown word is an error with its place and the
//! nearest word that would be right.

use std::collections::BTreeMap;

use lab::sites::Sites;
use serde::Deserialize;
use serde_saphyr::Spanned;

mod acts;
mod browser_words;
mod external_app;
mod more_words;
mod words;

pub use acts::{
    Administrator, Altered, AnswersFor, Delays, ExternalApp, Hosts, Lab, Link, Queues, Script, SetsCookie, Stranger,
};
pub use browser_words::{BrowserDeed, ScreenWord, TabWord};
pub use more_words::{
    AppLibrary, AppMonitor, AppTokens, Keeps, LinkKind, LinkedPage, ResponseType, SameSite, Scope, ScriptDeed,
    SilentAnswer, ThirdPartyCookies,
};
pub use words::{
    BackTo, Claim, ClientWord, Control, Driver, Exchanger, Hint, How, Letter, Person, Place, Portal, Prompt, Seen,
    State, StateWord, Swap, ToldBy, Topic, Worth,
};

/// What stands between the first two `---` of a lesson.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct FrontMatter {
    /// Unique name; also the file's name.
    pub id: Spanned<String>,
    /// The lesson in one line.
    pub title: String,
    /// Which folder it belongs to.
    pub topic: Topic,
    /// How long it takes in class.
    pub minutes: Spanned<u32>,
    /// 1 for newcomers to 3 for specialists.
    pub level: Spanned<u32>,
    /// What people can do afterwards.
    pub objectives: Vec<String>,
    /// Lessons that should come before, by `id`.
    #[serde(default)]
    pub needs: Vec<Spanned<String>>,
    /// Clauses that it shows (`BCL-2.5`).
    pub spec: Vec<Spanned<String>>,
    /// Named faults that the lab has to plant first.
    #[serde(default)]
    pub faults: Vec<Spanned<String>>,
    /// Named faults that it would notice: with one of them planted, the lesson fails. The tests prove it.
    #[serde(default)]
    pub watches: Vec<Spanned<String>>,
    /// Situations of the catalogue that it shows (`BC-05`).
    #[serde(default)]
    pub catalogue: Vec<Spanned<String>>,
    /// Which drivers can run it.
    pub drivers: Vec<Driver>,
    /// Which versions of Keycloak it is true for (`>=26.2`).
    pub keycloak: Spanned<String>,
    /// How many sites the addresses of its lab are to a browser: `same`, which need not be said, or `cross`.
    #[serde(default)]
    pub sites: Sites,
    /// Whether its browsers keep cookies away from frames of other sites: `allow`, which need not be said, or `block`, for
    /// the driver `chromium`. Where it is not said, `--third-party-cookies` decides.
    #[serde(default)]
    pub third_party_cookies: Option<ThirdPartyCookies>,
}

/// A step as it is written: who, exactly one verb, and what is expected.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct StepWords {
    pub(crate) who: Option<Person>,
    pub(crate) opens: Option<Portal>,
    pub(crate) signs_in_at: Option<Portal>,
    pub(crate) signs_out_at: Option<Portal>,
    pub(crate) answers_logout_question_at: Option<Portal>,
    pub(crate) repeats_callback_of: Option<Portal>,
    pub(crate) follows_link_to: Option<Link>,
    pub(crate) opens_listeners: Option<u32>,
    pub(crate) opens_another_tab_of: Option<Portal>,
    pub(crate) looks_at: Option<Portal>,
    pub(crate) goes_back_in: Option<Portal>,
    pub(crate) reloads: Option<Portal>,
    pub(crate) closes_tab_of: Option<Portal>,
    pub(crate) signs_out_and_closes: Option<Portal>,
    pub(crate) browser: Option<BrowserDeed>,
    pub(crate) how: Option<How>,
    pub(crate) altered: Option<Altered>,
    pub(crate) presses: Option<Control>,
    pub(crate) forces: Option<Control>,
    pub(crate) administrator: Option<Administrator>,
    pub(crate) lab: Option<Lab>,
    pub(crate) stranger: Option<Stranger>,
    pub(crate) script: Option<Script>,
    #[serde(default)]
    pub(crate) expect: Expect,
}

/// What a step should have brought about. Everything is optional; what is not said is not checked.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Expect {
    /// Whether Keycloak's login form appeared.
    pub asked_for_password: Option<bool>,
    /// What kind of page the person sees.
    pub sees: Option<Seen>,
    /// A text that stands on that page.
    pub says: Option<String>,
    /// A text that does not stand on that page.
    pub does_not_say: Option<String>,
    /// The page's HTTP status.
    pub status: Option<u16>,
    /// Whether the page takes scripts from another server.
    pub takes_scripts_from_elsewhere: Option<bool>,
    /// Whether the page's policy would run a script that somebody has smuggled into its HTML.
    pub runs_smuggled_scripts: Option<bool>,
    /// Buttons that the page has.
    pub shows: Vec<Control>,
    /// Buttons that the page does not have.
    pub hides: Vec<Control>,
    /// Who exchanged the code for tokens.
    pub code_exchanged_by: Option<Exchanger>,
    /// The external portal's app asks Keycloak in a frame that nobody sees (`prompt=none`) when its page is loaded, exactly once,
    /// and is told this. It has to be set up with `silent-sign-in`. The transcript of the step tells question and answer, which
    /// it leaves out elsewhere; 1.2 s are waited for a second question.
    pub silent_question: Option<SilentQuestion>,
    /// Portals that were told of the logout.
    pub told: Vec<Told>,
    /// How many of the registered listeners were told by the back channel and answered 200.
    pub listeners_told: Option<usize>,
    /// Portals that were not told, over no channel.
    pub not_told: Vec<Portal>,
    /// Whether the `state` that went out with the sign-out came back unchanged.
    pub state_returned: Option<bool>,
    /// What cookies and tokens of the person in `who`, copied before this step, are worth after it, wherever they were worth
    /// something.
    pub old_cookies: Option<Worth>,
    /// Who is signed in where.
    pub matrix: BTreeMap<Person, RowWords>,
    /// What the newest tab of each portal shows in the end, whether or not somebody looks: `john: { external: signed-out }`. A
    /// tab that shows already what is expected has to go on showing it.
    pub screens: BTreeMap<Person, ScreenRow>,
    /// A text in a line that the person's browser writes into its console during the step.
    pub console_says: Option<String>,
    /// Types of events that Keycloak writes down during the step; it may write others, too.
    pub keycloak_writes: Vec<String>,
    /// Types of events that Keycloak does not write down during the step.
    pub keycloak_does_not_write: Vec<String>,
    /// The portal's answer to a stranger, each time, if there are several; or Keycloak's to a program.
    pub answered: Option<u16>,
    /// Members of Keycloak's answer to a program, as `name: value`.
    pub answer_has: Vec<String>,
    /// Whether a page elsewhere on the web could read Keycloak's answer.
    pub readable_elsewhere: Option<bool>,
    /// Portals whose own log has a piece of a token in it.
    pub logs_token: Vec<Portal>,
    /// Portals whose own log has none.
    pub logs_no_token: Vec<Portal>,
    /// How often each portal asks Keycloak for its keys.
    pub fetches_keys: BTreeMap<Portal, usize>,
}

/// One portal that was told of a logout.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Told {
    /// The portal.
    pub portal: Portal,
    /// How.
    pub by: ToldBy,
    /// Claims or parameters that the message has.
    #[serde(default)]
    pub with: Vec<Claim>,
    /// Claims or parameters that the message does not have.
    #[serde(default)]
    pub without: Vec<Claim>,
    /// Whose session it names: the `sid` has to be the one that this person's browser had.
    pub session_of: Option<Person>,
    /// Whether the request of a frame brings a cookie of the portal's.
    pub brings_cookie: Option<bool>,
    /// The portal's answer.
    pub answered: Option<u16>,
    /// How often it is told in this step.
    pub times: Option<usize>,
}

/// A question with `prompt=none` in a hidden frame (Core, section 3.1.2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct SilentQuestion {
    /// What Keycloak answers, and the frame comes back with.
    pub answer: SilentAnswer,
    /// Whether the browser sends the cookie of Keycloak's session with the question.
    pub brings_cookie: Option<bool>,
}

/// A row of the expected matrix; a cell that is not named is not checked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RowWords {
    /// The session at Keycloak.
    pub sso: Option<State>,
    /// The internal portal.
    pub internal: Option<State>,
    /// The external portal.
    pub external: Option<State>,
    /// The admin dashboard.
    pub admin: Option<State>,
}

/// What a person's tabs show; a portal that is not named is not looked at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ScreenRow {
    /// The internal portal.
    pub internal: Option<ScreenWord>,
    /// The external portal.
    pub external: Option<ScreenWord>,
    /// The admin dashboard.
    pub admin: Option<ScreenWord>,
}

impl ScreenRow {
    /// The portals that are named, in the lab's order.
    pub fn screens(&self) -> impl Iterator<Item = (Portal, ScreenWord)> {
        [(Portal::Internal, self.internal), (Portal::External, self.external), (Portal::Admin, self.admin)]
            .into_iter()
            .filter_map(|(portal, word)| word.map(|word| (portal, word)))
    }
}

/// A question asked before the run.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prediction {
    /// The question.
    pub question: String,
    /// The answers to choose from.
    pub choices: Vec<Choice>,
}

/// One answer of a prediction.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// The answer.
    pub says: String,
    /// Whether it is right.
    #[serde(default)]
    pub correct: bool,
    /// What somebody believes who chooses it; right answers have none.
    pub misconception: Option<String>,
}

impl FrontMatter {
    /// Whether its browsers keep cookies away from frames of other sites.
    pub fn blocks_third_party_cookies(&self) -> bool {
        self.third_party_cookies == Some(ThirdPartyCookies::Block)
    }
}

impl RowWords {
    /// The cells that are named, in the matrix's order.
    pub fn cells(&self) -> impl Iterator<Item = (&'static str, State)> {
        [
            (lab_trace::matrix::SSO, self.sso),
            ("internal", self.internal),
            ("external", self.external),
            ("admin", self.admin),
        ]
        .into_iter()
        .filter_map(|(name, state)| state.map(|state| (name, state)))
    }
}
