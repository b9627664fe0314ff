//! A Keycloak that somebody else runs.
