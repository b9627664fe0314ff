//! What a browser reads from a page: title, visible text, forms, frames, links. Nothing is run.

use reqwest::Method;
use reqwest::header::HeaderMap;
use scraper::{ElementRef, Html, Node, Selector};
use url::Url;

/// A loaded page.
#[derive(Debug, Clone)]
pub struct Page {
    /// Where it came from, after all redirects.
    pub url: Url,
    /// HTTP status.
    pub status: u16,
    /// Text of `<title>`.
    pub title: String,
    /// Visible text, white space folded; parts with `hidden` left out.
    pub text: String,
    /// All forms in order.
    pub forms: Vec<Form>,
    /// Addresses of its iframes.
    pub frames: Vec<Url>,
    /// Links: (`id` or empty, address, text).
    pub links: Vec<Link>,
    /// Addresses of the scripts that it loads.
    pub scripts: Vec<Url>,
    /// `id`s of the rows of an item list (`item-leave-1`).
    pub items: Vec<String>,
    /// Where it leads on by itself, without a script (`<meta http-equiv="refresh">` without a delay).
    pub refresh: Option<Url>,
    /// `data-page-id` of the body: Keycloak's own name of the page (`login-error`).
    pub page_id: Option<String>,
    /// `data-view` of the body: our pages' own name of what they show (`forbidden`).
    pub view: Option<String>,
    /// The sentence of Keycloak's message area, where there is one.
    pub message: Option<String>,
    /// Header `Content-Security-Policy`; several of them as one list, with commas between.
    pub csp: Option<String>,
    /// Header `X-Frame-Options`.
    pub x_frame_options: Option<String>,
    /// Header `Referrer-Policy`.
    pub referrer_policy: Option<String>,
}

/// A link of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// `id`, empty when it has none.
    pub id: String,
    /// Where it leads.
    pub url: Url,
    /// Its text.
    pub text: String,
}

/// A form, ready to be filled and sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Form {
    /// `id`, empty when it has none.
    pub id: String,
    /// Where it is sent; the page's own address when it does not say.
    pub action: Url,
    /// GET or POST.
    pub method: Method,
    /// Names and values of its controls as the page fills them, hidden ones included, without buttons.
    pub fields: Vec<(String, String)>,
    /// Names and values of its boxes that nobody has ticked yet.
    pub unticked: Vec<(String, String)>,
    /// Its submit buttons: (name, value, label); the first one is pressed unless another is asked for.
    pub buttons: Vec<(String, String, String)>,
}

impl Page {
    /// Reads an answer. `html` that is no HTML gives a page with text only.
    pub fn read(url: Url, status: u16, headers: &HeaderMap, html: &str) -> Self {
        let document = Html::parse_document(html);
        let root = document.root_element();
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        Self {
            status,
            title: first(root, "title").map(|title| folded(&title.text().collect::<String>())).unwrap_or_default(),
            text: first(root, "body").map(|body| visible_text(body)).unwrap_or_default(),
            forms: all(root, "form").map(|form| read_form(form, &url)).collect(),
            frames: all(root, "iframe[src]").filter_map(|frame| url.join(frame.attr("src")?).ok()).collect(),
            links: all(root, "a[href], button[onclick]").filter_map(|link| read_link(link, &url)).collect(),
            scripts: all(root, "script[src]").filter_map(|script| url.join(script.attr("src")?).ok()).collect(),
            items: all(root, "[id^=item-]").filter_map(|row| row.attr("id").map(str::to_owned)).collect(),
            refresh: first(root, "meta[http-equiv=refresh]").and_then(|meta| read_refresh(meta.attr("content")?, &url)),
            page_id: first(root, "body").and_then(|body| body.attr("data-page-id")).map(str::to_owned),
            view: first(root, "body").and_then(|body| body.attr("data-view")).map(str::to_owned),
            message: all(root, "#kc-error-message .instruction, [id^=input-error], .alert-error, .pf-m-danger")
                .map(visible_text)
                .find(|text| !text.is_empty()),
            csp: every(headers, "content-security-policy"),
            x_frame_options: header("x-frame-options"),
            referrer_policy: header("referrer-policy"),
            url,
        }
    }

    /// Whether it refuses somebody whom it knows. A refusal of the request itself has the same status.
    pub fn is_refusal_of_role(&self) -> bool {
        self.status == 403 && self.view.as_deref() != Some("error")
    }

    /// The form with this `id`.
    pub fn form(&self, id: &str) -> Option<&Form> {
        self.forms.iter().find(|form| form.id == id)
    }

    /// The first form that is sent to this path.
    pub fn form_to(&self, path: &str) -> Option<&Form> {
        self.forms.iter().find(|form| form.action.path() == path)
    }

    /// The link with this `id`.
    pub fn link(&self, id: &str) -> Option<&Url> {
        self.links.iter().find(|link| link.id == id).map(|link| &link.url)
    }

    /// The form that would decide the first item of the list, written by hand: a page that shows no button keeps
    /// nobody from sending the request.
    pub fn form_by_hand(&self, control: &str) -> Option<Form> {
        let id = self.items.first()?.strip_prefix("item-")?;
        Some(Form {
            id: String::new(),
            action: self.url.join(&format!("/admin/items/{id}/{control}")).ok()?,
            method: Method::POST,
            fields: Vec::new(),
            unticked: Vec::new(),
            buttons: Vec::new(),
        })
    }

    /// Labels of all submit buttons, in order, each once.
    pub fn buttons(&self) -> Vec<String> {
        let mut labels = Vec::new();
        for (_, _, label) in self.forms.iter().flat_map(|form| &form.buttons) {
            if !labels.contains(label) {
                labels.push(label.clone());
            }
        }
        labels
    }
}

impl Form {
    /// The fields to send when the first button is pressed and `typed` stands in the named controls.
    pub fn filled(&self, typed: &[(&str, &str)]) -> Vec<(String, String)> {
        let mut fields = self.fields.clone();
        for (name, value) in typed {
            match fields.iter_mut().find(|(field, _)| field == name) {
                Some((_, slot)) => (*value).clone_into(slot),
                None => fields.push(((*name).to_owned(), (*value).to_owned())),
            }
        }
        // A button counts as a control only when it is the one that was pressed and has a name.
        if let Some((name, value, _)) = self.buttons.first()
            && !name.is_empty()
        {
            fields.push((name.clone(), value.clone()));
        }
        fields
    }
}

/// All headers of this name as one list, as RFC 9110 section 5.3 has it.
fn every(headers: &HeaderMap, name: &str) -> Option<String> {
    let values: Vec<&str> = headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).collect();
    (!values.is_empty()).then(|| values.join(", "))
}

fn read_form(form: ElementRef, page: &Url) -> Form {
    let attr = |name: &str| form.attr(name).unwrap_or_default();
    let action = page.join(attr("action")).unwrap_or_else(|_| page.clone());
    let (mut fields, mut unticked) = (Vec::new(), Vec::new());
    let mut buttons = Vec::new();
    for control in all(form, "input, textarea, select, button") {
        let attr = |name: &str| control.attr(name).unwrap_or_default().to_owned();
        let kind = match control.value().name() {
            "input" => control.attr("type").unwrap_or("text").to_ascii_lowercase(),
            "button" => control.attr("type").unwrap_or("submit").to_ascii_lowercase(),
            other => other.to_owned(),
        };
        let is_input = control.value().name() == "input";
        match kind.as_str() {
            "submit" | "image" => {
                let label = if is_input { attr("value") } else { visible_text(control) };
                buttons.push((attr("name"), attr("value"), label));
            }
            _ if attr("name").is_empty() || control.attr("disabled").is_some() => {}
            "button" | "reset" | "file" => {}
            "checkbox" | "radio" => {
                let list = if control.attr("checked").is_some() { &mut fields } else { &mut unticked };
                list.push((attr("name"), control.attr("value").unwrap_or("on").to_owned()));
            }
            "select" => {
                let option = first(control, "option[selected]").or_else(|| first(control, "option"));
                if let Some(option) = option {
                    let text = option.text().collect::<String>();
                    fields.push((attr("name"), option.attr("value").map_or_else(|| folded(&text), str::to_owned)));
                }
            }
            "textarea" => fields.push((attr("name"), control.text().collect())),
            _ => fields.push((attr("name"), attr("value"))),
        }
    }
    let method = if attr("method").eq_ignore_ascii_case("post") { Method::POST } else { Method::GET };
    Form { id: attr("id").to_owned(), action, method, fields, unticked, buttons }
}

/// Where a button leads whose script does nothing but go there (Keycloak's "Restart login").
fn led_to(script: &str) -> Option<&str> {
    script.trim().strip_prefix("location.href='")?.split_once('\'').map(|(address, _)| address)
}

/// `0; url=/somewhere`.
fn read_refresh(content: &str, page: &Url) -> Option<Url> {
    let (delay, target) = content.split_once(';')?;
    let target = target.trim().strip_prefix("url=")?;
    (delay.trim() == "0").then(|| page.join(target).ok()).flatten()
}

fn read_link(link: ElementRef, page: &Url) -> Option<Link> {
    Some(Link {
        id: link.attr("id").unwrap_or_default().to_owned(),
        url: page.join(link.attr("href").or_else(|| led_to(link.attr("onclick")?))?).ok()?,
        text: visible_text(link),
    })
}

/// Text that a person could read: not scripts, styles, templates, nor anything with the attribute `hidden`.
fn visible_text(element: ElementRef) -> String {
    let mut text = String::new();
    gather(element, &mut text);
    folded(&text)
}

fn gather(element: ElementRef, text: &mut String) {
    let skipped = matches!(element.value().name(), "script" | "style" | "template" | "noscript" | "svg");
    if skipped || element.attr("hidden").is_some() {
        return;
    }
    for child in element.children() {
        if let Node::Text(part) = child.value() {
            text.push_str(part);
        } else if let Some(inner) = ElementRef::wrap(child) {
            // An element begins a new word even where the source has no white space.
            text.push(' ');
            gather(inner, text);
            text.push(' ');
        }
    }
}

fn folded(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn first<'a>(root: ElementRef<'a>, selector: &str) -> Option<ElementRef<'a>> {
    all(root, selector).next()
}

fn all<'a>(root: ElementRef<'a>, selector: &str) -> impl Iterator<Item = ElementRef<'a>> {
    let selector = Selector::parse(selector).unwrap_or_else(|error| unreachable!("a selector of this file: {error}"));
    root.select(&selector).collect::<Vec<_>>().into_iter()
}

#[cfg(test)]
mod tests;
