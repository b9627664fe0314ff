//! Three applications that share one sign-on, right by default, to be read by people who want to write a fourth.
//!
//! What the specifications ask for stands in `portal-protocol`, as pure functions. This crate is what an application
//! does with it: routes, cookies, sessions, pages.
//!
//! Read in this order:
//!
//! 1. One portal: `internal`, `external` or `admin`. Each shows its routes, its cookie, and what is special.
//! 2. `oidc`: signing in and signing out.
//! 3. `session`: the portal's own sessions, and how a logout finds them.
//! 4. `backchannel` and `frontchannel`: how a portal is told that a session is over.
//! 5. `frame`, `error`, `pages`: what stands around every answer.
//!
//! A program hosts a portal in three lines: [`Portal::new`], a listener, [`serve()`].

mod about;
mod admin;
mod assets;
mod audit;
mod backchannel;
#[cfg(feature = "bench")]
pub mod bench;
mod clock;
mod embedded {
    //! Templates and static files, see `build.rs`.
    include!(concat!(env!("OUT_DIR"), "/embedded.rs"));
}
mod drain;
mod error;
mod external;
mod faults;
mod frame;
mod frontchannel;
mod internal;
mod journal;
mod limits;
mod loopback;
mod metrics;
mod oidc;
mod pages;
mod portal;
mod request_log;
mod serve;
mod session;
mod settings;
mod shown;
#[cfg(test)]
mod testing;

pub use clock::Clock;
pub use external::{AppOptions, Library, Monitor, NotStored, Tokens};
pub use faults::{About, Exposed, Fault, Faults, UnknownFault};
pub use journal::{Entry, Journal, Step};
pub use loopback::Loopback;
pub use portal::{Portal, PortalError};
pub use serve::serve;
pub use session::SameSite;
pub use settings::{Kind, RedisUrl, Secret, Settings, SettingsError, Sibling, StoreAt, UnknownKind, UnknownStore};
