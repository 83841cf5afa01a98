//! Asks over the public WebSocket, one connection for each question, as a new visitor would.

use anyhow::Context;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::http::Uri;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::client::{Client, Exchange};

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// A client of one gateway.
#[derive(Clone, Debug)]
pub(crate) struct WebSocketClient {
    uri: Uri,
    key: Option<String>,
}

impl WebSocketClient {
    /// Returns a client for an address such as `ws://127.0.0.1:8080/ws`.
    pub(crate) fn new(url: &str, key: Option<String>) -> anyhow::Result<Self> {
        let uri: Uri = url.parse().with_context(|| format!("--url: `{url}` is no address"))?;
        let is_right = uri.scheme_str() == Some("ws") && uri.authority().is_some();
        anyhow::ensure!(is_right, "--url: expected something like ws://127.0.0.1:8080/ws, got `{url}`");
        Ok(Self { uri, key })
    }

    async fn exchange(&self, question: &str, exchange: &mut Exchange) -> Result<Instant, String> {
        let (mut socket, _) = connect_async(self.uri.clone()).await.map_err(|error| connect_code(&error))?;
        exchange.connected = Some(Instant::now());
        if let Some(key) = &self.key {
            send(&mut socket, &json!({ "action": "authenticate", "api_key": key })).await?;
        }
        send(&mut socket, &json!({ "action": "sendMessage", "message": question })).await?;
        let ended = answer(&mut socket, exchange).await;
        // The answer is whole or lost by now; how the socket closes is no part of it.
        let _closed = socket.close(None).await;
        ended
    }
}

impl Client for WebSocketClient {
    async fn ask(&self, question: &str, exchange: &mut Exchange) {
        let ended = self.exchange(question, exchange).await;
        exchange.ended = Some(ended);
    }
}

async fn send(socket: &mut Socket, frame: &Value) -> Result<(), String> {
    socket.send(Message::text(frame.to_string())).await.map_err(|_| "CONNECTION_LOST".to_owned())
}

async fn answer(socket: &mut Socket, exchange: &mut Exchange) -> Result<Instant, String> {
    while let Some(received) = socket.next().await {
        let text = match received.map_err(|_| "CONNECTION_LOST".to_owned())? {
            Message::Text(text) => text,
            Message::Close(Some(frame)) => return Err(format!("CLOSED_{}", u16::from(frame.code))),
            Message::Close(None) => return Err("CLOSED".to_owned()),
            Message::Binary(_) | Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => continue,
        };
        let frame: Value = serde_json::from_str(&text).map_err(|_| "UNEXPECTED_FRAME".to_owned())?;
        let field = |name: &str| frame.get(name).and_then(Value::as_str).unwrap_or_default();
        match field("type") {
            "chunk" if exchange.first_text.is_none() && !field("text").is_empty() => {
                exchange.first_text = Some(Instant::now());
            }
            "end" => return Ok(Instant::now()),
            "error" => return Err(field("code").to_owned()),
            _ => {}
        }
    }
    Err("CONNECTION_LOST".to_owned())
}

fn connect_code(error: &Error) -> String {
    match error {
        Error::Http(response) => format!("HTTP_{}", response.status().as_u16()),
        _ => "UNREACHABLE".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use futures_util::{SinkExt, StreamExt};
    use tokio::net::TcpListener;
    use tokio_tungstenite::accept_async;
    use tokio_tungstenite::tungstenite::Message;

    use super::{Client, Exchange, WebSocketClient};

    /// Asks a server that answers one question with these frames and then closes.
    async fn ask(frames: &[&str]) -> (Exchange, String) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let serve = async {
            let (stream, _) = listener.accept().await.expect("a connection");
            let mut socket = accept_async(stream).await.expect("a handshake");
            let asked =
                socket.next().await.expect("a frame").expect("a good frame").into_text().expect("text");
            for frame in frames {
                socket.send(Message::text(*frame)).await.expect("sent");
            }
            let _closed = socket.close(None).await;
            asked.to_string()
        };
        let client = WebSocketClient::new(&format!("ws://{address}/ws"), None).expect("an address");
        let mut exchange = Exchange::default();
        let (asked, ()) = tokio::join!(serve, client.ask("Who?", &mut exchange));
        (exchange, asked)
    }

    #[tokio::test]
    async fn an_answer_is_timed_from_its_first_text_to_its_end() {
        let frames = [
            r#"{"type":"start"}"#,
            r#"{"type":"chunk","text":"We"}"#,
            r#"{"type":"new"}"#,
            r#"{"type":"end"}"#,
        ];
        let (exchange, asked) = ask(&frames).await;
        assert_eq!(asked, r#"{"action":"sendMessage","message":"Who?"}"#);
        assert!(exchange.connected < exchange.first_text);
        assert!(matches!(exchange.ended, Some(Ok(ended)) if Some(ended) >= exchange.first_text));
    }

    #[tokio::test]
    async fn what_goes_wrong_has_a_code() {
        let cases: [(&[&str], &str); 3] = [
            (&[r#"{"type":"error","code":"RATE_LIMITED"}"#], "RATE_LIMITED"),
            (&[r#"{"type":"chunk","text":"We"}"#], "CLOSED"),
            (&["no JSON"], "UNEXPECTED_FRAME"),
        ];
        for (frames, code) in cases {
            assert_eq!(ask(frames).await.0.ended, Some(Err(code.to_owned())));
        }
    }

    #[tokio::test]
    async fn a_server_that_is_not_there_is_unreachable() {
        let port = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let client =
            WebSocketClient::new(&format!("ws://{}/ws", port.local_addr().expect("one")), None).expect("one");
        drop(port);
        let mut exchange = Exchange::default();
        client.ask("Who?", &mut exchange).await;
        assert_eq!(exchange, Exchange { ended: Some(Err("UNREACHABLE".to_owned())), ..Exchange::default() });
    }

    #[test]
    fn only_a_websocket_address_is_taken() {
        for url in ["http://127.0.0.1/ws", "127.0.0.1", "wss://shop.example/ws"] {
            assert!(WebSocketClient::new(url, None).is_err(), "{url}");
        }
    }
}
