//! A Keycloak that somebody else runs. The lab is a guest: it makes a realm of its own and takes it away again, and
//! touches a realm that it did not make only when told to adopt it.

use std::time::Duration;

use async_trait::async_trait;
use realm::REALM;
use reqwest::header::HOST;
use serde_json::Value;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use url::Url;

use super::admin::{Admin, marked, run_of};
use super::readiness::{Readiness, authority, below, interrupted};
use super::{Death, Launch, Leftovers, Running, RuntimeKind, Supervised};
use crate::http;
use crate::trouble::{Kind, Trouble};

mod adopted;

use adopted::Adopted;

/// One question while looking whether it is there.
const PER_QUESTION: Duration = Duration::from_secs(10);
/// Tidying up at somebody else's server takes a few requests.
const TIDYING: Duration = Duration::from_mins(1);
/// How often the lab looks whether it still answers, and how many times in a row it may fail to.
const LOOKING: Duration = Duration::from_secs(2);
const PATIENCE: u32 = 3;

/// Which Keycloak, and how far the lab may go there.
#[derive(Debug, Clone, Default)]
pub struct ExternalOptions {
    /// Its address, for example `http://keycloak.example:8080/`.
    pub url: Option<Url>,
    /// Use a realm `enterprise-sso` that is there already: its three clients are changed, and restored at the stop.
    pub adopt: bool,
}

impl ExternalOptions {
    /// The address, if it is one that can be asked.
    ///
    /// # Errors
    /// Usage: there is none, or it is no `http` or `https` address of a host.
    pub fn address(&self) -> Result<&Url, Trouble> {
        let url = self.url.as_ref().ok_or_else(no_url)?;
        if matches!(url.scheme(), "http" | "https") && url.has_host() { Ok(url) } else { Err(no_web_address(url)) }
    }
}

/// Checks the Keycloak at `options.url`, makes the realm there (or adopts it), and waits until it answers with the
/// lab's issuer. Cancelling undoes what was done. Errors: no answer, wrong credentials, a fixed hostname that would
/// bypass the tap, a realm that belongs to somebody else.
pub async fn start(launch: &Launch, options: &ExternalOptions, cancel: CancellationToken) -> Result<Running, Trouble> {
    let upstream = options.address()?.clone();
    let admin = Admin::new(upstream.clone(), &launch.public_url, launch.admin.clone());
    let stage = format!("using the Keycloak at {upstream}");
    launch.progress.begin(&stage, None);
    let version = tokio::select! {
        biased;
        () = cancel.cancelled() => return Err(interrupted()),
        looked = look(launch, &upstream, &admin) => looked?,
    };

    // From here on something changes over there, so nothing is dropped half way: cancelling is noticed between steps.
    let mut guest = External { admin, upstream: upstream.clone(), stay: Stay::Over };
    let ready = match guest.move_in(launch, options, &cancel).await {
        Ok(()) => wait(launch, &upstream, &cancel).await,
        Err(trouble) => Err(trouble),
    };
    if let Err(trouble) = ready {
        guest.stop().await?;
        return Err(trouble);
    }
    launch.progress.done(&stage);
    let traces = Leftovers::of(&launch.run_id, RuntimeKind::External);
    Ok(Running::new(upstream, version, traces, Box::new(guest)))
}

/// Looks without changing anything. Returns the version.
async fn look(launch: &Launch, upstream: &Url, admin: &Admin) -> Result<String, Trouble> {
    let issuer = issuer_for(launch, upstream).await?;
    let expected = below(&launch.public_url, "realms/master").to_string();
    if issuer != expected {
        return Err(fixed_hostname(upstream, &issuer, &expected));
    }
    admin.sign_in().await?;
    match admin.server_version().await {
        Ok(version) => Ok(version),
        // Since 26.3 only administrators with the role `view-system` are told.
        Err(_) => Ok("unknown".to_owned()),
    }
}

/// The issuer that Keycloak names to somebody who came through the lab's tap.
async fn issuer_for(launch: &Launch, upstream: &Url) -> Result<String, Trouble> {
    let url = below(upstream, "realms/master/.well-known/openid-configuration");
    let asked = http::client(PER_QUESTION).get(url).header(HOST, authority(&launch.public_url)).send().await;
    let answer =
        asked.map_err(|error| no_keycloak(upstream, "nothing answers there").caused_by(error.without_url()))?;
    if !answer.status().is_success() {
        return Err(no_keycloak(upstream, &format!("its realm master answers {}", answer.status())));
    }
    let document: Value =
        answer.json().await.map_err(|error| no_keycloak(upstream, "its discovery is no JSON").caused_by(error))?;
    document["issuer"].as_str().map(str::to_owned).ok_or_else(|| no_keycloak(upstream, "its discovery names no issuer"))
}

async fn wait(launch: &Launch, upstream: &Url, cancel: &CancellationToken) -> Result<(), Trouble> {
    let begun = tokio::time::Instant::now();
    let readiness = Readiness::of(upstream, None, &launch.public_url, launch.deadline);
    let waited = readiness.wait(std::future::pending(), cancel).await;
    waited.map_err(|why| why.trouble(&readiness.issuer, begun, ""))
}

/// The lab as a guest.
struct External {
    admin: Admin,
    upstream: Url,
    stay: Stay,
}

/// What the lab has to undo.
enum Stay {
    /// A realm that the lab made.
    Own,
    /// Somebody's realm with changed clients.
    Adopted(Adopted),
    /// Nothing, any more or yet.
    Over,
}

impl External {
    async fn move_in(
        &mut self,
        launch: &Launch,
        options: &ExternalOptions,
        cancel: &CancellationToken,
    ) -> Result<(), Trouble> {
        let present = self.admin.realm(REALM).await?;
        if cancel.is_cancelled() {
            return Err(interrupted());
        }
        match present {
            Some(realm) if run_of(&realm).is_none() && options.adopt => {
                launch.progress.note(&format!("adopting the realm {REALM}: its three clients are restored at the end"));
                self.stay = Stay::Adopted(Adopted::adopt(&self.admin, &self.upstream, launch).await?);
                return Ok(());
            }
            Some(realm) => match run_of(&realm) {
                None => return Err(not_ours(&self.upstream)),
                Some(run) => {
                    launch
                        .progress
                        .note(&format!("replacing the realm {REALM} that an earlier lab ({run}) left there"));
                    self.stay = Stay::Own;
                    self.admin.delete_realm(REALM).await?;
                }
            },
            None => {}
        }
        self.stay = Stay::Own;
        self.admin.import_realm(&marked(launch.realm.json(), &launch.run_id)).await
    }
}

#[async_trait]
impl Supervised for External {
    async fn stop(&mut self) -> Result<(), Trouble> {
        let work = async {
            match &self.stay {
                Stay::Own => self.admin.delete_realm(REALM).await,
                Stay::Adopted(adopted) => adopted.restore(&self.admin).await,
                Stay::Over => Ok(()),
            }
        };
        let done = tokio::time::timeout(TIDYING, work).await;
        done.unwrap_or_else(|_| Err(no_keycloak(&self.upstream, "it does not answer any more")))?;
        self.stay = Stay::Over;
        Ok(())
    }

    async fn restart(&mut self, _cancel: &CancellationToken) -> Result<Option<i32>, Trouble> {
        Err(Trouble::new(
            Kind::Usage,
            format!("refusing to restart the Keycloak at {}: the lab did not start this Keycloak", self.upstream),
            "it is somebody else's, and the lab is a guest there",
            "play this with a Keycloak of the lab's own (`--runtime dist`)",
        ))
    }

    fn death(&self) -> Death {
        Box::pin(silence(self.upstream.clone()))
    }
}

/// Resolves when the realm has not answered for a while.
async fn silence(upstream: Url) -> String {
    let client = http::client(PER_QUESTION);
    let url = below(&upstream, &format!("realms/{REALM}"));
    let mut failures = 0;
    loop {
        sleep(LOOKING).await;
        let how = match client.get(url.clone()).send().await {
            Ok(answer) if answer.status().is_success() => None,
            Ok(answer) => Some(format!("answers {}", answer.status())),
            Err(error) => Some(format!("does not answer: {}", error.without_url())),
        };
        failures = if how.is_some() { failures + 1 } else { 0 };
        if let (Some(how), true) = (how, failures >= PATIENCE) {
            return format!("the realm {REALM} at {upstream} {how}");
        }
    }
}

fn no_url() -> Trouble {
    Trouble::new(
        Kind::Usage,
        "the runtime `external` needs the address of a Keycloak",
        "the lab does not know which one to use",
        "add `--url http://HOST:PORT/`, and set SSO_LAB_ADMIN_USERNAME and SSO_LAB_ADMIN_PASSWORD",
    )
}

fn no_web_address(url: &Url) -> Trouble {
    Trouble::new(
        Kind::Usage,
        format!("{url} is no address of a Keycloak"),
        "the lab talks to a Keycloak by http or https",
        "correct `--url`: `http://HOST:PORT/`",
    )
}

fn no_keycloak(upstream: &Url, how: &str) -> Trouble {
    Trouble::new(
        Kind::Part,
        format!("there is no usable Keycloak at {upstream}: {how}"),
        "it is not running, the address is wrong, or it lives below a path such as /auth",
        "open the address in a browser, correct `--url`, and start again",
    )
}

fn fixed_hostname(upstream: &Url, issuer: &str, expected: &str) -> Trouble {
    Trouble::new(
        Kind::Safety,
        format!("the Keycloak at {upstream} calls itself {issuer} even for somebody who asks for {expected}"),
        "its pages and tokens would send everybody past the lab's tap, and the lab would show traffic that is not all \
         there is",
        format!(
            "start that Keycloak without `hostname` (with `--hostname-strict=false`) and reach it by plain http, or \
             with `--hostname={}`",
            expected.trim_end_matches("/realms/master")
        ),
    )
}

fn not_ours(upstream: &Url) -> Trouble {
    Trouble::new(
        Kind::Safety,
        format!("the Keycloak at {upstream} has a realm {REALM} that no lab made"),
        "the lab changes no realm that it did not create",
        "rename or remove that realm, or add `--adopt`: then its three clients are changed while the lab runs",
    )
}
