//! One exchange on its way into the record: taken in, answered or lost, and written down exactly once.

use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::Request;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use hyper::body::Incoming;
use lab_trace::{Answer, Body as Kept, Channel, EventKind, Exchange, Party};

use super::attribution::{self, Seen};
use super::capture::{self, Passing};
use super::listener;
use super::proxy::Shared;
use super::witness;
use crate::recorder::Ticket;

/// What is known of an exchange before its answer.
pub(super) struct Asked {
    pub(super) method: Method,
    pub(super) uri: Uri,
    pub(super) headers: HeaderMap,
    pub(super) body: Arc<Mutex<Passing>>,
}

/// Writes the exchange down exactly once, also when the handler is dropped because the caller went away.
pub(super) struct Note {
    pub(super) shared: Arc<Shared>,
    pub(super) asked: Asked,
    pub(super) ticket: Option<Ticket>,
}

impl Note {
    pub(super) fn answered(mut self, status: u16, headers: &HeaderMap, body: &Passing) {
        self.keep_tokens(status, headers, body);
        witness::tell(&self, status, headers);
        let answer = self.response(status, headers, body.body(headers, &self.shared.masker));
        self.write(answer);
    }

    /// Keeps what Keycloak's token endpoint gives out.
    fn keep_tokens(&self, status: u16, headers: &HeaderMap, body: &Passing) {
        let (shared, asked) = (&self.shared, &self.asked);
        // Only of the lab's own realm and applications: an administrator's tokens pass here, too.
        let endpoint = format!("/realms/{}/protocol/openid-connect/token", realm::REALM);
        let given = status == 200 && shared.owner == Party::Keycloak && asked.uri.path() == endpoint;
        let Some(answer) = given.then(|| body.json(headers)).flatten() else { return };
        let form = asked.body.lock().unwrap_or_else(PoisonError::into_inner).body(&asked.headers, &shared.masker);
        let fields = if let Kept::Form { fields } = &form { fields.as_slice() } else { &[] };
        let client_id = attribution::client_id(&asked.headers, &[], fields);
        let known = client_id.and_then(|id| shared.registry.apps.iter().find(|app| app.client_id == id));
        if let Some(app) = known {
            shared.handle.keep_given(&app.client_id, answer);
            let code = asked.body.lock().unwrap_or_else(PoisonError::into_inner).form_field("code");
            shared.ledger.tokens(&app.name, code.as_deref(), answer);
        }
    }

    /// For streams and upgraded connections: what follows the head has no end to wait for.
    pub(super) fn head_only(mut self, answer: &hyper::Response<Incoming>) {
        let body = Kept::Other { media_type: "stream".to_owned(), bytes: 0 };
        let answer = self.response(answer.status().as_u16(), answer.headers(), body);
        self.write(answer);
    }

    /// Reads the request to its end, so that the lesson can show what was sent.
    pub(super) async fn taken_in(self, request: Request) -> Self {
        if let Ok(body) = axum::body::to_bytes(request.into_body(), capture::CAPTURE_LIMIT).await {
            self.asked.body.lock().unwrap_or_else(PoisonError::into_inner).push(&body);
        }
        self
    }

    /// Nothing comes back, as far as the caller can tell. A proxy cannot make a connection fail that it has accepted, so
    /// it says what a gateway says.
    pub(super) fn cut_off(self) -> Response {
        self.failed("the lab has cut it off");
        let text = "502: cut off by a lesson of the lab; `cargo xtask lab reset` ends that.\n";
        (StatusCode::BAD_GATEWAY, [(header::CACHE_CONTROL, "no-store")], text).into_response()
    }

    pub(super) fn failed(mut self, reason: &str) {
        self.write(Answer::NoAnswer { reason: reason.to_owned() });
    }

    pub(super) fn unreachable(self, error: &hyper_util::client::legacy::Error) -> Response {
        let what = if error.is_connect() { "nothing listens there" } else { "it broke off" };
        let owner = self.shared.owner.to_string();
        tracing::debug!(%error, owner, "upstream did not answer");
        self.failed(what);
        let text = format!(
            "502: the lab's tap is here, but {owner} behind it did not answer ({what}).\n\
             It may be starting, stopped or broken: look at `cargo xtask lab status` and `cargo xtask lab logs {owner}`.\n"
        );
        (StatusCode::BAD_GATEWAY, [(header::CACHE_CONTROL, "no-store")], text).into_response()
    }

    fn response(&self, status: u16, headers: &HeaderMap, body: Kept) -> Answer {
        let masker = &self.shared.masker;
        Answer::Response {
            status,
            headers: capture::headers(headers, masker),
            set_cookies: capture::set_cookies(headers, masker),
            location: capture::location(headers, masker),
            body,
        }
    }

    pub(super) fn write(&mut self, answer: Answer) {
        let Some(ticket) = self.ticket.take() else { return };
        let (shared, asked) = (&self.shared, &self.asked);
        let query = capture::query(&asked.uri, &shared.masker);
        let body = asked.body.lock().unwrap_or_else(PoisonError::into_inner).body(&asked.headers, &shared.masker);
        let fields = if let Kept::Form { fields } = &body { fields.as_slice() } else { &[] };
        let client_id = attribution::client_id(&asked.headers, &query, fields);
        let (path, headers) = (asked.uri.path(), &asked.headers);
        let seen = Seen { at: &shared.owner, method: &asked.method, path, headers, client_id: client_id.as_deref() };
        let (caller, channel) = shared.registry.attribute(&seen);
        if channel == Channel::BackChannel {
            let body = asked.body.lock().unwrap_or_else(PoisonError::into_inner);
            shared.handle.keep(body.form_field("logout_token"));
        }
        let exchange = Exchange {
            took_us: ticket.took_us(),
            caller,
            callee: shared.owner.clone(),
            channel,
            method: asked.method.to_string(),
            path: path.to_owned(),
            query,
            headers: capture::headers(headers, &shared.masker),
            cookies: capture::cookies(headers, &shared.masker),
            body,
            answer,
            housekeeping: channel == Channel::Probe
                || attribution::is_housekeeping(&asked.method, path)
                || listener::is_sign_in(&asked.method, path, client_id.as_deref()),
        };
        ticket.finish(EventKind::Exchange(Box::new(exchange)));
    }
}

impl Drop for Note {
    fn drop(&mut self) {
        self.write(Answer::Aborted);
    }
}
