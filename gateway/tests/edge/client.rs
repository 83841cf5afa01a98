//! Clients as strict or as rude as a test needs: plain HTTP/1 over a socket, and WebSocket.

use std::collections::HashMap;
use std::net::SocketAddr;

use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use crate::stack::PATIENCE;

#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HashMap<String, String>,
    pub(crate) body: String,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }
}

/// Sends a request as written and reads until the server closes.
pub(crate) async fn raw(address: SocketAddr, request: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).await.expect("it listens");
    stream.write_all(request).await.expect("sent");
    let mut reply = Vec::new();
    // A server that refuses a body may reset the connection after its response.
    _ = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut reply)).await.expect("the server closes");
    reply
}

pub(crate) async fn request(address: SocketAddr, line: &str, headers: &[(&str, &str)], body: &str) -> Reply {
    let mut text = format!("{line} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n");
    for (name, value) in headers {
        text += &format!("{name}: {value}\r\n");
    }
    if !body.is_empty() {
        text += &format!("content-length: {}\r\n", body.len());
    }
    text += "\r\n";
    text += body;
    parse(&raw(address, text.as_bytes()).await)
}

pub(crate) async fn post(address: SocketAddr, path: &str, body: &str) -> Reply {
    request(address, &format!("POST {path}"), &[("content-type", "application/json")], body).await
}

pub(crate) async fn get(address: SocketAddr, path: &str) -> Reply {
    request(address, &format!("GET {path}"), &[], "").await
}

fn parse(reply: &[u8]) -> Reply {
    let end = reply.windows(4).position(|bytes| bytes == b"\r\n\r\n");
    let end = end.unwrap_or_else(|| panic!("no HTTP: {reply:?}"));
    let head = std::str::from_utf8(&reply[..end]).expect("a head is text");
    let mut lines = head.lines();
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers: HashMap<String, String> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    let body = &reply[end + 4..];
    let chunked = headers.get("transfer-encoding").is_some_and(|coding| coding == "chunked");
    let body = if chunked { dechunk(body) } else { body.to_owned() };
    // The body of gRPC-Web is no text; what is looked for in it is.
    Reply { status, headers, body: String::from_utf8_lossy(&body).into_owned() }
}

fn dechunk(mut body: &[u8]) -> Vec<u8> {
    let mut whole = Vec::new();
    while let Some(end) = body.windows(2).position(|bytes| bytes == b"\r\n") {
        let size = std::str::from_utf8(&body[..end]).expect("a chunk's size");
        let size = usize::from_str_radix(size, 16).expect("a chunk's size");
        let rest = &body[end + 2..];
        whole.extend_from_slice(&rest[..size]);
        body = rest[size..].strip_prefix(b"\r\n").unwrap_or_default();
    }
    whole
}

/// A WebSocket client that speaks JSON.
pub(crate) struct Socket {
    pub(crate) stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

pub(crate) async fn open(address: SocketAddr, headers: &[(&'static str, &str)]) -> Result<Socket, Error> {
    let mut request = format!("ws://{address}/ws").into_client_request()?;
    for (name, value) in headers {
        request.headers_mut().insert(*name, value.parse().expect("a header"));
    }
    let (stream, _) = tokio_tungstenite::connect_async(request).await?;
    Ok(Socket { stream })
}

pub(crate) async fn socket(address: SocketAddr) -> Socket {
    open(address, &[]).await.expect("the handshake succeeds")
}

impl Socket {
    pub(crate) async fn send(&mut self, frame: Value) {
        self.send_text(&frame.to_string()).await;
    }

    pub(crate) async fn send_text(&mut self, text: &str) {
        self.stream.send(Message::text(text)).await.expect("sent");
    }

    pub(crate) async fn ask(&mut self, message: &str) {
        self.send(serde_json::json!({"action": "sendMessage", "message": message})).await;
    }

    /// Returns the next message that is no ping.
    pub(crate) async fn message(&mut self) -> Option<Result<Message, Error>> {
        loop {
            let message = tokio::time::timeout(PATIENCE, self.stream.next()).await.expect("a message comes");
            if !matches!(message, Some(Ok(Message::Ping(_) | Message::Pong(_)))) {
                return message;
            }
        }
    }

    pub(crate) async fn frame(&mut self) -> Value {
        match self.message().await {
            Some(Ok(Message::Text(text))) => serde_json::from_str(&text).expect("JSON"),
            other => panic!("no text frame: {other:?}"),
        }
    }

    /// Returns the frames up to the complete one.
    pub(crate) async fn answer(&mut self) -> Vec<Value> {
        let mut frames = vec![self.frame().await];
        while frames.last().is_some_and(|frame| frame["complete"] == false) {
            frames.push(self.frame().await);
        }
        frames
    }

    /// Returns the code that the server closes with, after which the connection must end cleanly.
    pub(crate) async fn close_code(&mut self) -> u16 {
        loop {
            match self.message().await {
                Some(Ok(Message::Close(Some(frame)))) => {
                    assert!(!matches!(self.message().await, Some(Ok(_))), "nothing follows the close frame");
                    return frame.code.into();
                }
                Some(Ok(_)) => {}
                other => panic!("closed without a frame: {other:?}"),
            }
        }
    }
}

/// Joins chunks less retracts, as a reader does.
pub(crate) fn text_of(frames: &[Value]) -> String {
    let mut text = String::new();
    for frame in frames {
        match frame["type"].as_str() {
            Some("chunk") => text += frame["text"].as_str().unwrap(),
            Some("retract") => text.truncate(usize::try_from(frame["from_byte"].as_u64().unwrap()).unwrap()),
            _ => {}
        }
    }
    text
}
