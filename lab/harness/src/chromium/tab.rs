//! One tab: addresses, buttons, keys, and when a page has come to rest.

use std::sync::Arc;
use std::time::Duration;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};
use url::Url;

use super::record::Record;
use super::wire::{Wire, broken};
use crate::browser::agent::NAVIGATION;
use crate::browser::page::Page;
use crate::trouble::{Kind, Trouble};

/// Between two looks at a page.
const PAUSE: Duration = Duration::from_millis(25);
/// How long a page that is on its way elsewhere may stay before it counts as what the person sees: Keycloak's logout page
/// waits for frames that may hang for ever.
const ON_THE_WAY: Duration = Duration::from_secs(4);
/// How long a control may take to appear on a page that is at rest.
const APPEARS: Duration = Duration::from_secs(2);
/// How often a control is looked for anew that goes away under the mouse.
const TRIES: usize = 3;
const ONCE: [&str; 2] = ["pointerDown", "pointerUp"];
const TWICE: [&str; 4] = ["pointerDown", "pointerUp", "pointerDown", "pointerUp"];
/// What a page gets to show that it has noticed that somebody looks at it: it asks the lab, which answers in milliseconds.
const NOTICES: Duration = Duration::from_secs(1);
/// What drawing a tab may take.
const DRAWN: Duration = Duration::from_secs(5);
/// What the keys of WebDriver call "select all", and the keys themselves.
const CONTROL: &str = "\u{E009}";
const DELETE: &str = "\u{E017}";

/// Everything about the page at one moment, as one question.
const LOOK: &str = r#"(() => {
    const text = (css) => document.querySelector(css)?.textContent ?? "";
    return JSON.stringify({
        mark: globalThis.ssoLabMark ?? "",
        ready: document.readyState,
        url: location.href,
        view: document.body?.dataset.view ?? "",
        page_id: document.body?.dataset.pageId ?? "",
        badge: text("[data-badge]"),
        refreshes: document.querySelector("meta[http-equiv=refresh]") !== null,
        trouble: text("[data-field=trouble_what]") || text("[data-field=trouble]"),
        status: performance.getEntriesByType("navigation")[0]?.responseStatus ?? 0,
    });
})()"#;

/// A tab of one person.
#[derive(Clone)]
pub(super) struct Tab {
    wire: Wire,
    record: Arc<Record>,
    owner: String,
    pub(super) context: String,
}

/// A page at one moment.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(super) struct Look {
    mark: String,
    ready: String,
    pub(super) url: String,
    /// `data-view` of our pages.
    pub(super) view: String,
    /// `data-page-id` of Keycloak's pages.
    pub(super) page_id: String,
    /// Who is signed in, as the page's badge says.
    pub(super) badge: String,
    /// Whether the page leaves for another one by itself.
    refreshes: bool,
    /// What an error view says.
    pub(super) trouble: String,
    pub(super) status: u16,
}

impl Look {
    /// Whether the page is not what the person came for: it asks, or leaves by itself.
    fn is_on_its_way(&self) -> bool {
        self.ready != "complete" || self.view == "checking" || self.refreshes || self.is_frontchannel_page()
    }

    /// Keycloak's page that loads the frames.
    pub(super) fn is_frontchannel_page(&self) -> bool {
        self.page_id == "login-frontchannel-logout"
    }
}

impl Tab {
    pub(super) async fn create(wire: &Wire, record: &Arc<Record>, owner: &str) -> Result<Self, Trouble> {
        let params = if owner == super::person::DEFAULT {
            json!({"type": "tab"})
        } else {
            json!({"type": "tab", "userContext": owner})
        };
        let made = wire.send("browsingContext.create", params).await?;
        let context = made["context"].as_str().unwrap_or_default().to_owned();
        record.own(&context, owner);
        record.listen(wire, &context).await?;
        Ok(Self { wire: wire.clone(), record: record.clone(), owner: owner.to_owned(), context })
    }

    /// Goes to an address, as if it had been typed.
    pub(super) async fn go(&self, url: &Url) -> Result<Look, Trouble> {
        let before = self.mark().await?;
        let params = json!({"context": self.context, "url": url.as_str(), "wait": "none"});
        self.wire.within(NAVIGATION, "browsingContext.navigate", params).await?;
        self.rest(before).await
    }

    /// Loads the page again.
    pub(super) async fn reload(&self) -> Result<Look, Trouble> {
        let before = self.mark().await?;
        self.wire.send("browsingContext.reload", json!({"context": self.context, "wait": "none"})).await?;
        self.rest(before).await
    }

    /// Presses "back", and gives what the page shows when it has come to rest. A page may come out of memory, with
    /// everything as it was.
    pub(super) async fn back(&self) -> Result<Look, Trouble> {
        let before = self.mark().await?;
        self.wire.send("browsingContext.traverseHistory", json!({"context": self.context, "delta": -1})).await?;
        self.rest(before).await
    }

    /// Brings the tab to the front; its page notices that somebody looks.
    pub(super) async fn activate(&self) -> Result<(), Trouble> {
        self.wire.send("browsingContext.activate", json!({"context": self.context})).await.map(|_| ())
    }

    pub(super) async fn close(self) -> Result<(), Trouble> {
        self.wire.send("browsingContext.close", json!({"context": self.context})).await.map(|_| ())
    }

    /// Presses the first control that this selector finds and a person could see, and waits for what comes of it. `None`
    /// where there is none.
    pub(super) async fn press(&self, css: &str) -> Result<Option<Look>, Trouble> {
        self.press_by(css, &ONCE).await
    }

    /// The same pressed twice, as impatient people do.
    pub(super) async fn press_twice(&self, css: &str) -> Result<Option<Look>, Trouble> {
        self.press_by(css, &TWICE).await
    }

    async fn press_by(&self, css: &str, buttons: &[&str]) -> Result<Option<Look>, Trouble> {
        for _ in 0..TRIES {
            let Some(control) = self.find(css).await? else { return Ok(None) };
            let before = self.mark().await?;
            if self.point(&control, buttons).await? {
                return self.rest(before).await.map(Some);
            }
        }
        Err(broken("a page changes all the time under the mouse"))
    }

    /// Presses a control and waits only until the page is one that `there` wants.
    pub(super) async fn press_until(&self, css: &str, there: impl Fn(&Look) -> bool) -> Result<bool, Trouble> {
        let before = self.look().await?;
        for _ in 0..TRIES {
            let Some(control) = self.find(css).await? else { return Ok(false) };
            if self.point(&control, &ONCE).await? {
                break;
            }
        }
        let deadline = Instant::now() + NAVIGATION;
        while Instant::now() < deadline {
            if self.look().await?.is_some_and(|look| there(&look)) {
                return Ok(true);
            }
            sleep(PAUSE).await;
        }
        Err(stays(before.as_ref().map_or("", |look| look.url.as_str())))
    }

    /// Runs a script of the lab's in the page and waits for the page that it leads to.
    pub(super) async fn lead(&self, script: &str) -> Result<Look, Trouble> {
        let before = self.mark().await?;
        self.wire.evaluate(&self.context, script).await?;
        self.rest(before).await
    }

    /// Types into the field that this selector finds, in place of what stands there. Says whether there is such a field.
    pub(super) async fn fill(&self, css: &str, text: &str) -> Result<bool, Trouble> {
        let Some(field) = self.find(css).await? else { return Ok(false) };
        self.point(&field, &ONCE).await?;
        let mut keys = vec![key("keyDown", CONTROL), key("keyDown", "a"), key("keyUp", "a"), key("keyUp", CONTROL)];
        keys.extend([key("keyDown", DELETE), key("keyUp", DELETE)]);
        for sign in text.chars() {
            keys.extend([key("keyDown", &sign.to_string()), key("keyUp", &sign.to_string())]);
        }
        let actions = json!([{"type": "key", "id": "keyboard", "actions": keys}]);
        self.wire.send("input.performActions", json!({"context": self.context, "actions": actions})).await?;
        Ok(true)
    }

    /// Ticks the box that this selector finds, unless it is ticked. Says whether there is such a box, and it is ticked now.
    pub(super) async fn tick(&self, css: &str) -> Result<bool, Trouble> {
        let ticked = format!("JSON.stringify(document.querySelector({})?.checked ?? null)", json!(css));
        if self.ask(&ticked).await? == Some(json!(true)) {
            return Ok(true);
        }
        let Some(field) = self.find(css).await? else { return Ok(false) };
        self.point(&field, &ONCE).await?;
        Ok(self.ask(&ticked).await? == Some(json!(true)))
    }

    /// What the page is like now; `None` between two pages.
    pub(super) async fn look(&self) -> Result<Option<Look>, Trouble> {
        let seen = self.wire.evaluate(&self.context, LOOK).await?;
        Ok(seen.and_then(|seen| serde_json::from_value(seen).ok()))
    }

    /// What the page shows after somebody has begun to look at it: something else than `before`, or after a while the same.
    pub(super) async fn looked_at(&self, before: Option<Look>) -> Result<Look, Trouble> {
        let deadline = Instant::now() + NOTICES;
        while Instant::now() < deadline && self.look().await? == before {
            sleep(PAUSE).await;
        }
        self.at_rest().await
    }

    /// What the page shows once it is at rest, whatever it showed before.
    pub(super) async fn at_rest(&self) -> Result<Look, Trouble> {
        self.rest(None).await
    }

    /// What an expression is worth in the page, which makes JSON text itself.
    pub(super) async fn ask(&self, expression: &str) -> Result<Option<Value>, Trouble> {
        self.wire.evaluate(&self.context, expression).await
    }

    /// Whether the page shows something that this selector finds.
    pub(super) async fn shows(&self, css: &str) -> Result<bool, Trouble> {
        Ok(self.node(css).await?.is_some())
    }

    /// Whether somebody who looks at the window sees this tab.
    pub(super) async fn is_in_front(&self) -> bool {
        let state = self.ask("JSON.stringify(document.visibilityState)").await.ok().flatten();
        state.as_ref().and_then(Value::as_str) == Some("visible")
    }

    /// What the tab shows, as a WebP file; of one that is in front.
    pub(super) async fn draw(&self) -> Result<Vec<u8>, Trouble> {
        let params = json!({"context": self.context, "format": {"type": "image/webp", "quality": 0.3}});
        let drawn = self.wire.within(DRAWN, "browsingContext.captureScreenshot", params).await?;
        let text = drawn["data"].as_str().unwrap_or_default();
        BASE64_STANDARD.decode(text).map_err(|_| broken("it gave a picture that is none"))
    }

    /// The page as its HTML stands now, with the head that the server sent.
    pub(super) async fn page(&self, look: &Look) -> Result<Page, Trouble> {
        let html = self.ask("JSON.stringify(document.documentElement?.outerHTML ?? '')").await?;
        let html = html.as_ref().and_then(Value::as_str).unwrap_or_default().to_owned();
        let url = Url::parse(&look.url).map_err(|_| broken("a page has an address that is none"))?;
        let mut headers = HeaderMap::new();
        for (name, value) in self.record.document(&self.owner, &self.context).unwrap_or_default().headers {
            if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
                headers.insert(name, value);
            }
        }
        Ok(Page::read(url, look.status, &headers, &html))
    }

    /// Marks the document that is there now, so that another one can be told from it.
    async fn mark(&self) -> Result<Option<Look>, Trouble> {
        let mark = format!("{:016x}", rand::random::<u64>());
        self.ask(&format!("(globalThis.ssoLabMark = '{mark}', 'null')")).await?;
        self.look().await
    }

    /// Waits until another document is there, or the same one shows another view, and until that has come to rest.
    async fn rest(&self, before: Option<Look>) -> Result<Look, Trouble> {
        let deadline = Instant::now() + NAVIGATION;
        let (mut came, mut last): (Option<Instant>, Option<Look>) = (None, None);
        loop {
            let look = self.look().await?;
            let moved = |look: &Look| {
                before
                    .as_ref()
                    .is_none_or(|was| (&look.mark, &look.view, &look.url) != (&was.mark, &was.view, &was.url))
            };
            if let Some(look) = look.filter(moved) {
                let since = came.get_or_insert_with(Instant::now);
                let rests = !look.is_on_its_way() && last.as_ref() == Some(&look);
                if rests || since.elapsed() > ON_THE_WAY {
                    return Ok(look);
                }
                if look.is_on_its_way() && last.as_ref().is_some_and(|last| last.url != look.url) {
                    came = None;
                }
                last = Some(look);
            }
            if Instant::now() >= deadline {
                return Err(stays(before.as_ref().map_or("", |look| look.url.as_str())));
            }
            sleep(PAUSE).await;
        }
    }

    /// The control that this selector finds, once it is there.
    async fn find(&self, css: &str) -> Result<Option<Value>, Trouble> {
        let deadline = Instant::now() + APPEARS;
        loop {
            if let Some(node) = self.node(css).await? {
                return Ok(Some(node));
            }
            if Instant::now() >= deadline {
                return Ok(None);
            }
            sleep(PAUSE).await;
        }
    }

    async fn node(&self, css: &str) -> Result<Option<Value>, Trouble> {
        let expression = format!(
            "(() => {{ const one = [...document.querySelectorAll({})].find((one) => one.checkVisibility()); \
             one?.scrollIntoView({{ block: 'center', behavior: 'instant' }}); return one ?? null; }})()",
            json!(css)
        );
        let target = json!({"context": self.context, "sandbox": "sso-lab"});
        let params = json!({"expression": expression, "target": target, "awaitPromise": false});
        // Between two pages there is nobody to ask.
        let Ok(answer) = self.wire.send("script.evaluate", params).await else { return Ok(None) };
        let shared = answer["result"]["sharedId"].as_str();
        Ok(shared.map(|id| json!({"sharedId": id})))
    }

    /// Moves the mouse to a control and uses its button. `false` where the control has gone meanwhile: the page has changed by
    /// itself between looking and pressing, as pages do.
    async fn point(&self, control: &Value, buttons: &[&str]) -> Result<bool, Trouble> {
        let to = json!({"type": "pointerMove", "x": 0, "y": 0, "origin": {"type": "element", "element": control}});
        let uses = buttons.iter().map(|kind| json!({"type": kind, "button": 0}));
        let actions: Vec<Value> = std::iter::once(to).chain(uses).collect();
        let actions = json!([{"type": "pointer", "id": "mouse", "actions": actions}]);
        let params = json!({"context": self.context, "actions": actions});
        match self.wire.within(NAVIGATION, "input.performActions", params).await {
            Err(trouble) if trouble.what.contains("no such element") || trouble.what.contains("stale element") => {
                Ok(false)
            }
            sent => sent.map(|_| true),
        }
    }
}

fn key(kind: &str, value: &str) -> Value {
    json!({"type": kind, "value": value})
}

fn stays(url: &str) -> Trouble {
    let place = Url::parse(url).map_or_else(|_| "a page".to_owned(), |url| crate::browser::origin::bare(&url));
    Trouble::new(
        Kind::Part,
        format!(
            "Chromium stayed at {place} for {} s, though something was pressed that leads elsewhere",
            NAVIGATION.as_secs()
        ),
        "a part of the lab hangs, or the page's script did not do what its button says",
        "look at `cargo xtask lab status` and `cargo xtask lab logs`",
    )
}
