//! The connection to Redis: made when it is needed, made anew when it broke, and never waited for too long.

use std::time::Duration;

use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, Cmd, FromRedisValue, RedisError, RedisResult, ScriptInvocation};
use tokio::sync::OnceCell;
use tokio::time::timeout;

use super::super::store::Away;

/// How long a connection may take.
pub(super) const CONNECT: Duration = Duration::from_secs(1);
/// How long an answer may take. Every decision here is a few microseconds of work.
const ANSWER: Duration = Duration::from_secs(2);
/// How long a whole call may take, connecting included: a visitor waits for it.
pub(super) const CALL: Duration = Duration::from_secs(3);
/// One connection, shared by all requests.
#[derive(Debug)]
pub(super) struct Link {
    client: Client,
    manager: OnceCell<ConnectionManager>,
}

impl Link {
    /// Connects to nothing yet.
    pub(super) fn new(client: Client) -> Self {
        Self { client, manager: OnceCell::new() }
    }

    /// Runs a script, once: whether one whose answer was lost had run, nobody knows.
    ///
    /// The manager notices a broken connection by a call that fails, and connects anew for the next one. A script must not
    /// be that call, so the connection is asked first whether it still stands.
    pub(super) async fn script<T: FromRedisValue>(&self, script: &ScriptInvocation<'_>) -> Result<T, Away> {
        bounded(async {
            let mut manager = self.manager().await?;
            twice::<()>(&mut manager, &redis::cmd("PING")).await?;
            script.invoke_async(&mut manager).await
        })
        .await
    }

    /// Sends one command that may be sent again when its answer is lost.
    pub(super) async fn command<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, Away> {
        bounded(async { twice(&mut self.manager().await?, command).await }).await
    }

    async fn manager(&self) -> RedisResult<ConnectionManager> {
        let manager = self.manager.get_or_try_init(async || {
            let config = ConnectionManagerConfig::new()
                .set_connection_timeout(Some(CONNECT))
                .set_response_timeout(Some(ANSWER))
                .set_number_of_retries(0);
            ConnectionManager::new_lazy_with_config(self.client.clone(), config)
        });
        manager.await.cloned()
    }
}

/// Sends a command, and again when that showed that the connection was broken.
async fn twice<T: FromRedisValue>(manager: &mut ConnectionManager, command: &Cmd) -> RedisResult<T> {
    match command.query_async(manager).await {
        Err(error) if error.is_io_error() || error.is_unrecoverable_error() => command.query_async(manager).await,
        answer => answer,
    }
}

async fn bounded<T>(call: impl Future<Output = RedisResult<T>>) -> Result<T, Away> {
    match timeout(CALL, call).await {
        Ok(answer) => answer.map_err(|error| Away { why: why(&error) }),
        Err(_) => Err(Away { why: format!("no answer within {} s", CALL.as_secs()) }),
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
