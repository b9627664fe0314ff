//! What a lesson chooses about the external portal's app: as the lab takes it, and in words.

use lab::acts::{AppOptions, Library, Monitor, Tokens};

use super::acts::ExternalApp;
use super::more_words::{AppLibrary, AppMonitor, AppTokens};

impl ExternalApp {
    /// What is chosen, with what is ordinary where nothing is said.
    pub fn options(self) -> AppOptions {
        let library = match self.library {
            None | Some(AppLibrary::OidcClientTs) => Library::OidcClientTs,
            Some(AppLibrary::KeycloakJs) => Library::KeycloakJs,
        };
        let tokens = match (self.tokens, library) {
            (Some(AppTokens::Memory), _) | (None, Library::KeycloakJs) => Tokens::Memory,
            (Some(AppTokens::LocalStorage), _) => Tokens::LocalStorage,
            (Some(AppTokens::SessionStorage), _) | (None, Library::OidcClientTs) => Tokens::SessionStorage,
        };
        let monitor = match self.monitor {
            None | Some(AppMonitor::None) => Monitor::None,
            Some(AppMonitor::Refresh) => Monitor::Refresh,
            Some(AppMonitor::CheckSession) => Monitor::CheckSession,
        };
        AppOptions { tokens, monitor, library, silent_sign_in: self.silent_sign_in.unwrap_or(false) }
    }

    /// What is chosen, as words; what is not named is not said.
    pub fn words(self) -> String {
        let mut words = Vec::new();
        words.extend(self.library.map(|library| format!("library {library}")));
        words.extend(self.tokens.map(|at| {
            let place = match at {
                AppTokens::SessionStorage => "the tab (sessionStorage)",
                AppTokens::LocalStorage => "the browser (localStorage)",
                AppTokens::Memory => "the page's memory",
            };
            format!("tokens in {place}")
        }));
        words.extend(self.monitor.map(|monitor| {
            match monitor {
                AppMonitor::None => "no monitor",
                AppMonitor::Refresh => "a renewal every 10 s as its monitor",
                AppMonitor::CheckSession => "Keycloak's check-session frame as its monitor",
            }
            .to_owned()
        }));
        words.extend(
            self.silent_sign_in
                .map(|on| if on { "silent sign-in at page load" } else { "no silent sign-in" }.to_owned()),
        );
        words.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use lab::acts::{AppOptions, Library, Tokens};

    use super::ExternalApp;

    fn read(text: &str) -> ExternalApp {
        serde_saphyr::from_str(text).unwrap()
    }

    #[test]
    fn what_is_not_named_is_as_ordinarily() {
        assert_eq!(ExternalApp::default().options(), AppOptions::default());
        let app = read("{ library: keycloak-js, silent-sign-in: true }");
        let expected = AppOptions {
            tokens: Tokens::Memory,
            library: Library::KeycloakJs,
            silent_sign_in: true,
            ..AppOptions::default()
        };
        assert_eq!(app.options(), expected);
        assert_eq!(app.words(), "library keycloak-js, silent sign-in at page load");
    }

    #[test]
    fn each_choice_is_said() {
        let app = read("{ tokens: local-storage, monitor: check-session, silent-sign-in: false }");
        assert_eq!(
            app.words(),
            "tokens in the browser (localStorage), Keycloak's check-session frame as its monitor, no silent sign-in"
        );
    }
}
