//! The front-channel logout request: a GET that the provider makes the user's browser send from an iframe.
//!
//! There is no signature. Any page on the web can make a browser send such a request, so the only protection is to
//! compare `iss` and `sid` with the session and to ignore everything else (Front-Channel Logout 1.0, section 2).

use crate::parameters::{Repeated, at_most_once};

#[cfg(test)]
mod tests;

/// A front-channel logout request of legal form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FrontChannelRequest {
    /// Names a session.
    Session {
        /// Issuer.
        iss: String,
        /// The provider's session id.
        sid: String,
    },
    /// Names none: legal where the client did not ask for session ids, but it proves nothing.
    Unnamed,
}

/// Why a front-channel logout request is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, strum::EnumDiscriminants)]
#[strum_discriminants(name(FrontChannelRule), vis(pub(crate)), derive(strum::EnumIter))]
pub enum FrontChannelRefusal {
    /// One of the two without the other.
    #[error("expected iss and sid together or neither, found only {only}")]
    HalfNamed {
        /// The one that is there.
        only: &'static str,
    },
    /// There, and empty: no session has such a name, and none must come to have it.
    #[error("expected a value in {name}, found it empty")]
    Empty {
        /// The parameter.
        name: &'static str,
    },
    /// Twice: which one counts would be a guess.
    #[error("expected {name} at most once, found it more than once")]
    Repeated {
        /// The parameter.
        name: &'static str,
    },
}

impl FrontChannelRequest {
    /// Reads the query of a request (without the question mark). Other parameters are ignored.
    ///
    /// # Errors
    /// [`FrontChannelRefusal`] when `iss` and `sid` are not both there or both absent, or one is repeated or empty.
    pub fn parse(query: &str) -> Result<Self, FrontChannelRefusal> {
        let [iss, sid] =
            at_most_once(query, ["iss", "sid"]).map_err(|Repeated(name)| FrontChannelRefusal::Repeated { name })?;
        match (iss, sid) {
            (Some(iss), _) if iss.is_empty() => Err(FrontChannelRefusal::Empty { name: "iss" }),
            (_, Some(sid)) if sid.is_empty() => Err(FrontChannelRefusal::Empty { name: "sid" }),
            (Some(iss), Some(sid)) => Ok(Self::Session { iss, sid }),
            (None, None) => Ok(Self::Unnamed),
            (Some(_), None) => Err(FrontChannelRefusal::HalfNamed { only: "iss" }),
            (None, Some(_)) => Err(FrontChannelRefusal::HalfNamed { only: "sid" }),
        }
    }

    /// Whether it names exactly the session with this issuer and `sid`. A session without `sid`, and a request
    /// that names none, match nothing.
    pub fn names(&self, iss: &str, sid: Option<&str>) -> bool {
        match self {
            Self::Session { iss: named_iss, sid: named_sid } => named_iss == iss && sid == Some(named_sid.as_str()),
            Self::Unnamed => false,
        }
    }
}

impl FrontChannelRefusal {
    /// The rule's short name.
    pub fn tag(&self) -> &'static str {
        FrontChannelRule::from(self).entry().0
    }

    /// The clause that asks for it.
    pub fn clause(&self) -> &'static str {
        FrontChannelRule::from(self).entry().1
    }
}

impl FrontChannelRule {
    pub(crate) fn entry(self) -> (&'static str, &'static str) {
        match self {
            Self::HalfNamed => ("fcl-half-named", "FCL-2"),
            Self::Empty => ("fcl-empty", "FCL-2"),
            Self::Repeated => ("fcl-repeated", "FCL-2"),
        }
    }
}
