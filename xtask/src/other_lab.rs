//! Whether the running lab is the one that somebody asks for.

use lab::Trouble;
use lab::chromium::Cookies;
use lab::control::chosen::Chosen;
use lab::control::client::LabClient;
use lab::control::messages::Topology;
use lab::sites::Sites;
use lab::world::Options;

use crate::settings::LabArgs;

/// What a running lab is.
pub(crate) struct Running {
    pub(crate) topology: Topology,
    pub(crate) chosen: Chosen,
}

impl Running {
    /// Asks the lab.
    ///
    /// # Errors
    /// It does not answer.
    pub(crate) async fn ask(client: &LabClient) -> Result<Self, Trouble> {
        Ok(Self { topology: client.topology().await?, chosen: client.chosen().await? })
    }

    /// In what this lab is another one than `wanted`, whose settings are `options`: sentences about this lab, each with
    /// the flag. Empty: it will do. What nobody said may be anything.
    pub(crate) fn differences(&self, wanted: &LabArgs, options: &Options) -> Vec<String> {
        let (topology, here, there) = (&self.topology, &self.chosen, Chosen::of(options));
        let or = |value: Option<String>, none: &str| value.unwrap_or_else(|| none.to_owned());
        let image = || or(here.image.clone(), "the usual one");
        let distribution = || or(here.distribution.as_ref().map(|path| path.display().to_string()), "the usual one");
        let cookies = |lab: &Chosen| lab.third_party_cookies.unwrap_or(Cookies::Allow);
        let url = || or(here.url.as_ref().map(ToString::to_string), "started by the lab");
        let version = wanted.keycloak.as_ref().is_some_and(|version| *version != topology.version);
        let runtime = wanted.runtime != "auto" && wanted.runtime != topology.runtime.to_string();
        let checks = [
            (runtime, format!("its runtime is {} (`--runtime`)", topology.runtime)),
            (version, format!("its Keycloak is {} (`--keycloak`)", topology.version)),
            (
                wanted.ports.is_some() && here.ports != there.ports,
                format!("its ports are {} (`--ports`)", here.ports.word()),
            ),
            (
                wanted.sites.is_some() && topology.sites != options.sites,
                format!("its addresses are {} (`--sites`)", sites(topology.sites)),
            ),
            (
                wanted.third_party_cookies.is_some() && cookies(here) != cookies(&there),
                format!("its browsers {} third-party cookies (`--third-party-cookies`)", cookies(here).word()),
            ),
            (wanted.bind.is_some() && here.bind != there.bind, format!("it listens on {} (`--bind`)", here.bind)),
            (wanted.realm.is_some() && here.realm != there.realm, "its realm is another one (`--realm`)".to_owned()),
            (
                wanted.dist.is_some() && here.distribution != there.distribution,
                format!("its distribution is {} (`--dist`)", distribution()),
            ),
            (wanted.image.is_some() && here.image != there.image, format!("its image is {} (`--image`)", image())),
            (wanted.url.is_some() && here.url != there.url, format!("its Keycloak is {} (`--url`)", url())),
        ];
        checks.into_iter().filter_map(|(differs, how)| differs.then_some(how)).collect()
    }
}

/// What the lab's addresses are to a browser.
pub(crate) fn sites(sites: Sites) -> &'static str {
    match sites {
        Sites::Same => "one site",
        Sites::Cross => "four sites",
    }
}
