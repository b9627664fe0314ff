//! The front-channel matrix: what becomes of a portal's session when Keycloak's logout page loads its frame, for every mix of
//! sites, third-party cookies, `SameSite` and the way in which the portal finds the session. Played in a real Chromium; nothing
//! of it is known before.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use lab::acts::{Act, SameSite};
use lab::browser::probe::Prober;
use lab::browser::{Place, SignOut};
use lab::chromium::Cookies;
use lab::sites::Sites;
use lab_trace::{CellState, Channel, EventKind, Exchange, Party};
use scenarios::runner::{Cast as _, ChromiumCast, Role};

use crate::stage::Stage;

/// One mix.
#[derive(Clone, Copy)]
struct Mix {
    sites: Sites,
    cookies: Cookies,
    same_site: SameSite,
    by_sid: bool,
}

/// What was seen.
struct Seen {
    cookie: bool,
    status: Option<u16>,
    ended: bool,
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_of_the_front_channel_matrix_is_what_a_browser_does() {
    let mut rows = Vec::new();
    for sites in [Sites::Same, Sites::Cross] {
        let stage = Stage::with(sites).await;
        let browsers = ChromiumCast::new(stage.folders(), false);
        for cookies in [Cookies::Allow, Cookies::Block] {
            for same_site in [SameSite::Lax, SameSite::Strict, SameSite::None] {
                for by_sid in [false, true] {
                    let mix = Mix { sites, cookies, same_site, by_sid };
                    rows.push((mix, play(&stage, &browsers, mix).await));
                }
            }
        }
        browsers.stop().await.unwrap();
        stage.stop().await;
    }
    insta::assert_snapshot!("front_channel_matrix", text(&rows));
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/reference/front-channel-matrix.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, page(&rows)).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == page(&rows), "{} is not what was seen: run this test with UPDATE_DOCS=1", path.display());
}

/// John is signed in at internal, which hears by the front channel, and at admin, where he signs out.
async fn play(stage: &Stage, browsers: &ChromiumCast, mix: Mix) -> Seen {
    let lab = stage.client();
    lab.reset().await.unwrap();
    let internal = || "internal".to_owned();
    lab.act(&Act::HearByFrontChannel { portal: internal() }).await.unwrap();
    lab.act(&Act::SetCookiePolicy { portal: internal(), same_site: mix.same_site }).await.unwrap();
    if mix.by_sid {
        lab.act(&Act::EndBySid { portal: internal() }).await.unwrap();
    }
    let topology = Arc::new(lab.topology().await.unwrap());
    let user = realm::User::John;
    let role = Role {
        name: "john",
        user: user.username(),
        password: user.password(),
        cookies: mix.cookies,
        own_browser: false,
    };
    let mut john = browsers.player(&topology, role).await.unwrap();
    for portal in ["internal", "admin"] {
        let seen = john.sign_in(portal).await.unwrap();
        assert!(matches!(seen.place, Place::SignedIn { .. }), "{}: {:?}", line(mix), seen.place);
    }
    let before = john.loot();
    let internal_is = async || {
        let old = Prober::new(lab.clone()).old_logins(&topology, &before).await;
        old.into_iter().find(|cell| cell.of == "internal").unwrap().state
    };
    // Or a cookie that nobody has found would look like a session that has ended.
    assert_eq!(internal_is().await, CellState::In, "{}", line(mix));
    let mark = lab.mark().await.unwrap();
    let seen = john.sign_out("admin", SignOut::AtPortal).await.unwrap();
    assert_eq!(seen.place, Place::SignedOutPage("admin".to_owned()), "{}", line(mix));
    let events = lab.events_since(mark).await.unwrap();
    let frames: Vec<&Exchange> = events
        .iter()
        .filter_map(|event| match &event.kind {
            EventKind::Exchange(exchange) => Some(exchange.as_ref()),
            EventKind::Portal(_) | EventKind::Lab(_) => None,
        })
        .filter(|exchange| exchange.callee == Party::App(internal()) && exchange.channel == Channel::Frame)
        .collect();
    assert_eq!(frames.len(), 1, "{}: Keycloak's page loads one frame", line(mix));
    let ended = internal_is().await == CellState::Out;
    john.leave().await.unwrap();
    Seen {
        cookie: frames[0].cookies.iter().any(|cookie| cookie.name == "internal_session"),
        status: frames[0].status(),
        ended,
    }
}

fn line(mix: Mix) -> String {
    let Mix { sites, cookies, same_site, by_sid } = mix;
    format!("{sites} {} {} {}", allowed(cookies), policy(same_site), finds(by_sid))
}

fn allowed(cookies: Cookies) -> &'static str {
    match cookies {
        Cookies::Allow => "allowed",
        Cookies::Block => "blocked",
    }
}

fn policy(same_site: SameSite) -> &'static str {
    match same_site {
        SameSite::Lax => "Lax",
        SameSite::Strict => "Strict",
        SameSite::None => "None",
    }
}

fn finds(by_sid: bool) -> &'static str {
    if by_sid { "iss and sid" } else { "cookie" }
}

fn verdict(seen: &Seen) -> &'static str {
    if seen.ended { "ended" } else { "ALIVE" }
}

fn text(rows: &[(Mix, Seen)]) -> String {
    let mut text = format!(
        "{:6} {:20} {:9} {:14} {:13} {:7} {}\n",
        "sites", "third-party cookies", "SameSite", "session found", "frame brings", "answer", "session"
    );
    for (mix, seen) in rows {
        let status = seen.status.map_or_else(|| "none".to_owned(), |status| status.to_string());
        let _ = writeln!(
            text,
            "{:6} {:20} {:9} {:14} {:13} {status:7} {}",
            mix.sites.to_string(),
            allowed(mix.cookies),
            policy(mix.same_site),
            format!("by {}", finds(mix.by_sid)),
            if seen.cookie { "its cookie" } else { "no cookie" },
            verdict(seen)
        );
    }
    text
}

fn page(rows: &[(Mix, Seen)]) -> String {
    let mut text = "# The front-channel matrix\n\nMade from a run in a real Chromium; do not edit. The internal portal hears by the front channel, John signs \
                    out at the admin dashboard, and Keycloak's logout page loads the internal portal's frame. *Same* is `localhost` with ports, one \
                    site; *cross* is four sites. The frame is always loaded and always answered: neither says anything about the session.\n\n\
                    | sites | third-party cookies | `SameSite` | the portal finds the session by | the frame brings | answer | the session |\n\
                    |---|---|---|---|---|---|---|\n"
        .to_owned();
    for (mix, seen) in rows {
        let _ = writeln!(
            text,
            "| {} | {} | `{}` | {} | {} | {} | {} |",
            mix.sites,
            allowed(mix.cookies),
            policy(mix.same_site),
            finds(mix.by_sid),
            if seen.cookie { "its cookie" } else { "no cookie" },
            seen.status.map_or_else(|| "none".to_owned(), |status| status.to_string()),
            if seen.ended { "ended" } else { "**alive**" }
        );
    }
    let alive = rows.iter().filter(|(_, seen)| !seen.ended).count();
    let by_sid = rows.iter().filter(|(mix, seen)| mix.by_sid && seen.ended).count();
    let _ = write!(
        text,
        "\nThe session outlives the sign-out in {alive} of {} cells. A portal that looks for `iss` and `sid` ends it in {by_sid} of {}.\n",
        rows.len(),
        rows.iter().filter(|(mix, _)| mix.by_sid).count()
    );
    text
}
