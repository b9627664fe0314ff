//! How often one computer may begin or finish a sign-in.
//!
//! A sign-in costs the portal memory and requests to the provider, and it costs an attacker nothing. So both of its steps
//! have a rate, for each address separately. Behind the lab's tap all visitors share one, which its burst allows for.
//!
//! Trap: the address is the connection's own. `X-Forwarded-For` is written by whoever likes; a portal behind a proxy must
//! limit there, or trust that header from that proxy only.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::num::NonZeroU32;
use std::time::Duration;

use axum::extract::{FromRequestParts, Request, State};
use axum::http::header::RETRY_AFTER;
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota};

use crate::error::Trouble;
use crate::portal::App;

/// A whole class behind one address may sign in at once …
const AT_ONCE: NonZeroU32 = NonZeroU32::new(200).unwrap();
/// … and then this often.
const EACH_SECOND: NonZeroU32 = NonZeroU32::new(20).unwrap();
/// Addresses that are remembered before those that are at rest are forgotten.
const MANY_ADDRESSES: usize = 10_000;
/// The steps of a sign-in.
const LIMITED: [&str; 4] = ["/login", "/callback", "/admin/auth", "/admin/callback"];

/// Where the connection of a request comes from; this computer, where the request came without a connection.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer(IpAddr);

/// The rates of all addresses.
#[derive(Debug)]
pub(crate) struct Limits {
    by_address: DefaultKeyedRateLimiter<IpAddr>,
}

/// Answers 429 to who signs in too often, before anything is done for them.
pub(crate) async fn sign_ins(State(app): State<App>, peer: Peer, request: Request, next: Next) -> Response {
    if LIMITED.contains(&request.uri().path())
        && let Err(wait) = app.limits.take(peer.0)
    {
        let seconds = wait.as_secs() + 1;
        return ([(RETRY_AFTER, seconds.to_string())], Trouble::TooMany).into_response();
    }
    next.run(request).await
}

impl Peer {
    pub(crate) fn at(address: SocketAddr) -> Self {
        Self(address.ip())
    }

    /// Whether it is this computer.
    pub(crate) fn is_local(self) -> bool {
        self.0.to_canonical().is_loopback()
    }
}

impl<S: Sync> FromRequestParts<S> for Peer {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(parts.extensions.get::<Self>().copied().unwrap_or(Self(IpAddr::V4(Ipv4Addr::LOCALHOST))))
    }
}

impl Limits {
    pub(crate) fn new() -> Self {
        Self { by_address: DefaultKeyedRateLimiter::keyed(Quota::per_second(EACH_SECOND).allow_burst(AT_ONCE)) }
    }

    /// Takes one sign-in step of `address`, or says how long to wait.
    fn take(&self, address: IpAddr) -> Result<(), Duration> {
        if self.by_address.len() > MANY_ADDRESSES {
            self.by_address.retain_recent();
        }
        self.by_address.check_key(&address).map_err(|not_yet| not_yet.wait_time_from(DefaultClock::default().now()))
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::{AT_ONCE, Limits, Peer};

    #[test]
    fn this_computer_is_known_in_every_notation() {
        for (address, local) in
            [("127.0.0.1:1", true), ("[::1]:1", true), ("[::ffff:127.0.0.1]:1", true), ("192.0.2.1:1", false)]
        {
            assert_eq!(Peer::at(address.parse().unwrap()).is_local(), local, "{address}");
        }
    }

    #[test]
    fn one_address_that_asks_too_often_has_to_wait_and_others_do_not() {
        let limits = Limits::new();
        let (greedy, other): (IpAddr, IpAddr) = ("192.0.2.1".parse().unwrap(), "192.0.2.2".parse().unwrap());
        let tries = 2 * AT_ONCE.get();
        let refused = (0..tries).filter(|_| limits.take(greedy).is_err()).count();
        assert!(refused > 0 && refused <= AT_ONCE.get() as usize, "{refused} of {tries}");
        assert!(limits.take(other).is_ok());
    }
}
