//! Endings, told to every replica by Redis' publish and subscribe.
//!
//! A message that is published while nobody is connected is lost. So whenever the subscription was interrupted, the
//! listeners are told to look for themselves: a lost message costs one look, not a page that stays open for ever.

use std::time::Duration;

use futures_util::StreamExt as _;
use redis::Client;
use redis::aio::{PubSubSink, PubSubStream};
use tokio::sync::{broadcast, watch};
use tokio::time::{interval, sleep, timeout};
use tower_sessions::session::Id;

use super::super::Ending;
use super::super::store::{Ended, News};
use super::link::CONNECT;

/// How long to wait before a lost subscription is tried again.
const PAUSE: Duration = Duration::from_millis(250);
/// How often the line is tested. A line that broke silently looks like one on which nothing happens.
const TEST: Duration = Duration::from_secs(10);

/// Keeps a subscription to `channel` for as long as its future is polled; whoever starts it aborts it. `stands` says whether it stands.
pub(super) async fn follow(
    client: Client,
    channel: String,
    news: broadcast::Sender<News>,
    stands: watch::Sender<bool>,
) {
    let mut told = false;
    loop {
        match timeout(CONNECT, subscribe(&client, &channel)).await {
            Ok(Ok((sink, stream))) => {
                // The first time there is nothing that can have been missed by anybody.
                if told {
                    let _ = news.send(News::LookYourself);
                }
                told = true;
                stands.send_replace(true);
                pass_on(sink, stream, &news).await;
                stands.send_replace(false);
                tracing::warn!(target: "portal", "the session store's announcements are interrupted");
            }
            Ok(Err(_)) | Err(_) => {
                stands.send_replace(false);
            }
        }
        sleep(PAUSE).await;
    }
}

async fn subscribe(client: &Client, channel: &str) -> redis::RedisResult<(PubSubSink, PubSubStream)> {
    let mut subscription = client.get_async_pubsub().await?;
    subscription.subscribe(channel).await?;
    Ok(subscription.split())
}

/// Passes on what is announced until the line breaks.
async fn pass_on(mut sink: PubSubSink, mut stream: PubSubStream, news: &broadcast::Sender<News>) {
    let mut test = interval(TEST);
    test.reset();
    loop {
        tokio::select! {
            message = stream.next() => {
                let Some(message) = message else { return };
                let ended = message.get_payload::<String>().ok().and_then(|text| read(&text));
                // Nobody listening is fine.
                let _ = news.send(ended.map_or(News::LookYourself, News::Ended));
            }
            _ = test.tick() => {
                let answer = timeout(CONNECT, sink.ping::<redis::Value>()).await;
                if !matches!(answer, Ok(Ok(_))) {
                    return;
                }
            }
        }
    }
}

/// An announcement: the id and the word of the ending.
fn read(text: &str) -> Option<Ended> {
    let (id, ending) = text.split_once(' ')?;
    Some(Ended { id: id.parse::<Id>().ok()?, ending: Ending::of_word(ending)? })
}
