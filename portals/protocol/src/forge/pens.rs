//! Everybody who might sign a token, and the keys that the provider publishes.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use openidconnect::core::{
    CoreHmacKey, CoreJsonCurveType, CoreJsonWebKey, CoreJwsSigningAlgorithm as Alg, CoreRsaPrivateSigningKey,
};
use openidconnect::{JsonWebKeyId, PrivateSigningKey};
use p256::ecdsa::signature::Signer as _;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::logout_token::KeySet;

/// The id of the key with which the provider signs.
pub const KID: &str = "test-key";
/// The id of a key that the provider publishes for encryption.
const ENCRYPTION_KID: &str = "encryption-key";
/// The id of a key on an elliptic curve that the provider publishes.
const CURVE_KID: &str = "curve-key";

/// The provider's private key, as a PEM file. Like the others it exists for tests only and opens nothing.
pub const PRIVATE_KEY: &str = include_str!("../../tests/fixtures/test-only-signing-key.pem");
const PUBLIC_KEY: &str = include_str!("../../tests/fixtures/test-only-signing-key.pub.pem");
const FOREIGN_KEY: &str = include_str!("../../tests/fixtures/test-only-foreign-key.pem");
const CURVE_KEY: [u8; 32] = [7; 32];

static PROVIDER: LazyLock<CoreRsaPrivateSigningKey> = LazyLock::new(|| rsa(PRIVATE_KEY, KID));
static FOREIGN: LazyLock<CoreRsaPrivateSigningKey> = LazyLock::new(|| rsa(FOREIGN_KEY, "foreign"));
static CURVE: LazyLock<p256::ecdsa::SigningKey> =
    LazyLock::new(|| p256::ecdsa::SigningKey::from_slice(&CURVE_KEY).expect("a number below the curve's order"));

/// Who signs, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pen {
    /// The provider, RS256.
    Provider,
    /// The provider's key with another hash.
    ProviderRs384,
    /// The provider's key with another hash.
    ProviderRs512,
    /// The provider's key with another padding.
    ProviderPs256,
    /// The provider's key on an elliptic curve.
    ProviderEs256,
    /// Somebody else's key, RS256. Also the private half of the key that is published for encryption.
    Foreign,
    /// HS256 with the provider's public key, as a PEM file, for a secret.
    HmacOfPublicPem,
    /// HS256 with the provider's public key, as DER, for a secret.
    HmacOfPublicDer,
    /// HS256 with the provider's public key, as a JWK, for a secret.
    HmacOfPublicJwk,
    /// HS512 with a secret that only its maker knows: Keycloak's refresh tokens.
    HmacOfSecret,
    /// No signature; `alg` says `none`.
    Nobody,
    /// ES256 with r = s = 0, which fits every message where nobody looks (CVE-2022-21449).
    ZeroEs256,
}

impl Pen {
    /// What an honest header says about it.
    pub(super) fn alg(self) -> &'static str {
        match self {
            Self::Provider | Self::Foreign => "RS256",
            Self::ProviderRs384 => "RS384",
            Self::ProviderRs512 => "RS512",
            Self::ProviderPs256 => "PS256",
            Self::ProviderEs256 | Self::ZeroEs256 => "ES256",
            Self::HmacOfPublicPem | Self::HmacOfPublicDer | Self::HmacOfPublicJwk => "HS256",
            Self::HmacOfSecret => "HS512",
            Self::Nobody => "none",
        }
    }

    pub(crate) fn sign(self, message: &[u8]) -> Vec<u8> {
        let rsa = |key: &CoreRsaPrivateSigningKey, alg| key.sign(&alg, message).expect("an RSA key signs");
        let hmac = |secret: Vec<u8>, alg| CoreHmacKey::new(secret).sign(&alg, message).expect("a secret signs");
        match self {
            Self::Provider => rsa(&PROVIDER, Alg::RsaSsaPkcs1V15Sha256),
            Self::ProviderRs384 => rsa(&PROVIDER, Alg::RsaSsaPkcs1V15Sha384),
            Self::ProviderRs512 => rsa(&PROVIDER, Alg::RsaSsaPkcs1V15Sha512),
            Self::ProviderPs256 => rsa(&PROVIDER, Alg::RsaSsaPssSha256),
            Self::ProviderEs256 => {
                let signature: p256::ecdsa::Signature = CURVE.sign(message);
                signature.to_bytes().to_vec()
            }
            Self::Foreign => rsa(&FOREIGN, Alg::RsaSsaPkcs1V15Sha256),
            Self::HmacOfPublicPem => hmac(PUBLIC_KEY.into(), Alg::HmacSha256),
            Self::HmacOfPublicDer => hmac(public_der(), Alg::HmacSha256),
            Self::HmacOfPublicJwk => hmac(jwk(&PROVIDER).to_string().into(), Alg::HmacSha256),
            Self::HmacOfSecret => hmac(b"only the provider knows".to_vec(), Alg::HmacSha512),
            Self::Nobody => Vec::new(),
            Self::ZeroEs256 => vec![0; 64],
        }
    }
}

/// What the provider publishes: the key with which it signs, one for encryption, one on an elliptic curve.
pub fn published_keys() -> KeySet {
    let mut encryption = jwk(&FOREIGN);
    (encryption["kid"], encryption["use"]) = (json!(ENCRYPTION_KID), json!("enc"));
    let encryption = serde_json::from_value(encryption).expect("a key with a use");
    KeySet::new(vec![PROVIDER.as_verification_key(), encryption, curve_key()])
}

/// What a provider publishes that is about to change its keys: the same, and a second key of the same kind.
pub fn published_keys_with_a_choice() -> KeySet {
    let mut keys = published_keys().keys().clone();
    keys.push(FOREIGN.as_verification_key());
    KeySet::new(keys)
}

/// The foreign key as a header would bring it along.
pub(super) fn foreign_jwk() -> Value {
    jwk(&FOREIGN)
}

fn curve_key() -> CoreJsonWebKey {
    let point = CURVE.verifying_key().to_sec1_point(false);
    let half = |half: Option<&p256::FieldBytes>| half.expect("an uncompressed point has both").to_vec();
    let kid = Some(JsonWebKeyId::new(CURVE_KID.to_owned()));
    CoreJsonWebKey::new_ec(half(point.x()), half(point.y()), CoreJsonCurveType::P256, kid)
}

fn jwk(key: &CoreRsaPrivateSigningKey) -> Value {
    serde_json::to_value(key.as_verification_key()).expect("a public key is JSON")
}

fn public_der() -> Vec<u8> {
    let base64: String = PUBLIC_KEY.lines().filter(|line| !line.starts_with("-----")).collect();
    STANDARD.decode(base64).expect("a PEM file")
}

fn rsa(pem: &str, kid: &str) -> CoreRsaPrivateSigningKey {
    CoreRsaPrivateSigningKey::from_pem(pem, Some(JsonWebKeyId::new(kid.to_owned()))).expect("a PEM file")
}
