//! Embeds every file below `templates/` and `static/`, so that a page can gain a file without a list to forget.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let here = PathBuf::from(env::var("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let target = PathBuf::from(env::var("OUT_DIR").expect("cargo sets it")).join("embedded.rs");
    let mut code = String::new();
    for (folder, name) in [("templates", "TEMPLATES"), ("static", "STATIC")] {
        println!("cargo:rerun-if-changed={folder}");
        let mut files = Vec::new();
        collect(&here.join(folder), &mut files)?;
        files.sort();
        writeln!(code, "/// Files below `{folder}/`: name and content.").expect("writing to a string");
        writeln!(code, "pub(crate) static {name}: &[(&str, &[u8])] = &[").expect("writing to a string");
        for file in files {
            let name = file.strip_prefix(here.join(folder)).expect("it was found there");
            let name = name.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/");
            let file = file.to_string_lossy();
            writeln!(code, "    ({name:?}, include_bytes!({file:?})),").expect("writing to a string");
        }
        code.push_str("];\n");
    }
    fs::write(target, code)
}

/// Every file below `folder`; a folder that is not there has none.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    if !folder.is_dir() {
        return Ok(());
    }
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}
