//! A sheet that is filled from top to bottom.

use std::collections::HashMap;
use std::fmt::Write as _;

use super::arrow::{STROKES, sample};
use super::{APART, LEAST, MARGIN, escaped};
use crate::diagram::label::{cut, wrap};
use crate::diagram::{Message, Picture, SILENT};

/// What is drawn so far.
pub(super) struct Sheet<'a> {
    picture: &'a Picture,
    id: &'a str,
    width: f64,
    y: f64,
    body: String,
    /// Where the lanes begin.
    top: f64,
    /// Where each message's line stands.
    lines: HashMap<usize, f64>,
    /// Drawn before everything else, so that it lies below.
    below: String,
}

impl<'a> Sheet<'a> {
    pub(super) fn new(picture: &'a Picture, id: &'a str) -> Self {
        let width = (2.0 * MARGIN + APART * count(picture.lanes.len().saturating_sub(1))).max(LEAST);
        let (body, below) = (String::new(), String::new());
        Self { picture, id, width, y: 10.0, body, top: 0.0, lines: HashMap::new(), below }
    }

    pub(super) fn id(&self) -> &str {
        self.id
    }

    pub(super) fn y(&self) -> f64 {
        self.y
    }

    /// The middle of a lane.
    pub(super) fn x_of(&self, lane: &str) -> f64 {
        MARGIN + APART * count(self.picture.place_of(lane))
    }

    /// Takes room; returns where it begins.
    pub(super) fn row(&mut self, height: f64) -> f64 {
        let begin = self.y;
        self.y += height;
        begin
    }

    pub(super) fn put(&mut self, drawn: &str) {
        self.body.push_str(drawn);
    }

    /// Where a label begins that belongs to the space between two lanes: at its left, or so far left that it still fits.
    pub(super) fn beside(&self, left: f64, right: f64, wide: f64) -> f64 {
        let inside = (right - left - wide) / 2.0;
        let begin = if inside > 10.0 { left + inside.min(18.0) } else { left + 8.0 };
        begin.min(self.width - wide - 6.0).max(6.0)
    }

    pub(super) fn title(&mut self, title: &str) {
        for line in wrap(title, letters(self.width - 40.0, 8.5)) {
            let y = self.row(24.0) + 18.0;
            let _ = write!(self.body, "<text class=\"title\" x=\"16\" y=\"{y}\">{}</text>", escaped(&line));
        }
    }

    pub(super) fn line_of_text(&mut self, text: &str) {
        for line in wrap(text, letters(self.width - 40.0, 7.0)) {
            let y = self.row(20.0) + 14.0;
            let _ = write!(self.body, "<text x=\"16\" y=\"{y}\">{}</text>", escaped(&line));
        }
    }

    /// The lanes' names; their lines begin here.
    pub(super) fn heads(&mut self) {
        let y = self.row(46.0) + 4.0;
        for lane in &self.picture.lanes {
            let x = self.x_of(lane);
            let _ = write!(
                self.body,
                "<rect class=\"box\" x=\"{}\" y=\"{y}\" width=\"136\" height=\"28\" rx=\"6\"/>\
                 <text class=\"head\" x=\"{x}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
                x - 68.0,
                y + 19.0,
                escaped(&cut(lane, 18, "…")),
            );
        }
        self.top = y + 28.0;
    }

    /// A step's beginning.
    pub(super) fn band(&mut self, name: &str, sentence: &str) {
        let lines = wrap(&format!("{name} {sentence}"), letters(self.width - 40.0, 6.8));
        let height = 18.0 * count(lines.len()) + 10.0;
        let y = self.row(height + 18.0) + 8.0;
        let _ = write!(
            self.body,
            "<rect class=\"paper\" x=\"8\" y=\"{y}\" width=\"{}\" height=\"{height}\" fill=\"Canvas\"/>\
             <rect class=\"band\" x=\"8\" y=\"{y}\" width=\"{}\" height=\"{height}\" rx=\"4\"/>",
            self.width - 16.0,
            self.width - 16.0,
        );
        for (line, index) in lines.iter().zip(0..) {
            let at = y + 19.0 + 18.0 * f64::from(index);
            let (strong, rest) = match line.strip_prefix(name) {
                Some(rest) if index == 0 => (name, rest),
                _ => ("", line.as_str()),
            };
            let _ = write!(
                self.body,
                "<text x=\"16\" y=\"{at}\"><tspan class=\"step-name\">{}</tspan>{}</text>",
                escaped(strong),
                // Between the two parts there is exactly one space, which the escaping takes away.
                if strong.is_empty() { escaped(rest) } else { format!(" {}", escaped(rest)) },
            );
        }
    }

    /// A remark inside a frame.
    pub(super) fn small(&mut self, text: &str) {
        let y = self.row(26.0) + 18.0;
        let _ = write!(self.body, "<text class=\"halo back word\" x=\"18\" y=\"{y}\">{}</text>", escaped(text));
    }

    /// A frame around everything since `top`.
    pub(super) fn frame(&mut self, top: f64) {
        let (begin, height) = (top + 3.0, self.y - top + 3.0);
        self.row(10.0);
        let width = self.width - 20.0;
        let frame =
            format!("<rect class=\"frame\" x=\"10\" y=\"{begin}\" width=\"{width}\" height=\"{height}\" rx=\"6\"/>");
        self.below.push_str(&frame);
    }

    pub(super) fn remember(&mut self, number: usize, y: f64) {
        self.lines.insert(number, y);
    }

    /// A bar on the lane of whoever has to do something else before the answer.
    pub(super) fn busy(&mut self, message: &Message) {
        let Some(begin) = self.lines.get(&message.number) else { return };
        let ends = message.after.iter().filter_map(|number| self.lines.get(number)).copied();
        let Some(end) = ends.filter(|end| end > begin).reduce(f64::max) else { return };
        let x = self.x_of(&message.arrow.to);
        let (y, height) = (begin - 4.0, end - begin + 12.0);
        let bar = format!("<rect class=\"busy\" x=\"{}\" y=\"{y}\" width=\"8\" height=\"{height}\"/>", x - 4.0);
        self.below.push_str(&bar);
    }

    /// Boxes over those who were not told.
    pub(super) fn silent(&mut self, not_told: &[(Option<String>, String)]) {
        let mut tallest = 0.0_f64;
        let top = self.y + 6.0;
        let everybody = not_told.iter().any(|(lane, _)| lane.is_none());
        for (lane, why) in not_told {
            let (x, width) = match lane {
                Some(lane) if !everybody => (self.x_of(lane) - (APART - 14.0) / 2.0, APART - 14.0),
                _ => (16.0, self.width - 32.0),
            };
            let x = x.max(4.0);
            let lines = wrap(&format!("{SILENT}: {why}"), letters(width - 14.0, 6.6));
            let height = 17.0 * count(lines.len()) + 12.0;
            let mut text = format!(
                "<g data-silent=\"{}\"><rect class=\"silent\" x=\"{x}\" y=\"{top}\" width=\"{width}\" height=\"{height}\" rx=\"4\"/>",
                escaped(lane.as_deref().unwrap_or("anybody")),
            );
            for (line, index) in lines.iter().zip(0..) {
                let y = top + 18.0 + 17.0 * f64::from(index);
                let _ = write!(text, "<text class=\"back\" x=\"{}\" y=\"{y}\">{}</text>", x + 7.0, escaped(line));
            }
            self.body.push_str(&text);
            self.body.push_str("</g>");
            tallest = tallest.max(height);
        }
        if !not_told.is_empty() {
            self.y += tallest + 14.0;
        }
    }

    /// What each kind of line means.
    pub(super) fn legend(&mut self) {
        self.end_lanes();
        self.row(16.0);
        for stroke in STROKES {
            let y = self.row(22.0) + 12.0;
            self.body.push_str(&sample(stroke, 16.0, y));
            let _ =
                write!(self.body, "<text class=\"back\" x=\"92\" y=\"{}\">{}</text>", y + 4.0, escaped(stroke.words()));
        }
    }

    fn end_lanes(&mut self) {
        let end = self.row(10.0) + 6.0;
        let lines = self.picture.lanes.iter().fold(String::new(), |mut lines, lane| {
            let x = self.x_of(lane);
            let _ = write!(lines, "<path class=\"lifeline\" d=\"M{x} {}V{end}\"/>", self.top);
            lines
        });
        self.below.insert_str(0, &lines);
        self.top = end;
    }

    /// Width, height and everything that was drawn.
    pub(super) fn done(mut self) -> (f64, f64, String) {
        // With a legend the lanes have ended above it.
        if self.top < self.y - 40.0 && !self.below.contains("lifeline") {
            self.end_lanes();
        }
        (self.width, self.y + 6.0, format!("{}{}", self.below, self.body))
    }
}

/// About how wide a label is: no font is at hand, and a little too much does no harm.
pub(super) fn width_of(text: &str) -> f64 {
    6.9 * count(text.chars().count())
}

/// How many letters of a width fit.
fn letters(room: f64, each: f64) -> usize {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few hundred letters at most")]
    let fit = (room / each).max(8.0) as usize;
    fit
}

/// A count as a length.
fn count(of: usize) -> f64 {
    f64::from(u32::try_from(of).unwrap_or(u32::MAX))
}
