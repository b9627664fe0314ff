//! OpenID Connect, seen from the application: nothing in here knows which provider it talks to.
//!
//! Read in this order: [`sign_in`] (the code flow, from "sign in" to a session), [`refresh`] (having the
//! session confirmed while the person is active), [`sign_out`] (ending the session at the provider too), [`provider`] (where its endpoints and keys come from), [`http`] (the one client for all of it).

pub(crate) mod http;
mod lifetime;
pub(crate) mod provider;
pub(crate) mod refresh;
pub(crate) mod sign_in;
pub(crate) mod sign_out;

use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreClaimName, CoreClaimType, CoreClientAuthMethod, CoreErrorResponseType,
    CoreGenderClaim, CoreGrantType, CoreJsonWebKey, CoreJweContentEncryptionAlgorithm, CoreJweKeyManagementAlgorithm,
    CoreJwsSigningAlgorithm, CoreResponseMode, CoreResponseType, CoreRevocableToken, CoreRevocationErrorResponse,
    CoreSubjectIdentifierType, CoreTokenIntrospectionResponse, CoreTokenType,
};
use openidconnect::{
    AdditionalClaims, AdditionalProviderMetadata, Client, EndpointMaybeSet, EndpointNotSet, EndpointSet,
    ExtraTokenFields, IdTokenFields, LogoutProviderMetadata, ProviderMetadata, StandardErrorResponse,
    StandardTokenResponse,
};
use serde::{Deserialize, Serialize};

/// What discovery says beyond OpenID Connect Core and RP-Initiated Logout.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct MoreMetadata {
    /// Whether every authorization response carries `iss` (RFC 9207).
    #[serde(default)]
    pub(crate) authorization_response_iss_parameter_supported: bool,
}

impl AdditionalProviderMetadata for MoreMetadata {}

/// Claims of the ID token that Core does not define.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct PortalClaims {
    /// The provider's session (Front-Channel Logout 1.0, section 3).
    pub(crate) sid: Option<String>,
    /// Roles. Not in an ID token by default: the realm has a mapper for it.
    #[serde(default)]
    pub(crate) roles: Vec<String>,
}

impl AdditionalClaims for PortalClaims {}

/// Members of the token response that OAuth does not define.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct RefreshLife {
    /// Seconds until the refresh token expires; Keycloak says 0 for "never".
    pub(crate) refresh_expires_in: Option<u32>,
}

impl ExtraTokenFields for RefreshLife {}

pub(crate) type Metadata = ProviderMetadata<
    LogoutProviderMetadata<MoreMetadata>,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

pub(crate) type Tokens = StandardTokenResponse<
    IdTokenFields<
        PortalClaims,
        RefreshLife,
        CoreGenderClaim,
        CoreJweContentEncryptionAlgorithm,
        CoreJwsSigningAlgorithm,
    >,
    CoreTokenType,
>;

pub(crate) type OidcClient = Client<
    PortalClaims,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    Tokens,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;
