//! Where the provider's endpoints and keys come from: its own description of itself, fetched when it is needed.

use std::sync::{Arc, Mutex, PoisonError, RwLock};

use jiff::{SignedDuration, Timestamp};
use openidconnect::core::CoreJwsSigningAlgorithm;
use openidconnect::http::header::ACCEPT;
use openidconnect::{
    ClientId, ClientSecret, DiscoveryError, HttpRequest, HttpResponse, JsonWebKeySet, JwsSigningAlgorithm, RedirectUrl,
};
use portal_protocol::KeySet;

use super::http::{Http, HttpError};
use super::{Metadata, OidcClient};
use crate::clock::Clock;
use crate::faults::{Fault, Switches};
use crate::journal::{Journal, Step};
use crate::settings::Settings;

/// How long a description or a key set is used without asking again: bounds how long a withdrawn key is accepted.
const MOST_AGE: SignedDuration = SignedDuration::from_mins(10);
/// How often unknown key ids may make the portal fetch the keys: strangers can write any key id.
const COOL_DOWN: SignedDuration = SignedDuration::from_secs(5);

/// The OpenID provider, as far as this portal knows it.
#[derive(Debug)]
pub(crate) struct Provider {
    issuer: String,
    http: Http,
    clock: Clock,
    journal: Journal,
    faults: Switches,
    metadata: RwLock<Option<Aged<Metadata>>>,
    keys: RwLock<Option<Aged<KeySet>>>,
    /// When an unknown key id last led to a fetch.
    last_refetch: Mutex<Option<Timestamp>>,
    /// Held during such a fetch, so that many tokens at once cause one.
    refetching: tokio::sync::Mutex<()>,
}

#[derive(Debug, Clone)]
struct Aged<T> {
    value: Arc<T>,
    fetched_at: Timestamp,
}

/// Why the provider is of no use right now.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProviderError {
    /// No usable answer from this address.
    #[error("{url}: {why}")]
    NoAnswer {
        /// Address.
        url: String,
        /// What happened, without anything secret.
        why: String,
    },
    /// It describes another provider than the one this portal is set up for.
    #[error("{url} describes the issuer \"{found}\", but this portal is set up for \"{expected}\"")]
    OtherIssuer {
        /// Address.
        url: String,
        /// Ours.
        expected: String,
        /// The one described.
        found: String,
    },
}

impl Provider {
    /// Knows nothing yet and asks nobody: a portal starts while its provider is down.
    pub(crate) fn new(settings: &Settings, http: Http, clock: Clock, journal: Journal, faults: Switches) -> Self {
        Self {
            issuer: settings.issuer_text().to_owned(),
            http,
            clock,
            journal,
            faults,
            metadata: RwLock::default(),
            keys: RwLock::default(),
            last_refetch: Mutex::default(),
            refetching: tokio::sync::Mutex::default(),
        }
    }

    /// Asks the provider to describe itself, now.
    ///
    /// Called before a browser is sent there: somebody who clicks "sign in" while the provider is down should read
    /// why, not a browser's error page. It costs one request for each sign-in; a busy portal would ask less often.
    pub(crate) async fn discover(&self) -> Result<Arc<Metadata>, ProviderError> {
        let document =
            if self.faults.on(Fault::S14WrongDiscovery) { "openid_configuration" } else { "openid-configuration" };
        let url = format!("{}/.well-known/{document}", self.issuer.trim_end_matches('/'));
        let metadata = self.fetch(&url).await.and_then(|answer| {
            serde_json::from_slice::<Metadata>(answer.body()).map_err(|error| ProviderError::NoAnswer {
                url: url.clone(),
                why: format!("no OpenID metadata: {error}"),
            })
        });
        let metadata = metadata.inspect_err(|error| self.note(error))?;
        // Byte for byte: whoever answers for another issuer could have its tokens accepted here (Discovery, 4.3).
        if metadata.issuer().as_str() != self.issuer {
            let found = metadata.issuer().as_str().to_owned();
            let error = ProviderError::OtherIssuer { url, expected: self.issuer.clone(), found };
            self.note(&error);
            return Err(error);
        }
        Ok(self.keep(&self.metadata, metadata))
    }

    /// The provider's description of itself; asks only if there is none that is young enough.
    pub(crate) async fn metadata(&self) -> Result<Arc<Metadata>, ProviderError> {
        match self.kept(&self.metadata) {
            Some(metadata) => Ok(metadata),
            None => self.discover().await,
        }
    }

    /// The provider's keys; fetched only if there are none that are young enough.
    pub(crate) async fn keys(&self) -> Result<Arc<KeySet>, ProviderError> {
        match self.kept(&self.keys) {
            Some(keys) => Ok(keys),
            None => self.fetch_keys().await,
        }
    }

    /// Fetches the keys again, because a token names one that is not among `known`. `None` when that was done a moment
    /// ago: then the answer is no. Garbage must not turn this portal into a flood of requests.
    pub(crate) async fn newer_keys(&self, known: &Arc<KeySet>) -> Result<Option<Arc<KeySet>>, ProviderError> {
        let _alone = self.refetching.lock().await;
        // Somebody else may have fetched them while this one waited.
        if let Some(keys) = self.kept(&self.keys)
            && !Arc::ptr_eq(&keys, known)
        {
            return Ok(Some(keys));
        }
        if self.faults.on(Fault::P40KeysForEver) || !self.may_refetch() {
            return Ok(None);
        }
        let keys = self.fetch_keys().await?;
        self.journal.record(
            Step::KeysFetchedAgain,
            "A token named a key that was not known: the keys were fetched again",
            &[],
        );
        Ok(Some(keys))
    }

    /// Forgets what is known, so that the next step asks again.
    pub(crate) fn forget(&self) {
        *self.metadata.write().unwrap_or_else(PoisonError::into_inner) = None;
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = None;
        *self.last_refetch.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// When the provider last described itself, if it did.
    pub(crate) fn last_contact(&self) -> Option<Timestamp> {
        let kept = self.metadata.read().unwrap_or_else(PoisonError::into_inner);
        kept.as_ref().map(|metadata| metadata.fetched_at)
    }

    fn may_refetch(&self) -> bool {
        let now = self.clock.now();
        let mut last = self.last_refetch.lock().unwrap_or_else(PoisonError::into_inner);
        let cool = last.is_none_or(|last| now.duration_since(last).abs() >= COOL_DOWN);
        if cool {
            *last = Some(now);
        }
        cool
    }

    async fn fetch_keys(&self) -> Result<Arc<KeySet>, ProviderError> {
        let metadata = self.metadata().await?;
        let url = metadata.jwks_uri();
        let fetched = JsonWebKeySet::fetch_async(url, &self.http).await;
        let keys = fetched
            .map_err(|error| ProviderError::NoAnswer { url: url.to_string(), why: plain(error) })
            .inspect_err(|error| self.note(error))?;
        Ok(self.keep(&self.keys, keys))
    }

    async fn fetch(&self, url: &str) -> Result<HttpResponse, ProviderError> {
        let no_answer = |why: String| ProviderError::NoAnswer { url: url.to_owned(), why };
        let request: HttpRequest = openidconnect::http::Request::get(url)
            .header(ACCEPT, "application/json")
            .body(Vec::new())
            .map_err(|error| no_answer(error.to_string()))?;
        let answer = self.http.send(request).await.map_err(|error| no_answer(error.to_string()))?;
        if answer.status().is_success() { Ok(answer) } else { Err(no_answer(format!("answered {}", answer.status()))) }
    }

    fn note(&self, error: &ProviderError) {
        self.journal.record(Step::ProviderTrouble, format!("The provider is of no use right now: {error}"), &[]);
    }

    fn kept<T>(&self, slot: &RwLock<Option<Aged<T>>>) -> Option<Arc<T>> {
        let kept = slot.read().unwrap_or_else(PoisonError::into_inner);
        let young = |aged: &&Aged<T>| {
            self.faults.on(Fault::P40KeysForEver) || self.clock.now().duration_since(aged.fetched_at).abs() < MOST_AGE
        };
        kept.as_ref().filter(young).map(|aged| Arc::clone(&aged.value))
    }

    fn keep<T>(&self, slot: &RwLock<Option<Aged<T>>>, value: T) -> Arc<T> {
        let value = Arc::new(value);
        let aged = Aged { value: Arc::clone(&value), fetched_at: self.clock.now() };
        *slot.write().unwrap_or_else(PoisonError::into_inner) = Some(aged);
        value
    }
}

/// A client that can build requests and check answers, with these keys.
pub(crate) fn client(settings: &Settings, metadata: &Metadata, keys: &KeySet) -> OidcClient {
    use openidconnect::core::CoreClientAuthMethod::{ClientSecretBasic, ClientSecretPost};
    let secret = settings.client_secret.as_ref().map(|secret| ClientSecret::new(secret.reveal().to_owned()));
    let metadata = metadata.clone().set_jwks(keys.clone());
    // "Basic" is what every provider must accept unless it says otherwise (Discovery, 3).
    let post = metadata
        .token_endpoint_auth_methods_supported()
        .is_some_and(|methods| methods.contains(&ClientSecretPost) && !methods.contains(&ClientSecretBasic));
    let client = OidcClient::from_provider_metadata(metadata, ClientId::new(settings.client_id.clone()), secret);
    let callback = settings.own_url(settings.kind.callback_path());
    let client = match RedirectUrl::new(callback) {
        Ok(url) => client.set_redirect_uri(url),
        Err(_) => client,
    };
    if post { client.set_auth_type(openidconnect::AuthType::RequestBody) } else { client }
}

/// The algorithms with which the provider may sign for this portal: what it lists, without shared secrets and `none`.
pub(crate) fn algorithms(metadata: &Metadata) -> Vec<CoreJwsSigningAlgorithm> {
    let listed = metadata.id_token_signing_alg_values_supported();
    listed
        .iter()
        .filter(|algorithm| algorithm.key_type().is_some() && !algorithm.uses_shared_secret())
        .cloned()
        .collect()
}

/// The error without the body that came with it, which is not ours to print.
fn plain(error: DiscoveryError<HttpError>) -> String {
    match error {
        DiscoveryError::Request(error) => error.to_string(),
        DiscoveryError::Response(status, _, _) => format!("answered {status}"),
        DiscoveryError::Parse(error) => format!("no key set: {error}"),
        other => other.to_string(),
    }
}
