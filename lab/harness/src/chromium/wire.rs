//! Commands to the browser, each with a deadline.

use std::time::Duration;

use serde_json::{Value, json};
use thirtyfour::bidi::{BiDi, BidiError};

use crate::trouble::{Kind, Trouble};

/// What a command may take that waits for no page.
const COMMAND: Duration = Duration::from_secs(20);

/// Name of the realm in which the lab's own scripts run: a page neither sees them nor gets in their way.
const SANDBOX: &str = "sso-lab";

/// The connection to one browser. Clones share it.
#[derive(Clone)]
pub(super) struct Wire(pub(super) BiDi);

impl Wire {
    /// One command by its name in the specification.
    pub(super) async fn send(&self, method: &str, params: Value) -> Result<Value, Trouble> {
        self.within(COMMAND, method, params).await
    }

    pub(super) async fn within(&self, limit: Duration, method: &str, params: Value) -> Result<Value, Trouble> {
        match tokio::time::timeout(limit, self.0.send_raw(method, params)).await {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(error)) => Err(refused(method, &error)),
            Err(_) => Err(broken(&format!("it did not answer {method} within {} s", limit.as_secs()))),
        }
    }

    /// What an expression is worth in a tab or frame, as JSON text that the expression makes itself. `None` where there is
    /// no document at this moment, which is so between two pages.
    pub(super) async fn evaluate(&self, context: &str, expression: &str) -> Result<Option<Value>, Trouble> {
        let params = json!({
            "expression": expression,
            "target": {"context": context, "sandbox": SANDBOX},
            "awaitPromise": true,
        });
        let sent = tokio::time::timeout(COMMAND, self.0.send_raw("script.evaluate", params)).await;
        match sent {
            Ok(Ok(answer)) if answer["type"] == "success" => {
                let text = answer["result"]["value"].as_str().unwrap_or("null");
                Ok(serde_json::from_str(text).ok())
            }
            // A page that goes away takes its realm with it, in the middle of the question as well.
            Ok(Err(_) | Ok(_)) => Ok(None),
            Err(_) => Err(broken("a page did not answer a question about it")),
        }
    }
}

fn refused(method: &str, error: &BidiError) -> Trouble {
    broken(&format!("{method}: {}: {}", error.error, without_queries(&error.message)))
}

/// A text of the browser's without what stands behind the path of an address in it: codes and tokens are carried there.
pub(super) fn without_queries(text: &str) -> String {
    let cut = |word: &str| match word.find("http").map(|at| word.split_at(at)) {
        Some((before, address)) if address.contains("://") => {
            format!("{before}{}", address.split(['?', '#']).next().unwrap_or_default())
        }
        _ => word.to_owned(),
    };
    text.split(' ').map(cut).collect::<Vec<_>>().join(" ")
}

pub(super) fn broken(how: &str) -> Trouble {
    Trouble::new(
        Kind::Part,
        format!("Chromium does not do what it is told: {how}"),
        "the browser or its driver is in trouble; this says nothing about the lesson",
        "run the lesson again; if it stays, try `--driver http` and look at the browser's log below the state folder",
    )
}

#[cfg(test)]
mod tests {
    use super::without_queries;

    #[test]
    fn what_an_address_carries_is_not_repeated() {
        let text =
            "Refused to frame 'http://a.localhost:1/logout?iss=x&sid=y' because of http://b/#code=z, and a?b stays";
        let expected = "Refused to frame 'http://a.localhost:1/logout because of http://b/ and a?b stays";
        assert_eq!(without_queries(text), expected);
    }
}
