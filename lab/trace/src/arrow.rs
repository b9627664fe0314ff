//! One exchange as one arrow of a sequence diagram, and as one sentence. Every picture (terminal, SVG, console, report) draws
//! these and no others, so that all of them tell the same story.

use serde::{Deserialize, Serialize};

use crate::exchange::{Answer, Channel, Exchange, Location, Party};

/// An arrow between two lanes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arrow {
    /// Lane that it begins at.
    pub from: String,
    /// Lane that it ends at.
    pub to: String,
    /// How it is drawn.
    pub stroke: Stroke,
    /// What stands on it: method and path, without a query.
    pub says: String,
    /// What came back: a status, where it leads to, or that nothing came.
    pub back: String,
    /// The whole as a sentence: the picture's twin for people who hear it.
    pub sentence: String,
}

/// How an arrow is drawn. The text form stands in transcripts, too: the kinds differ without any colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stroke {
    /// A browser's page or script.
    Browser,
    /// A page in an iframe that hears of a logout: the front channel.
    FrontChannel,
    /// Keycloak tells a portal's server of a logout: the back channel.
    BackChannel,
    /// A portal's server asks Keycloak.
    Server,
    /// The lab looks, or somebody whom nobody can name.
    Other,
}

impl Stroke {
    /// The stroke of a channel.
    pub fn of(channel: Channel) -> Self {
        match channel {
            Channel::Page | Channel::Script | Channel::Embedded => Self::Browser,
            Channel::Frame => Self::FrontChannel,
            Channel::BackChannel => Self::BackChannel,
            Channel::Server => Self::Server,
            Channel::Probe | Channel::Other => Self::Other,
        }
    }

    /// The arrow as characters.
    pub fn sign(self) -> &'static str {
        match self {
            Self::Browser => "->",
            Self::FrontChannel => "-->",
            Self::BackChannel => "==>",
            Self::Server => "=>",
            Self::Other => "~>",
        }
    }

    /// The arrow in words, for legends.
    pub fn words(self) -> &'static str {
        match self {
            Self::Browser => "a browser's page or script",
            Self::FrontChannel => "front channel: a logout page in an iframe",
            Self::BackChannel => "back channel: Keycloak's own POST to a portal's server",
            Self::Server => "a portal's server asks Keycloak",
            Self::Other => "the lab's own look, or nobody knows who",
        }
    }
}

impl Arrow {
    /// The arrow of an exchange. `place` gives the words for where a redirect leads to (`keycloak/realms/…`): only who knows the
    /// lab's addresses can name them.
    pub fn of(exchange: &Exchange, place: &dyn Fn(&Location) -> String) -> Self {
        let (from, to) = (lane(&exchange.caller), lane(&exchange.callee));
        let says = format!("{} {}", exchange.method, exchange.path);
        let back = match &exchange.answer {
            Answer::Response { status, location: Some(location), .. } => format!("{status} to {}", place(location)),
            Answer::Response { status, location: None, .. } => status.to_string(),
            Answer::Aborted => "the caller went away".to_owned(),
            Answer::NoAnswer { reason } => format!("no answer ({reason})"),
        };
        let (who, at) = (&exchange.caller, &exchange.callee);
        let act = match exchange.channel {
            Channel::Page => format!("{who} asks {at} for a page"),
            Channel::Frame => format!("{who} loads the logout page of {at} in an iframe (front channel)"),
            Channel::Embedded => format!("{who} loads a page of {at} in an iframe"),
            Channel::Script => format!("a script in {who} asks {at}"),
            Channel::BackChannel => format!("{who} tells {at} of a logout (back channel)"),
            Channel::Server => format!("the server of {who} asks {at}"),
            Channel::Probe => format!("{who} looks whether a session works at {at}"),
            Channel::Other => format!("{who} asks {at}"),
        };
        let answered = match &exchange.answer {
            Answer::Response { .. } => format!("answered {back}"),
            Answer::Aborted | Answer::NoAnswer { .. } => back.clone(),
        };
        let sentence = format!("{act}: {says}; {answered}");
        Self { from, to, stroke: Stroke::of(exchange.channel), says, back, sentence }
    }
}

/// Name of a party's lane.
pub fn lane(party: &Party) -> String {
    match party {
        Party::Browser(Some(name)) | Party::App(name) => name.clone(),
        Party::Browser(None) => "browser".to_owned(),
        Party::Keycloak => "keycloak".to_owned(),
        Party::Lab => "lab".to_owned(),
        Party::Stranger => "stranger".to_owned(),
    }
}

/// The lanes of a picture, left to right: strangers and the lab, browsers, portals in the given order and then any others,
/// Keycloak. Each appears once, and only where somebody uses it.
pub fn lanes<'a>(exchanges: impl IntoIterator<Item = &'a Exchange>, portals: &[&str]) -> Vec<String> {
    let mut parties: Vec<&Party> = Vec::new();
    for exchange in exchanges {
        for party in [&exchange.caller, &exchange.callee] {
            if !parties.contains(&party) {
                parties.push(party);
            }
        }
    }
    // Stable: whoever appears first stands first among their like.
    parties.sort_by_key(|party| match party {
        Party::Stranger | Party::Lab => (0, 0),
        Party::Browser(_) => (1, 0),
        Party::App(name) => (2, portals.iter().position(|known| known == name).unwrap_or(portals.len())),
        Party::Keycloak => (3, 0),
    });
    parties.into_iter().map(lane).collect()
}

#[cfg(test)]
mod tests {
    use super::{Arrow, Stroke, lanes};
    use crate::{Answer, Body, Channel, Exchange, Location, Party};

    fn exchange(from: Party, to: Party, channel: Channel, answer: Answer) -> Exchange {
        Exchange {
            took_us: 1,
            caller: from,
            callee: to,
            channel,
            method: "POST".to_owned(),
            path: "/logout".to_owned(),
            query: Vec::new(),
            headers: Vec::new(),
            cookies: Vec::new(),
            body: Body::Empty,
            answer,
            housekeeping: false,
        }
    }

    fn app(name: &str) -> Party {
        Party::App(name.to_owned())
    }

    fn arrow(exchange: &Exchange) -> Arrow {
        Arrow::of(exchange, &|location| format!("<{}>{}", location.origin, location.path))
    }

    fn redirect() -> Answer {
        let location = Location { origin: "keycloak".to_owned(), path: "/bye".to_owned(), query: Vec::new() };
        Answer::Response {
            status: 302,
            headers: Vec::new(),
            set_cookies: Vec::new(),
            location: Some(location),
            body: Body::Empty,
        }
    }

    #[test]
    fn the_back_channel_is_drawn_and_said_in_a_way_of_its_own() {
        let told = arrow(&exchange(Party::Keycloak, app("admin"), Channel::BackChannel, redirect()));
        assert_eq!((told.from.as_str(), told.to.as_str(), told.stroke.sign()), ("keycloak", "admin", "==>"));
        assert_eq!(
            told.sentence,
            "keycloak tells admin of a logout (back channel): POST /logout; answered 302 to <keycloak>/bye"
        );
    }

    #[test]
    fn what_got_no_answer_says_so() {
        let lost = Answer::NoAnswer { reason: "nothing listens there".to_owned() };
        let john = Party::Browser(Some("john".to_owned()));
        let lost = arrow(&exchange(john.clone(), app("admin"), Channel::Frame, lost));
        assert!(lost.sentence.ends_with("POST /logout; no answer (nothing listens there)"), "{}", lost.sentence);
        let left = arrow(&exchange(john, app("admin"), Channel::Script, Answer::Aborted));
        assert_eq!(left.back, "the caller went away");
    }

    #[test]
    fn strokes_differ_without_colour() {
        let all = [Stroke::Browser, Stroke::FrontChannel, Stroke::BackChannel, Stroke::Server, Stroke::Other];
        for one in all {
            let like = all.iter().filter(|other| other.sign() == one.sign() || other.words() == one.words());
            assert_eq!(like.count(), 1, "{one:?}");
        }
    }

    #[test]
    fn lanes_stand_in_one_order_however_the_story_begins() {
        let john = Party::Browser(Some("john".to_owned()));
        let all = [
            exchange(Party::Keycloak, app("shop"), Channel::BackChannel, redirect()),
            exchange(Party::Keycloak, app("admin"), Channel::BackChannel, redirect()),
            exchange(john, app("internal"), Channel::Page, redirect()),
            exchange(Party::Stranger, app("internal"), Channel::Other, redirect()),
        ];
        assert_eq!(
            lanes(&all, &["internal", "external", "admin"]),
            ["stranger", "john", "internal", "admin", "shop", "keycloak"]
        );
    }
}
