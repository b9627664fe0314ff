//! The realm's clocks.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::trouble::Trouble;
use crate::world::Parts;

/// Lifetimes of a realm, in seconds; those that are not named stay.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Lifetimes {
    /// Of access tokens, and of ID tokens with them.
    pub access: Option<u32>,
    /// Of authorization codes.
    pub code: Option<u32>,
    /// Of the single sign-on session without activity.
    pub idle: Option<u32>,
    /// Of the single sign-on session at most.
    pub max: Option<u32>,
}

impl Parts {
    pub(super) async fn set_lifetimes(&self, lifetimes: Lifetimes) -> Result<(), Trouble> {
        let members = [
            ("accessTokenLifespan", lifetimes.access),
            ("accessCodeLifespan", lifetimes.code),
            ("ssoSessionIdleTimeout", lifetimes.idle),
            ("ssoSessionMaxLifespan", lifetimes.max),
        ];
        let named: Vec<&str> = members.iter().filter(|(_, value)| value.is_some()).map(|(name, _)| *name).collect();
        self.note_realm(&named).await?;
        let changed: Map<String, Value> =
            members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?.into()))).collect();
        self.change_realm(&Value::Object(changed)).await
    }
}
