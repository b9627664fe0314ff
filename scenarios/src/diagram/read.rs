//! What the renderings of a run say, read back from them: number, lanes and stroke of each exchange.

use lab_trace::{Arrow, Stroke};
use scraper::{ElementRef, Html, Selector};

use super::{STROKES, mermaid, text};
use crate::run::Run;
use crate::transcript;

/// An exchange as a rendering shows it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Seen {
    pub(crate) number: usize,
    pub(crate) from: String,
    pub(crate) to: String,
    /// The form in which transcripts write it.
    pub(crate) stroke: &'static str,
}

/// What has to be seen.
pub(crate) fn recorded(run: &Run) -> Vec<Seen> {
    let place = transcript::places(&run.topology);
    let exchanges = run.steps.iter().flat_map(|step| &step.exchanges);
    exchanges
        .map(|one| {
            let arrow = Arrow::of(&one.exchange, &place);
            Seen { number: one.number, from: arrow.from, to: arrow.to, stroke: arrow.stroke.sign() }
        })
        .collect()
}

/// Numbers for letters back into letters.
pub(crate) fn letters(escaped: &str) -> String {
    let mut text = String::new();
    let mut rest = escaped;
    while let Some((before, after)) = rest.split_once('#') {
        let (number, left) = after.split_once(';').unwrap();
        text.push_str(before);
        text.push(char::from_u32(number.parse().unwrap()).unwrap());
        rest = left;
    }
    text + rest
}

pub(crate) fn from_mermaid(source: &str) -> Vec<Seen> {
    let lanes: Vec<String> = source
        .lines()
        .filter_map(|line| line.strip_prefix("    participant L"))
        .map(|line| letters(line.split_once(" as ").unwrap().1))
        .collect();
    let lane = |id: &str| lanes[id[1..].parse::<usize>().unwrap() - 1].clone();
    let arrows = source.lines().filter_map(|line| line.strip_prefix("    L"));
    arrows
        .map(|line| {
            let (head, label) = line.split_once(": ").unwrap();
            let cut = head.find(['-']).unwrap();
            let end = head.rfind('L').unwrap();
            let stroke = STROKES.into_iter().find(|stroke| mermaid::sign(*stroke) == &head[cut..end]).unwrap();
            let number = label.split_once(' ').unwrap().0.parse().unwrap();
            Seen { number, from: lane(&format!("L{}", &head[..cut])), to: lane(&head[end..]), stroke: stroke.sign() }
        })
        .collect()
}

/// `lanes`: their names, which the picture may have cut.
pub(crate) fn from_text(drawn: &str, lanes: &[String]) -> Vec<Seen> {
    let mut columns: Vec<usize> = Vec::new();
    let mut seen = Vec::new();
    for line in drawn.lines() {
        let letters: Vec<char> = line.chars().collect();
        let gutter: String = letters.iter().take(6).collect();
        let only_lanes = |line: &str| line.starts_with("      ") && line.chars().all(|letter| " |".contains(letter));
        if columns.is_empty() && only_lanes(line) {
            columns = (0..letters.len()).filter(|at| letters[*at] == '|').collect();
        }
        let (Ok(number), true) = (gutter.trim().parse(), gutter.ends_with("  ")) else { continue };
        let drawn = |at: &usize| !" |".contains(letters[*at]);
        let left = (6..letters.len()).find(drawn).unwrap();
        let right = (6..letters.len()).rev().find(drawn).unwrap();
        let body: String = letters[left..=right].iter().filter(|letter| !"<>".contains(**letter)).collect();
        let body = if body.trim().contains(' ') { "- " } else { &body[..1] };
        let stroke = STROKES.into_iter().find(|stroke| text::sign(*stroke) == body).unwrap();
        let lane = |column: usize| columns.iter().position(|one| *one == column).map(|at| lanes[at].clone());
        let begin = lane(left - 1).unwrap();
        let (from, to) = match (letters[left], letters[right]) {
            ('<', _) => (lane(right + 1).unwrap(), begin),
            (_, '>') => (begin, lane(right + 1).unwrap()),
            _ => (begin.clone(), begin),
        };
        seen.push(Seen { number, from, to, stroke: stroke.sign() });
    }
    seen
}

/// Pictures inside of `part`, as SVG or in a page.
pub(crate) fn from_svg(part: ElementRef<'_>) -> Vec<Seen> {
    let arrows = Selector::parse("g.arrow[data-number]").unwrap();
    let shown = Selector::parse("text .number").unwrap();
    part.select(&arrows)
        .map(|arrow| {
            let word = |name: &str| arrow.attr(name).unwrap().to_owned();
            let number = arrow.select(&shown).next().unwrap().text().collect::<String>();
            assert_eq!(number, word("data-number"));
            let class = word("class");
            Seen {
                number: number.parse().unwrap(),
                from: word("data-from"),
                to: word("data-to"),
                stroke: of_kind(class.strip_prefix("arrow ").unwrap()).sign(),
            }
        })
        .collect()
}

/// The exchanges of a report's sentences, which say number and kind, and its pictures, which say the lanes.
pub(crate) fn from_report(page: &Html) -> Vec<Seen> {
    let items = Selector::parse("ol.exchanges > li").unwrap();
    let pictures = from_svg(page.root_element());
    page.select(&items)
        .map(|item| {
            let number: usize = item.attr("value").unwrap().parse().unwrap();
            let drawn: Vec<&Seen> = pictures.iter().filter(|seen| seen.number == number).collect();
            let [drawn] = drawn.as_slice() else { panic!("{number} is drawn {} times", drawn.len()) };
            assert_eq!(drawn.stroke, of_kind(item.attr("class").unwrap()).sign());
            (*drawn).clone()
        })
        .collect()
}

fn of_kind(word: &str) -> Stroke {
    serde_json::from_value(serde_json::json!(word)).unwrap()
}

/// The transcript's arrows. What it only counts is not among them.
pub(crate) fn from_transcript(text: &str) -> Vec<Seen> {
    let party = |words: &str| words.strip_prefix("a ").unwrap_or(words).to_owned();
    text.lines()
        .filter_map(|line| {
            let number = line.get(..4)?.trim().parse().ok()?;
            let (who, rest) = line[6..].split_once("  ")?;
            let sign = ["==>", "=>", "->"].into_iter().find(|sign| who.contains(&format!(" {sign} ")))?;
            let (from, to) = who.split_once(&format!(" {sign} ")).unwrap();
            let stroke = match (sign, rest) {
                ("->", rest) if rest.starts_with("[front-channel iframe]") => Stroke::FrontChannel,
                ("->", rest) if rest.starts_with("[other]") || rest.starts_with("[probe]") => Stroke::Other,
                ("->", _) => Stroke::Browser,
                ("=>", _) => Stroke::Server,
                _ => Stroke::BackChannel,
            };
            Some(Seen { number, from: party(from), to: party(to), stroke: stroke.sign() })
        })
        .collect()
}

/// Number and lanes of the plain lines; they say the channel where somebody is told.
pub(crate) fn from_plain(text: &str) -> Vec<(usize, String, String)> {
    let party = |words: &str| words.strip_prefix("a ").unwrap_or(words).to_owned();
    text.lines()
        .filter_map(|line| {
            let (head, rest) = line.split_once(": ")?;
            let number = head.rsplit_once(" exchange ")?.1.parse().ok()?;
            let (from, to) = rest.split_once(',')?.0.split_once(" to ")?;
            Some((number, party(from), party(to)))
        })
        .collect()
}
