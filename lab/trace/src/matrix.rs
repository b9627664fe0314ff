//! The session matrix: user and browser against the session at Keycloak and at each portal.
//! Every cell was probed with the real cookie or token; nothing is inferred from what should be.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Column name of the session at Keycloak.
pub const SSO: &str = "sso";

/// Who is signed in where, at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Matrix {
    /// One row a browser.
    pub rows: Vec<Row>,
}

/// One browser.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// Name of the browser (`john`).
    pub browser: String,
    /// First [`SSO`], then the portals in the lab's order.
    pub cells: Vec<Cell>,
}

/// One probed cell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cell {
    /// [`SSO`] or a portal's name.
    pub of: String,
    /// What the probe found.
    pub state: CellState,
    /// What was asked and answered, or why it could not be known.
    pub evidence: String,
}

/// What a probe found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CellState {
    /// A live session.
    In,
    /// No session.
    Out,
    /// Keycloak's session is gone and the portal still serves.
    Zombie,
    /// Could not be established; the evidence says why.
    Unknown,
}

impl fmt::Display for CellState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::In => "in",
            Self::Out => "out",
            Self::Zombie => "ZOMBIE",
            Self::Unknown => "unknown",
        })
    }
}
