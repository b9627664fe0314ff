//! Was somebody told of a logout by this exchange?

use lab_trace::{Channel, Exchange, Shown};
use serde_json::Value;

use crate::vocabulary::ToldBy;

/// A message that tells a portal of a logout.
pub(crate) struct Telling<'a> {
    pub(crate) by: ToldBy,
    exchange: &'a Exchange,
}

impl<'a> Telling<'a> {
    /// `None` when the exchange tells nobody anything.
    pub(crate) fn of(exchange: &'a Exchange) -> Option<Self> {
        let by = match exchange.channel {
            Channel::BackChannel => ToldBy::BackChannel,
            Channel::Frame => ToldBy::FrontChannel,
            Channel::Embedded | Channel::Page | Channel::Script | Channel::Server | Channel::Probe | Channel::Other => {
                return None;
            }
        };
        Some(Self { by, exchange })
    }

    /// A claim of its logout token, or a parameter of its address, as text.
    pub(crate) fn claim(&self, name: &str) -> Option<String> {
        match self.by {
            ToldBy::BackChannel => self.token()?.claim(name).map(|value| match value {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            }),
            ToldBy::FrontChannel => self.exchange.query_param(name)?.text().map(str::to_owned),
        }
    }

    fn token(&self) -> Option<&Shown> {
        self.exchange.form_field("logout_token")
    }
}
