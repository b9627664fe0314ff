//! `tidy`: the rules of the workspace that no compiler checks.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use lab::{Kind, Trouble};
use serde_json::Value;

use crate::out::say;

/// What a crate must never reach, directly or through others. `"ours"` stands for every crate of this workspace.
const ARROWS: &[(&str, &[&str])] = &[
    ("realm", &["ours"]),
    ("lab-trace", &["ours", "tokio", "axum", "reqwest"]),
    ("portal-protocol", &["ours", "tokio", "axum", "reqwest", "tower-sessions"]),
    ("portals", &["lab", "realm", "scenarios"]),
    ("lab", &["scenarios"]),
];

/// Direct dependencies that are not allowed, although they may come in through others.
const DIRECT_ARROWS: &[(&str, &[&str])] = &[("scenarios", &["portals", "portal-protocol", "axum"])];

/// Folders with other people's files, each with a manifest: what the portals serve, and what only tests use.
const VENDORED: &[&str] = &["portals/site/static/vendor", "xtask/tests/chromium/vendor"];

/// Source files longer than this need a reason.
const LONG: usize = 400;

pub(crate) fn run() -> Result<(), Trouble> {
    let root = workspace();
    let metadata = metadata(&root)?;
    let mut findings = arrows(&metadata);
    findings.extend(files(&root)?);
    for folder in VENDORED {
        findings.extend(vendored(&root, folder));
    }
    for finding in &findings {
        eprintln!("tidy: {finding}");
    }
    if findings.is_empty() {
        say("tidy: the crates' arrows, the files and the vendored libraries are as they should be");
        return Ok(());
    }
    Err(Trouble::new(
        Kind::Content,
        format!("{} findings", findings.len()),
        "a rule of the workspace is broken",
        "mend each line above; docs/architecture.md says why the rules are there",
    ))
}

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new(".")).to_owned()
}

fn metadata(root: &Path) -> Result<Value, Trouble> {
    let cannot = || {
        Trouble::new(
            Kind::Environment,
            "cargo metadata does not answer",
            "the arrows cannot be checked",
            "run it by hand: `cargo metadata`",
        )
    };
    let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["metadata", "--format-version", "1", "--locked"])
        .current_dir(root)
        .output()
        .map_err(|error| cannot().caused_by(error))?;
    serde_json::from_slice(&output.stdout).map_err(|error| cannot().caused_by(error))
}

/// Normal dependencies (no build or test ones) by crate name.
fn graph(metadata: &Value) -> BTreeMap<String, BTreeSet<String>> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let name_of: BTreeMap<String, String> = list(&metadata["packages"])
        .iter()
        .filter_map(|package| Some((package["id"].as_str()?.to_owned(), package["name"].as_str()?.to_owned())))
        .collect();
    let mut graph: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for node in list(&metadata["resolve"]["nodes"]) {
        let Some(name) = node["id"].as_str().and_then(|id| name_of.get(id)) else { continue };
        let used = list(&node["deps"])
            .into_iter()
            .filter(|dependency| list(&dependency["dep_kinds"]).iter().any(|kind| kind["kind"].is_null()));
        let used = used.filter_map(|dependency| name_of.get(dependency["pkg"].as_str()?).cloned());
        graph.entry(name.clone()).or_default().extend(used);
    }
    graph
}

fn arrows(metadata: &Value) -> Vec<String> {
    let graph = graph(metadata);
    let ours: BTreeSet<&str> = ["realm", "lab-trace", "portal-protocol", "portals", "lab", "scenarios", "xtask"].into();
    let mut findings = Vec::new();
    for (name, forbidden) in ARROWS {
        for reached in reachable(&graph, name) {
            let broken = forbidden.contains(&reached.as_str())
                || (forbidden.contains(&"ours") && ours.contains(reached.as_str()));
            if broken {
                findings.push(format!("crate {name} reaches {reached}, which it must not"));
            }
        }
    }
    for (name, forbidden) in DIRECT_ARROWS {
        for used in graph.get(*name).into_iter().flatten().filter(|used| forbidden.contains(&used.as_str())) {
            findings.push(format!("crate {name} depends on {used}, which it must not"));
        }
    }
    findings
}

fn reachable(graph: &BTreeMap<String, BTreeSet<String>>, from: &str) -> BTreeSet<String> {
    let mut seen = BTreeSet::new();
    let mut open = vec![from.to_owned()];
    while let Some(name) = open.pop() {
        for used in graph.get(&name).into_iter().flatten() {
            if seen.insert(used.clone()) {
                open.push(used.clone());
            }
        }
    }
    seen
}

fn files(root: &Path) -> Result<Vec<String>, Trouble> {
    let mut findings = Vec::new();
    let listed = Command::new("git").args(["ls-files", "*.rs"]).current_dir(root).output().map_err(|error| {
        Trouble::new(
            Kind::Environment,
            "git does not list the files",
            "they cannot be checked",
            "run this inside a checkout",
        )
        .caused_by(error)
    })?;
    for path in String::from_utf8_lossy(&listed.stdout).lines() {
        let Ok(text) = std::fs::read_to_string(root.join(path)) else { continue };
        let is_test = path.contains("/tests/") || path.ends_with("tests.rs");
        if !is_test && text.lines().count() > LONG {
            findings.push(format!("{path} has more than {LONG} lines: two ideas in one file?"));
        }
        for stub in ["todo!(", "unimplemented!(", "#[ignore"] {
            // This file names them in order to look for them.
            if text.contains(stub) && !path.ends_with("tidy.rs") {
                findings.push(format!("{path} contains {stub}"));
            }
        }
    }
    Ok(findings)
}

/// Where a manifest names a file, and where that file's digest stands.
const DIGESTS: &[(&str, &str)] =
    &[("file", "sha256"), ("license_file", "license_file_sha256"), ("third_party_file", "third_party_file_sha256")];

/// Every vendored file is in the manifest with its digest, and the other way round.
fn vendored(root: &Path, named: &str) -> Vec<String> {
    let folder = root.join(named);
    let entries: Vec<Value> = std::fs::read(folder.join("manifest.json"))
        .ok()
        .and_then(|text| serde_json::from_slice(&text).ok())
        .unwrap_or_default();
    if entries.is_empty() {
        return vec![format!("{named}/manifest.json is missing, empty or no JSON")];
    }
    let mut findings = Vec::new();
    for entry in &entries {
        let file = entry["file"].as_str().unwrap_or_default();
        for (key, digest) in DIGESTS {
            let Some(name) = entry[*key].as_str() else { continue };
            match std::fs::read(folder.join(name)) {
                Ok(bytes) if lab::digest::sha256_hex(&bytes) == entry[*digest].as_str().unwrap_or_default() => {}
                Ok(_) => findings.push(format!("vendored {name} differs from its digest in the manifest")),
                Err(_) => findings.push(format!("vendored {name} stands in the manifest and is not there")),
            }
        }
        for key in ["file", "package", "version", "license"] {
            if entry[key].as_str().unwrap_or_default().is_empty() {
                findings.push(format!("vendored {file} has no {key} in the manifest"));
            }
        }
    }
    for present in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
        let name = present.file_name().to_string_lossy().into_owned();
        let known = entries.iter().any(|entry| DIGESTS.iter().any(|(key, _)| entry[*key] == name.as_str()));
        if !known && name != "manifest.json" {
            findings.push(format!("vendored {name} is not in the manifest"));
        }
    }
    findings
}
