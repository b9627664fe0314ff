//! The specifications that lessons and refusals quote, and where each can be read.

/// A specification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spec {
    /// Short name used in references (`BCL`).
    pub short: &'static str,
    /// Full title.
    pub title: &'static str,
    /// Address of the text.
    pub url: &'static str,
}

/// All specifications that may be quoted.
pub const SPECS: &[Spec] = &[
    Spec {
        short: "Core",
        title: "OpenID Connect Core 1.0",
        url: "https://openid.net/specs/openid-connect-core-1_0.html",
    },
    Spec {
        short: "BCL",
        title: "OpenID Connect Back-Channel Logout 1.0",
        url: "https://openid.net/specs/openid-connect-backchannel-1_0.html",
    },
    Spec {
        short: "FCL",
        title: "OpenID Connect Front-Channel Logout 1.0",
        url: "https://openid.net/specs/openid-connect-frontchannel-1_0.html",
    },
    Spec {
        short: "RPIL",
        title: "OpenID Connect RP-Initiated Logout 1.0",
        url: "https://openid.net/specs/openid-connect-rpinitiated-1_0.html",
    },
    Spec {
        short: "Discovery",
        title: "OpenID Connect Discovery 1.0",
        url: "https://openid.net/specs/openid-connect-discovery-1_0.html",
    },
    Spec {
        short: "SM",
        title: "OpenID Connect Session Management 1.0",
        url: "https://openid.net/specs/openid-connect-session-1_0.html",
    },
    Spec {
        short: "RFC6749",
        title: "The OAuth 2.0 Authorization Framework",
        url: "https://www.rfc-editor.org/rfc/rfc6749",
    },
    Spec { short: "RFC7009", title: "OAuth 2.0 Token Revocation", url: "https://www.rfc-editor.org/rfc/rfc7009" },
    Spec { short: "RFC7519", title: "JSON Web Token", url: "https://www.rfc-editor.org/rfc/rfc7519" },
    Spec { short: "RFC7636", title: "Proof Key for Code Exchange", url: "https://www.rfc-editor.org/rfc/rfc7636" },
    Spec {
        short: "RFC8725",
        title: "JSON Web Token Best Current Practices",
        url: "https://www.rfc-editor.org/rfc/rfc8725",
    },
    Spec {
        short: "RFC9207",
        title: "OAuth 2.0 Authorization Server Issuer Identification",
        url: "https://www.rfc-editor.org/rfc/rfc9207",
    },
    Spec {
        short: "RFC9700",
        title: "Best Current Practice for OAuth 2.0 Security",
        url: "https://www.rfc-editor.org/rfc/rfc9700",
    },
];

/// Takes a reference such as `BCL-2.6` or `Core-3.1.3.7` apart: the specification and its section.
///
/// `None` when the specification is unknown or the section is not digits and dots.
pub fn parse(reference: &str) -> Option<(&'static Spec, &str)> {
    let (short, section) = reference.split_once('-')?;
    let spec = SPECS.iter().find(|spec| spec.short == short)?;
    let well_formed = !section.is_empty()
        && section.split('.').all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()));
    well_formed.then_some((spec, section))
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn a_reference_names_a_known_specification_and_a_section() {
        let (spec, section) = parse("BCL-2.6").unwrap();
        assert_eq!((spec.short, section), ("BCL", "2.6"));
    }

    #[test]
    fn an_unknown_specification_or_a_wordy_section_is_refused() {
        for reference in ["XYZ-1", "BCL", "BCL-", "BCL-2..6", "BCL-two"] {
            assert!(parse(reference).is_none(), "{reference}");
        }
    }
}
