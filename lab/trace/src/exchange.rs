//! One HTTP exchange as a tap saw it.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::shown::{Param, Shown, find};

/// A request and its answer, attributed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Exchange {
    /// Microseconds from the request's arrival to the last byte of the answer (for a stream: to its head).
    pub took_us: u64,
    /// Who sent the request.
    pub caller: Party,
    /// Whose tap it passed.
    pub callee: Party,
    /// How it travelled.
    pub channel: Channel,
    /// HTTP method.
    pub method: String,
    /// Path without the query.
    pub path: String,
    /// Query parameters in order.
    pub query: Vec<Param>,
    /// Request headers worth keeping, lower-case names; cookies are in `cookies`.
    pub headers: Vec<Param>,
    /// Cookies of the request, values masked.
    pub cookies: Vec<Param>,
    /// Request body.
    pub body: Body,
    /// What came back.
    pub answer: Answer,
    /// Discovery, keys, health, static files: true, and transcripts leave it out.
    pub housekeeping: bool,
}

/// Someone who sends or answers requests.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "party", content = "name", rename_all = "kebab-case")]
pub enum Party {
    /// A browser; scripted ones have a name, a person's own has none.
    Browser(Option<String>),
    /// A portal or any other relying party, by the name of its tap.
    App(String),
    /// The OpenID provider.
    Keycloak,
    /// The lab itself: probes, doctor.
    Lab,
    /// Somebody on the network who has nothing to say here: an attacker, played by the lab.
    Stranger,
}

/// How a request travelled. The word is what the feed and the transcripts print.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Channel {
    /// A browser loads a page.
    Page,
    /// A browser loads an application's registered page for logouts in an iframe: the front channel.
    Frame,
    /// A browser loads anything else in an iframe: a silent question, a page that has wandered there.
    Embedded,
    /// A script of a page fetches something.
    Script,
    /// Keycloak tells a relying party of a logout: the back channel.
    BackChannel,
    /// A relying party's server calls Keycloak.
    Server,
    /// The lab looks whether a session still works.
    Probe,
    /// None of the above could be established.
    Other,
}

/// A body as far as it is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "body", rename_all = "kebab-case")]
pub enum Body {
    /// No body.
    Empty,
    /// `application/x-www-form-urlencoded`.
    Form {
        /// Fields in order; secrets masked.
        fields: Vec<Param>,
    },
    /// A JSON object.
    Json {
        /// Members in order; nested values as compact JSON; secrets masked.
        members: Vec<Param>,
    },
    /// An HTML page.
    Html {
        /// Text of `<title>`, white space folded.
        title: String,
        /// `src` of its iframes as `scheme://host/path`, without the query.
        frames: Vec<String>,
    },
    /// Anything else, or a body over the capture limit.
    Other {
        /// Media type, empty when not sent.
        media_type: String,
        /// Length in bytes as far as it was seen.
        bytes: u64,
    },
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "kebab-case")]
pub enum Answer {
    /// An HTTP response.
    Response {
        /// Status code.
        status: u16,
        /// Response headers worth keeping.
        headers: Vec<Param>,
        /// Cookies set (name, masked value) or deleted (name, empty plain value).
        set_cookies: Vec<Param>,
        /// Where it redirects to.
        location: Option<Location>,
        /// Response body.
        body: Body,
    },
    /// The caller went away before the answer was complete.
    Aborted,
    /// The callee could not be reached or broke off.
    NoAnswer {
        /// The reason in words.
        reason: String,
    },
}

/// A `Location` header, taken apart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Location {
    /// `scheme://host:port`, empty when relative.
    pub origin: String,
    /// Path.
    pub path: String,
    /// Query (or fragment) parameters.
    pub query: Vec<Param>,
}

impl Exchange {
    /// Status of the response; `None` when there was none.
    pub fn status(&self) -> Option<u16> {
        match &self.answer {
            Answer::Response { status, .. } => Some(*status),
            Answer::Aborted | Answer::NoAnswer { .. } => None,
        }
    }

    /// A query parameter.
    pub fn query_param(&self, name: &str) -> Option<&Shown> {
        find(&self.query, name)
    }

    /// Whether it is a question that must be answered without a page (`prompt=none`, OpenID Connect Core, section 3.1.2.1).
    pub fn forbids_prompts(&self) -> bool {
        self.query_param("prompt").and_then(Shown::text) == Some("none")
    }

    /// A field of a form body.
    pub fn form_field(&self, name: &str) -> Option<&Shown> {
        match &self.body {
            Body::Form { fields } => find(fields, name),
            Body::Empty | Body::Json { .. } | Body::Html { .. } | Body::Other { .. } => None,
        }
    }

    /// Where the answer redirects to.
    pub fn location(&self) -> Option<&Location> {
        match &self.answer {
            Answer::Response { location, .. } => location.as_ref(),
            Answer::Aborted | Answer::NoAnswer { .. } => None,
        }
    }
}

impl fmt::Display for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Browser(Some(name)) => write!(f, "{name}'s browser"),
            Self::Browser(None) => f.write_str("a browser"),
            Self::App(name) => f.write_str(name),
            Self::Keycloak => f.write_str("keycloak"),
            Self::Lab => f.write_str("lab"),
            Self::Stranger => f.write_str("a stranger"),
        }
    }
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Page => "page",
            Self::Frame => "front-channel iframe",
            Self::Embedded => "iframe",
            Self::Script => "script",
            Self::BackChannel => "back-channel",
            Self::Server => "server",
            Self::Probe => "probe",
            Self::Other => "other",
        })
    }
}
