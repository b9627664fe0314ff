//! The one attack that needs patience: a body that never quite arrives.

use std::time::{Duration, Instant};

use portal_protocol::forge::corpus::{Case, Delivery, cases};
use portals::{Kind, StoreAt};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::scene::Scene;
use super::wire::{Framing, Reply, head};

/// Beyond this the portal would wait for ever.
const MOST: Duration = Duration::from_mins(1);

#[tokio::test]
async fn a_body_that_arrives_byte_by_byte_is_given_up() {
    let slow: Vec<Case> = cases().into_iter().filter(|case| case.delivery == Delivery::Slowly).collect();
    assert!(!slow.is_empty());
    for case in slow {
        let mut scene = Scene::open(Kind::Internal, StoreAt::Memory).await;
        let request = case.request(&scene.forge);
        let mut connection = TcpStream::connect(scene.served.address).await.unwrap();
        connection.write_all(head(&request, Framing::Length).as_bytes()).await.unwrap();

        let (begun, mut answer, mut body) = (Instant::now(), Vec::new(), request.body.iter());
        loop {
            assert!(begun.elapsed() < MOST, "{} {}: it still waits", case.id, case.title);
            // Nothing comes back for a second: then the next byte goes out.
            match timeout(Duration::from_secs(1), connection.read_buf(&mut answer)).await {
                Ok(Ok(0) | Err(_)) => break,
                Ok(Ok(_)) => {}
                Err(_) => {
                    let byte = body.next().expect("the body takes longer than anybody waits");
                    // Whoever has given up may have closed the connection.
                    let _ = connection.write_all(&[*byte]).await;
                }
            }
            // Others are served meanwhile.
            let good = scene.deliver("garbage").await;
            assert_eq!(good.status, Some(400));
        }
        let reply = Reply::parse(&answer);
        let status = reply.status.expect("an answer");
        assert!(case.expect.status.contains(&status), "{} {}: {status}", case.id, case.title);
        assert_eq!(reply.header("cache-control"), Some("no-store"));
        assert_eq!(scene.living().await, [true; 3]);
        scene.check_aftermath().await;
    }
}
