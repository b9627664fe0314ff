//! The two ways back from the provider: the authorization response after a sign-in, and the redirect after a
//! sign-out. Both arrive by a link that anybody can write, so both are compared with what this browser began.

use std::fmt;

use crate::parameters::{Repeated, at_most_once};

#[cfg(test)]
mod tests;

/// An authorization response of legal form, not yet compared with a sign-in that was begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorizationResponse {
    state: String,
    iss: Option<String>,
    outcome: Outcome,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Outcome {
    Code(Code),
    Error { error: String, description: Option<String> },
}

/// An authorization code: good for one exchange, and secret until then.
#[derive(Clone, PartialEq, Eq)]
pub struct Code(String);

/// What is known about the provider when a response is checked.
#[derive(Debug, Clone, Copy)]
pub struct ExpectedIssuer<'a> {
    /// Ours.
    pub issuer: &'a str,
    /// Whether the provider promises to send `iss` (`authorization_response_iss_parameter_supported`).
    pub always_sent: bool,
}

/// Why an authorization response is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, strum::EnumDiscriminants)]
#[strum_discriminants(name(CallbackRule), vis(pub(crate)), derive(strum::EnumIter))]
pub enum CallbackRefusal {
    /// A parameter is there twice.
    #[error("expected {name} at most once, found it more than once")]
    Repeated {
        /// The parameter.
        name: &'static str,
    },
    /// No `state`.
    #[error("expected the state of a sign-in that this browser began, found none")]
    NoState,
    /// A `state` that this browser did not begin, or that was used already.
    #[error("expected the state of a sign-in that this browser began, found another one")]
    ForeignState,
    /// No `iss` although the provider promises to send it.
    #[error("expected iss, because the provider's metadata promises it, found none")]
    NoIssuer,
    /// The `iss` of another provider: the code belongs to somebody else's answer (mix-up).
    #[error("expected iss \"{expected}\", found another one")]
    WrongIssuer {
        /// Ours.
        expected: String,
    },
    /// The provider says no.
    #[error("expected a code, found the provider's error \"{error}\"")]
    Denied {
        /// The code of the error, cut to a length; only the characters that RFC 6749 allows.
        error: String,
        /// The provider's sentence, likewise.
        description: Option<String>,
    },
    /// Neither a code nor an error.
    #[error("expected a code or an error, found neither")]
    NoCode,
}

/// Why a redirect after a sign-out does not belong to a sign-out of this browser. Not an error: the visitor is
/// told, and nothing else happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error, strum::EnumIter)]
pub enum PostLogoutRefusal {
    /// No `state`, or several.
    #[error("expected the state of a sign-out that this browser began, found none")]
    NoState,
    /// The `state` of nothing that this browser began.
    #[error("expected the state of a sign-out that this browser began, found another one")]
    ForeignState,
}

impl AuthorizationResponse {
    /// Reads the query of a callback request. Other parameters (`session_state`, …) are ignored.
    ///
    /// # Errors
    /// [`CallbackRefusal::Repeated`], [`CallbackRefusal::NoState`] or [`CallbackRefusal::NoCode`].
    pub fn parse(query: &str) -> Result<Self, CallbackRefusal> {
        let [state, iss, code, error, description] =
            at_most_once(query, ["state", "iss", "code", "error", "error_description"])
                .map_err(|Repeated(name)| CallbackRefusal::Repeated { name })?;
        let state = state.filter(|state| !state.is_empty()).ok_or(CallbackRefusal::NoState)?;
        let outcome = match (error, code.filter(|code| !code.is_empty())) {
            // An error wins: a response with both is not one that a provider sends.
            (Some(error), _) => Outcome::Error { error, description },
            (None, Some(code)) => Outcome::Code(Code(code)),
            (None, None) => return Err(CallbackRefusal::NoCode),
        };
        Ok(Self { state, iss, outcome })
    }

    /// The `state`, by which the caller finds the sign-in that was begun.
    pub fn state(&self) -> &str {
        &self.state
    }

    /// Compares the response with the sign-in it claims to answer and gives out the code.
    ///
    /// `begun` is the `state` of a sign-in that *this browser* began and has not finished; `None` when there is none.
    ///
    /// # Errors
    /// [`CallbackRefusal`]: foreign state first, then the issuer, then the provider's own "no". An error response is
    /// believed only after it has passed the same checks as a code.
    pub fn into_code(self, begun: Option<&str>, expected: ExpectedIssuer<'_>) -> Result<Code, CallbackRefusal> {
        // Without this check a stranger's code could be slipped into the browser of a victim, who would then work
        // in the stranger's account.
        if begun != Some(self.state.as_str()) {
            return Err(CallbackRefusal::ForeignState);
        }
        match self.iss {
            Some(iss) if iss != expected.issuer => {
                return Err(CallbackRefusal::WrongIssuer { expected: expected.issuer.to_owned() });
            }
            None if expected.always_sent => return Err(CallbackRefusal::NoIssuer),
            Some(_) | None => {}
        }
        match self.outcome {
            Outcome::Code(code) => Ok(code),
            Outcome::Error { error, description } => Err(CallbackRefusal::Denied {
                error: presentable(&error),
                description: description.as_deref().map(presentable),
            }),
        }
    }
}

/// Reads the `state` of a redirect after a sign-out.
///
/// # Errors
/// [`PostLogoutRefusal::NoState`] when there is none or more than one.
pub fn post_logout_state(query: &str) -> Result<String, PostLogoutRefusal> {
    match at_most_once(query, ["state"]) {
        Ok([Some(state)]) if !state.is_empty() => Ok(state),
        Ok(_) | Err(Repeated(_)) => Err(PostLogoutRefusal::NoState),
    }
}

/// Says whether a redirect after a sign-out belongs to the sign-out that this browser began with the `state` in `begun`.
///
/// Whatever the answer, nobody is signed out by it: a redirect without `state`, or with a foreign one, is legal and only
/// proves nothing (RP-Initiated Logout 1.0, section 3).
///
/// # Errors
/// [`PostLogoutRefusal`]: no `state`, or one of nothing that this browser began.
pub fn post_logout(query: &str, begun: Option<&str>) -> Result<(), PostLogoutRefusal> {
    let state = post_logout_state(query)?;
    if begun == Some(state.as_str()) { Ok(()) } else { Err(PostLogoutRefusal::ForeignState) }
}

/// The characters that RFC 6749 (4.1.2.1) allows in `error` and `error_description`, at most 200 of them.
fn presentable(text: &str) -> String {
    text.chars().filter(|c| matches!(c, ' '..='~') && !matches!(c, '"' | '\\')).take(200).collect()
}

impl Code {
    /// The code itself, for the exchange.
    pub fn secret(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Code(masked)")
    }
}

impl CallbackRefusal {
    /// The rule's short name.
    pub fn tag(&self) -> &'static str {
        CallbackRule::from(self).entry().0
    }

    /// The clause that asks for it.
    pub fn clause(&self) -> &'static str {
        CallbackRule::from(self).entry().1
    }
}

impl CallbackRule {
    pub(crate) fn entry(self) -> (&'static str, &'static str) {
        match self {
            Self::Repeated => ("cb-repeated", "RFC6749-3.1"),
            Self::NoState => ("cb-state-missing", "RFC6749-10.12"),
            Self::ForeignState => ("cb-state", "RFC6749-10.12"),
            Self::NoIssuer => ("cb-iss-missing", "RFC9207-2.4"),
            Self::WrongIssuer => ("cb-iss", "RFC9207-2.4"),
            Self::Denied => ("cb-denied", "RFC6749-4.1.2.1"),
            Self::NoCode => ("cb-code-missing", "RFC6749-4.1.2"),
        }
    }
}

impl PostLogoutRefusal {
    /// The rule's short name.
    pub fn tag(&self) -> &'static str {
        self.entry().0
    }

    /// The clause that asks for it.
    pub fn clause(&self) -> &'static str {
        self.entry().1
    }

    pub(crate) fn entry(self) -> (&'static str, &'static str) {
        match self {
            Self::NoState => ("rpil-state-missing", "RPIL-3"),
            Self::ForeignState => ("rpil-state", "RPIL-3"),
        }
    }
}
