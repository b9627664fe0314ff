//! A lesson's prose as HTML. Lessons may come from anywhere, so no HTML of theirs gets through, and no address that does
//! more than lead somewhere.

use pulldown_cmark::{CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd};

/// The prose; a first heading that only repeats `title` is left out, and the others go below the lesson's own.
pub(crate) fn html(text: &str, title: &str) -> String {
    let mut events: Vec<Event<'_>> = Parser::new_ext(text, Options::ENABLE_TABLES).filter_map(harmless).collect();
    if repeats(&events, title) {
        let end = events.iter().position(|event| matches!(event, Event::End(TagEnd::Heading(_)))).unwrap_or_default();
        events.drain(..=end);
    }
    let mut html = String::new();
    pulldown_cmark::html::push_html(&mut html, events.into_iter());
    html
}

fn repeats(events: &[Event<'_>], title: &str) -> bool {
    let [Event::Start(Tag::Heading { .. }), rest @ ..] = events else { return false };
    let words = rest.iter().take_while(|event| !matches!(event, Event::End(_))).map(|event| match event {
        Event::Text(text) | Event::Code(text) => text.as_ref(),
        _ => " ",
    });
    words.collect::<String>().trim() == title.trim()
}

fn harmless(event: Event<'_>) -> Option<Event<'_>> {
    Some(match event {
        // What looks like HTML is shown as it was written.
        Event::Html(text) | Event::InlineHtml(text) => Event::Text(text),
        Event::Start(Tag::Heading { level, .. }) => Event::Start(heading(level)),
        Event::End(TagEnd::Heading(level)) => Event::End(TagEnd::Heading(below(level))),
        Event::Start(Tag::Link { link_type, dest_url, .. }) => {
            let dest_url = if leads_somewhere(&dest_url) { dest_url } else { CowStr::Borrowed("#top") };
            Event::Start(Tag::Link { link_type, dest_url, title: CowStr::Borrowed(""), id: CowStr::Borrowed("") })
        }
        // The report asks the network for nothing; what a picture shows is said by its text, which stays.
        Event::Start(Tag::HtmlBlock | Tag::Image { .. }) | Event::End(TagEnd::HtmlBlock | TagEnd::Image) => {
            return None;
        }
        other => other,
    })
}

fn heading(level: HeadingLevel) -> Tag<'static> {
    Tag::Heading { level: below(level), id: None, classes: Vec::new(), attrs: Vec::new() }
}

/// The report's title is the first level, the lesson's the second.
fn below(level: HeadingLevel) -> HeadingLevel {
    match level {
        HeadingLevel::H1 | HeadingLevel::H2 => HeadingLevel::H3,
        HeadingLevel::H3 => HeadingLevel::H4,
        HeadingLevel::H4 => HeadingLevel::H5,
        HeadingLevel::H5 | HeadingLevel::H6 => HeadingLevel::H6,
    }
}

fn leads_somewhere(address: &str) -> bool {
    address.starts_with("https://") || address.starts_with("http://")
}

#[cfg(test)]
mod tests {
    use super::html;

    #[test]
    fn prose_becomes_html_below_the_lessons_heading() {
        assert_eq!(
            html("# The title\n\n## What to *watch*\n\n- `==>` & more\n", "The title"),
            "<h3>What to <em>watch</em></h3>\n<ul>\n<li><code>==&gt;</code> &amp; more</li>\n</ul>\n"
        );
        assert!(html("# Another\n", "The title").contains("<h3>Another</h3>"));
    }

    #[test]
    fn no_html_and_no_address_that_acts_gets_through() {
        let page = html(
            "a <b onclick=x>b</b>\n\n<script>alert(1)</script>\n\n[x](javascript:alert(1)) ![pic](http://x/y.png) \
             [\"><img src=x>](http://ok/\"><img)",
            "",
        );
        for bad in ["<b", "<script", "javascript:", "<img"] {
            assert!(!page.contains(bad), "{bad} in {page}");
        }
        assert!(page.contains("&lt;script&gt;") && page.contains("pic"), "{page}");
    }
}
