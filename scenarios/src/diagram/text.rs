//! The picture for a terminal: ASCII lanes, two lines a message, and no colour that would mean anything.

use lab_trace::Stroke;

use super::label::{cut, one_line, short, wrap};
use super::{Message, Picture, SILENT, UNORDERED, word};

/// As wide as it may be, where the lanes permit.
const WIDTH: usize = 100;

/// Room for the numbers at the left.
const GUTTER: usize = 6;

/// Between two lanes at most; more would only be a way for the eye to go.
const WIDE: usize = 20;

/// The picture as text.
pub fn text(picture: &Picture) -> String {
    let page = Page::of(picture);
    let mut lines = wrap(&picture.title, WIDTH);
    lines.extend(picture.faults.iter().map(|fault| format!("FAULT {}", one_line(fault))));
    for scene in &picture.scenes {
        lines.push(String::new());
        lines.extend(wrap(&format!("STEP {} of {}: {}", scene.step, scene.of, scene.sentence), WIDTH));
        if !scene.groups.is_empty() {
            lines.extend([String::new(), page.heads(), page.lifelines()]);
        }
        for group in &scene.groups {
            if group.unordered {
                lines.push(page.with_label(GUTTER, &format!("({UNORDERED}:)")));
            }
            for message in &group.messages {
                lines.extend(page.message(message));
            }
            if group.unordered {
                lines.push(page.lifelines());
            }
        }
        for (lane, why) in &scene.not_told {
            let lane = lane.as_deref().unwrap_or("anybody");
            lines.extend(
                wrap(&format!("{}: {SILENT}: {why}", one_line(lane)), WIDTH - 4)
                    .into_iter()
                    .enumerate()
                    .map(|(index, line)| format!("{}{line}", if index == 0 { "  ! " } else { "    " })),
            );
        }
    }
    lines.iter().fold(String::new(), |text, line| text + line.trim_end() + "\n")
}

/// Where the lanes stand.
struct Page<'a> {
    picture: &'a Picture,
    columns: Vec<usize>,
    names: Vec<String>,
    width: usize,
}

impl<'a> Page<'a> {
    fn of(picture: &'a Picture) -> Self {
        let names: Vec<String> = picture.lanes.iter().map(|lane| cut(&one_line(lane), WIDE - 2, "...")).collect();
        let longest = names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
        let (half, gaps) = (longest.div_ceil(2), names.len().saturating_sub(1).max(1));
        let room = WIDTH.saturating_sub(GUTTER + 2 * half + 1);
        let apart = (room / gaps).clamp(longest + 2, WIDE.max(longest + 2));
        let columns: Vec<usize> = (0..names.len()).map(|index| GUTTER + half + index * apart).collect();
        let width = WIDTH.max(columns.last().map_or(0, |last| last + half + 1));
        Self { picture, columns, names, width }
    }

    fn heads(&self) -> String {
        let mut line = Line::default();
        for (name, column) in self.names.iter().zip(&self.columns) {
            line.put(column.saturating_sub(name.chars().count() / 2), name);
        }
        line.0.into_iter().collect()
    }

    fn lifelines(&self) -> String {
        self.bare().0.into_iter().collect()
    }

    fn bare(&self) -> Line {
        let mut line = Line::default();
        for column in &self.columns {
            line.put(*column, "|");
        }
        line
    }

    /// Lifelines with a label over them that begins at a column, or further left where it would not fit otherwise.
    fn with_label(&self, column: usize, label: &str) -> String {
        let label = cut(label, self.width - GUTTER, "...");
        let mut line = self.bare();
        line.put(column.min(self.width - label.chars().count()).max(GUTTER), &label);
        line.0.into_iter().collect()
    }

    /// A line that says what is asked and answered, and one with the arrow.
    fn message(&self, message: &Message) -> [String; 2] {
        let arrow = &message.arrow;
        let at = |lane: &str| self.columns.get(self.picture.place_of(lane)).copied().unwrap_or(GUTTER);
        let (from, to) = (at(&arrow.from), at(&arrow.to));
        let word = word(arrow.stroke).map(|word| format!(" {word}")).unwrap_or_default();
        let label = format!("{}{word}: {}", short(&arrow.says, "..."), short(&message.back(), "..."));
        let said = self.with_label(from.min(to) + 2, &label);
        let mut line = self.bare();
        line.put(0, &format!("{:>4}", message.number));
        if from == to {
            line.put(from + 1, &format!("{}<", dashes(arrow.stroke, 3)));
        } else {
            let (left, right) = (from.min(to), from.max(to));
            let body = dashes(arrow.stroke, right - left - 2);
            // Every arrow begins with a dash at its lane, also one that is half gaps.
            let back = || body.chars().rev().collect::<String>();
            let drawn = if from < to { format!("{body}>") } else { format!("<{}", back()) };
            line.put(left + 1, &drawn);
        }
        [said, line.0.into_iter().collect()]
    }
}

/// The line of an arrow.
fn dashes(stroke: Stroke, width: usize) -> String {
    sign(stroke).chars().cycle().take(width).collect()
}

/// What a line is made of.
pub(super) fn sign(stroke: Stroke) -> &'static str {
    match stroke {
        Stroke::Browser => "-",
        Stroke::FrontChannel => "- ",
        Stroke::BackChannel => "=",
        Stroke::Server => ".",
        Stroke::Other => "~",
    }
}

/// A line on which things can be put anywhere.
#[derive(Default)]
struct Line(Vec<char>);

impl Line {
    fn put(&mut self, column: usize, text: &str) {
        for (letter, at) in text.chars().zip(column..) {
            if self.0.len() <= at {
                self.0.resize(at + 1, ' ');
            }
            self.0[at] = letter;
        }
    }
}
