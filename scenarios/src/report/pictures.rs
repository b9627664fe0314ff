//! `diagrams/<id>.mmd` and `diagrams/<id>.svg`: the run as a sequence diagram, for a wiki and for a slide.

use std::io;
use std::path::Path;

use crate::diagram::{Picture, mermaid, svg_file};
use crate::run::Run;

const FOLDER: &str = "diagrams";

/// Makes the folder, and takes away what another run has left in it.
pub(super) fn prepare(folder: &Path) -> io::Result<()> {
    let diagrams = folder.join(FOLDER);
    std::fs::create_dir_all(&diagrams)?;
    for entry in std::fs::read_dir(&diagrams)?.flatten() {
        if entry.path().extension().is_some_and(|kind| kind == "mmd" || kind == "svg") {
            std::fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// Writes both pictures of a run.
pub(super) fn write(folder: &Path, name: &str, run: &Run) -> io::Result<()> {
    let picture = Picture::of_run(run);
    std::fs::write(folder.join(FOLDER).join(format!("{name}.mmd")), mermaid(&picture))?;
    std::fs::write(folder.join(FOLDER).join(format!("{name}.svg")), svg_file(&picture))
}
