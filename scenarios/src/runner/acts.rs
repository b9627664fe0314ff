//! What each verb does.

use std::time::Duration;

use lab::acts::{self, About, Act, Grant, Sent};
use lab::browser::{Alteration, Manner, Player, Sight, SignOut, TabDeed};
use lab::{Kind, Trouble};
use url::Url;

use super::Stage;
use super::orders::{tab_deed, trouble};
use crate::lesson::{Action, Deed, Step};
use crate::vocabulary::{
    Administrator, Altered, BackTo, BrowserDeed, ClientWord, Hint, How, Lab, Letter, Link, LinkKind, LinkedPage,
    Person, Portal, Script, ScriptDeed, StateWord, Stranger, Swap,
};

const AUTHORIZATION: &str = "/protocol/openid-connect/auth";
const LOGOUT: &str = "/protocol/openid-connect/logout";
const CALLBACK: &str = "/callback";
/// Shorter than a navigation may take.
const LONGEST_HOLD: Duration = Duration::from_secs(20);

impl Stage<'_> {
    /// Does the step; gives what the person sees, if a person acts.
    pub(super) async fn act(&mut self, step: &Step) -> Result<Option<Sight>, Trouble> {
        match &step.action {
            Action::Person { who, does } => self.person(*who, does).await.map(Some),
            Action::Administrator(act) => self.lab.act(&self.administrator(act)?).await.map(|()| None),
            Action::Lab(Lab::Waits(seconds)) => {
                // Time itself is the condition: Keycloak's clock cannot be moved, so a lesson about its end lets it pass.
                tokio::time::sleep(Duration::from_secs(*seconds)).await;
                Ok(None)
            }
            Action::Lab(Lab::LogoutOvertakesFormOf(who)) => {
                let act = Act::OvertakePost { portal: Portal::Admin.word().to_owned(), sid: self.sid(*who)? };
                self.lab.act(&act).await.map(|()| None)
            }
            Action::Lab(act) => self.lab.act(&trouble(act)).await.map(|()| None),
            Action::Script(act) => self.lab.act(&self.script(*act)?).await.map(|()| None),
            Action::Stranger(act) => self.lab.act(&self.stranger(*act)?).await.map(|()| None),
        }
    }

    async fn person(&mut self, who: Person, does: &Deed) -> Result<Sight, Trouble> {
        let alterations = match does {
            Deed::SignIn(portal, Some(altered)) => self.on_the_way_in(*portal, altered)?,
            Deed::SignOut(portal, _, Some(altered)) => self.on_the_way_out(who, *portal, altered)?,
            _ => Vec::new(),
        };
        let hold = match does {
            Deed::SignIn(_, Some(Altered { callback_after: Some(seconds), .. })) => {
                Some((CALLBACK.to_owned(), Duration::from_secs(*seconds).min(LONGEST_HOLD)))
            }
            _ => None,
        };
        let typing = match does {
            Deed::SignIn(_, Some(Altered { typed_by: Some(other), .. })) => {
                let user = other.user();
                Some((user.username().to_owned(), user.password().to_owned()))
            }
            _ => None,
        };
        let remembering = matches!(does, Deed::SignIn(_, Some(altered)) if altered.remember_me);
        let frames_without_cookies =
            matches!(does, Deed::SignOut(_, _, Some(altered)) if altered.frames_without_cookies);
        let player = self.player(who);
        player.behave(Manner { alterations, hold, typing, remembering, frames_without_cookies })?;
        let seen = match does {
            Deed::Open(portal) => player.open(portal.word()).await,
            Deed::SignIn(portal, _) => player.sign_in(portal.word()).await,
            Deed::SignOut(portal, None, _) => player.sign_out(portal.word(), SignOut::AtPortal).await,
            Deed::SignOut(portal, Some(How::WithoutHint), _) => {
                player.sign_out(portal.word(), SignOut::WithoutHint).await
            }
            Deed::SignOut(portal, Some(How::DoubleClick), _) => {
                player.sign_out(portal.word(), SignOut::DoubleClick).await
            }
            Deed::OpenListeners(count) => player.open_listeners(*count).await,
            Deed::FollowLink(link) => {
                let by = match link.by {
                    LinkKind::Link => lab::browser::Lure::Link,
                    LinkKind::Image => lab::browser::Lure::Image,
                    LinkKind::Form => lab::browser::Lure::Form,
                };
                player.follow_link(link.portal.word(), path(*link), by).await
            }
            Deed::AnswerLogoutQuestion(_) => player.answer_logout_question().await,
            Deed::RepeatCallback(portal) => player.repeat_callback(portal.word()).await,
            Deed::Tab(word, portal) => player.in_tabs(&tab_deed(*word, portal.word())).await,
            Deed::Browser(BrowserDeed::Restarts) => player.in_tabs(&TabDeed::Restart).await,
            Deed::Press(control) => player.press("admin", control.word(), false).await,
            Deed::Force(control) => player.press("admin", control.word(), true).await,
        };
        player.behave(Manner::default())?;
        match seen {
            // Also where Keycloak knew the person and showed no form at all.
            Ok(sight) if remembering && !sight.asked_for_password => Err(impossible(
                who,
                "was not asked for a password, so there was no box \"Remember me\" to tick",
                "sign out in a step before, or leave `remember-me` out",
            )),
            seen => seen,
        }
    }

    fn index(&self, who: Person) -> usize {
        let found = self.people.iter().position(|person| *person == who);
        found.unwrap_or_else(|| unreachable!("everybody who is named has a browser"))
    }

    fn player(&mut self, who: Person) -> &mut dyn Player {
        let index = self.index(who);
        self.players[index].as_mut()
    }

    fn administrator(&self, act: &Administrator) -> Result<Act, Trouble> {
        let name = |who: &Person| who.user().username().to_owned();
        Ok(match act {
            Administrator::EndsSessionOf(who) => Act::EndSession { sid: self.sid(*who)? },
            Administrator::LogsOut(who) => Act::LogOutUser { username: name(who) },
            Administrator::LogsOutEverybody => Act::LogOutEverybody,
            Administrator::Disables(who) => Act::DisableUser { username: name(who) },
            Administrator::Deletes(who) => Act::DeleteUser { username: name(who) },
            Administrator::ResetsPasswordOf(who) => Act::ResetPassword { username: name(who) },
            Administrator::TakesRolesFrom(who) => Act::TakeRoles { username: name(who) },
            Administrator::PushesNotBefore => Act::PushNotBefore,
            Administrator::DisablesClient(portal) => Act::DisableClient { portal: portal.word().to_owned() },
            Administrator::GivesPairwiseSubjectTo(portal) => Act::PairwiseSubject { portal: portal.word().to_owned() },
            Administrator::RotatesKeys => Act::RotateKeys,
            Administrator::SetsLifetimes(lifetimes) => Act::SetLifetimes(*lifetimes),
            Administrator::RotatesRefreshTokens => Act::RotateRefreshTokens,
            Administrator::OffersRememberMe => Act::SetRememberMe { on: true },
            Administrator::StopsOfferingRememberMe => Act::SetRememberMe { on: false },
            Administrator::OverridesFramePolicy => Act::OverrideFramePolicy,
            Administrator::LetsUseOfflineTokens(who) => Act::Grant { username: name(who), role: Grant::OfflineAccess },
            Administrator::LetsManageAccount(who) => Act::Grant { username: name(who), role: Grant::ManageAccount },
            Administrator::ImportsTestKey => Act::ImportTestKey,
            Administrator::RegistersListeners(count) => Act::RegisterListeners { count: *count },
            Administrator::LetsHearByFrontChannel(portal) => {
                Act::HearByFrontChannel { portal: portal.word().to_owned() }
            }
        })
    }

    fn stranger(&self, act: Stranger) -> Result<Act, Trouble> {
        let sent = match act.posts {
            Letter::Forged => Sent::Forged,
            Letter::Unsigned => Sent::Unsigned,
            Letter::UnknownKey => Sent::UnknownKey,
            Letter::Nonsense => Sent::Nonsense,
            Letter::Copy => Sent::Copy,
            Letter::CopyForOther => Sent::CopyForOther,
            Letter::IdToken => Sent::IdToken,
            Letter::IdTokenOfOther => Sent::IdTokenOfOther,
            Letter::FromTestRealm => Sent::FromTestRealm,
        };
        let about = act.about.map(|who| self.about(who)).transpose()?;
        Ok(Act::Post { portal: act.to.word().to_owned(), sent, about, times: act.times.unwrap_or(1) })
    }

    fn script(&self, act: Script) -> Result<Act, Trouble> {
        let with_password = act.does == ScriptDeed::SignsInWithPassword;
        let user = act.whose.user();
        let about = if with_password {
            About { username: user.username().to_owned(), sid: String::new() }
        } else {
            self.about(act.whose)?
        };
        let does = match act.does {
            ScriptDeed::EndsSessionWithHint => acts::ScriptDeed::EndsSessionWithHint,
            ScriptDeed::EndsSessionWithRefreshToken => acts::ScriptDeed::EndsSessionWithRefreshToken,
            ScriptDeed::RevokesRefreshToken => acts::ScriptDeed::RevokesRefreshToken,
            ScriptDeed::Refreshes => acts::ScriptDeed::Refreshes,
            ScriptDeed::RefreshesWithFirstToken => acts::ScriptDeed::RefreshesWithFirstToken,
            ScriptDeed::RefreshesWithoutSecret => acts::ScriptDeed::RefreshesWithoutSecret,
            ScriptDeed::AsksUserinfo => acts::ScriptDeed::AsksUserinfo,
            ScriptDeed::AsksUserinfoFromElsewhere => acts::ScriptDeed::AsksUserinfoFromElsewhere,
            ScriptDeed::Introspects => acts::ScriptDeed::Introspects,
            ScriptDeed::SignsInWithPassword => acts::ScriptDeed::SignsInWithPassword,
            ScriptDeed::EndsOtherSessions => acts::ScriptDeed::EndsOtherSessions,
        };
        let password = with_password.then(|| user.password().to_owned());
        Ok(Act::Script { portal: act.in_name_of.word().to_owned(), does, about, password })
    }

    fn about(&self, who: Person) -> Result<About, Trouble> {
        Ok(About { username: who.user().username().to_owned(), sid: self.sid(who)? })
    }

    /// The session at Keycloak that this person's browser had last.
    fn sid(&self, who: Person) -> Result<String, Trouble> {
        let loot = self.players[self.index(who)].loot();
        loot.sid().map(str::to_owned).ok_or_else(|| impossible(who, "has no session yet", "let them sign in before"))
    }

    fn on_the_way_in(&self, portal: Portal, altered: &Altered) -> Result<Vec<Alteration>, Trouble> {
        let mut list = Vec::new();
        let mut add = |at: &str, name: &str, value: Option<String>| {
            list.push(Alteration { at: at.to_owned(), name: name.to_owned(), value });
        };
        if let Some(prompt) = altered.prompt {
            add(AUTHORIZATION, "prompt", Some(prompt.word().to_owned()));
        }
        if let Some(age) = &altered.max_age {
            add(AUTHORIZATION, "max_age", Some(age.clone()));
        }
        if let Some(swap) = altered.code_challenge {
            add(AUTHORIZATION, "code_challenge", other(swap));
            if swap == Swap::None {
                add(AUTHORIZATION, "code_challenge_method", None);
            }
        }
        if let Some(to) = altered.redirect_uri {
            add(AUTHORIZATION, "redirect_uri", self.back_to(portal, to)?);
        }
        if altered.response_type.is_some() {
            add(AUTHORIZATION, "response_type", Some("id_token token".to_owned()));
        }
        if altered.scope.is_some() {
            add(AUTHORIZATION, "scope", Some("openid profile email offline_access".to_owned()));
        }
        for (name, swap) in [("state", altered.callback_state), ("code", altered.callback_code)] {
            if let Some(swap) = swap {
                add(CALLBACK, name, other(swap));
            }
        }
        if let Some(swap) = altered.callback_iss {
            let foreign = (swap == Swap::Foreign).then(|| "https://another-provider.example/realms/x".to_owned());
            add(CALLBACK, "iss", foreign);
        }
        Ok(list)
    }

    fn on_the_way_out(&self, who: Person, portal: Portal, altered: &Altered) -> Result<Vec<Alteration>, Trouble> {
        let mut list = Vec::new();
        let mut add = |name: &str, value: Option<String>| {
            list.push(Alteration { at: LOGOUT.to_owned(), name: name.to_owned(), value });
        };
        if let Some(hint) = altered.hint {
            add("id_token_hint", self.hint(who, hint)?);
        }
        if let Some(client) = altered.client {
            let id = |portal: Portal| self.topology.portal(portal.word()).map(|place| place.client_id.clone());
            add(
                "client_id",
                match client {
                    ClientWord::None => None,
                    ClientWord::Internal => id(Portal::Internal),
                    ClientWord::External => id(Portal::External),
                    ClientWord::Admin => id(Portal::Admin),
                },
            );
        }
        if let Some(to) = altered.uri {
            add("post_logout_redirect_uri", self.back_to(portal, to)?);
        }
        if let Some(state) = altered.state {
            let odd = || format!("a&b=c?d#e ü {}", "x".repeat(480));
            add("state", (state == StateWord::Odd).then(odd));
        }
        Ok(list)
    }

    fn hint(&self, who: Person, hint: Hint) -> Result<Option<String>, Trouble> {
        let tokens = |who: Person| {
            self.players[self.index(who)].tokens().ok_or_else(|| {
                impossible(who, "holds no tokens: they lie in the tab of the external portal", "sign in there before")
            })
        };
        Ok(match hint {
            Hint::None => None,
            Hint::AccessToken => Some(tokens(who)?.access),
            Hint::Broken => Some(broken(tokens(who)?.id_token())),
            Hint::OfJohn | Hint::OfMary | Hint::OfAlex | Hint::OfPat => {
                let owner = hint.owner().unwrap_or(who);
                Some(tokens(owner)?.id_token().to_owned())
            }
        })
    }

    fn back_to(&self, portal: Portal, to: BackTo) -> Result<Option<String>, Trouble> {
        let page = |portal: Portal, path: &str| {
            let place = self.topology.portal(portal.word()).map(|place| &place.url);
            place.and_then(|url| url.join(path).ok()).map(|url: Url| url.to_string()).ok_or_else(|| {
                Trouble::new(
                    Kind::State,
                    format!("the lab has no {}", portal.title()),
                    "the lesson needs its address",
                    "start a lab with all portals: `cargo xtask lab up`",
                )
            })
        };
        Ok(Some(match to {
            BackTo::None => return Ok(None),
            BackTo::Unregistered => page(portal, "/anywhere")?,
            BackTo::OfInternal => page(Portal::Internal, "/signed-out")?,
            BackTo::OfExternal => page(Portal::External, "/signed-out")?,
            BackTo::OfAdmin => page(Portal::Admin, "/admin/signed-out")?,
        }))
    }
}

/// Where a link elsewhere leads at a portal.
fn path(link: Link) -> &'static str {
    match (link.page, link.portal) {
        (LinkedPage::SignOut, Portal::Admin) => "/admin/logout",
        (LinkedPage::SignOut, _) => "/signout",
        (LinkedPage::Logout, _) => "/logout",
        (LinkedPage::Health, _) => "/health",
    }
}

fn other(swap: Swap) -> Option<String> {
    // Long enough for a code challenge, which Keycloak would refuse for its length alone.
    (swap == Swap::Foreign).then(|| "somebody-elses-value-somebody-elses-value-1".to_owned())
}

/// The token with another first letter in its signature.
fn broken(token: &str) -> String {
    match token.rsplit_once('.') {
        Some((signed, signature)) => {
            let first = if signature.starts_with('A') { 'B' } else { 'A' };
            format!("{signed}.{first}{}", signature.get(1..).unwrap_or_default())
        }
        None => "broken".to_owned(),
    }
}

fn impossible(who: Person, how: &str, action: &str) -> Trouble {
    Trouble::new(Kind::Lesson, format!("{} {how}", who.name()), "the lesson's steps stand in the wrong order", action)
}

#[cfg(test)]
mod tests {
    use super::broken;

    #[test]
    fn a_broken_token_differs_in_its_signature_only() {
        assert_eq!(broken("a.b.Abc"), "a.b.Bbc");
        assert_eq!(broken("a.b.xyz"), "a.b.Ayz");
    }
}
