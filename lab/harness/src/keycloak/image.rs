//! The lab's own Keycloak image: optimised, the realm imported, built without a registry where there is none.
//!
//! Read in this order: [`build`], `recipe` (the Dockerfile and what else goes into the build), `base` (where the
//! Java runtime comes from), `name` (what the image is called and what it says about itself).

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use realm::Realm;
use tokio_util::sync::CancellationToken;
use url::Url;

use super::dist::{DistOptions, Distribution, find};
use super::versions::Version;
use super::{Credentials, Launch};
use crate::engine::command::{self, Command};
use crate::engine::scratch::Scratch;
use crate::engine::{Engine, interrupted};
use crate::progress::Progress;
use crate::trouble::{Kind, Trouble};

mod base;
mod context;
mod name;
mod recipe;

pub use base::DEFAULT_BASE;
pub use name::tag;
pub(super) use name::{Labels, digest};
pub(super) use recipe::CLASS_ARCHIVE;

/// How long the build may take before it counts as hung. Usually two minutes on two cores.
const BUILD_DEADLINE: Duration = Duration::from_mins(20);

/// What to build.
#[derive(Clone)]
pub struct Options {
    /// Keycloak's version.
    pub version: String,
    /// The realm to import.
    pub realm: Realm,
    /// How to come by the distribution.
    pub dist: DistOptions,
    /// Image with a Java runtime (17 or newer) to build on. `None`: [`DEFAULT_BASE`] if it is there or can be
    /// pulled, else a small Debian made here.
    pub base: Option<String>,
    /// Build even if the image is there.
    pub again: bool,
    /// The lab's cache folder. Holds the distribution, and for the time of the build up to 1.2 GB of temporary files.
    pub cache: PathBuf,
    /// Who is told what happens.
    pub progress: Arc<dyn Progress>,
}

/// The image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Built {
    /// Its name and tag: [`tag`] of the version and the realm. `lab up --runtime docker` finds it by that.
    pub tag: String,
    /// The image it was built on.
    pub base: String,
    /// Size in bytes, with the base.
    pub size: u64,
    /// It was there already.
    pub reused: bool,
}

/// Builds the image, or finds it built. Cancelling stops the build and removes what it made so far.
///
/// Errors: no engine or no `docker` command; the base cannot be had; no space; Keycloak's own `build` or `import`
/// fails, with its last lines; interrupted.
pub async fn build(options: &Options, cancel: &CancellationToken) -> Result<Built, Trouble> {
    let version = Version::parse(&options.version)?;
    if let Some(warning) = version.warning() {
        options.progress.note(&warning);
    }
    let engine = Engine::connect().await?;
    let tag = tag(&options.version, &options.realm);
    if let Some(built) = built_already(&engine, options, &tag).await? {
        return Ok(built);
    }
    let scratch = Scratch::new(&options.cache.join("image"), options.progress.as_ref(), cancel).await?;
    // Whoever had to wait may find the work done.
    let result = match built_already(&engine, options, &tag).await {
        Ok(None) => build_in(&engine, options, &version, &tag, scratch.path(), cancel).await,
        Ok(Some(built)) => Ok(built),
        Err(trouble) => Err(trouble),
    };
    scratch.end(result).await
}

/// Finds or fetches the distribution, as the runtime `dist` does.
async fn distribution(
    options: &Options,
    version: &Version,
    scratch: &Path,
    cancel: &CancellationToken,
) -> Result<Distribution, Trouble> {
    // Of a launch, only where to keep things and whom to tell matters for this.
    let launch = Launch {
        version: options.version.clone(),
        realm: options.realm.clone(),
        public_url: Url::parse("http://localhost:8080").unwrap_or_else(|error| unreachable!("a fixed URL: {error}")),
        admin: Credentials { username: String::new(), password: String::new() },
        run_id: format!("image-{}", std::process::id()),
        run_dir: scratch.to_owned(),
        log_file: scratch.join("log"),
        cache: options.cache.clone(),
        deadline: BUILD_DEADLINE,
        progress: options.progress.clone(),
    };
    find(&launch, version, &options.dist, cancel).await.map_err(ours)
}

/// An interruption in words that fit.
fn ours(trouble: Trouble) -> Trouble {
    if trouble.kind == Kind::Interrupted { interrupted("the build of the image") } else { trouble }
}

async fn built_already(engine: &Engine, options: &Options, tag: &str) -> Result<Option<Built>, Trouble> {
    if options.again {
        return Ok(None);
    }
    let Some(found) = engine.inspect(tag).await? else { return Ok(None) };
    let Some(labels) = Labels::of(&found) else { return Ok(None) };
    let fits = options.base.as_ref().is_none_or(|base| *base == labels.base);
    Ok(fits.then(|| Built { tag: tag.to_owned(), base: labels.base, size: found.bytes(), reused: true }))
}

/// The work between making the temporary folder and removing it.
async fn build_in(
    engine: &Engine,
    options: &Options,
    version: &Version,
    tag: &str,
    scratch: &Path,
    cancel: &CancellationToken,
) -> Result<Built, Trouble> {
    // The distribution first: it is checked already, or fails sooner than anything else.
    let distribution = distribution(options, version, scratch, cancel).await?;
    let base = base::provide(engine, options, scratch, cancel).await?;

    let usual = Some(Duration::from_secs(10));
    options.progress.begin("gathering what goes into the image", usual);
    let labels = Labels::new(&options.version, &options.realm, &base);
    let context = scratch.join("context");
    context::write(&context, &distribution, &options.realm, &labels, cancel).await?;
    options.progress.done("gathering what goes into the image");

    let former = engine.inspect(tag).await?;
    let what = format!("building {tag}: Keycloak's build, the import of the realm, one start for the class archive");
    options.progress.begin(&what, Some(Duration::from_secs(110)));
    let built = Command::docker()
        // Nothing in the build needs a network, so it gets none: it works the same in a classroom without internet.
        .args(["build", "--network", "none", "--force-rm", "--tag", tag])
        .arg(&context)
        .deadline(BUILD_DEADLINE)
        .hiding(&labels.seed.password)
        .run("the image could not be built", cancel)
        .await;
    if let Err(trouble) = built {
        // The engine ends the step that ran a moment later, and holds its layer until then.
        engine.without_containers_of(&labels.seed_label()).await;
        command::remove_layers(&labels.seed_label()).await;
        return Err(trouble);
    }
    options.progress.done(&what);

    let found = engine.replaced(tag, former, "docker build").await?;
    Ok(Built { tag: tag.to_owned(), base, size: found.bytes(), reused: false })
}
