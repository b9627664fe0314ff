//! The supervised world of the lab: a real Keycloak, a recording tap before every part, the portals, scripted
//! browsers, and probes that say who is signed in where.

pub mod acts;
pub mod browser;
pub mod chromium;
pub mod console;
pub mod control;
pub mod digest;
pub mod doctor;
pub mod engine;
pub mod faults;
pub mod feed;
mod hosting;
pub mod http;
pub mod keycloak;
mod listening;
mod places;
pub mod ports;
pub mod progress;
pub mod recorder;
pub mod redis;
pub mod sites;
pub mod state;
pub mod sweep;
pub mod tap;
pub mod trouble;
pub mod world;

pub use trouble::{Kind, Trouble};
