//! The decisions, each as one script that Redis runs as a whole.

use redis::Script;

/// A script with what all of them share in front of it.
macro_rules! script {
    ($file:literal) => {
        Script::new(concat!(include_str!("common.lua"), "\n", include_str!($file)))
    };
}

/// All scripts. Their texts are sent once; afterwards only their hashes are.
#[derive(Debug)]
pub(super) struct Scripts {
    pub(super) create: Script,
    pub(super) save: Script,
    pub(super) part: Script,
    pub(super) renew: Script,
    pub(super) log_out: Script,
    pub(super) end: Script,
    pub(super) end_expired: Script,
    pub(super) begin: Script,
    pub(super) finish: Script,
    pub(super) release: Script,
    pub(super) clear: Script,
}

impl Scripts {
    pub(super) fn new() -> Self {
        Self {
            create: script!("create.lua"),
            save: script!("save.lua"),
            part: script!("part.lua"),
            renew: script!("renew.lua"),
            log_out: script!("log_out.lua"),
            end: script!("end.lua"),
            end_expired: script!("end_expired.lua"),
            begin: script!("begin.lua"),
            finish: script!("finish.lua"),
            release: script!("release.lua"),
            clear: script!("clear.lua"),
        }
    }
}
