//! Where a portal keeps its sessions, as it is written in settings and on the command line.

use std::fmt;
use std::str::FromStr;

use redis::IntoConnectionInfo as _;
use url::Url;

/// Where a portal keeps its sessions.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum StoreAt {
    /// In its own memory: they end with the process.
    #[default]
    Memory,
    /// In Redis: they outlive the process, and several replicas of a portal share them.
    Redis(RedisUrl),
}

/// Address of a Redis server. It may hold a password, so it does not print.
#[derive(Clone, PartialEq, Eq)]
pub struct RedisUrl(Url);

/// A text that names no store. The text itself is not repeated, because it may hold a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnknownStore {
    /// Neither `memory` nor an address.
    #[error("a store is \"memory\" or the address of a Redis server, such as redis://localhost:6379")]
    NoStore,
    /// Another kind of address.
    #[error(
        "a store cannot be reached by {scheme}:// addresses; use memory, or redis://HOST:PORT, \
         or redis://USER:PASSWORD@HOST:PORT/NUMBER"
    )]
    Scheme {
        /// What stands before `://`.
        scheme: String,
    },
    /// Redis with TLS.
    #[error(
        "this program speaks to Redis without TLS, so rediss:// cannot be used; use redis:// on the same machine or network, \
         or a tunnel that adds TLS"
    )]
    Tls,
    /// An address that names no server.
    #[error("the address of the Redis server cannot be used: {why}; it looks like redis://localhost:6379")]
    Unusable {
        /// What is wrong with it.
        why: &'static str,
    },
}

impl StoreAt {
    /// One word for pages and logs.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Redis(_) => "redis",
        }
    }
}

impl RedisUrl {
    /// The address, for the one place that connects.
    pub(crate) fn reveal(&self) -> &str {
        self.0.as_str()
    }
}

impl FromStr for StoreAt {
    type Err = UnknownStore;

    /// # Errors
    /// [`UnknownStore`], without the text: it may hold a password.
    fn from_str(text: &str) -> Result<Self, UnknownStore> {
        if text == "memory" {
            return Ok(Self::Memory);
        }
        if !text.contains("://") {
            return Err(UnknownStore::NoStore);
        }
        let url = Url::parse(text).map_err(|_| UnknownStore::Unusable { why: "it is not a web-style address" })?;
        match url.scheme() {
            "redis" => {}
            "rediss" => return Err(UnknownStore::Tls),
            scheme => return Err(UnknownStore::Scheme { scheme: scheme.to_owned() }),
        }
        if url.host_str().is_none_or(str::is_empty) {
            return Err(UnknownStore::Unusable { why: "it names no host" });
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(UnknownStore::Unusable { why: "it has a part after ? or #" });
        }
        let usable = url.clone().into_connection_info();
        usable
            .map_err(|_| UnknownStore::Unusable { why: "after the port there may only be the number of a database" })?;
        Ok(Self::Redis(RedisUrl(url)))
    }
}

impl fmt::Debug for RedisUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Host and port only.
impl fmt::Display for RedisUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "redis://{}:{}", self.0.host_str().unwrap_or_default(), self.0.port().unwrap_or(6379))
    }
}

#[cfg(test)]
mod tests {
    use super::{StoreAt, UnknownStore};

    #[test]
    fn memory_and_addresses_of_redis_are_stores() {
        assert_eq!("memory".parse(), Ok(StoreAt::Memory));
        for text in ["redis://localhost", "redis://127.0.0.1:7000", "redis://u:p@redis.example:6379/3", "redis://[::1]"]
        {
            assert_eq!(text.parse::<StoreAt>().unwrap().word(), "redis", "{text}");
        }
    }

    #[test]
    fn everything_else_is_an_error_that_shows_the_form() {
        for text in ["", "redis", "localhost:6379", "Memory"] {
            assert_eq!(text.parse::<StoreAt>(), Err(UnknownStore::NoStore), "{text}");
        }
        assert_eq!("rediss://localhost".parse::<StoreAt>(), Err(UnknownStore::Tls));
        let scheme = UnknownStore::Scheme { scheme: "http".into() };
        assert_eq!("http://localhost:6379".parse::<StoreAt>(), Err(scheme));
        for text in ["redis://", "redis:///3", "redis://localhost:70000", "redis://localhost/first", "redis://h?x=1"] {
            let error = text.parse::<StoreAt>().unwrap_err();
            assert!(matches!(error, UnknownStore::Unusable { .. }), "{text}: {error}");
            assert!(error.to_string().contains("redis://localhost:6379"), "{error}");
        }
    }

    #[test]
    fn a_password_does_not_print() {
        let store: StoreAt = "redis://user:secret@localhost:7000/1".parse().unwrap();
        assert_eq!(format!("{store:?}"), "Redis(redis://localhost:7000)");
        let error = "redis://user:secret@localhost/x".parse::<StoreAt>().unwrap_err();
        assert!(!format!("{error}{error:?}").contains("secret"));
    }
}
