//! What happens to the world in a lesson besides what people do: an administrator acts, the network fails, time passes, a
//! stranger tries something. Everything is undone by the lab's reset, in the opposite order.

use jiff::{SignedDuration, Timestamp};
use realm::Client;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use tokio::sync::Mutex;

use crate::keycloak::admin::Admin;
use crate::tap::Disturbance;
use crate::trouble::{Kind, Trouble};
use crate::world::Parts;

mod stranger;

pub use stranger::{About, Sent};

/// A stranger's patience.
pub const MOST_POSTS: u32 = 500;

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
    /// A portal starts anew: what it had in memory is gone.
    RestartPortal {
        /// Which.
        portal: String,
    },
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

/// Lifetimes of a realm, in seconds; those that are not named stay.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Lifetimes {
    /// Of access tokens, and of ID tokens with them.
    pub access: Option<u32>,
    /// Of authorization codes.
    pub code: Option<u32>,
    /// Of the single sign-on session without activity.
    pub idle: Option<u32>,
    /// Of the single sign-on session at most.
    pub max: Option<u32>,
}

/// What acts have changed in the realm, and how it is put back.
#[derive(Default)]
pub(crate) struct Deeds {
    undo: Mutex<Vec<Undo>>,
}

enum Undo {
    /// A user of the realm file.
    User(Value),
    /// A member of a client, as it was before. Not the whole client: a fault may have been in it that is long switched off.
    Client { client: Client, member: &'static str, before: Value },
    /// Members of the realm.
    Realm(Value),
    /// The keys from before; those of lessons that are not among them go.
    KeysBut(Vec<(String, String)>),
}

impl Deeds {
    /// Undoes everything, the newest first. What could not be undone stays noted for the next try and keeps nothing else from
    /// being undone.
    ///
    /// # Errors
    /// The first trouble of Keycloak.
    pub(crate) async fn undo(&self, admin: &Admin) -> Result<(), Trouble> {
        let mut noted = self.undo.lock().await;
        let (mut left, mut first) = (Vec::new(), Ok(()));
        while let Some(undo) = noted.pop() {
            let undone = match &undo {
                Undo::User(user) => admin.put_user_back(user).await,
                Undo::Client { client, member, before } => put_back(admin, *client, member, before).await,
                Undo::Realm(members) => admin.put(&format!("realms/{}", realm::REALM), members).await,
                Undo::KeysBut(known) => admin.delete_signing_keys_but(known).await,
            };
            if let Err(trouble) = undone {
                left.push(undo);
                first = first.and(Err(trouble));
            }
        }
        left.reverse();
        *noted = left;
        first
    }
}

/// Trap: a client that is sent without its web origins loses them, so what is there is read and sent back whole.
async fn put_back(admin: &Admin, client: Client, member: &str, before: &Value) -> Result<(), Trouble> {
    let mut current = admin.client(client).await?;
    current[member] = before.clone();
    admin.put_client(&current).await
}

impl Act {
    /// Whether it changes the realm, and not only who is signed in there.
    fn changes_the_realm(&self) -> bool {
        match self {
            Self::DisableUser { .. }
            | Self::DeleteUser { .. }
            | Self::ResetPassword { .. }
            | Self::TakeRoles { .. }
            | Self::PushNotBefore
            | Self::LogOutEverybody
            // It also sets the user's own not-before.
            | Self::LogOutUser { .. }
            | Self::DisableClient { .. }
            | Self::PairwiseSubject { .. }
            | Self::RotateKeys
            | Self::SetLifetimes(_) => true,
            Self::EndSession { .. }
            | Self::Disturb { .. }
            | Self::MoveClocks { .. }
            | Self::RestartPortal { .. }
            | Self::Post { .. } => false,
        }
    }
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
                self.deeds.undo.lock().await.push(Undo::KeysBut(known));
                admin.add_signing_key().await
            }
            Act::SetLifetimes(lifetimes) => self.set_lifetimes(lifetimes).await,
            Act::Disturb { part, how } => {
                self.tap(&part)?.set(how);
                Ok(())
            }
            Act::MoveClocks { seconds } => {
                for portal in &self.portals {
                    portal.clock().advance(SignedDuration::from_secs(seconds));
                }
                Ok(())
            }
            Act::RestartPortal { portal } => self.restart(&portal).await,
            Act::Post { portal, sent, about, times } => {
                let letters = self.letters(&portal, sent, about).await?;
                for _ in 0..times.min(MOST_POSTS) {
                    self.post_as_stranger(&portal, letters.next()).await?;
                }
                Ok(())
            }
        }
    }

    async fn set_lifetimes(&self, lifetimes: Lifetimes) -> Result<(), Trouble> {
        let members = [
            ("accessTokenLifespan", lifetimes.access),
            ("accessCodeLifespan", lifetimes.code),
            ("ssoSessionIdleTimeout", lifetimes.idle),
            ("ssoSessionMaxLifespan", lifetimes.max),
        ];
        let named: Vec<&str> = members.iter().filter(|(_, value)| value.is_some()).map(|(name, _)| *name).collect();
        self.note_realm(&named).await?;
        let changed: Map<String, Value> =
            members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?.into()))).collect();
        self.admin.put(&format!("realms/{}", realm::REALM), &Value::Object(changed)).await
    }

    async fn note_realm(&self, names: &[&str]) -> Result<(), Trouble> {
        let realm = self.admin.get(&format!("realms/{}", realm::REALM)).await?;
        let before: Map<String, Value> = names.iter().map(|name| ((*name).to_owned(), realm[*name].clone())).collect();
        self.deeds.undo.lock().await.push(Undo::Realm(Value::Object(before)));
        Ok(())
    }

    async fn note_client(&self, portal: &str, member: &'static str) -> Result<Client, Trouble> {
        let client = client_of(portal)?;
        let before = self.admin.client(client).await?[member].clone();
        self.deeds.undo.lock().await.push(Undo::Client { client, member, before });
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
        self.deeds.undo.lock().await.push(Undo::User(user.clone()));
        Ok(())
    }

    async fn restart(&self, name: &str) -> Result<(), Trouble> {
        let client = client_of(name)?;
        let portal = self.portals.iter().find(|portal| portal.kind().word() == client.portal());
        let portal = portal.ok_or_else(|| no_part(name))?;
        portal.reset().await.map_err(|error| {
            let what = format!("the {name} portal cannot be started anew: {error}");
            Trouble::new(Kind::Part, what, "its sessions could not be ended", "start the lab anew").caused_by(error)
        })
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
