//! The store in Redis, for several replicas of a portal: the rules of [`super::memory`], each decision one script.
//!
//! Every key begins with `sso-portal:{CLIENT@ISSUER}:`. The braces are a *hash tag*: Redis Cluster decides by it, and by
//! nothing else of the key, where a key lies. So all keys of one portal lie in one slot. A logout must in one step read
//! an index, remember the token and delete sessions, and a script can only do that within one slot. The price: one
//! portal's sessions are one node's work. Another portal's are another's.
//!
//! | key | type | what |
//! |---|---|---|
//! | `session:ID` | hash | `data`, `generation`, `ends`; if somebody is signed in: `who`, `by_sub`, `by_sid`, `sub`, `issued_at`; while its id changes: `moving` |
//! | `sid:["ISS","SID"]`, `sub:["ISS","SUB"]` | set | ids of these sessions |
//! | `stone-sid:…`, `stone-sub:…` | hash | tombstone: `issued_at`, `until` |
//! | `jti:["ISS","JTI"]` | string | until when a logout token is remembered |
//! | `alive`, `people` | sorted set | ids and users by the end of their sessions: for tidying and counting |
//! | `said:ID` | hash | why a session ended: `ending`, `until` |
//! | `begun:PURPOSE:STATE` | hash | a begun sign-in or sign-out; `begun-by:…` and `begun-all:…` count them |
//! | `lease:ID` | string | who refreshes a session right now; the only key that lives by Redis' own clock |
//! | `endings` | channel | `ID ENDING` for each session that ended |
//!
//! Left out: finding the right node of a cluster. The keys are ready for it; this client talks to the one server it is
//! told, or to a proxy that knows the nodes.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use portal_protocol::logout_token::LEEWAY;
use portal_protocol::{Refusal, Subject, TOMBSTONE_LIFE, VerifiedLogoutToken};
use redis::{Client, Script, ScriptInvocation};
use serde_json::{Value, json};
use tokio::sync::{Mutex, broadcast, watch};
use tokio::task::AbortHandle;
use tokio::time::timeout;
use tower_sessions::session::{Id, Record};

use super::begun::{self, Purpose};
use super::rules::{ANONYMOUS_LIFE, Data, EndedFirst, MOVE_LIFE, Owner, Parts, after, copy, mark};
use super::store::{Away, BACKLOG, News, Store};
use super::{Ending, SignedIn};
use crate::settings::RedisUrl;

mod link;
mod news;
mod scripts;

use link::Link;
use scripts::Scripts;

/// Sessions in Redis.
pub(super) struct RedisStore {
    client: Client,
    link: Link,
    scripts: Scripts,
    prefix: String,
    news: broadcast::Sender<News>,
    stands: watch::Sender<bool>,
    follower: Mutex<Option<AbortHandle>>,
}

impl RedisStore {
    /// The sessions of one client of one provider. Connects to nothing yet.
    ///
    /// # Errors
    /// When the address cannot be used.
    pub(super) fn new(url: &RedisUrl, client_id: &str, issuer: &str) -> Result<Self, Away> {
        let client = Client::open(url.reveal()).map_err(|error| Away { why: error.category().to_owned() })?;
        let portal = format!("{client_id}@{issuer}").replace('{', "%7B").replace('}', "%7D");
        Ok(Self {
            link: Link::new(client.clone()),
            client,
            scripts: Scripts::new(),
            prefix: format!("sso-portal:{{{portal}}}:"),
            news: broadcast::Sender::new(BACKLOG),
            stands: watch::Sender::new(false),
            follower: Mutex::default(),
        })
    }

    fn call<'s>(&self, script: &'s Script, now: Timestamp) -> ScriptInvocation<'s> {
        let mut call = script.key(self.prefix.as_str());
        call.arg(now.as_millisecond());
        call
    }
}

/// `ends`, `moving`, `data`, `generation` and `who` of a session.
type Fields = (Option<i64>, Option<String>, Option<String>, Option<u64>, Option<String>);

/// Adds what a copy says to a call: the arguments that `create` and `save` share.
fn who_of(call: &mut ScriptInvocation<'_>, parts: &Parts) {
    call.arg(if parts.fresh { "1" } else { "0" });
    if let Some((who, owner)) = &parts.who {
        let by_sid = owner.sid.as_ref().map_or_else(String::new, |sid| name(&owner.iss, sid));
        call.arg(who.to_string()).arg(name(&owner.iss, &owner.sub)).arg(by_sid).arg(&owner.sub);
        call.arg(owner.issued_at.as_millisecond()).arg(owner.expires_at.as_millisecond());
        call.arg(owner.auth_time.unwrap_or(owner.issued_at).as_millisecond());
    } else {
        for _ in 0..7 {
            call.arg("");
        }
    }
}

/// A name within an issuer. As JSON, so that no `sub` can be written that looks like another issuer's.
fn name(iss: &str, own: &str) -> String {
    json!([iss, own]).to_string()
}

fn text(data: &Data) -> Result<String, Away> {
    serde_json::to_string(data).map_err(unreadable)
}

/// Trap: serde's own message would quote what it could not read, and that may be a token.
fn unreadable(error: serde_json::Error) -> Away {
    Away { why: format!("a session in the store cannot be read (column {})", error.column()) }
}

#[async_trait]
impl Store for RedisStore {
    async fn create(&self, record: &mut Record, now: Timestamp) -> Result<Result<(), EndedFirst>, Away> {
        let parts = Parts::of(record);
        let data = text(&parts.data)?;
        let from = parts.moved_from().map_or_else(String::new, |id| id.to_string());
        loop {
            let mut call = self.call(&self.scripts.create, now);
            call.arg(record.id.to_string()).arg(after(now, ANONYMOUS_LIFE).as_millisecond()).arg(&data).arg(&from);
            who_of(&mut call, &parts);
            let answer: String = self.link.script(&call).await?;
            match answer.as_str() {
                "taken" => record.id = Id::default(),
                "ended" => return Ok(Err(EndedFirst)),
                generation => {
                    let generation = generation.parse().map_err(|_| odd())?;
                    mark(&mut record.data, record.id, generation);
                    return Ok(Ok(()));
                }
            }
        }
    }

    async fn save(&self, record: &Record, now: Timestamp) -> Result<Result<(), EndedFirst>, Away> {
        let parts = Parts::of(record);
        let mut call = self.call(&self.scripts.save, now);
        call.arg(record.id.to_string()).arg(after(now, ANONYMOUS_LIFE).as_millisecond()).arg(text(&parts.data)?);
        call.arg(parts.generation(record.id).map_or_else(String::new, |generation| generation.to_string()));
        who_of(&mut call, &parts);
        let answer: String = self.link.script(&call).await?;
        Ok(if answer == "ended" { Err(EndedFirst) } else { Ok(()) })
    }

    async fn load(&self, id: Id, now: Timestamp) -> Result<Option<Record>, Away> {
        let key = format!("{}session:{id}", self.prefix);
        let mut get = redis::cmd("HMGET");
        get.arg(key).arg(&["ends", "moving", "data", "generation", "who"]);
        let fields: Fields = self.link.command(&get).await?;
        let (Some(ends), None, Some(data), Some(generation), who) = fields else { return Ok(None) };
        if ends <= now.as_millisecond() {
            return Ok(None);
        }
        let data = serde_json::from_str(&data).map_err(unreadable)?;
        let who = who.map(|who| serde_json::from_str(&who)).transpose().map_err(unreadable)?;
        Ok(Some(copy(id, data, who, generation)))
    }

    async fn who(&self, id: Id, now: Timestamp) -> Result<Option<(Arc<SignedIn>, u64)>, Away> {
        let mut get = redis::cmd("HMGET");
        get.arg(format!("{}session:{id}", self.prefix)).arg(&["ends", "moving", "generation", "who"]);
        let fields: (Option<i64>, Option<String>, Option<u64>, Option<String>) = self.link.command(&get).await?;
        let (Some(ends), None, Some(generation), Some(who)) = fields else { return Ok(None) };
        if ends <= now.as_millisecond() {
            return Ok(None);
        }
        Ok(Some((Arc::new(serde_json::from_str(&who).map_err(unreadable)?), generation)))
    }

    async fn part(&self, id: Id, now: Timestamp) -> Result<(), Away> {
        let mut call = self.call(&self.scripts.part, now);
        call.arg(id.to_string()).arg(MOVE_LIFE.as_millis());
        self.link.script(&call).await
    }

    async fn renew(&self, id: Id, generation: u64, who: Value, now: Timestamp) -> Result<bool, Away> {
        let Some(owner) = Owner::of(&who) else { return Ok(false) };
        let mut call = self.call(&self.scripts.renew, now);
        call.arg(id.to_string()).arg(generation).arg(who.to_string()).arg(owner.expires_at.as_millisecond());
        self.link.script(&call).await
    }

    async fn end(&self, id: Id, ending: Ending, now: Timestamp) -> Result<bool, Away> {
        let mut call = self.call(&self.scripts.end, now);
        call.arg(id.to_string()).arg(ending.word());
        self.link.script(&call).await
    }

    async fn log_out(&self, token: &VerifiedLogoutToken, now: Timestamp) -> Result<Result<usize, Refusal>, Away> {
        let (kind, own) = match token.subject() {
            Subject::Session { sid } => ("sid", sid),
            Subject::AllOf { sub } => ("sub", sub),
        };
        let mut call = self.call(&self.scripts.log_out, now);
        call.arg(name(token.iss(), token.jti())).arg(after(token.expires_at(), LEEWAY).as_millisecond());
        call.arg(kind).arg(name(token.iss(), own)).arg(token.sub().unwrap_or_default());
        call.arg(token.issued_at().as_millisecond()).arg(after(now, TOMBSTONE_LIFE).as_millisecond());
        let answer: String = self.link.script(&call).await?;
        Ok(match answer.as_str() {
            "replayed" => Err(Refusal::Replayed),
            "other-user" => Err(Refusal::OtherUser),
            count => Ok(count.parse().map_err(|_| odd())?),
        })
    }

    async fn named(&self, iss: &str, sid: Option<&str>, sub: Option<&str>) -> Result<Vec<Id>, Away> {
        let index = match (sid, sub) {
            (Some(sid), _) => format!("{}sid:{}", self.prefix, name(iss, sid)),
            (None, Some(sub)) => format!("{}sub:{}", self.prefix, name(iss, sub)),
            (None, None) => return Ok(Vec::new()),
        };
        Ok(ids(&self.link.command::<Vec<String>>(redis::cmd("SMEMBERS").arg(index)).await?))
    }

    async fn all(&self) -> Result<Vec<Id>, Away> {
        let mut all = redis::cmd("ZRANGE");
        all.arg(format!("{}alive", self.prefix)).arg(0).arg(-1);
        Ok(ids(&self.link.command::<Vec<String>>(&all).await?))
    }

    async fn end_expired(&self, now: Timestamp) -> Result<(), Away> {
        self.link.script(&self.call(&self.scripts.end_expired, now)).await
    }

    async fn clear(&self) -> Result<(), Away> {
        let mut pattern = String::new();
        for letter in self.prefix.chars() {
            if matches!(letter, '*' | '?' | '[' | ']' | '\\' | '^') {
                pattern.push('\\');
            }
            pattern.push(letter);
        }
        let mut call = self.call(&self.scripts.clear, Timestamp::UNIX_EPOCH);
        call.arg(pattern + "*");
        self.link.script(&call).await
    }

    async fn last_words(&self, id: Id, now: Timestamp) -> Result<Option<Ending>, Away> {
        let mut get = redis::cmd("HMGET");
        get.arg(format!("{}said:{id}", self.prefix)).arg(&["ending", "until"]);
        let (ending, until): (Option<String>, Option<i64>) = self.link.command(&get).await?;
        let in_time = until.is_some_and(|until| until > now.as_millisecond());
        Ok(ending.filter(|_| in_time).and_then(|ending| Ending::of_word(&ending)))
    }

    async fn signed_in(&self) -> Result<(usize, usize), Away> {
        let count = async |set| self.link.command(redis::cmd("ZCARD").arg(format!("{}{set}", self.prefix))).await;
        Ok((count("alive").await?, count("people").await?))
    }

    async fn begin(
        &self,
        purpose: Purpose,
        state: &str,
        browser: &str,
        what: String,
        now: Timestamp,
    ) -> Result<(), Away> {
        let mut call = self.call(&self.scripts.begin, now);
        call.arg(purpose.word()).arg(state).arg(browser).arg(what);
        call.arg(begun::LIFE.as_millis()).arg(begun::PER_BROWSER).arg(begun::IN_ALL);
        self.link.script(&call).await
    }

    async fn finish(
        &self,
        purpose: Purpose,
        state: &str,
        browser: &str,
        now: Timestamp,
    ) -> Result<Option<String>, Away> {
        let mut call = self.call(&self.scripts.finish, now);
        call.arg(purpose.word()).arg(state).arg(browser).arg(begun::LIFE.as_millis());
        self.link.script(&call).await
    }

    async fn lease(&self, id: Id, holder: u64, life: Duration) -> Result<bool, Away> {
        let mut set = redis::cmd("SET");
        set.arg(format!("{}lease:{id}", self.prefix)).arg(holder).arg("NX");
        set.arg("PX").arg(u64::try_from(life.as_millis()).unwrap_or(u64::MAX));
        Ok(self.link.command::<Option<String>>(&set).await?.is_some())
    }

    async fn release(&self, id: Id, holder: u64) -> Result<(), Away> {
        let mut call = self.call(&self.scripts.release, Timestamp::UNIX_EPOCH);
        call.arg(id.to_string()).arg(holder);
        self.link.script(&call).await
    }

    /// Starts to follow the announcements when somebody first wants to hear them, and returns when they are heard.
    async fn listen(&self) -> Result<broadcast::Receiver<News>, Away> {
        let heard = self.news.subscribe();
        {
            let mut follower = self.follower.lock().await;
            if follower.as_ref().is_none_or(AbortHandle::is_finished) {
                let channel = format!("{}endings", self.prefix);
                let following = news::follow(self.client.clone(), channel, self.news.clone(), self.stands.clone());
                *follower = Some(tokio::spawn(following).abort_handle());
            }
        }
        let mut stands = self.stands.subscribe();
        let standing = timeout(link::CALL, stands.wait_for(|stands| *stands)).await;
        match standing {
            Ok(Ok(_)) => Ok(heard),
            Ok(Err(_)) | Err(_) => Err(Away { why: "endings of sessions cannot be followed".to_owned() }),
        }
    }

    async fn ping(&self) -> Result<(), Away> {
        self.link.command(&redis::cmd("PING")).await
    }
}

fn ids(texts: &[String]) -> Vec<Id> {
    texts.iter().filter_map(|text| text.parse().ok()).collect()
}

/// An answer that no script gives.
fn odd() -> Away {
    Away { why: "an answer of the store makes no sense".to_owned() }
}

impl fmt::Debug for RedisStore {
    /// The address may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStore").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

impl Drop for RedisStore {
    fn drop(&mut self) {
        if let Some(follower) = self.follower.get_mut() {
            follower.abort();
        }
    }
}
