//! The console's matrix of people whose browsers name themselves: who is who, and what may be claimed of a tab.

use std::time::Duration;

use futures_util::StreamExt as _;
use lab::acts::Act;
use realm::User;
use serde_json::Value;

use crate::faults::stage::Stage;

/// A look comes a second after the last exchange; this is far longer.
const PATIENCE: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread")]
async fn rows_keep_people_apart_and_a_tab_that_nobody_told_is_unknown() {
    let stage = Stage::start().await;
    stage.lab.reset().await.unwrap();
    let (mut john, mut mary) = (stage.person("john", User::John), stage.person("mary", User::Mary));
    for portal in ["internal", "external", "admin"] {
        // By turns, so that a wrong join of codes and cookies would mix them up.
        john.sign_in(portal).await.unwrap();
        mary.sign_in(portal).await.unwrap();
    }
    let mut console = Console::open(&stage).await;
    console.until("john", ["in", "in", "in", "in"]).await;
    console.until("mary", ["in", "in", "in", "in"]).await;

    // An administrator ends Mary's session: the back channel tells two portals, and nobody a tab.
    stage.lab.act(&Act::LogOutUser { username: User::Mary.username().to_owned() }).await.unwrap();
    let row = console.until("mary", ["out", "out", "unknown", "out"]).await;
    let evidence = row["cells"][2]["evidence"].as_str().unwrap();
    assert!(evidence.contains("401") && evidence.contains("nobody told the tab"), "{evidence}");
    console.until("john", ["in", "in", "in", "in"]).await;

    stage.lab.reset().await.unwrap();
    console.until_rows(0).await;
    stage.stop().await;
}

/// An open page, as far as it is about the matrix.
struct Console {
    stream: futures_util::stream::BoxStream<'static, String>,
    /// Of a block whose end has not come yet.
    text: String,
    rows: Vec<Value>,
}

impl Console {
    async fn open(stage: &Stage) -> Self {
        let address = stage.lab.console(false).join("console/live").unwrap();
        let answer = lab::http::builder().build().unwrap().get(address).send().await.unwrap();
        let pieces = answer.bytes_stream().map(|piece| String::from_utf8(piece.unwrap().to_vec()).unwrap());
        Self { stream: pieces.boxed(), text: String::new(), rows: Vec::new() }
    }

    /// Reads on until the row of this browser looks so: Keycloak, internal, external, admin.
    async fn until(&mut self, browser: &str, wanted: [&str; 4]) -> Value {
        let states = |row: &Value| -> Vec<String> {
            let cells = row["cells"].as_array().unwrap();
            cells.iter().map(|cell| cell["state"].as_str().unwrap().to_owned()).collect()
        };
        let fits = |rows: &[Value]| rows.iter().find(|row| row["browser"] == browser && states(row) == wanted).cloned();
        self.read(|rows| fits(rows).is_some()).await;
        fits(&self.rows).unwrap()
    }

    async fn until_rows(&mut self, wanted: usize) {
        self.read(|rows| rows.len() == wanted).await;
    }

    async fn read(&mut self, enough: impl Fn(&[Value]) -> bool) {
        let reading = async {
            while !enough(&self.rows) {
                self.text.push_str(&self.stream.next().await.expect("the stream goes on"));
                while let Some((block, rest)) = self.text.split_once("\n\n") {
                    let (block, rest) = (block.to_owned(), rest.to_owned());
                    if let Some(data) = block.strip_prefix("event: matrix\ndata: ") {
                        let mut matrix: Value = serde_json::from_str(data).unwrap();
                        self.rows = serde_json::from_value(matrix["rows"].take()).unwrap();
                    }
                    self.text = rest;
                }
            }
        };
        let read = tokio::time::timeout(PATIENCE, reading).await;
        assert!(read.is_ok(), "the matrix stays like this: {:#?}", self.rows);
    }
}
