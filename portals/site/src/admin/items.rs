//! Deciding about items: the handlers. Who may is asked before what, so that a stranger learns nothing.
//!
//! Trap: a request has a head and a body, and between them lies as much time as the sender likes. Both handlers take the
//! whole body first and ask for the session then, so that a logout in between still counts.

use axum::Extension;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use tower_sessions::Session;

use super::approvals::{Undecided, Verb};
use super::{employee, forbidden};
use crate::error::Trouble;
use crate::frame::Nonce;
use crate::journal::Step;
use crate::portal::App;
use crate::session::SignedIn;

/// Either of these roles may decide.
const DECIDERS: [&str; 2] = ["approver", "admin"];

pub(super) fn may_decide(who: &SignedIn) -> bool {
    DECIDERS.iter().any(|role| who.has(role))
}

/// `POST /admin/items/{id}/{verb}`, where the verb is approve, review or reject.
pub(super) async fn decide(
    State(app): State<App>,
    session: Session,
    Extension(nonce): Extension<Nonce>,
    Path((id, verb)): Path<(String, String)>,
    _whole: Bytes,
) -> Result<Response, Trouble> {
    let who = match employee(&app, &session, &nonce).await? {
        Ok(who) => who,
        Err(answer) => return Ok(answer),
    };
    if !may_decide(&who) {
        return forbidden(&app, &who, &nonce, DECIDERS[0]);
    }
    let verb = Verb::of_word(&verb).ok_or(Trouble::NoPage)?;
    app.approvals.decide(&id, verb, &who.username, app.clock.now()).map_err(|why| match why {
        Undecided::NoItem => Trouble::NoItem,
        Undecided::Final(state) => Trouble::Decided { state: state.word() },
    })?;
    let text = format!("{} set an item to \"{}\"", who.username, verb.leads_to().word());
    app.journal.record(Step::ItemDecided, text, &[("item", &id)]);
    // 303 after a POST: a reload of the next page sends no decision again.
    Ok(Redirect::to(&format!("/admin/dashboard#item-{id}")).into_response())
}

/// `POST /admin/items/review-all`: takes every pending item into review.
pub(super) async fn review_all(
    State(app): State<App>,
    session: Session,
    Extension(nonce): Extension<Nonce>,
    _whole: Bytes,
) -> Result<Response, Trouble> {
    let who = match employee(&app, &session, &nonce).await? {
        Ok(who) => who,
        Err(answer) => return Ok(answer),
    };
    if !may_decide(&who) {
        return forbidden(&app, &who, &nonce, DECIDERS[0]);
    }
    let count = app.approvals.review_all(&who.username, app.clock.now()).to_string();
    app.journal.record(
        Step::ItemDecided,
        format!("{} took {count} items into review", who.username),
        &[("items", &count)],
    );
    Ok(Redirect::to("/admin/dashboard#approvals").into_response())
}
