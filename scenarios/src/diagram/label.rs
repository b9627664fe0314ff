//! Words that have to fit onto an arrow.

/// One line without anything that moves a cursor.
pub(super) fn one_line(text: &str) -> String {
    let still = |letter: char| if letter.is_control() || is_turning(letter) { ' ' } else { letter };
    text.chars().map(still).collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Letters that turn the direction of what follows, or stand nowhere.
pub(crate) fn is_turning(letter: char) -> bool {
    matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// Long paths by their first and last segment: Keycloak's are all alike in the middle.
pub(super) fn short(text: &str, dots: &str) -> String {
    let word = |word: &str| {
        let parts: Vec<&str> = word.split('/').collect();
        match parts.as_slice() {
            [origin, first, _, _, .., last] if !last.is_empty() => format!("{origin}/{first}/{dots}/{last}"),
            _ => word.to_owned(),
        }
    };
    one_line(text).split(' ').map(word).collect::<Vec<_>>().join(" ")
}

/// At most so many letters, the middle left out.
pub(super) fn cut(text: &str, width: usize, dots: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    if letters.len() <= width {
        return text.to_owned();
    }
    let left = width.saturating_sub(dots.chars().count());
    let head = left.div_ceil(2);
    let tail = left - head;
    letters[..head].iter().copied().chain(dots.chars()).chain(letters[letters.len() - tail..].iter().copied()).collect()
}

/// Lines of at most so many letters, broken between words; a longer word is broken where it has to be.
pub(super) fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut used = 0;
    for word in one_line(text).split(' ') {
        let letters: Vec<char> = word.chars().collect();
        for (index, piece) in letters.chunks(width.max(1)).enumerate() {
            let space = usize::from(used > 0 && index == 0);
            if index > 0 || used + space + piece.len() > width {
                lines.push(String::new());
                used = 0;
            }
            if let Some(line) = lines.last_mut() {
                if used > 0 {
                    line.push(' ');
                    used += 1;
                }
                line.extend(piece);
                used += piece.len();
            }
        }
    }
    lines.retain(|line| !line.is_empty());
    lines
}

#[cfg(test)]
mod tests {
    use super::{cut, one_line, short, wrap};

    #[test]
    fn a_long_path_keeps_its_ends_and_a_short_one_everything() {
        assert_eq!(short("GET /realms/lab/protocol/openid-connect/auth", "..."), "GET /realms/.../auth");
        assert_eq!(short("303 to <keycloak>/realms/lab/a/b/auth", "..."), "303 to <keycloak>/realms/.../auth");
        assert_eq!(short("GET /admin/callback", "..."), "GET /admin/callback");
        assert_eq!(short("GET /a/b/c/", "..."), "GET /a/b/c/");
    }

    #[test]
    fn nothing_is_wider_than_it_may_be() {
        assert_eq!(cut("abcdefghij", 7, "..."), "ab...ij");
        assert_eq!(wrap("to be or not", 5), ["to be", "or", "not"]);
        assert_eq!(wrap("abcdefgh i", 3), ["abc", "def", "gh", "i"]);
        assert_eq!(one_line("a\r\n\u{1b}[31m\u{202e}b"), "a [31m b");
    }
}
