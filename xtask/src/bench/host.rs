//! What was measured on.

use std::process::Command;

/// One line: system, processors, Rust.
pub(super) fn line() -> String {
    let processors = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let model = std::fs::read_to_string("/proc/cpuinfo")
        .ok()
        .and_then(|text| {
            text.lines()
                .find_map(|line| line.strip_prefix("model name")?.split_once(": ").map(|(_, name)| name.to_owned()))
        })
        .unwrap_or_else(|| "unknown processor".to_owned());
    let rust = Command::new("rustc").arg("--version").output().ok();
    let rust = rust.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default();
    let profile = if cfg!(debug_assertions) { "debug build" } else { "release build" };
    format!("{} {}, {processors} processors ({model}), {rust}, {profile}", std::env::consts::OS, std::env::consts::ARCH)
}
