//! What happens to the world in a lesson besides what people do: an administrator acts, the network fails, time passes, a
//! stranger tries something. Everything is undone by the lab's reset, in the opposite order.

use jiff::{SignedDuration, Timestamp};
use realm::Client;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::tap::Disturbance;
use crate::trouble::{Kind, Trouble};
use crate::world::Parts;

mod app;
mod deeds;
mod hosted;
mod lifetimes;
mod nature;
mod overtaking;
mod script;
mod settings;
mod stranger;

pub(crate) use deeds::Deeds;
use deeds::Undo;
pub use lifetimes::Lifetimes;
pub use portals::SameSite;
pub use portals::{AppOptions, Library, Monitor, Tokens};
pub use script::ScriptDeed;
pub use stranger::{About, Sent};

/// A stranger's patience.
pub const MOST_POSTS: u32 = 500;

/// What the front channel of a client needs.
const FRONT_CHANNEL: [&str; 2] = ["frontchannel.logout.url", "frontchannel.logout.session.required"];

/// The most listeners that a lesson may have.
pub const MOST_LISTENERS: u32 = 50;

/// Name and client id of a listener; its pages and its back channel lie below `/listener/NAME/` of the internal portal's
/// address.
pub fn listener_name(number: u32) -> String {
    format!("listener-{number:02}")
}

/// One act.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Act {
    /// The administrator ends this session.
    EndSession {
        /// The session.
        sid: String,
    },
    /// The administrator ends all sessions of a user.
    LogOutUser {
        /// Who.
        username: String,
    },
    /// The administrator ends all sessions of the realm.
    LogOutEverybody,
    /// The administrator switches a user off.
    DisableUser {
        /// Who.
        username: String,
    },
    /// The administrator deletes a user.
    DeleteUser {
        /// Who.
        username: String,
    },
    /// The administrator gives a user another password.
    ResetPassword {
        /// Who.
        username: String,
    },
    /// The administrator takes all roles from a user.
    TakeRoles {
        /// Who.
        username: String,
    },
    /// The administrator sets the realm's not-before to now.
    PushNotBefore,
    /// The administrator switches a portal's client off.
    DisableClient {
        /// Whose.
        portal: String,
    },
    /// The administrator lets a portal's client know each user by a name of its own.
    PairwiseSubject {
        /// Whose.
        portal: String,
    },
    /// The administrator adds a key that signs from now on.
    RotateKeys,
    /// The administrator sets the realm's clocks, in seconds.
    SetLifetimes(Lifetimes),
    /// The administrator lets a refresh token be used once only.
    RotateRefreshTokens,
    /// The administrator lets the login form offer to remember somebody, or no longer.
    SetRememberMe {
        /// Whether it is offered.
        on: bool,
    },
    /// The administrator gives Keycloak's pages a policy (`Content-Security-Policy`) of the realm's own, which lets them load
    /// frames of Keycloak's own origin only.
    OverrideFramePolicy,
    /// The administrator gives a user a role of Keycloak's own.
    Grant {
        /// Whom.
        username: String,
        /// Which.
        role: Grant,
    },
    /// The administrator registers this many more applications that listen to the back channel, at most [`MOST_LISTENERS`].
    /// The lab's tap answers for them.
    RegisterListeners {
        /// How many.
        count: u32,
    },
    /// The administrator lets a portal with a server hear by the front channel instead of the back channel.
    HearByFrontChannel {
        /// Which.
        portal: String,
    },
    /// The administrator imports the signing key of a test realm, whose key the stranger has: it verifies and does not
    /// sign.
    ImportTestKey,
    /// The network makes trouble before a part, or (`None`) ends it.
    Disturb {
        /// `internal`, `external`, `admin` or `keycloak`.
        part: String,
        /// What kind.
        how: Option<Disturbance>,
    },
    /// The portals' clocks are moved.
    MoveClocks {
        /// Forward; negative is back.
        seconds: i64,
    },
    /// A portal starts anew, all its replicas: what it had in memory is gone, and what it had in Redis is there. Its faults
    /// stay on.
    RestartPortal {
        /// Which.
        portal: String,
    },
    /// A logout overtakes Keycloak's next token answer to this portal: whose session it names is signed out before it
    /// arrives.
    OvertakeTokens {
        /// Whose answer.
        portal: String,
    },
    /// A logout overtakes a browser's next POST to this portal: the session ends when the portal has the head of the
    /// request and not yet its body.
    OvertakePost {
        /// To whom.
        portal: String,
        /// The session.
        sid: String,
    },
    /// A program outside of the browser asks Keycloak for something, in the name of a portal's client, with what somebody's
    /// session gave that client.
    Script {
        /// Whose client.
        portal: String,
        /// What it asks.
        does: ScriptDeed,
        /// Whose tokens.
        about: About,
        /// The user's password, where the deed needs it.
        password: Option<String>,
    },
    /// A portal ends what a front-channel request names, also when the browser brings no cookie.
    EndBySid {
        /// Which.
        portal: String,
    },
    /// A portal decides with which requests of other sites its session's cookie goes along. Cookies that browsers hold already
    /// stay as they are.
    SetCookiePolicy {
        /// Which.
        portal: String,
        /// With which.
        same_site: SameSite,
    },
    /// The external portal's app works like this from the next page load on; what is not named is as ordinarily.
    SetApp(AppOptions),
    /// A portal is hosted anew from now on; what was only in memory is gone: same address, client, clock and faults. A browser
    /// stays with one replica (the first that comes with the first, the second with the second, and so on in turn); a
    /// server, which is no browser, always gets the last one.
    Host {
        /// Which.
        portal: String,
        /// As how many: 1 or 2.
        replicas: u8,
        /// Where it keeps its sessions.
        store: Store,
    },
    /// Somebody stops Redis. It keeps what it holds for [`Self::StartRedis`].
    StopRedis,
    /// Somebody starts Redis, with what it held when it was stopped.
    StartRedis,
    /// Somebody takes everything out of Redis.
    EmptyRedis,
    /// The administrator restarts Keycloak: same address, same database. Done when it is ready again.
    RestartKeycloak,
    /// A stranger posts something to a portal's logout endpoint.
    Post {
        /// To whom.
        portal: String,
        /// What.
        sent: Sent,
        /// Whom it is to throw out.
        about: Option<About>,
        /// How often, one after another; at most [`MOST_POSTS`].
        times: u32,
    },
}

/// A role of Keycloak's own that a lesson gives somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Grant {
    /// May have offline tokens (realm role `offline_access`).
    OfflineAccess,
    /// May manage the own account and its sessions (role `manage-account` of the client `account`).
    ManageAccount,
}

/// Where a portal keeps its sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Store {
    /// In the memory of each replica.
    Memory,
    /// In the lab's Redis, which all replicas share.
    Redis,
}

impl Parts {
    /// Does it, and returns when it is done.
    ///
    /// # Errors
    /// Safety: it would change a realm that is somebody else's. Usage: a name is unknown. Otherwise trouble of Keycloak.
    pub(crate) async fn act(&self, act: Act) -> Result<(), Trouble> {
        if let Some(why) = self.foreign.filter(|_| act.changes_the_realm()) {
            return Err(Trouble::new(
                Kind::Safety,
                format!("refusing to change the realm: {why}"),
                "this lesson's administrator changes users, clients or settings",
                "play it with a Keycloak of the lab's own (`--runtime dist`)",
            ));
        }
        let admin = &self.admin;
        match act {
            Act::EndSession { sid } => admin.end_session(&sid).await,
            Act::LogOutUser { username } => admin.log_out_user(&username).await,
            // Both set the realm's not-before, which every reset takes back.
            Act::LogOutEverybody => admin.log_out_everybody().await,
            Act::PushNotBefore => admin.set_not_before(Timestamp::now()).await,
            Act::DisableUser { username } => {
                self.note_user(&username).await?;
                admin.disable_user(&username).await
            }
            Act::DeleteUser { username } => {
                self.note_user(&username).await?;
                admin.delete_user(&username).await
            }
            Act::ResetPassword { username } => {
                self.note_user(&username).await?;
                admin.reset_password(&username, &format!("{:032x}", rand::random::<u128>())).await
            }
            Act::TakeRoles { username } => {
                self.note_user(&username).await?;
                admin.take_roles(&username).await
            }
            Act::DisableClient { portal } => admin.disable_client(self.note_client(&portal, "enabled").await?).await,
            Act::PairwiseSubject { portal } => {
                admin.add_pairwise_subject(self.note_client(&portal, "protocolMappers").await?).await
            }
            Act::RotateKeys => {
                let known = admin.key_providers().await?;
                self.deeds.note(Undo::KeysBut(known)).await;
                admin.add_signing_key().await
            }
            Act::SetLifetimes(lifetimes) => self.set_lifetimes(lifetimes).await,
            Act::RotateRefreshTokens => self.rotate_refresh_tokens().await,
            Act::SetRememberMe { on } => self.set_remember_me(on).await,
            Act::OverrideFramePolicy => self.override_frame_policy().await,
            Act::Grant { username, role } => {
                self.note_user(&username).await?;
                admin.grant(&username, role).await
            }
            Act::RegisterListeners { count } => {
                self.deeds.note(Undo::Listeners).await;
                admin.register_listeners(count.min(MOST_LISTENERS)).await
            }
            Act::HearByFrontChannel { portal } => {
                let client = self.note_client(&portal, "frontchannelLogout").await?;
                let now = admin.client(client).await?;
                let before = FRONT_CHANNEL.iter().map(|name| (*name, now["attributes"][*name].clone())).collect();
                self.deeds.note(Undo::Attributes { client, before }).await;
                admin.hear_by_front_channel(client).await
            }
            Act::EndBySid { portal } => self.at_each(&portal, |one| one.end_by_sid(true)).await,
            Act::SetCookiePolicy { portal, same_site } => {
                self.at_each(&portal, |one| one.set_same_site(same_site)).await
            }
            Act::SetApp(options) => self.set_app(options).await,
            Act::ImportTestKey => {
                self.refuse_exposed("the private half of this key is known to everybody")?;
                let known = admin.key_providers().await?;
                self.deeds.note(Undo::KeysBut(known)).await;
                admin.import_signing_key(portal_protocol::forge::PRIVATE_KEY).await
            }
            Act::OvertakeTokens { portal } => self.overtake_tokens(&portal),
            Act::OvertakePost { portal, sid } => self.overtake_post(&portal, sid),
            Act::Script { portal, does, about, password } => self.script(&portal, does, &about, password).await,
            Act::Disturb { part, how } => {
                self.tap(&part)?.set(how);
                Ok(())
            }
            Act::MoveClocks { seconds } => {
                for clock in self.hosting.clocks() {
                    clock.advance(SignedDuration::from_secs(seconds));
                }
                Ok(())
            }
            Act::RestartPortal { portal } => self.restart_portal(&portal).await,
            Act::Host { portal, replicas, store } => self.host(&portal, replicas, store).await,
            Act::StopRedis => self.redis.stop().await,
            Act::StartRedis => self.redis.start().await,
            Act::EmptyRedis => self.redis.empty().await,
            Act::RestartKeycloak => self.keycloak.restart().await,
            Act::Post { portal, sent, about, times } => {
                let letters = self.letters(&portal, sent, about).await?;
                for _ in 0..times.min(MOST_POSTS) {
                    self.post_as_stranger(&portal, letters.next()).await?;
                }
                Ok(())
            }
        }
    }

    async fn note_client(&self, portal: &str, member: &'static str) -> Result<Client, Trouble> {
        let client = client_of(portal)?;
        let before = self.admin.client(client).await?[member].clone();
        self.deeds.note(Undo::Client { client, member, before }).await;
        Ok(client)
    }

    /// Users are put back from the realm file, because Keycloak gives no password away.
    async fn note_user(&self, username: &str) -> Result<(), Trouble> {
        let users = self.realm.json()["users"].as_array().into_iter().flatten();
        let mut known = users.filter(|user| user["username"] == json!(username));
        let Some(user) = known.next() else {
            return Err(Trouble::new(
                Kind::Usage,
                format!("the realm file has no user {username}"),
                "whoever is changed here could not be put back afterwards",
                "use the shipped realm, or add the user to your own",
            ));
        };
        self.deeds.note(Undo::User(user.clone())).await;
        Ok(())
    }

    pub(crate) fn tap(&self, part: &str) -> Result<&crate::tap::Handle, Trouble> {
        self.taps.iter().find(|(name, _)| name == part).map(|(_, handle)| handle).ok_or_else(|| no_part(part))
    }
}

fn client_of(portal: &str) -> Result<Client, Trouble> {
    Client::ALL.into_iter().find(|client| client.portal() == portal).ok_or_else(|| no_part(portal))
}

fn no_part(name: &str) -> Trouble {
    Trouble::new(
        Kind::Usage,
        format!("the lab has no part \"{name}\""),
        "its parts are internal, external, admin and keycloak",
        "use one of these names",
    )
}
