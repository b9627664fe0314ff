//! The connection to Redis: made when it is needed, made anew when it broke, and never waited for too long.

use std::time::Duration;

use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, Cmd, FromRedisValue, RedisError, RedisResult, ScriptInvocation};
use tokio::sync::{Mutex, OnceCell};
use tokio::time::{Instant, timeout};

use super::super::store::Away;

/// How long a connection may take.
pub(super) const CONNECT: Duration = Duration::from_secs(1);
/// How long an answer may take. Every decision here is a few microseconds of work.
const ANSWER: Duration = Duration::from_secs(2);
/// How long a whole call may take, connecting included: a visitor waits for it.
pub(super) const CALL: Duration = Duration::from_secs(3);
/// A connection that answered this recently is used without asking whether it still stands.
const TRUSTED: Duration = Duration::from_millis(500);

/// One connection, shared by all requests.
#[derive(Debug)]
pub(super) struct Link {
    client: Client,
    manager: OnceCell<ConnectionManager>,
    last_answer: Mutex<Option<Instant>>,
}

impl Link {
    /// Connects to nothing yet.
    pub(super) fn new(client: Client) -> Self {
        Self { client, manager: OnceCell::new(), last_answer: Mutex::default() }
    }

    /// Runs a script. Not twice: whether one whose answer was lost had run, nobody knows.
    pub(super) async fn script<T: FromRedisValue>(&self, script: &ScriptInvocation<'_>) -> Result<T, Away> {
        self.bounded(async |mut manager: ConnectionManager| script.invoke_async(&mut manager).await).await
    }

    /// Sends one command.
    pub(super) async fn command<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, Away> {
        self.bounded(async |mut manager: ConnectionManager| command.query_async(&mut manager).await).await
    }

    async fn bounded<T>(&self, call: impl AsyncFnOnce(ConnectionManager) -> RedisResult<T>) -> Result<T, Away> {
        let answer = timeout(CALL, async {
            let manager = self.standing().await?;
            call(manager).await
        });
        let answer = answer.await.map_err(|_| Away { why: format!("no answer within {} s", CALL.as_secs()) })?;
        let now = answer.is_ok().then(Instant::now);
        *self.last_answer.lock().await = now;
        answer.map_err(|error| Away { why: why(&error) })
    }

    /// A connection that stands.
    ///
    /// The manager notices a broken connection by a call that fails, and connects anew for the next one. A script must
    /// not be that call, since it must not be repeated; a ping may be. So a connection that was silent is asked first.
    async fn standing(&self) -> RedisResult<ConnectionManager> {
        let manager = self.manager.get_or_try_init(async || {
            let config = ConnectionManagerConfig::new()
                .set_connection_timeout(Some(CONNECT))
                .set_response_timeout(Some(ANSWER))
                .set_number_of_retries(0);
            ConnectionManager::new_lazy_with_config(self.client.clone(), config)
        });
        let mut manager = manager.await?.clone();
        let trusted = self.last_answer.lock().await.is_some_and(|last| last.elapsed() < TRUSTED);
        if !trusted && redis::cmd("PING").query_async::<()>(&mut manager).await.is_err() {
            redis::cmd("PING").query_async::<()>(&mut manager).await?;
        }
        Ok(manager)
    }
}

/// What happened, for pages and logs: never a key, an argument or the address, which may hold a password.
fn why(error: &RedisError) -> String {
    match error.code() {
        Some(code) => format!("the store refused ({code})"),
        None if error.is_timeout() => "no answer in time".to_owned(),
        None if error.is_connection_refusal() => "connection refused".to_owned(),
        None if error.is_io_error() || error.is_connection_dropped() => "no connection".to_owned(),
        None => error.category().to_owned(),
    }
}
