//! Which image to start, and how.

use tokio_util::sync::CancellationToken;

use super::Launch;
use crate::engine::{Engine, Found, not_to_be_had};
use crate::keycloak::Credentials;
use crate::keycloak::image::{self, Labels};
use crate::trouble::{Kind, Trouble};

/// An image to start. It may have to be pulled first.
#[derive(Debug, Clone)]
pub(super) struct Pick {
    pub(super) name: String,
    pub(super) content: Content,
    /// The engine has it.
    pub(super) here: bool,
}

/// What is in an image, as far as its start depends on it.
#[derive(Debug, Clone)]
pub(super) enum Content {
    /// Ours: optimised, the realm imported, with an administrator to be replaced.
    Prepared { version: String, seed: Credentials },
    /// The official image or one like it: builds itself and imports the realm when it starts.
    Plain,
}

/// The name of the official image.
fn official(version: &str) -> String {
    format!("quay.io/keycloak/keycloak:{version}")
}

/// Chooses the image: the asked one, else our own, else the official one.
///
/// Errors: an image of ours that holds another realm, or the engine fails. A missing image is no error here.
pub(super) async fn pick(engine: &Engine, launch: &Launch, asked: Option<&str>) -> Result<Pick, Trouble> {
    if let Some(name) = asked {
        return match engine.inspect(name).await? {
            Some(found) => Ok(Pick { name: name.to_owned(), content: content(name, &found, launch)?, here: true }),
            None => Ok(Pick { name: name.to_owned(), content: Content::Plain, here: false }),
        };
    }
    let own = image::tag(&launch.version, &launch.realm);
    if let Some(found) = engine.inspect(&own).await? {
        return Ok(Pick { content: content(&own, &found, launch)?, name: own, here: true });
    }
    let official = official(&launch.version);
    let here = engine.inspect(&official).await?.is_some();
    Ok(Pick { name: official, content: Content::Plain, here })
}

/// Reads what an image says about itself.
fn content(name: &str, found: &Found, launch: &Launch) -> Result<Content, Trouble> {
    let Some(labels) = Labels::of(found) else { return Ok(Content::Plain) };
    if labels.digest != image::digest(&launch.realm) {
        return Err(Trouble::new(
            Kind::State,
            format!("the image {name} was built with another realm, or by another version of the lab"),
            "lessons would run against clients and users that are not the ones in the realm file",
            "build it again with `cargo xtask image build`, or leave `--image` out",
        ));
    }
    Ok(Content::Prepared { version: labels.version, seed: labels.seed })
}

impl Pick {
    /// The version that will run, as far as the image tells.
    pub(super) fn version<'a>(&'a self, launch: &'a Launch) -> &'a str {
        match &self.content {
            Content::Prepared { version, .. } => version,
            Content::Plain => &launch.version,
        }
    }

    /// Gets the image if it is not here, and reads it again: a pulled one may be one of ours.
    pub(super) async fn obtain(
        self,
        engine: &Engine,
        launch: &Launch,
        cancel: &CancellationToken,
    ) -> Result<Self, Trouble> {
        if self.here {
            return Ok(self);
        }
        self.obtainable(engine).await.map_err(|reason| not_to_be_had(&self.name, &reason))?;
        engine.pull(&self.name, launch.progress.as_ref(), cancel).await?;
        pick(engine, launch, Some(&self.name)).await
    }

    /// Whether the image is here or a registry would give it. Errors: the reason, as a fragment.
    pub(super) async fn obtainable(&self, engine: &Engine) -> Result<(), String> {
        if self.here {
            return Ok(());
        }
        engine.can_be_pulled(&self.name).await
    }
}
