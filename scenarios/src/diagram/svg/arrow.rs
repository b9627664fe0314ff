//! An arrow: what is asked above its line, what came back below it.

use std::fmt::Write as _;

use lab_trace::Stroke;

use super::draw::{Sheet, width_of};
use super::escaped;
use crate::diagram::label::{cut, short};
use crate::diagram::{Message, word};

/// As many letters as a label has at most; the whole sentence stands in its title.
const LETTERS: usize = 64;

/// Class of each stroke's arrow.
fn class(stroke: Stroke) -> &'static str {
    match stroke {
        Stroke::Browser => "browser",
        Stroke::FrontChannel => "front-channel",
        Stroke::BackChannel => "back-channel",
        Stroke::Server => "server",
        Stroke::Other => "other",
    }
}

/// All strokes, for a legend.
pub(crate) const STROKES: [Stroke; 5] =
    [Stroke::Browser, Stroke::FrontChannel, Stroke::BackChannel, Stroke::Server, Stroke::Other];

/// Draws a message.
pub(super) fn draw(sheet: &mut Sheet<'_>, message: &Message) {
    let arrow = &message.arrow;
    let (from, to) = (sheet.x_of(&arrow.from), sheet.x_of(&arrow.to));
    let says = cut(&short(&arrow.says, "…"), LETTERS, "…");
    let back = cut(&short(&message.back(), "…"), LETTERS, "…");
    let word = word(arrow.stroke).unwrap_or_default();
    let y = sheet.row(44.0) + 24.0;
    let mut text = format!(
        "<g class=\"arrow {}\" id=\"{}-{}\" data-number=\"{}\" data-from=\"{}\" data-to=\"{}\"><title>{}. {}</title>",
        class(arrow.stroke),
        escaped(sheet.id()),
        message.number,
        message.number,
        escaped(&arrow.from),
        escaped(&arrow.to),
        message.number,
        escaped(&arrow.sentence),
    );
    text.push_str(&line(arrow.stroke, from, to, y));
    let above = format!("{} {says} {word}", message.number);
    let place = |words: &str| sheet.beside(from.min(to), from.max(to), width_of(words));
    let space = if word.is_empty() { "" } else { " " };
    let _ = write!(
        text,
        "<text class=\"halo\" x=\"{}\" y=\"{}\"><tspan class=\"number\">{}</tspan> {}{space}<tspan class=\"word\">{word}</tspan></text>\
         <text class=\"halo back\" x=\"{}\" y=\"{}\">{}</text></g>",
        place(&above),
        y - 7.0,
        message.number,
        escaped(&says),
        place(&back),
        y + 15.0,
        escaped(&back),
    );
    sheet.put(&text);
    sheet.remember(message.number, y);
}

/// The line alone: its kind and its head differ, whatever its colour is.
pub(super) fn line(stroke: Stroke, from: f64, to: f64, y: f64) -> String {
    if (from - to).abs() < 1.0 {
        let turn = format!("M{from} {y}h36v14h-28");
        return format!("<path class=\"line\" d=\"{turn}\"/>{}", head(stroke, from + 1.0, y + 14.0, -1.0));
    }
    let ahead = if to > from { 1.0 } else { -1.0 };
    let stop = to - ahead * 8.0;
    let line = match stroke {
        // Two lines: a message that nobody's browser carries.
        Stroke::BackChannel => format!("M{from} {}H{stop}M{from} {}H{stop}", y - 2.0, y + 2.0),
        Stroke::Browser | Stroke::FrontChannel | Stroke::Server | Stroke::Other => format!("M{from} {y}H{stop}"),
    };
    format!("<path class=\"line\" d=\"{line}\"/>{}", head(stroke, to, y, ahead))
}

fn head(stroke: Stroke, x: f64, y: f64, ahead: f64) -> String {
    let (back, half) = match stroke {
        Stroke::BackChannel => (x - ahead * 13.0, 7.0),
        Stroke::Browser | Stroke::FrontChannel | Stroke::Server | Stroke::Other => (x - ahead * 10.0, 5.0),
    };
    let (up, down) = (y - half, y + half);
    match stroke {
        Stroke::Browser | Stroke::BackChannel | Stroke::Server => {
            format!("<path class=\"full\" d=\"M{x} {y}L{back} {up}V{down}Z\"/>")
        }
        Stroke::FrontChannel | Stroke::Other => format!("<path d=\"M{back} {up}L{x} {y}L{back} {down}\"/>"),
    }
}

/// A short line of a kind, for legends.
pub(super) fn sample(stroke: Stroke, x: f64, y: f64) -> String {
    format!("<g class=\"arrow {}\">{}</g>", class(stroke), line(stroke, x, x + 64.0, y))
}
