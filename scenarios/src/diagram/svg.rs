//! The picture as SVG: no script, nothing from elsewhere, and no colour of its own. Lines and words take the colour of the
//! text around them, so it is right in light and dark, on paper, and for people who see no colours.

use std::fmt::Write as _;

use super::label::one_line;
use super::{Message, Picture, Scene, UNORDERED};

use draw::Sheet;

mod arrow;
mod draw;

pub(crate) use arrow::STROKES;

/// How the parts of the picture look. A page that has pictures in it has this in its style sheet, once.
pub(crate) const STYLE: &str = include_str!("../../templates/diagram.css");

/// Between two lanes.
const APART: f64 = 190.0;

/// Beside the first and the last lane.
const MARGIN: f64 = 84.0;

/// Where nothing else decides, at least so wide.
const LEAST: f64 = 520.0;

/// The picture as an element of a page. `id` is the beginning of all ids in it and has to be unique on that page; the page
/// brings the styles of `templates/diagram.css`.
pub fn svg(picture: &Picture, id: &str) -> String {
    draw(picture, id, "")
}

/// The picture as a file of its own.
pub fn svg_file(picture: &Picture) -> String {
    let style = format!("<style>:root {{ color-scheme: light dark; color: CanvasText; }}\n{STYLE}</style>");
    draw(picture, "run", &format!("{style}<rect class=\"paper\" width=\"100%\" height=\"100%\" fill=\"Canvas\"/>"))
}

/// One kind of line alone, for a page's legend.
pub(crate) fn sample(stroke: lab_trace::Stroke) -> String {
    format!(
        "<svg class=\"sequence\" aria-hidden=\"true\" viewBox=\"0 0 68 18\" width=\"68\" height=\"18\">{}</svg>",
        arrow::sample(stroke, 1.0, 9.0)
    )
}

fn draw(picture: &Picture, id: &str, first: &str) -> String {
    let alone = !first.is_empty();
    let mut sheet = Sheet::new(picture, id);
    if alone {
        sheet.title(&picture.title);
    }
    for fault in &picture.faults {
        sheet.line_of_text(&format!("Planted fault: {fault}"));
    }
    sheet.heads();
    for scene in &picture.scenes {
        // On a page the step's sentence stands above its picture.
        if alone {
            sheet.band(&format!("Step {} of {}", scene.step, scene.of), &scene.sentence);
        }
        self::scene(&mut sheet, scene);
    }
    if alone {
        sheet.legend();
    }
    let (width, height, body) = sheet.done();
    let description = picture.messages().fold(String::new(), |mut text, message| {
        let _ = write!(text, "{}. {}. ", message.number, escaped(&message.arrow.sentence));
        text
    });
    let id = escaped(id);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"sequence\" role=\"img\" aria-labelledby=\"{id}-title\" \
         aria-describedby=\"{id}-desc\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\">\
         <title id=\"{id}-title\">{}</title><desc id=\"{id}-desc\">{}</desc>{first}{body}</svg>\n",
        escaped(&picture.title),
        description.trim_end(),
    )
}

fn scene(sheet: &mut Sheet<'_>, scene: &Scene) {
    for group in &scene.groups {
        let top = sheet.y();
        if group.unordered {
            sheet.small(UNORDERED);
        }
        for message in &group.messages {
            arrow::draw(sheet, message);
        }
        if group.unordered {
            sheet.frame(top);
        }
    }
    let messages: Vec<&Message> = scene.groups.iter().flat_map(|group| &group.messages).collect();
    for message in &messages {
        sheet.busy(message);
    }
    sheet.silent(&scene.not_told);
}

/// Text that XML and HTML take for text.
fn escaped(text: &str) -> String {
    one_line(text)
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}
