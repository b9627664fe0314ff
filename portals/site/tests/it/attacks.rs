//! The attackers at portals that really run: every attack as HTTP on loopback, against the portals with a server, over
//! memory and over Redis.
//!
//! 1. `scene`: a portal with people signed in, whose provider is played by the forge.
//! 2. `wire`: requests as bytes, since no HTTP client sends what attackers send.
//! 3. `corpus`, `front`, `matrix`: the attacks as data. `slow`: one of them needs patience.
//! 4. `conformance`, `confusion`, `rotation`, `hygiene`: what a certifier, a mix-up, a change of keys and a look into the
//!    logs ask for.

mod conformance;
mod confusion;
mod corpus;
mod front;
mod hygiene;
mod matrix;
mod rotation;
mod scene;
mod slow;
mod wire;

/// The long forms of tests that are bounded otherwise.
fn full() -> bool {
    std::env::var_os("SSO_LAB_FULL").is_some_and(|value| value == "1")
}
