//! The reference of the language, read from the source of the types: names as a lesson writes them, docs as they stand there.

use std::fmt::Write as _;

use crate::invariants::{BREAKS, Invariant};

const INTRODUCTION: &str = include_str!("introduction.md");

/// What each page of the reference is made of: heading, source, name of the type.
const TYPES: &[(&str, &str, &str)] = &[
    ("Front matter", VOCABULARY, "FrontMatter"),
    ("A person's verbs", DEEDS, "Deed"),
    ("What a person does with a tab", BROWSER_WORDS, "TabWord"),
    ("What becomes of a `browser`", BROWSER_WORDS, "BrowserDeed"),
    ("`how` a person signs out", WORDS, "How"),
    ("`altered`: what is changed on the way", ACTS, "Altered"),
    ("`administrator`", ACTS, "Administrator"),
    ("`lab`", ACTS, "Lab"),
    ("`sets-lifetimes`", LIFETIMES, "Lifetimes"),
    ("`answers-for`", ACTS, "AnswersFor"),
    ("`delays`", ACTS, "Delays"),
    ("`queues`", ACTS, "Queues"),
    ("`hosts`", ACTS, "Hosts"),
    ("Where `sessions` are kept", MORE_WORDS, "Keeps"),
    ("`sets-cookie`", ACTS, "SetsCookie"),
    ("`same-site` of a cookie", MORE_WORDS, "SameSite"),
    ("`external-app`", ACTS, "ExternalApp"),
    ("Where `tokens` are", MORE_WORDS, "AppTokens"),
    ("`monitor`", MORE_WORDS, "AppMonitor"),
    ("`library`", MORE_WORDS, "AppLibrary"),
    ("Parts that can be cut off", WORDS, "Place"),
    ("`stranger`", ACTS, "Stranger"),
    ("What a stranger `posts`", WORDS, "Letter"),
    ("`script`: a program outside of the browser", ACTS, "Script"),
    ("What a program `does`", MORE_WORDS, "ScriptDeed"),
    ("`follows-link-to`", ACTS, "Link"),
    ("`by`: how a page elsewhere asks", MORE_WORDS, "LinkKind"),
    ("A `page` that a link leads to", MORE_WORDS, "LinkedPage"),
    ("`expect`", VOCABULARY, "Expect"),
    ("An entry of `told`", VOCABULARY, "Told"),
    ("`silent-question`", VOCABULARY, "SilentQuestion"),
    ("`answer` to a silent question", MORE_WORDS, "SilentAnswer"),
    ("A row of `matrix`", VOCABULARY, "RowWords"),
    ("A row of `screens`", VOCABULARY, "ScreenRow"),
    ("What a screen shows", BROWSER_WORDS, "ScreenWord"),
    ("States of a cell", WORDS, "State"),
    ("What a person `sees`", WORDS, "Seen"),
    ("People", WORDS, "Person"),
    ("Portals", WORDS, "Portal"),
    ("Buttons", WORDS, "Control"),
    ("Claims and parameters", WORDS, "Claim"),
    ("What `old-cookies` are worth", WORDS, "Worth"),
    ("Channels", WORDS, "ToldBy"),
    ("Who exchanges a code", WORDS, "Exchanger"),
    ("`prompt`", WORDS, "Prompt"),
    ("What a value is swapped for", WORDS, "Swap"),
    ("`response-type`", MORE_WORDS, "ResponseType"),
    ("`scope`", MORE_WORDS, "Scope"),
    ("What an address to come back to is changed to", WORDS, "BackTo"),
    ("`hint`", WORDS, "Hint"),
    ("`client`", WORDS, "ClientWord"),
    ("`state` of a sign-out", WORDS, "StateWord"),
    ("`predict`", VOCABULARY, "Prediction"),
    ("A choice", VOCABULARY, "Choice"),
    ("Topics", WORDS, "Topic"),
    ("Drivers", WORDS, "Driver"),
    ("`sites`", SITES, "Sites"),
    ("`third-party-cookies`", MORE_WORDS, "ThirdPartyCookies"),
];
const SITES: &str = include_str!("../../../lab/harness/src/sites.rs");
const LIFETIMES: &str = include_str!("../../../lab/harness/src/acts/lifetimes.rs");
const VOCABULARY: &str = include_str!("../vocabulary.rs");
const ACTS: &str = include_str!("../vocabulary/acts.rs");
const MORE_WORDS: &str = include_str!("../vocabulary/more_words.rs");
const BROWSER_WORDS: &str = include_str!("../vocabulary/browser_words.rs");
const WORDS: &str = include_str!("../vocabulary/words.rs");
const DEEDS: &str = include_str!("../lesson.rs");

/// How a verb of [`crate::lesson::Deed`] is written.
const VERBS: &[(&str, &str)] = &[
    ("Open", "opens: PORTAL"),
    ("SignIn", "signs-in-at: PORTAL, altered"),
    ("SignOut", "signs-out-at: PORTAL, how, altered"),
    ("AnswerLogoutQuestion", "answers-logout-question-at: PORTAL"),
    ("RepeatCallback", "repeats-callback-of: PORTAL"),
    ("FollowLink", "follows-link-to: { portal, page }"),
    ("OpenListeners", "opens-listeners: NUMBER"),
    ("Tab", "opens-another-tab-of, looks-at, goes-back-in, reloads, closes-tab-of, signs-out-and-closes: PORTAL"),
    ("Browser", "browser: restarts"),
    ("Press", "presses: BUTTON"),
    ("Force", "forces: BUTTON"),
];

/// The whole page.
pub(super) fn page() -> String {
    let mut text = INTRODUCTION.trim_end().to_owned();
    text.push('\n');
    for (heading, source, name) in TYPES {
        let entries = entries(source, name);
        assert!(!entries.is_empty(), "nothing is found of {name}");
        let _ = write!(text, "\n### {heading}\n\n| word | meaning |\n|---|---|\n");
        for (word, meaning) in entries {
            let _ = writeln!(text, "| `{word}` | {meaning} |");
        }
    }
    text.push_str(&rules());
    text
}

/// The rules that no lesson has to name.
fn rules() -> String {
    let mut text = "\n## What holds in every lesson\n\n\
        Checked after every lesson; shown, and red, only where it is broken. Before I1, I7 and I8 are tried, the lesson's trouble \
        with network and clocks is taken away. A lesson that plants a fault of the last column is excused from that rule.\n\n\
        | rule | clause | broken on purpose by |\n|---|---|---|\n"
        .to_owned();
    for invariant in Invariant::ALL {
        let faults = BREAKS.iter().filter(|(_, broken)| broken.contains(&invariant));
        let faults: Vec<String> = faults.map(|(fault, _)| format!("`{fault}`")).collect();
        let _ = writeln!(text, "| {invariant} | {} | {} |", invariant.clause(), faults.join(", "));
    }
    text
}

/// Words of a type with their docs, in the source's order.
fn entries(source: &str, name: &str) -> Vec<(String, String)> {
    let begins = |line: &str| {
        let rest =
            line.trim_start().strip_prefix("pub struct ").or_else(|| line.trim_start().strip_prefix("pub enum "));
        let rest = rest.or_else(|| line.strip_prefix("    ")).unwrap_or(line);
        rest.strip_prefix(name).is_some_and(|rest| rest == " {")
    };
    let mut docs = Vec::new();
    let mut found = Vec::new();
    for line in source.lines().skip_while(|line| !begins(line)).skip(1) {
        let line = line.trim();
        if line.starts_with('}') {
            break;
        }
        if let Some(doc) = line.strip_prefix("///") {
            docs.push(doc.trim().to_owned());
        } else if !line.starts_with("#[") && !docs.is_empty() {
            found.push((word(line), std::mem::take(&mut docs).join(" ").replace('|', "\\|")));
        }
    }
    found
}

/// The word that a lesson writes for a line of Rust: `Name = "word",` or `field: Type,` or `Variant(Type),`.
fn word(line: &str) -> String {
    if line == "pub whose: Person," {
        return "for".to_owned();
    }
    if let Some((_, quoted)) = line.split_once(" = \"") {
        return quoted.trim_end_matches(',').trim_end_matches('"').to_owned();
    }
    let name: String = line
        .trim_start_matches("pub ")
        .chars()
        .take_while(|letter| letter.is_alphanumeric() || *letter == '_')
        .collect();
    if let Some((_, written)) = VERBS.iter().find(|(variant, _)| *variant == name) {
        return (*written).to_owned();
    }
    let mut kebab = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !kebab.is_empty() {
            kebab.push('-');
        }
        kebab.push(if letter == '_' { '-' } else { letter.to_ascii_lowercase() });
    }
    kebab
}

#[test]
fn every_verb_and_word_is_found() {
    let page = page();
    for word in ["`signs-in-at: PORTAL, altered`", "`ends-session-of`", "`cuts-off`", "`copy-for-other`", "`not-told`"]
    {
        assert!(page.contains(word), "{word}");
    }
}
