//! Why was somebody *not* told? For each portal that heard nothing of a session that ended, the rule that explains it, with
//! the setting or the fact that it rests on. Each rule is one that a lesson shows with the real Keycloak.

use std::borrow::Cow;

use lab::control::messages::{ClientSettings, SsoSession, Topology};
use serde::{Deserialize, Serialize};

use crate::lesson::{Action, Step};
use crate::run::Numbered;
use crate::transcript::Telling;
use crate::vocabulary::{Administrator, Lab, ScriptDeed};

#[cfg(test)]
mod tests;

/// A portal that was not told, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotTold {
    /// The portal; `anybody` where nothing ended that anybody could be told of.
    pub portal: String,
    /// The rule, with its evidence.
    pub why: Cow<'static, str>,
}

/// What is known of Keycloak around one step.
#[derive(Debug, Clone, Default)]
pub struct Around {
    /// All sessions of the lesson's people before.
    pub before: Vec<SsoSession>,
    /// The same after.
    pub after: Vec<SsoSession>,
    /// The clients' settings before.
    pub clients: Vec<ClientSettings>,
}

/// Whether a step can end sessions, so that the question makes sense.
pub fn may_end_sessions(step: &Step) -> bool {
    match &step.action {
        Action::Person { .. } => step.is_sign_out(),
        Action::Administrator(act) => !matches!(
            act,
            Administrator::SetsLifetimes(_)
                | Administrator::RotatesKeys
                | Administrator::RotatesRefreshTokens
                | Administrator::OffersRememberMe
                | Administrator::OverridesFramePolicy
                | Administrator::LetsUseOfflineTokens(_)
                | Administrator::LetsManageAccount(_)
                | Administrator::ImportsTestKey
                | Administrator::RegistersListeners(_)
                | Administrator::LetsHearByFrontChannel(_)
                | Administrator::GivesPairwiseSubjectTo(_)
        ),
        Action::Script(script) => !matches!(
            script.does,
            ScriptDeed::AsksUserinfo | ScriptDeed::AsksUserinfoFromElsewhere | ScriptDeed::Introspects
        ),
        Action::Lab(act) => matches!(act, Lab::Waits(_)),
        Action::Stranger(_) => false,
    }
}

/// For each portal that was not told: why.
pub fn not_told(step: &Step, topology: &Topology, exchanges: &[Numbered], around: &Around) -> Vec<NotTold> {
    if !may_end_sessions(step) {
        return Vec::new();
    }
    let ended: Vec<&SsoSession> =
        around.before.iter().filter(|session| !around.after.iter().any(|left| left.sid == session.sid)).collect();
    if ended.is_empty() {
        // Time passes for many reasons; only where a session ran out is there something to explain.
        if matches!(step.action, Action::Lab(_) | Action::Script(_)) {
            return Vec::new();
        }
        let why = "no session ended at Keycloak in this step";
        return vec![NotTold { portal: "anybody".to_owned(), why: why.into() }];
    }
    let told = |name: &str| {
        exchanges.iter().any(|numbered| {
            Telling::of(&numbered.exchange).is_some()
                && matches!(&numbered.exchange.callee, lab_trace::Party::App(callee) if callee == name)
        })
    };
    topology
        .portals
        .iter()
        .filter(|portal| !told(&portal.name))
        .map(|portal| {
            let settings = around.clients.iter().find(|client| client.client_id == portal.client_id);
            let took_part = ended.iter().any(|session| session.clients.contains(&portal.client_id));
            NotTold { portal: portal.name.clone(), why: rule(step, settings, took_part).into() }
        })
        .collect()
}

/// The rules, in the order in which they decide.
fn rule(step: &Step, settings: Option<&ClientSettings>, took_part: bool) -> &'static str {
    let Some(client) = settings else { return "Keycloak has no such client" };
    // First of all: what runs out may take its parts with it one by one, and Keycloak no longer says who had one.
    if matches!(step.action, Action::Lab(_)) {
        return "a session that runs out ends silently";
    }
    if !took_part {
        return "it has no part in the session that ended";
    }
    if !client.enabled {
        return "its client is switched off";
    }
    match &step.action {
        Action::Administrator(Administrator::LogsOutEverybody) => {
            return "\"sign out all sessions\" deletes them and tells nobody";
        }
        Action::Administrator(Administrator::Deletes(_)) => {
            return "deleting a user deletes the sessions, too, and tells nobody";
        }
        Action::Script(script)
            if !matches!(
                script.does,
                ScriptDeed::EndsSessionWithHint
                    | ScriptDeed::EndsSessionWithRefreshToken
                    | ScriptDeed::EndsOtherSessions
            ) =>
        {
            return "a session that ends because its tokens were revoked ends silently";
        }
        Action::Person { .. } | Action::Administrator(_) | Action::Stranger(_) | Action::Script(_) | Action::Lab(_) => {
        }
    }
    match (client.front_channel, client.front_channel_url, client.back_channel_url) {
        (true, false, _) => {
            "its front-channel switch is on, which leaves out the back channel, and no page is registered"
        }
        (true, true, _) if matches!(step.action, Action::Administrator(_) | Action::Script(_)) => {
            "it is told through the user's browser, and nobody is looking at one"
        }
        (true, true, _) => "it is told through the user's browser, and the browser did not load its page",
        (false, _, false) => "no back-channel URL is registered, and its front-channel switch is off",
        (false, _, true) => "a back-channel URL is registered, and what was posted there did not come here",
    }
}
