//! Requests as bytes on a connection of their own.

use std::net::SocketAddr;

use portal_protocol::forge::corpus::HttpRequest;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::live::DEADLINE;

/// How the body is announced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Framing {
    /// Its true length.
    Length,
    /// No length: in chunks.
    Chunked,
    /// A thousand bytes more than there are; then the sender's half of the connection closes.
    Longer,
}

/// What came back.
#[derive(Debug)]
pub(super) struct Reply {
    /// `None`: the connection was cut off without an answer.
    pub(super) status: Option<u16>,
    /// Names in small letters.
    head: String,
    pub(super) body: String,
}

impl Reply {
    pub(super) fn parse(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let status = head.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)?.parse().ok());
        Self { status, head: head.to_ascii_lowercase(), body: body.to_owned() }
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| Some(line.strip_prefix(name)?.strip_prefix(':')?.trim()))
    }

    /// Head and body.
    pub(super) fn text(&self) -> String {
        format!("{}\n{}", self.head, self.body)
    }
}

/// Sends `request` and reads until the server closes the connection.
pub(super) async fn send(address: SocketAddr, request: &HttpRequest, framing: Framing) -> Reply {
    let (mut bytes, body) = (head(request, framing).into_bytes(), &request.body);
    if framing == Framing::Chunked {
        for chunk in body.chunks(8_192) {
            bytes.extend(format!("{:x}\r\n", chunk.len()).bytes());
            bytes.extend_from_slice(chunk);
            bytes.extend(b"\r\n");
        }
        bytes.extend(b"0\r\n\r\n");
    } else {
        bytes.extend_from_slice(body);
    }
    let connection = TcpStream::connect(address).await.unwrap();
    let (mut read, mut write) = connection.into_split();
    // Whoever sends too much may find the connection closed; what counts is the answer.
    let writing = async {
        let _ = write.write_all(&bytes).await;
        if framing == Framing::Longer {
            let _ = write.shutdown().await;
        }
    };
    let mut answer = Vec::new();
    let reading = read.read_to_end(&mut answer);
    let both = async { tokio::join!(writing, reading) };
    assert!(timeout(DEADLINE, both).await.is_ok(), "no answer to {} {}", request.method, request.path_query);
    Reply::parse(&answer)
}

/// Request line and headers.
pub(super) fn head(request: &HttpRequest, framing: Framing) -> String {
    let HttpRequest { method, path_query, headers, body } = request;
    let mut head = format!("{method} {path_query} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n");
    for (name, value) in headers {
        head += &format!("{name}: {value}\r\n");
    }
    match framing {
        Framing::Chunked => head += "transfer-encoding: chunked\r\n",
        Framing::Longer => head += &format!("content-length: {}\r\n", body.len() + 1_000),
        Framing::Length if body.is_empty() && method != "POST" => {}
        Framing::Length => head += &format!("content-length: {}\r\n", body.len()),
    }
    head + "\r\n"
}
