//! The line by which an open page learns that its session is over, without asking.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CACHE_CONTROL;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use futures_util::{StreamExt as _, stream};
use serde_json::json;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio_util::sync::CancellationToken;
use tower_sessions::Session;
use tower_sessions::session::Id;

use crate::error::Trouble;
use crate::portal::App;
use crate::serve::Stopping;
use crate::session::{Ending, News, SignedIn, signed_in};

/// How often a comment goes out when nothing happens: proxies close lines on which nothing moves.
const PING: Duration = Duration::from_secs(15);

/// `GET /api/events`: server-sent events. One event `signed-out`, then the stream ends. 401 without a session.
pub(super) async fn events(
    State(app): State<App>,
    session: Session,
    stopping: Option<Extension<Stopping>>,
) -> Result<Response, Trouble> {
    // Trap: listen first, look second. In the other order a logout between the two would be missed.
    let endings = app.sessions.listen().await?;
    let id = session.id();
    let (Some(id), Some(who)) = (id, signed_in(&app.sessions, &session).await?) else {
        return Ok((StatusCode::UNAUTHORIZED, Json(json!({"error": "not_signed_in"}))).into_response());
    };
    let stop = stopping.map_or_else(CancellationToken::new, |Extension(Stopping(stop))| stop);
    let connected = stream::once(async { Event::default().comment("connected") });
    let news = stream::once(end_of(app, id, who, endings, stop)).filter_map(async |ending| ending.and_then(told));
    let events = connected.chain(news).map(Ok::<Event, Infallible>);
    let line = Sse::new(events).keep_alive(KeepAlive::new().interval(PING));
    Ok(([(CACHE_CONTROL, "no-store")], line).into_response())
}

/// Waits until this session ends; `None` when the line should just close.
async fn end_of(
    app: App,
    id: Id,
    who: SignedIn,
    mut endings: Receiver<News>,
    stop: CancellationToken,
) -> Option<Ending> {
    let mut expires_at = who.expires_at;
    loop {
        let look = tokio::select! {
            () = stop.cancelled() => return None,
            () = app.clock.reached(expires_at) => true,
            news = endings.recv() => match news {
                Ok(News::Ended(ended)) if ended.id == id => return Some(ended.ending),
                Ok(News::Ended(_)) => false,
                // Something was missed: look whether this session was among it.
                Ok(News::LookYourself) | Err(RecvError::Lagged(_)) => true,
                Err(RecvError::Closed) => return None,
            },
        };
        if !look {
            continue;
        }
        match app.sessions.who(id).await {
            // It was refreshed and goes on.
            Ok(Some((who, _))) if who.expires_at > app.clock.now() => expires_at = who.expires_at,
            Ok(_) => return app.sessions.last_words(id).await.ok().flatten(),
            // The store is away. Nobody knows, so nobody is told; the page asks again when the line is closed.
            Err(_) => return None,
        }
    }
}

fn told(ending: Ending) -> Option<Event> {
    // The browser has another session by now; the page will see it when it connects again.
    if ending == Ending::Replaced {
        return None;
    }
    Event::default().event("signed-out").json_data(json!({"reason": ending, "text": ending.text()})).ok()
}
