//! The image below ours: something with a Java runtime.

use std::path::Path;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::Options;
use crate::engine::{Engine, debian};
use crate::trouble::{Kind, Trouble};

/// The base where a registry can be reached: Java 21, small, maintained.
pub const DEFAULT_BASE: &str = "eclipse-temurin:21-jre";

/// The base that is made here where none can be reached. It is kept, so only the first build makes it.
const OWN_BASE: &str = "sso-lab-java:21-trixie";

/// Finds, pulls or makes the base and returns its name.
///
/// Errors: a base named by the person is neither there nor to be had; none can be pulled and none made, with the
/// reason of each.
pub(super) async fn provide(
    engine: &Engine,
    options: &Options,
    scratch: &Path,
    cancel: &CancellationToken,
) -> Result<String, Trouble> {
    if let Some(asked) = &options.base {
        check_name(asked)?;
        if engine.inspect(asked).await?.is_none() {
            engine.pull(asked, options.progress.as_ref(), cancel).await?;
        }
        return Ok(asked.clone());
    }
    for known in [OWN_BASE, DEFAULT_BASE] {
        if engine.inspect(known).await?.is_some() {
            options.progress.note(&format!("building on {known}, which is here already"));
            return Ok(known.to_owned());
        }
    }
    let reason = match engine.can_be_pulled(DEFAULT_BASE).await {
        Ok(()) => match engine.pull(DEFAULT_BASE, options.progress.as_ref(), cancel).await {
            Ok(()) => return Ok(DEFAULT_BASE.to_owned()),
            Err(trouble) if trouble.kind == Kind::Interrupted => return Err(trouble),
            Err(trouble) => trouble.to_string(),
        },
        Err(reason) => reason,
    };
    options.progress.note(&format!("{DEFAULT_BASE} cannot be had ({reason}); making a small Debian with Java instead"));
    make(options, scratch, cancel).await?;
    Ok(OWN_BASE.to_owned())
}

/// A name goes into a Dockerfile as it is, so it must be a name.
fn check_name(base: &str) -> Result<(), Trouble> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "._-/:@".contains(c);
    if !base.is_empty() && base.starts_with(|c: char| c.is_ascii_alphanumeric()) && base.chars().all(fits) {
        return Ok(());
    }
    Err(Trouble::new(
        Kind::Usage,
        format!("`{base}` is not the name of an image"),
        "names look like `eclipse-temurin:21-jre` or `registry.example/team/java:21`",
        "correct `--base`, or leave it out",
    ))
}

/// Makes [`OWN_BASE`].
async fn make(options: &Options, scratch: &Path, cancel: &CancellationToken) -> Result<(), Trouble> {
    let recipe = debian::Recipe {
        image: OWN_BASE,
        packages: "openjdk-21-jre-headless,ca-certificates",
        holding: "Java 21",
        usual: Duration::from_secs(40),
        words: debian::Words {
            failure: "a base image could not be made",
            means: &format!("{DEFAULT_BASE} cannot be pulled, so a base image has to be made on this computer"),
            command: "image build",
            otherwise: "name an image with Java 21 with `--base` (`docker load` brings one here without a registry)",
        },
    };
    debian::make(&recipe, &|_| Vec::new(), options.progress.as_ref(), scratch, cancel).await
}

#[cfg(test)]
mod tests;
