//! Where the browser runs: the installed one, or one in a container.

use std::fmt;

use tokio_util::sync::CancellationToken;

use super::find::{Missing, Programs};
use super::image::OWN;
use crate::engine::{Engine, Reach};
use crate::progress::Progress;
use crate::trouble::{Kind, Trouble};

/// Names the image of the browser. Where it is set, the browser runs in a container even if one is installed.
const VARIABLE: &str = "SSO_LAB_BROWSER_IMAGE";

/// Where a browser runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// On this computer.
    Installed(Programs),
    /// In a container of its own.
    Container(Image),
}

/// An image with Chromium and its driver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// Name and tag.
    pub name: String,
    /// The engine has it; otherwise a registry would give it.
    pub here: bool,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Installed(programs) => write!(f, "{}", programs.browser.display()),
            Self::Container(image) if image.here => write!(f, "in a container, image {}", image.name),
            Self::Container(image) => {
                write!(f, "in a container, image {}, which has to be downloaded first", image.name)
            }
        }
    }
}

/// Where a browser would run, without getting anything: milliseconds, or a few seconds where a registry has to be asked.
///
/// # Errors
/// Environment: neither is possible, with the reasons and the command that installs it.
pub async fn find() -> Result<Place, Trouble> {
    let asked = std::env::var(VARIABLE).ok().filter(|name| !name.is_empty());
    match wanted(asked, Programs::find()) {
        Wanted::Installed(programs) => Ok(Place::Installed(programs)),
        Wanted::Image { names, otherwise } => {
            let found = match Engine::connect().await {
                Ok(engine) => choose(engine.reach, &offers(&engine, &names).await),
                Err(reason) => Err(reason.to_string()),
            };
            found.map(Place::Container).map_err(|reason| otherwise.trouble(&reason))
        }
    }
}

/// [`find`], then gets the image if it is not here, and says so where the browser runs in a container.
///
/// # Errors
/// As [`find`]; the image cannot be had; interrupted.
pub async fn prepare(progress: &dyn Progress, cancel: &CancellationToken) -> Result<Place, Trouble> {
    let place = find().await?;
    if let Place::Container(image) = &place {
        if !image.here {
            engine().await?.pull(&image.name, progress, cancel).await.map_err(ours)?;
        }
        progress.note(&format!("Chromium runs in a container (image {})", image.name));
    }
    Ok(place)
}

/// [`find`] for whoever starts a browser now. What has to be pulled takes minutes, and was to be [prepared](prepare) before.
pub(super) async fn ready() -> Result<Place, Trouble> {
    match find().await? {
        Place::Container(image) if !image.here => Err(Trouble::new(
            Kind::Environment,
            format!("the image {} of the browser is not on this computer yet", image.name),
            "getting it takes minutes, in which nobody would see why nothing happens",
            format!("get it first: `docker pull {}`", image.name),
        )),
        place => Ok(place),
    }
}

/// The engine, for whoever needs it for a browser. Errors: none answers, with what to do about that.
pub(super) async fn engine() -> Result<Engine, Trouble> {
    Engine::connect().await.map_err(|reason| ours(reason.into()))
}

/// What goes wrong with an engine, in words that fit a browser.
fn ours(trouble: Trouble) -> Trouble {
    if trouble.kind == Kind::Interrupted {
        return trouble;
    }
    Trouble::new(
        trouble.kind,
        trouble.what,
        "a browser in a container needs an engine on this computer, and an image that it has or can get",
        "see that `docker version` names a server, build the image with `cargo xtask image build --browser`, or install Chromium \
         (Debian: `apt-get install chromium chromium-driver`)",
    )
}

/// What is wanted, before any engine is asked.
#[derive(Debug, PartialEq, Eq)]
enum Wanted {
    Installed(Programs),
    /// The first of these that can be had.
    Image {
        names: Vec<String>,
        otherwise: Otherwise,
    },
}

/// What to say where no image can be had.
#[derive(Debug, PartialEq, Eq)]
enum Otherwise {
    /// A person asked for this one.
    Asked(String),
    /// It would have been the way out.
    Missing(Missing),
}

fn wanted(asked: Option<String>, installed: Result<Programs, Missing>) -> Wanted {
    match (asked, installed) {
        (Some(name), _) => Wanted::Image { names: vec![name.clone()], otherwise: Otherwise::Asked(name) },
        (None, Ok(programs)) => Wanted::Installed(programs),
        (None, Err(missing)) => {
            // Nothing is downloaded that nobody has named: it would run on this computer's network.
            Wanted::Image { names: vec![OWN.to_owned()], otherwise: Otherwise::Missing(missing) }
        }
    }
}

/// An image, and whether it can be had: it is here, or a registry would give it, or the reason why neither.
type Offer = (String, Result<Here, String>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Here {
    Yes,
    ToBePulled,
}

/// Asks for the images in this order, and no further than one that is here.
async fn offers(engine: &Engine, names: &[String]) -> Vec<Offer> {
    let mut offers = Vec::new();
    for name in names {
        let offer = match engine.inspect(name).await {
            Ok(Some(_)) => Ok(Here::Yes),
            // Ours is in no registry, so none is asked for it.
            Ok(None) if name == OWN => Err("it is not built; `cargo xtask image build --browser` builds it".to_owned()),
            Ok(None) => engine.can_be_pulled(name).await.map(|()| Here::ToBePulled),
            Err(trouble) => Err(trouble.to_string()),
        };
        let settled = offer == Ok(Here::Yes);
        offers.push((name.clone(), offer));
        if settled {
            break;
        }
    }
    offers
}

/// The image to use: one that is here before one that has to be pulled. Errors: the reasons, as a fragment.
fn choose(reach: Reach, offers: &[Offer]) -> Result<Image, String> {
    if reach != Reach::HostNetwork {
        // In a network of its own `localhost` would be the container, and no portal would answer there.
        return Err(
            "an engine answers, but not on this computer's own network (Docker Desktop and rootless engines are so), \
                    which a browser needs for `localhost`: install Chromium instead"
                .to_owned(),
        );
    }
    let first = |wanted: Here| offers.iter().find(|(_, offer)| *offer == Ok(wanted));
    if let Some((name, offer)) = first(Here::Yes).or_else(|| first(Here::ToBePulled)) {
        return Ok(Image { name: name.clone(), here: *offer == Ok(Here::Yes) });
    }
    let reasons = offers.iter().filter_map(|(name, offer)| offer.as_ref().err().map(|why| format!("{name}: {why}")));
    Err(format!("an engine answers, but has no image: {}", reasons.collect::<Vec<_>>().join("; ")))
}

impl Otherwise {
    fn trouble(self, reason: &str) -> Trouble {
        match self {
            Self::Missing(missing) => missing.trouble(reason),
            Self::Asked(name) => Trouble::new(
                Kind::Environment,
                format!("there is no browser in a container of the image {name}: {reason}"),
                format!("{VARIABLE} asks for this image, so an installed Chromium is not used"),
                format!(
                    "build an image with `cargo xtask image build --browser` and set {VARIABLE} to {OWN}, or unset {VARIABLE} to \
                     use an installed Chromium (Debian: `apt-get install chromium chromium-driver`)"
                ),
            ),
        }
    }
}

#[cfg(test)]
mod tests;
