//! The picture as the text of a Mermaid sequence diagram, for wikis and slides that draw such text themselves.

use std::fmt::Write as _;

use lab_trace::Stroke;

use super::label::one_line;
use super::{Message, Picture, SILENT, UNORDERED, word};

/// The text of a Mermaid sequence diagram.
pub fn mermaid(picture: &Picture) -> String {
    // Numbers for letters are not read there, so what could mean something is left out.
    let title: String = one_line(&picture.title).chars().filter(|letter| is_plain(*letter) || *letter == ' ').collect();
    let mut text = format!("sequenceDiagram\n    accTitle: {title}\n");
    for (lane, id) in picture.lanes.iter().zip(1..) {
        let _ = writeln!(text, "    participant L{id} as {}", escaped(lane));
    }
    let all = match picture.lanes.len() {
        // Without a lane there is nothing that a note could stand over.
        0 => return text,
        1 => "L1".to_owned(),
        count => format!("L1,L{count}"),
    };
    for fault in &picture.faults {
        let _ = writeln!(text, "    Note over {all}: planted fault: {}", escaped(fault));
    }
    for scene in &picture.scenes {
        let _ =
            writeln!(text, "    Note over {all}: Step {} of {}: {}", scene.step, scene.of, escaped(&scene.sentence));
        for group in &scene.groups {
            for (index, message) in group.messages.iter().enumerate() {
                if group.unordered {
                    let how = if index == 0 { format!("par {UNORDERED}") } else { "and".to_owned() };
                    let _ = writeln!(text, "    {how}");
                }
                let _ = writeln!(text, "    {}", line(picture, message));
            }
            if group.unordered {
                text.push_str("    end\n");
            }
        }
        for (lane, why) in &scene.not_told {
            let over = lane.as_ref().map_or_else(|| all.clone(), |lane| format!("L{}", picture.place_of(lane) + 1));
            let _ = writeln!(text, "    Note over {over}: {SILENT}: {}", escaped(why));
        }
    }
    text
}

fn line(picture: &Picture, message: &Message) -> String {
    let arrow = &message.arrow;
    let lane = |name: &str| format!("L{}", picture.place_of(name) + 1);
    let word = word(arrow.stroke).map(|word| format!("{word} ")).unwrap_or_default();
    format!(
        "{}{}{}: {} {word}{}<br/>{}",
        lane(&arrow.from),
        sign(arrow.stroke),
        lane(&arrow.to),
        message.number,
        escaped(&arrow.says),
        escaped(&message.back())
    )
}

/// Mermaid's kinds of lines; five of them, so that the strokes differ without any colour. The one with a cross is the last that
/// has a head at all.
pub(super) fn sign(stroke: Stroke) -> &'static str {
    match stroke {
        Stroke::Browser => "->>",
        Stroke::FrontChannel => "--)",
        Stroke::BackChannel => "-)",
        Stroke::Server => "-->>",
        Stroke::Other => "-x",
    }
}

/// Text that Mermaid takes for text: whatever means something to it becomes a number (`#59;`), and so does the beginning of
/// the word `end`, which ends a block wherever it stands alone.
fn escaped(text: &str) -> String {
    let word = |word: &str| {
        let keyword = word.eq_ignore_ascii_case("end");
        word.chars().enumerate().fold(String::new(), |mut safe, (index, letter)| {
            if is_plain(letter) && !(keyword && index == 0) {
                safe.push(letter);
            } else {
                let _ = write!(safe, "#{};", u32::from(letter));
            }
            safe
        })
    };
    one_line(text).split(' ').map(word).collect::<Vec<_>>().join(" ")
}

/// Whether a letter means nothing to Mermaid.
fn is_plain(letter: char) -> bool {
    letter.is_alphanumeric() || ".,/_-()=+?!'*[]|".contains(letter)
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn nothing_that_means_something_to_mermaid_stays() {
        assert_eq!(
            escaped("a;b #1 \"x\" <br/> %% end\nend"),
            "a#59;b #35;1 #34;x#34; #60;br/#62; #37;#37; #101;nd #101;nd"
        );
        assert_eq!(escaped("GET /admin/callback: 200"), "GET /admin/callback#58; 200");
    }
}
