//! A comparison as text.

use std::fmt::Write as _;

use super::{Comparison, Fact, Row};

/// Lines that are the same are shown so far around one that differs.
const AROUND: usize = 2;
/// Narrower than this, two columns cannot be read.
const TWO_COLUMNS: usize = 100;

/// For a terminal so many columns wide: the facts, then two columns; below [`TWO_COLUMNS`] one under the other.
pub fn human(comparison: &Comparison, width: usize) -> String {
    let [left, right] = &comparison.conditions;
    let mut text = format!("{}\n  A: {left}\n  B: {right}\n", comparison.id);
    if comparison.is_same() {
        text.push_str("\nNothing differs.\n");
        return text;
    }
    for fact in &comparison.facts {
        let _ = write!(text, "\n{}: {}\n  A: {}\n  B: {}\n", place(fact), fact.about, fact.was[0], fact.was[1]);
    }
    text.push('\n');
    let folded = folded(&comparison.rows);
    if width < TWO_COLUMNS {
        for piece in &folded {
            under_each_other(piece, &mut text);
        }
        return text;
    }
    let column = (width - 3) / 2;
    let _ = writeln!(text, "{:column$} | B", "A");
    let _ = writeln!(text, "{}-+-{}", "-".repeat(column), "-".repeat(column));
    for piece in &folded {
        side_by_side(piece, column, &mut text);
    }
    text
}

/// For logs and screen readers: one fact a line.
pub fn plain(comparison: &Comparison) -> String {
    let id = &comparison.id;
    let [left, right] = &comparison.conditions;
    let mut text = format!("{id} A: {left}\n{id} B: {right}\n");
    for fact in &comparison.facts {
        let _ = writeln!(text, "{id} {}: {}; A: {}; B: {}", place(fact), fact.about, fact.was[0], fact.was[1]);
    }
    let lines = |letter: &str, line: &Option<String>| {
        let line = line.as_ref().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
        line.filter(|line| !line.is_empty()).map(|line| format!("{id} only {letter}: {line}\n")).unwrap_or_default()
    };
    for row in &comparison.rows {
        if let Row::Different { left, right } = row {
            text.push_str(&lines("A", left));
            text.push_str(&lines("B", right));
        }
    }
    if comparison.is_same() {
        let _ = writeln!(text, "{id} nothing differs");
    }
    text
}

fn place(fact: &Fact) -> String {
    fact.step.map_or_else(|| "the runs".to_owned(), |step| format!("step {step}"))
}

/// A row that is shown, or so many that are not.
enum Piece<'a> {
    Row(&'a Row),
    Left(usize),
}

/// Leaves out what is the same and far from everything that is not. The line that a step begins with stays where something
/// of the step is shown.
fn folded(rows: &[Row]) -> Vec<Piece<'_>> {
    let differs: Vec<usize> =
        rows.iter().enumerate().filter(|(_, row)| matches!(row, Row::Different { .. })).map(|(at, _)| at).collect();
    let begins = |row: &Row| matches!(row, Row::Same { text } if text.starts_with("STEP "));
    let near = |at: usize| differs.iter().any(|other| at.abs_diff(*other) <= AROUND);
    let shown = |at: usize| {
        let end = rows.iter().skip(at + 1).position(begins).map_or(rows.len(), |next| at + 1 + next);
        near(at) || (begins(&rows[at]) && differs.iter().any(|other| (at..end).contains(other)))
    };
    let (mut pieces, mut left) = (Vec::new(), 0);
    for (at, row) in rows.iter().enumerate() {
        if shown(at) {
            if left > 0 {
                pieces.push(Piece::Left(std::mem::take(&mut left)));
            }
            pieces.push(Piece::Row(row));
        } else {
            left += 1;
        }
    }
    if left > 0 {
        pieces.push(Piece::Left(left));
    }
    pieces
}

fn left_out(count: usize) -> String {
    if count == 1 { "  ... 1 line the same".to_owned() } else { format!("  ... {count} lines the same") }
}

fn under_each_other(piece: &Piece<'_>, text: &mut String) {
    let _ = match piece {
        Piece::Left(count) => writeln!(text, "{}", left_out(*count)),
        Piece::Row(Row::Same { text: line }) => writeln!(text, "  {line}"),
        Piece::Row(Row::Different { left, right }) => {
            let marked = |mark: char, line: &Option<String>| {
                line.as_ref().map(|line| format!("{mark} {line}\n")).unwrap_or_default()
            };
            write!(text, "{}{}", marked('A', left), marked('B', right))
        }
    };
}

fn side_by_side(piece: &Piece<'_>, column: usize, text: &mut String) {
    let (left, sign, right) = match piece {
        Piece::Left(count) => {
            let _ = writeln!(text, "{}", left_out(*count));
            return;
        }
        Piece::Row(Row::Same { text }) => (text.as_str(), ' ', text.as_str()),
        Piece::Row(Row::Different { left, right }) => (
            left.as_deref().unwrap_or_default(),
            match (left, right) {
                (Some(_), Some(_)) | (None, None) => '!',
                (Some(_), None) => '<',
                (None, Some(_)) => '>',
            },
            right.as_deref().unwrap_or_default(),
        ),
    };
    let (left, right) = (wrapped(left, column), wrapped(right, column));
    for index in 0..left.len().max(right.len()).max(1) {
        let of = |lines: &[String]| lines.get(index).cloned().unwrap_or_default();
        let line = format!("{:column$} {sign} {}", of(&left), of(&right));
        let _ = writeln!(text, "{}", line.trim_end());
    }
}

/// A line in pieces of so many letters: nothing is cut off, since the end may be what differs.
fn wrapped(line: &str, column: usize) -> Vec<String> {
    let letters: Vec<char> = line.chars().collect();
    letters.chunks(column).map(|piece| piece.iter().collect()).collect()
}
