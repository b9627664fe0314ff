//! When a tab notices by itself that nobody is signed in any more, for measurements.

use serde_json::Value;

use super::super::wire::broken;
use super::Guest;
use crate::trouble::Trouble;

/// Notes the time at which the page shows its signed-out view, wherever that comes from.
const WATCH: &str = r#"(() => {
    globalThis.ssoLabLeft = 0;
    new MutationObserver(() => {
        if (document.body.dataset.view === "signed-out" && !globalThis.ssoLabLeft) globalThis.ssoLabLeft = Date.now();
    }).observe(document.body, { attributes: true, attributeFilter: ["data-view"] });
    return "true";
})()"#;

impl Guest {
    /// From now on the portal's newest tab remembers when it began to show that nobody is signed in.
    ///
    /// # Errors
    /// Lesson: there is no such tab. Part: the browser does not do it.
    pub async fn watch(&self, portal: &str) -> Result<(), Trouble> {
        match self.newest(portal)?.ask(WATCH).await? {
            Some(Value::Bool(true)) => Ok(()),
            _ => Err(broken("the page to be watched has gone")),
        }
    }

    /// When it began, in milliseconds since 1970 by this computer's clock; `None` while it shows what it showed.
    ///
    /// # Errors
    /// Lesson: there is no such tab. Part: another document has taken the watched one's place.
    pub async fn noticed_at(&self, portal: &str) -> Result<Option<f64>, Trouble> {
        let stamp = self.newest(portal)?.ask("JSON.stringify(globalThis.ssoLabLeft ?? null)").await?;
        let stamp = stamp.as_ref().and_then(Value::as_f64).ok_or_else(|| broken("the watched page was left"))?;
        Ok((stamp > 0.0).then_some(stamp))
    }
}
