//! The results for programs, inside of the page.

use serde::Serialize;
use serde_json::Value;

use crate::report::{Finished, json};

/// The JSON of `--format json` without the transcripts, which stand in the page for people. Inside of a script element only
/// `<` could end it, and with it neither `</script>` nor `<!--` can stand there.
pub(super) fn embedded(finished: &[Finished], exit_code: u8) -> String {
    let mut value = json(finished, exit_code);
    for lesson in value["lessons"].as_array_mut().into_iter().flatten() {
        if let Some(lesson) = lesson.as_object_mut() {
            lesson.remove("transcript");
        }
    }
    value
        .to_string()
        .replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026")
        .replace('\u{2028}', "\\u2028")
        .replace('\u{2029}', "\\u2029")
}

/// The word that something is in JSON.
pub(super) fn word(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(Value::String(word)) => word,
        Ok(other) => other.to_string(),
        Err(_) => String::new(),
    }
}
