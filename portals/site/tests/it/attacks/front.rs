//! The front-channel attacks, against the two portals that have sessions.

use portal_protocol::forge::corpus::{Cookie, Effect, FrontCase, front_cases};
use portals::{Kind, StoreAt};

use super::scene::{Scene, cookie};

#[tokio::test]
async fn no_attack_on_the_front_channel_ends_another_session() {
    for kind in [Kind::Internal, Kind::Admin] {
        let mut scene = Scene::open(kind, StoreAt::Memory).await;
        for case in front_cases() {
            play(&case, &mut scene).await;
        }
        scene.check_aftermath().await;
    }
}

async fn play(case: &FrontCase, scene: &mut Scene) {
    let name = format!("{} {} at the {} portal", case.id, case.title, scene.portal.kind());
    scene.mend().await;
    let mut request = case.request(&scene.forge);
    match case.cookie {
        Cookie::Own => request.headers.push(cookie(&scene.people[0])),
        Cookie::Other => request.headers.push(cookie(&scene.people[2])),
        Cookie::None => {}
    }
    let reply = scene.send(&request).await;
    match reply.status {
        Some(status) => {
            assert!(case.expect.status.contains(&status), "{name}: {status}");
            // The server refuses a head that is too long before the portal sees it.
            let by_the_server = matches!(status, 414 | 431);
            assert!(by_the_server || reply.header("cache-control") == Some("no-store"), "{name}");
            assert!(!reply.text().contains(&scene.forge.sid), "{name}: the answer repeats the query");
        }
        // It may also close the connection on a query of a megabyte.
        None => assert!(request.path_query.len() > 100_000, "{name}: cut off without an answer"),
    }
    let living = scene.living().await;
    match case.expect.effect {
        Effect::None => assert_eq!(living, [true; 3], "{name}"),
        Effect::NamedSession => assert_eq!(living, [false, true, true], "{name}"),
        other => panic!("{name}: the front channel knows no {other:?}"),
    }
}
