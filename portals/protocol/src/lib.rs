//! What the specifications ask of an application that uses single sign-on, as pure functions.
//!
//! Nothing here knows a web framework, a store, a network or a clock: text, keys and *now* go in, a typed
//! answer or a refusal with its clause comes out. So every rule can be read, and tested, on its own.
//!
//! Read in this order:
//!
//! 1. [`callback`]: the authorization response that ends a sign-in, and the way back from a sign-out.
//! 2. [`id_token_extras`]: what the ID token must say because the portal asked for it.
//! 3. [`logout_token`]: the signed message by which the provider ends a session (back channel).
//! 4. [`matching`]: which sessions a logout token means.
//! 5. [`seen`] and [`tombstones`]: the memories that make a logout token work only once, and also when it overtakes the
//!    session that it ends.
//! 6. [`frontchannel`]: the request that the provider makes a browser send (front channel).
//!
//! Each refusal names its clause in the form `BCL-2.6`: the short name of a specification and the section.

pub mod callback;
#[cfg(test)]
mod conformance;
#[cfg(any(test, feature = "forge"))]
pub mod forge;
pub mod frontchannel;
#[cfg(test)]
mod fuzz;
pub mod id_token_extras;
mod jws;
pub mod logout_token;
pub mod matching;
mod parameters;
#[cfg(test)]
mod reference;
pub mod seen;
#[cfg(test)]
mod testing;
pub mod tombstones;

pub use callback::{AuthorizationResponse, CallbackRefusal, PostLogoutRefusal};
pub use frontchannel::{FrontChannelRefusal, FrontChannelRequest};
pub use id_token_extras::IdTokenRefusal;
pub use logout_token::{Expectations, KeySet, Refusal, Rule, Subject, TypePolicy, VerifiedLogoutToken, verify};
pub use matching::{KnownSession, Match, matches};
pub use seen::SeenTokens;
pub use tombstones::{TOMBSTONE_LIFE, Tombstone, TombstoneKey, Tombstones};
