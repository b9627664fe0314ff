//! What a browser has asked for, as it says so itself: documents with their headers, addresses on the way, its console.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::StreamExt as _;
use serde_json::{Value, json};
use url::Url;

use super::wire::{Wire, without_queries};
use crate::browser::origin::origin;
use crate::trouble::Trouble;

/// What a page's scripts write into the console comes with `log.entryAdded`. What the browser itself writes there, about a frame
/// that a policy forbids for example, is known to Chromium's own protocol only.
const EVENTS: &[&str] = &[
    "browsingContext.contextCreated",
    "network.beforeRequestSent",
    "network.responseStarted",
    "log.entryAdded",
    BROWSERS_OWN,
];

const BROWSERS_OWN: &str = "goog:cdp.Log.entryAdded";

/// The record of one browser.
#[derive(Default)]
pub(super) struct Record {
    book: Mutex<Book>,
}

#[derive(Default)]
struct Book {
    /// Tab or frame to its user context.
    owners: HashMap<String, String>,
    /// Session of Chromium's own protocol to the tab that it is about.
    sessions: HashMap<String, String>,
    people: HashMap<String, Seen>,
}

/// What one person's browser has done.
#[derive(Default)]
pub(super) struct Seen {
    /// Addresses of documents, redirects among them, newest last, since somebody took them.
    pub(super) visited: Vec<Url>,
    /// Every origin that it sent a request to.
    pub(super) asked: BTreeSet<String>,
    /// The last document of each tab and frame.
    documents: HashMap<String, Document>,
    /// Lines of the console since somebody took them.
    pub(super) console: Vec<String>,
}

/// The head of a document's answer.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Document {
    pub(super) url: String,
    pub(super) headers: Vec<(String, String)>,
}

impl Record {
    /// Begins to write down what this browser does.
    pub(super) async fn start(wire: &Wire) -> Result<Arc<Self>, Trouble> {
        let record = Arc::new(Self::default());
        let mut events = wire.0.subscribe_raw();
        wire.send("session.subscribe", json!({"events": EVENTS})).await?;
        let book = record.clone();
        // Ends with the connection.
        tokio::spawn(async move {
            while let Some(event) = events.next().await {
                book.note(&event.method, &event.params);
            }
        });
        Ok(record)
    }

    /// From now on a tab is this person's, whether or not the browser has said so already.
    pub(super) fn own(&self, context: &str, owner: &str) {
        self.lock().owners.insert(context.to_owned(), owner.to_owned());
    }

    /// Begins to write down what the browser itself writes into this tab's console.
    pub(super) async fn listen(&self, wire: &Wire, context: &str) -> Result<(), Trouble> {
        let given = wire.send("goog:cdp.getSession", json!({"context": context})).await?;
        let session = given["session"].as_str().unwrap_or_default().to_owned();
        self.lock().sessions.insert(session.clone(), context.to_owned());
        let enable = json!({"method": "Log.enable", "params": {}, "session": session});
        wire.send("goog:cdp.sendCommand", enable).await.map(|_| ())
    }

    /// Something of a person's record.
    pub(super) fn of<T>(&self, owner: &str, take: impl FnOnce(&mut Seen) -> T) -> T {
        take(self.lock().people.entry(owner.to_owned()).or_default())
    }

    /// The head of the last document of a tab.
    pub(super) fn document(&self, owner: &str, context: &str) -> Option<Document> {
        self.of(owner, |seen| seen.documents.get(context).cloned())
    }

    pub(super) fn forget(&self, owner: &str) {
        let mut book = self.lock();
        book.people.remove(owner);
        book.owners.retain(|_, of| of != owner);
        let Book { owners, sessions, .. } = &mut *book;
        sessions.retain(|_, context| owners.contains_key(context));
    }

    fn note(&self, method: &str, event: &Value) {
        let mut book = self.lock();
        let context = match method {
            "log.entryAdded" => event["source"]["context"].as_str(),
            BROWSERS_OWN => {
                event["session"].as_str().and_then(|session| book.sessions.get(session)).map(String::as_str)
            }
            _ => event["context"].as_str(),
        };
        let Some(context) = context.map(str::to_owned) else { return };
        let context = context.as_str();
        if method == "browsingContext.contextCreated" {
            if let Some(owner) = event["userContext"].as_str() {
                book.owners.insert(context.to_owned(), owner.to_owned());
            }
            return;
        }
        let Some(owner) = book.owners.get(context).cloned() else { return };
        let seen = book.people.entry(owner).or_default();
        match method {
            "network.beforeRequestSent" => {
                let Some(url) = event["request"]["url"].as_str().and_then(|url| Url::parse(url).ok()) else { return };
                if !matches!(url.scheme(), "http" | "https") {
                    return;
                }
                seen.asked.insert(origin(&url));
                if event["navigation"].is_string() {
                    seen.visited.push(url);
                }
            }
            "network.responseStarted" if event["navigation"].is_string() => {
                let pair = |header: &Value| {
                    let name = header["name"].as_str()?.to_ascii_lowercase();
                    Some((name, header["value"]["value"].as_str()?.to_owned()))
                };
                let headers = event["response"]["headers"].as_array();
                let document = Document {
                    url: event["response"]["url"].as_str().unwrap_or_default().to_owned(),
                    headers: headers.into_iter().flatten().filter_map(pair).collect(),
                };
                seen.documents.insert(context.to_owned(), document);
            }
            BROWSERS_OWN => {
                let text = event["params"]["entry"]["text"].as_str().map(str::trim);
                seen.console.extend(text.map(without_queries));
            }
            "log.entryAdded" => seen.console.extend(event["text"].as_str().map(without_queries)),
            _ => {}
        }
    }

    fn lock(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Record;

    #[test]
    fn each_person_has_a_record_of_their_own() {
        let record = Record::default();
        record.note("browsingContext.contextCreated", &json!({"context": "tab", "userContext": "john"}));
        record.note("browsingContext.contextCreated", &json!({"context": "frame", "userContext": "john"}));
        record.own("other", "mary");
        let asks = |context: &str, url: &str, navigation| {
            let event = json!({"context": context, "request": {"url": url}, "navigation": navigation});
            record.note("network.beforeRequestSent", &event);
        };
        asks("tab", "http://a.localhost:1/x?code=1", Some("1"));
        asks("frame", "http://b.localhost:1/y", Some("2"));
        asks("tab", "http://c.localhost:1/script", None);
        asks("other", "http://d.localhost:1/", Some("3"));
        asks("unknown", "http://e.localhost:1/", Some("4"));
        asks("tab", "data:text/html,", Some("5"));
        let (visited, asked) = record.of("john", |seen| (seen.visited.len(), seen.asked.clone()));
        assert_eq!(visited, 2);
        let origins = ["http://a.localhost:1", "http://b.localhost:1", "http://c.localhost:1"].map(str::to_owned);
        assert_eq!(asked, origins.into());
        assert_eq!(record.of("mary", |seen| seen.visited.len()), 1);
    }

    #[test]
    fn what_the_browser_writes_into_a_tabs_console_is_its_persons_and_carries_no_query() {
        let record = Record::default();
        record.own("tab", "john");
        record.lock().sessions.insert("session".to_owned(), "tab".to_owned());
        let writes = |session: &str| {
            let entry = json!({"text": "Framing 'http://b.localhost:1/logout?sid=x' violates a policy.\n"});
            record.note(super::BROWSERS_OWN, &json!({"session": session, "params": {"entry": entry}}));
        };
        writes("session");
        writes("somebody-elses");
        assert_eq!(
            record.of("john", |seen| seen.console.clone()),
            ["Framing 'http://b.localhost:1/logout violates a policy."]
        );
        record.forget("john");
        assert!(record.lock().sessions.is_empty());
    }

    #[test]
    fn a_document_is_known_with_its_headers() {
        let record = Record::default();
        record.own("tab", "john");
        let headers =
            json!([{"name": "Content-Security-Policy", "value": {"type": "string", "value": "default-src 'none'"}}]);
        let response = json!({"url": "http://a/", "headers": headers});
        record.note(
            "network.responseStarted",
            &json!({"context": "tab", "navigation": "1", "response": response.clone()}),
        );
        record.note(
            "network.responseStarted",
            &json!({"context": "tab", "navigation": null, "response": {"url": "http://a/script", "headers": []}}),
        );
        let document = record.document("john", "tab").unwrap();
        assert_eq!(document.url, "http://a/");
        assert_eq!(document.headers[0].0, "content-security-policy");
        record.forget("john");
        assert_eq!(record.document("john", "tab"), None);
    }
}
