//! HTML pages out of templates that are part of the program.

use axum::response::Html;
use minijinja::value::{Serde, Value};
use minijinja::{Environment, UndefinedBehavior};
use serde_json::{Map, json};

use crate::embedded::TEMPLATES;
use crate::error::Trouble;
use crate::faults::Switches;
use crate::frame::Nonce;
use crate::settings::Settings;

/// Every page that a portal can show. Each is looked for at the start, so that no visitor is the first to miss one.
const NEEDED: [&str; 10] = [
    "layout.html",
    "internal/app.html",
    "external/app.html",
    "external/frontchannel_logout.html",
    "admin/login.html",
    "admin/dashboard.html",
    "admin/logout.html",
    "error.html",
    "forbidden.html",
    "signed_out.html",
];

/// A page that cannot be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PageError {
    /// A template is missing or broken.
    #[error(transparent)]
    Template(#[from] minijinja::Error),
    /// A template is not text.
    #[error("the template {0} is not UTF-8")]
    NotText(&'static str),
}

/// The templates, and what every page gets.
#[derive(Debug)]
pub(crate) struct Pages {
    templates: Environment<'static>,
    common: Map<String, serde_json::Value>,
    faults: Switches,
}

impl Pages {
    /// Reads the templates. Their names end in `.html`, so every value is escaped.
    pub(crate) fn new(settings: &Settings, faults: Switches) -> Result<Self, PageError> {
        let mut templates = Environment::new();
        // A typing error in a template is an error, not an empty place in a page.
        templates.set_undefined_behavior(UndefinedBehavior::SemiStrict);
        for (name, source) in TEMPLATES {
            let source = std::str::from_utf8(source).map_err(|_| PageError::NotText(name))?;
            templates.add_template(name, source)?;
        }
        for name in NEEDED {
            templates.get_template(name)?;
        }
        let siblings: Vec<_> = settings
            .siblings
            .iter()
            .map(|sibling| json!({"kind": sibling.kind.word(), "name": sibling.kind.title(), "url": sibling.url}))
            .collect();
        let portal = json!({
            "kind": settings.kind.word(),
            "name": settings.kind.title(),
            "tagline": settings.kind.tagline(),
            "client_id": settings.client_id,
            "issuer": settings.issuer_text(),
            "channel": settings.kind.channel(),
        });
        let common = Map::from_iter([("portal".to_owned(), portal), ("siblings".to_owned(), siblings.into())]);
        Ok(Self { templates, common, faults })
    }

    /// Renders a page. `own` are the values that only this page has, a JSON object.
    ///
    /// # Errors
    /// [`Trouble::Fault`] when the template does not fit its values.
    pub(crate) fn render(&self, name: &str, nonce: &Nonce, own: serde_json::Value) -> Result<Html<String>, Trouble> {
        let mut values = self.common.clone();
        values.insert("nonce".to_owned(), nonce.0.clone().into());
        let faults = self.faults.get().iter().map(|fault| json!({"name": fault.name(), "wrong": fault.about().wrong}));
        values.insert("faults".to_owned(), faults.collect());
        if let serde_json::Value::Object(own) = own {
            values.extend(own);
        }
        let page = self.templates.get_template(name).and_then(|page| page.render(Value::from(Serde(&values))));
        page.map(Html).map_err(|error| Trouble::Fault { why: format!("the page {name} cannot be made ({error:#})") })
    }
}
