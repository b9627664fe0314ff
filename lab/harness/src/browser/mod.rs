//! Scripted browsers: people's browsers played without JavaScript, hop by hop, fast enough for hundreds of lessons.
//!
//! What a real browser does by itself (cookies, redirects, `Sec-Fetch-*`, `Origin`, CORS, frames that may not be
//! framed) is done here by the rules of the platform. What a page's script does is *played*: [`person`] knows what
//! the scripts of our portals and of Keycloak's logout page do, and does the same requests. Lessons whose point is
//! the script itself belong to the driver with a real browser.
//!
//! Read in this order: [`agent`] (one browser), [`page`] (what it reads from HTML), [`person`] (somebody who uses the
//! portals), [`spa`] (the external portal's script, played), [`sight`] (what the person sees), [`probe`] (the
//! session matrix).

pub(crate) mod address;
pub mod agent;
pub mod framing;
mod headers;
pub mod jar;
pub mod origin;
pub mod page;
pub mod person;
pub mod player;
pub mod probe;
pub mod sight;
pub mod spa;

pub use agent::Alteration;
pub use person::{Person, SignOut};
pub use player::{Lure, Manner, Player, Screen, Shot, TabDeed};
pub use probe::{Loot, OldLogins};
pub use sight::{Place, Sight};
