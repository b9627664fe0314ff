//! From the image's seed administrator to the run's own.

use std::time::Duration;

use reqwest::{Client, RequestBuilder, Response};
use serde_json::{Value, json};
use url::Url;

use crate::http;
use crate::keycloak::Credentials;
use crate::trouble::{Kind, Trouble};

/// Makes `own` an administrator of the master realm and removes `seed`. Keycloak makes a bootstrap administrator only
/// together with the master realm, so an image with an imported realm comes with one that whoever has the image knows.
///
/// Errors: the seed cannot sign in, which means that the image is not what its labels say, or Keycloak refuses a step.
pub(super) async fn hand_over(upstream: &Url, seed: &Credentials, own: &Credentials) -> Result<(), Trouble> {
    let keycloak = Master { http: http::client(Duration::from_secs(20)), base: upstream.as_str().to_owned() };
    keycloak.replace(seed, own).await.map_err(|failure| {
        Trouble::new(
            Kind::Part,
            "the image's administrator could not be replaced by this run's own",
            "the lab cannot manage this Keycloak",
            "build the image again with `cargo xtask image build --again`, or use `--runtime dist`",
        )
        .caused_by(failure)
    })
}

struct Master {
    http: Client,
    base: String,
}

impl Master {
    async fn replace(&self, seed: &Credentials, own: &Credentials) -> Result<(), String> {
        let form = [
            ("grant_type", "password"),
            ("client_id", "admin-cli"),
            ("username", &seed.username),
            ("password", &seed.password),
        ];
        let answer = self.post("realms/master/protocol/openid-connect/token").form(&form);
        let answer = value(accepted(answer, "signing in").await?).await?;
        let token = answer["access_token"].as_str().ok_or("signing in gave no access token")?;

        let user = json!({
            "username": own.username,
            "enabled": true,
            // A complete profile: Keycloak asks for the missing parts at the first sign-in otherwise.
            "email": "administrator@lab.example",
            "emailVerified": true,
            "firstName": "Lab",
            "lastName": "Administrator",
            "credentials": [{ "type": "password", "value": own.password, "temporary": false }],
        });
        let users = "admin/realms/master/users";
        let created = self.post(users).bearer_auth(token).json(&user);
        let created = accepted(created, "creating the administrator").await?;
        let location = created.headers().get("location").and_then(|value| value.to_str().ok()).unwrap_or_default();
        let id = location.rsplit('/').next().unwrap_or_default().to_owned();

        let role = self.get("admin/realms/master/roles/admin").bearer_auth(token);
        let role = value(accepted(role, "reading the role").await?).await?;
        let granted = self.post(&format!("{users}/{id}/role-mappings/realm")).bearer_auth(token).json(&json!([role]));
        accepted(granted, "granting the role").await?;

        let found = self.get(&format!("{users}?exact=true&username={}", seed.username)).bearer_auth(token);
        let found = value(accepted(found, "looking the seed up").await?).await?;
        let seed_id = found[0]["id"].as_str().ok_or("the seed is not among the users")?;
        let removed = self.http.delete(format!("{}{users}/{seed_id}", self.base)).bearer_auth(token);
        accepted(removed, "removing the seed").await?;
        Ok(())
    }

    fn get(&self, path: &str) -> RequestBuilder {
        self.http.get(format!("{}{path}", self.base))
    }

    fn post(&self, path: &str) -> RequestBuilder {
        self.http.post(format!("{}{path}", self.base))
    }
}

/// Sends a request; anything but success is an error with the step's name and Keycloak's own words.
async fn accepted(request: RequestBuilder, step: &str) -> Result<Response, String> {
    let answer = request.send().await.map_err(|error| format!("{step}: {error}"))?;
    if answer.status().is_success() {
        return Ok(answer);
    }
    let status = answer.status();
    let text = answer.text().await.unwrap_or_default();
    Err(format!("{step}: {status} {}", text.chars().take(300).collect::<String>()))
}

async fn value(answer: Response) -> Result<Value, String> {
    answer.json().await.map_err(|error| error.to_string())
}
