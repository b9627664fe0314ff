//! What attacks need of the provider: other keys to publish, tokens of any client, and what it has handed out.

use std::collections::HashMap;

use openidconnect::PrivateSigningKey as _;
use openidconnect::core::CoreJsonWebKey;
use portal_protocol::KeySet;
use serde_json::Value;

use super::pen::tokens;
use super::{CLIENT_SECRET, Issued, Login, Provider};

impl Provider {
    /// From now on it publishes these keys, whatever it signs with.
    pub(crate) fn publish(&self, keys: KeySet) {
        self.inner().published = Some(keys);
    }

    /// The public half of the key with which it signs now.
    pub(crate) fn public_key(&self) -> CoreJsonWebKey {
        self.key().as_verification_key()
    }

    /// Lists ES256 among its algorithms.
    pub(crate) fn list_es256(&self) {
        self.inner().es256 = true;
    }

    /// How long its access tokens live from now on. A second is so little that each page asks for new ones.
    pub(crate) fn access_expires_in(&self, seconds: u32) {
        self.inner().access_expires_in = Some(seconds);
    }

    /// The tokens that `client` gets at the end of a sign-in (`access_token`, `id_token`, `refresh_token`).
    pub(crate) fn tokens_for(&self, client: &str, username: &str, sid: &str) -> Value {
        let query = [("client_id", client), ("nonce", "nonce-of-a-sign-in")];
        let query: HashMap<_, _> = query.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let login = Login { username: username.to_owned(), sid: sid.to_owned() };
        tokens(&self.shared.issuer, &mut self.inner(), &Issued { login, query }, false)
    }

    /// Everything secret that it handed out or was shown until now.
    pub(crate) fn secrets(&self) -> Vec<String> {
        let mut secrets = self.inner().secrets.clone();
        secrets.push(CLIENT_SECRET.to_owned());
        secrets
    }
}
