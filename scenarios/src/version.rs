//! Versions of Keycloak as lessons speak of them: a minor line (`26.2`) and a range (`>=26.2, <27`).

use std::fmt;
use std::str::FromStr;

/// A minor line, the finest distinction that a lesson makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Line {
    /// `26` of `26.2.5`.
    pub major: u32,
    /// `2` of `26.2.5`.
    pub minor: u32,
}

/// Conditions that all have to hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Range(Vec<(Relation, Line)>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Relation {
    AtLeast,
    Below,
    Exactly,
}

impl Range {
    /// Whether a line is in it.
    pub fn contains(&self, line: Line) -> bool {
        self.0.iter().all(|(relation, limit)| match relation {
            Relation::AtLeast => line >= *limit,
            Relation::Below => line < *limit,
            Relation::Exactly => line == *limit,
        })
    }
}

impl FromStr for Line {
    type Err = String;

    /// `26.2`, `26.2.5`, `26` (which is `26.0`); anything behind the second dot is ignored.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.trim().split('.');
        let number = |part: Option<&str>| part.map_or(Ok(0), str::parse);
        match (number(parts.next()), number(parts.next())) {
            (Ok(major), Ok(minor)) => Ok(Self { major, minor }),
            _ => Err(format!("`{text}` is no version such as 26.2")),
        }
    }
}

impl FromStr for Range {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let relations = [(">=", Relation::AtLeast), ("<", Relation::Below), ("=", Relation::Exactly)];
        text.split(',')
            .map(|part| {
                let part = part.trim();
                relations
                    .iter()
                    .find_map(|(sign, relation)| part.strip_prefix(sign).map(|version| (*relation, version)))
                    .ok_or_else(|| format!("`{part}` begins with none of >=, <, ="))
                    .and_then(|(relation, version)| Ok((relation, version.parse()?)))
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

#[cfg(test)]
mod tests {
    use super::{Line, Range};

    fn line(text: &str) -> Line {
        text.parse().unwrap()
    }

    #[test]
    fn a_range_holds_what_fulfils_all_its_conditions() {
        let range: Range = ">=26.2, <26.7".parse().unwrap();
        assert!(range.contains(line("26.2.5")) && range.contains(line("26.6")));
        assert!(!range.contains(line("26.7.3")) && !range.contains(line("25.9")));
        assert!("=26.2".parse::<Range>().unwrap().contains(line("26.2.9")));
    }

    #[test]
    fn lines_are_compared_as_numbers() {
        assert!(line("26.10.0") > line("26.9.9"));
        assert_eq!(line("26.7.3").to_string(), "26.7");
    }

    #[test]
    fn nonsense_is_refused() {
        for text in ["26.2", ">26", ">=x", "", ">=26.2,"] {
            assert!(text.parse::<Range>().is_err(), "{text}");
        }
    }
}
