//! The driver with a real browser: headless Chromium, driven over WebDriver BiDi.
//!
//! Only a browser may say what a browser does: which cookies go into a frame, whether an open tab hears, what "back" brings
//! up. So everything here presses real buttons and reads real pages; nothing of a page's script is played.
//!
//! A person's browser is a *user context*: its cookies and storage are its own, and go with it. The taps know whose request
//! it is by the end of `User-Agent`; a header of its own would make simple cross-origin requests ask for permission first
//! (measured), and so change what is to be observed.
//!
//! The browser is the one that is installed, or runs in a container where none is and an engine answers.
//!
//! Read in this order: [`place`] (where a browser runs), [`start`] (its profile and seat), [`browser`] (one that runs),
//! [`driver`] (its process, here or in a container), [`wire`] (commands with a deadline), [`record`] (what was loaded), [`tab`]
//! (one tab), [`person`] (somebody who uses the portals). [`image`] builds what a container is started from. [`window`] is for people
//! who look themselves.

pub mod browser;
mod container;
mod cookies;
mod driver;
mod find;
pub mod image;
pub mod person;
mod place;
mod record;
mod start;
mod tab;
pub mod window;
mod wire;

pub use browser::Chromium;
pub use container::settled;
pub use cookies::Cookies;
pub use find::Programs;
pub use person::Guest;
pub use place::{Place, find, prepare};
