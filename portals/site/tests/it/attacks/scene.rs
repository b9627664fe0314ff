//! A portal on a socket, three sessions in it, and a forge that plays its provider.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use jiff::Timestamp;
use portal_protocol::forge::corpus::HttpRequest;
use portal_protocol::forge::{Forge, Mutation, published_keys};
use portals::{Clock, Kind, Portal, Settings, StoreAt};
use serde_json::json;
use tokio::net::TcpListener;

use super::wire::{Framing, Reply, send};
use crate::live::{Served, serve};
use crate::provider::Provider;
use crate::settings;
use crate::visitor::Visitor;

/// Sessions are this old when a token about them is made.
const AGE: i64 = 60;
/// How often unknown key ids may make a portal fetch keys.
const COOL_DOWN: i64 = 5;

/// The portal under attack, and everybody around it.
pub(super) struct Scene {
    pub(super) provider: Provider,
    pub(super) portal: Portal,
    pub(super) served: Served,
    /// Plays the provider; aims at John's phone.
    pub(super) forge: Forge,
    /// John at his phone and at his desk, and Mary.
    pub(super) people: [Visitor; 3],
    /// Sessions of people who were attacked before: nobody may have touched them.
    bystanders: Vec<Visitor>,
    phone: String,
    people_so_far: usize,
    since: Timestamp,
    trap: Trap,
}

/// An address to which nobody may connect.
struct Trap {
    url: String,
    caught: Arc<AtomicUsize>,
}

impl Scene {
    pub(super) async fn open(kind: Kind, store: StoreAt) -> Self {
        Self::open_with(kind, store, |_| {}).await
    }

    /// The same with a provider that `arrange` has changed before the portal came to know it.
    pub(super) async fn open_with(kind: Kind, store: StoreAt, arrange: impl FnOnce(&Provider)) -> Self {
        let provider = Provider::start().await;
        provider.publish(published_keys());
        provider.advance(-AGE);
        arrange(&provider);
        let client_id = client(kind).to_owned();
        let settings = Settings { client_id, store, ..settings(kind, provider.issuer()) };
        let portal = Portal::new(settings, Clock::system()).unwrap();
        let since = portal.clock().now();
        let mut forge = Forge::new(provider.issuer(), client(kind), "", "", since);
        "sub-of-mary".clone_into(&mut forge.other_sub);
        let served = serve(&portal).await;
        let nobody = Visitor::of(&portal);
        let mut scene = Self {
            people: [nobody.clone(), nobody.clone(), nobody],
            bystanders: Vec::new(),
            phone: String::new(),
            people_so_far: 0,
            trap: Trap::set().await,
            provider,
            portal,
            served,
            forge,
            since,
        };
        scene.people[2] = scene.signed_in("mary", "sid-of-mary").await;
        scene.another_john().await;
        scene
    }

    /// Somebody new who signs in at a phone and at a desk, and at whose phone the forge aims from now on.
    pub(super) async fn another_john(&mut self) {
        self.people_so_far += 1;
        let name = format!("john-{}", self.people_so_far);
        self.forge.sub = format!("sub-of-{name}");
        self.people[1] = self.signed_in(&name, &format!("desk-{}", self.people_so_far)).await;
        self.people[0] = self.on_a_phone(&name).await;
    }

    /// Puts back what an attack was allowed to end.
    pub(super) async fn mend(&mut self) {
        match self.living().await {
            [true, true, true] => {}
            [false, true, true] => {
                let name = format!("john-{}", self.people_so_far);
                // A name of its own for each phone: the end of the last one is remembered by its `sid`.
                self.people[0] = self.on_a_phone(&name).await;
            }
            [_, _, true] => self.another_john().await,
            [_, _, false] => panic!("Mary was signed out, at whom nobody aims"),
        }
        self.forge.sid.clone_from(&self.phone);
        self.forge.now = self.portal.clock().now();
    }

    /// John starts anew; his sessions until now go on as bystanders.
    pub(super) async fn leave_alone(&mut self) {
        self.bystanders.extend(self.people[..2].iter().cloned());
        self.another_john().await;
    }

    async fn on_a_phone(&mut self, name: &str) -> Visitor {
        self.phone = format!("phone-{:032x}", rand::random::<u128>());
        self.forge.sid.clone_from(&self.phone);
        let sid = self.phone.clone();
        self.signed_in(name, &sid).await
    }

    pub(super) async fn signed_in(&self, name: &str, sid: &str) -> Visitor {
        let mut visitor = Visitor::of(&self.portal);
        self.provider.expect(name, sid);
        let answer = visitor.sign_in().await;
        assert_eq!(answer.status, 303, "{name} cannot sign in: {}", answer.body);
        visitor
    }

    /// Whose sessions live, as the portal answers their browsers.
    pub(super) async fn living(&mut self) -> [bool; 3] {
        let mut living = [false; 3];
        for (visitor, living) in self.people.iter_mut().zip(&mut living) {
            *living = visitor.who().await.is_some();
        }
        living
    }

    pub(super) async fn send(&self, request: &HttpRequest) -> Reply {
        send(self.served.address, request, Framing::Length).await
    }

    /// A `POST` with this token, as the provider's server sends it.
    pub(super) async fn deliver(&self, token: &str) -> Reply {
        self.send(&post(token)).await
    }

    /// Keys that a token brings along by address lie at the trap, where a fetch would be seen.
    pub(super) fn lure(&self, mutations: &[Mutation]) -> Vec<Mutation> {
        let lured = |mutation: &Mutation| match mutation {
            Mutation::Header(member) if matches!(member.name.as_str(), "jku" | "x5u") => {
                Mutation::header(&member.name, json!(self.trap.url))
            }
            other => other.clone(),
        };
        mutations.iter().map(lured).collect()
    }

    /// What holds after any number of attacks: all bystanders are in, no key was fetched from where a token said, and
    /// the provider was asked at most once per cool-down.
    pub(super) async fn check_aftermath(mut self) {
        for bystander in &mut self.bystanders {
            assert!(bystander.who().await.is_some(), "somebody was signed out at whom nobody aimed any more");
        }
        assert_eq!(self.trap.caught.load(Ordering::Relaxed), 0, "an address out of a token was asked for keys");
        let seconds = self.portal.clock().now().duration_since(self.since).as_secs();
        let most = 2 + usize::try_from(seconds / COOL_DOWN).unwrap();
        let asked = self.provider.asked("keys");
        assert!(asked <= most, "{asked} fetches of keys in {seconds} s");
    }
}

impl Trap {
    async fn set() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (url, caught) = (format!("http://{}/keys", listener.local_addr().unwrap()), Arc::new(AtomicUsize::new(0)));
        let counter = Arc::clone(&caught);
        tokio::spawn(async move {
            while listener.accept().await.is_ok() {
                counter.fetch_add(1, Ordering::Relaxed);
            }
        });
        Self { url, caught }
    }
}

/// The client's name as in the lab's realm: one attack is a part of it.
pub(super) fn client(kind: Kind) -> &'static str {
    match kind {
        Kind::Internal => "internal-portal",
        Kind::External => "external-portal",
        Kind::Admin => "admin-dashboard",
    }
}

pub(super) fn post(token: &str) -> HttpRequest {
    let content_type = ("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned());
    HttpRequest {
        method: "POST".to_owned(),
        path_query: "/logout".to_owned(),
        headers: vec![content_type],
        body: format!("logout_token={token}").into_bytes(),
    }
}

/// The cookies of a browser, as a header.
pub(super) fn cookie(visitor: &Visitor) -> (String, String) {
    let pairs: Vec<String> = visitor.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
    ("cookie".to_owned(), pairs.join("; "))
}
