//! The realm's clocks.

use serde_json::{Map, Value};

use super::Lifetimes;
use crate::trouble::Trouble;
use crate::world::Parts;

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
        self.admin.put(&format!("realms/{}", realm::REALM), &Value::Object(changed)).await
    }
}
