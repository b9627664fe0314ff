//! The dashboard: everything on it is counted or taken from the session at the moment it is asked for.

use axum::Extension;
use axum::extract::State as FromApp;
use axum::response::{IntoResponse, Response};
use jiff::SignedDuration;
use serde_json::{Value, json};
use tower_sessions::Session;

use super::approvals::{Item, State};
use super::employee;
use super::items::may_decide;
use crate::error::Trouble;
use crate::frame::Nonce;
use crate::journal::Step;
use crate::portal::App;
use crate::session::SignedIn;
use crate::settings::StoreAt;
use crate::shown;

/// `GET /admin/dashboard`.
pub(super) async fn dashboard(
    FromApp(app): FromApp<App>,
    session: Session,
    Extension(nonce): Extension<Nonce>,
) -> Result<Response, Trouble> {
    let who = match employee(&app, &session, &nonce).await? {
        Ok(who) => who,
        Err(answer) => return Ok(answer),
    };
    let items = app.approvals.all();
    let (sessions, people) = app.sessions.signed_in().await?;
    let systems = systems(&app, &items, sessions);
    let values = json!({
        "user": shown::user(&who),
        "level": level(&who),
        "permissions": permissions(&who),
        "can_decide": may_decide(&who),
        "stats": {
            "pending_approvals": items.iter().filter(|item| item.state == State::Pending).count(),
            "active_users": people,
            "connected_systems": systems.len(),
            "uptime": uptime(app.clock.now().duration_since(app.started_at)),
        },
        "items": items.iter().map(item).collect::<Vec<_>>(),
        "systems": systems,
        "session": own_session(&who),
        "heard": shown::heard(&app.journal, shown::time),
    });
    Ok(app.pages.render("admin/dashboard.html", &nonce, values)?.into_response())
}

fn level(who: &SignedIn) -> &'static str {
    if who.has("admin") {
        "Administrator"
    } else if who.has("approver") {
        "Approver"
    } else {
        "Employee, read only"
    }
}

fn permissions(who: &SignedIn) -> Vec<&'static str> {
    let mut permissions = vec!["See statistics, items and connected systems", "See your own session and its tokens"];
    if may_decide(who) {
        permissions.extend(["Approve, review and reject items", "Take all pending items into review"]);
    }
    permissions
}

fn item(item: &Item) -> Value {
    json!({
        "id": item.id,
        "kind": item.kind,
        "description": item.description,
        "requested_by": item.requested_by,
        "state": item.state.word(),
        "decided_by": item.decided.as_ref().map(|(who, _)| who),
        "decided_at": item.decided.as_ref().map(|(_, at)| shown::time(*at)),
    })
}

/// What the dashboard is connected with, and how that stands. Nothing here is invented: a figure that nobody counted
/// would teach people to trust dashboards.
fn systems(app: &App, items: &[Item], sessions: usize) -> Vec<Value> {
    let contact =
        app.provider.last_contact().map_or("not asked yet".to_owned(), |at| format!("last asked {}", shown::time(at)));
    let entries = app.journal.entries();
    let count = |step| entries.iter().filter(|entry| entry.step == step).count();
    let (accepted, refused) = (count(Step::LogoutTokenAccepted), count(Step::LogoutTokenRefused));
    let open = |kind: &str| {
        let of_kind = || items.iter().filter(|item| item.kind == kind);
        let open = of_kind().filter(|item| matches!(item.state, State::Pending | State::InReview)).count();
        format!("{open} of {} open", of_kind().count())
    };
    let system = |group: &str, name: &str, state: String| json!({"group": group, "name": name, "state": state});
    vec![
        system("System management", "Sign-in service", contact),
        system("System management", "Session store", format!("{}, {sessions} signed in", place(&app.settings.store))),
        system("Workflow systems", "Leave requests", open("Leave request")),
        system("Workflow systems", "Purchase orders", open("Purchase order")),
        system("Workflow systems", "Vendor registrations", open("Vendor registration")),
        system("Workflow systems", "Project budgets", open("Project budget")),
        system(
            "Security and compliance",
            "Back-channel endpoint",
            format!("logout tokens: {accepted} accepted, {refused} refused"),
        ),
        system("Security and compliance", "Journal", format!("{} entries", entries.len())),
    ]
}

fn place(store: &StoreAt) -> &'static str {
    match store {
        StoreAt::Memory => "in memory",
        StoreAt::Redis(_) => "in Redis",
    }
}

fn own_session(who: &SignedIn) -> Value {
    json!({
        "type": "Server-side session",
        "issuer": who.iss,
        "sid": who.sid.as_deref().unwrap_or("not named by the sign-in service"),
        "auth_time": who.auth_time.map_or_else(|| "not told".to_owned(), shown::time),
        "signed_in_at": shown::time(who.since),
        "expires_at": shown::time(who.expires_at),
        "id_token": shown::token(&who.id_token),
        "access_token": shown::token(&who.access_token),
        "refresh_token": shown::opaque_token(who.refresh_token.as_ref()),
    })
}

fn uptime(time: SignedDuration) -> String {
    let minutes = time.as_mins();
    match (minutes / 1440, minutes / 60 % 24, minutes % 60) {
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, minutes) => format!("{hours} h {minutes} min"),
        (days, hours, _) => format!("{days} d {hours} h"),
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::uptime;

    #[test]
    fn uptime_is_said_in_the_two_largest_units() {
        for (minutes, text) in [(0, "0 min"), (59, "59 min"), (61, "1 h 1 min"), (1440 * 2 + 185, "2 d 3 h")] {
            assert_eq!(uptime(SignedDuration::from_mins(minutes)), text);
        }
    }
}
