//! The words of a run: what was seen, by whom it was sent, and who is signed in where.
//!
//! Everything the lab observes becomes an [`Event`]; terminal, transcript, JSON and JUnit are renderings
//! of it. This crate does no IO and depends on nothing of ours, so a recording can be read without a lab.
//!
//! Read in this order: [`event`] (the stream), [`exchange`] (one HTTP request and its answer),
//! [`arrow`] (the same as one arrow and one sentence of a picture), [`shown`] (how values are kept without
//! keeping secrets), [`matrix`] (who is signed in where), [`spec`] (the clauses that lessons quote).

pub mod arrow;
pub mod event;
pub mod exchange;
pub mod matrix;
pub mod shown;
pub mod spec;

pub use arrow::{Arrow, Stroke};
pub use event::{Event, EventKind, LabNote, PortalEntry};
pub use exchange::{Answer, Body, Channel, Exchange, Location, Party};
pub use matrix::{Cell, CellState, Matrix, Row};
pub use shown::{Param, Shown};
