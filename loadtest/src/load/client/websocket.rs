//! Asks over the public WebSocket, one connection for each visitor, as a browser would.

use std::time::Duration;

use anyhow::Context;
use futures_util::{SinkExt, StreamExt};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::{TcpSocket, TcpStream, lookup_host};
use tokio::time::{Instant, sleep};
use tokio_tungstenite::tungstenite::http::Uri;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

use super::frames::{Place, take};
use super::{Client, Exchange};

pub(crate) type Socket = WebSocketStream<TcpStream>;

/// Of a slow reader's connection, so that it is the gateway that waits.
const SLOW_RECEIVE_BYTES: u32 = 4096;
/// Times that a lost answer is gone on with.
const MOST_RESUMES: u32 = 20;
const LOST: &str = "CONNECTION_LOST";

/// What a visitor does beside asking.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct Habits {
    /// Loses the connection after so many pieces of text, and goes on over a new one; 0 for never.
    pub cut_after: u64,
    /// Reads no faster than this; 0 for as fast as it comes.
    pub bytes_per_second: u32,
    /// Goes away for good after so many pieces of text; 0 for never. Its question counts as answered then.
    pub leave_after: u64,
}

/// A client of one gateway.
#[derive(Clone, Debug)]
pub struct WebSocketClient {
    uri: Uri,
    key: Option<String>,
    habits: Habits,
}

/// Why reading an answer ended.
enum Read {
    Ended(Result<Instant, String>),
    Cut,
    Left,
}

impl WebSocketClient {
    /// Returns a client for an address such as `ws://127.0.0.1:8080/ws`.
    ///
    /// # Errors
    /// When it is another kind of address.
    pub fn new(url: &str, key: Option<String>, habits: Habits) -> anyhow::Result<Self> {
        let uri: Uri = url.parse().with_context(|| format!("--url: `{url}` is no address"))?;
        let is_right = uri.scheme_str() == Some("ws") && uri.authority().is_some();
        anyhow::ensure!(is_right, "--url: expected something like ws://127.0.0.1:8080/ws, got `{url}`");
        Ok(Self { uri, key, habits })
    }

    /// Opens a connection and names the key, if there is one.
    pub(crate) async fn open(&self) -> Result<Socket, String> {
        let unreachable = |_| "UNREACHABLE".to_owned();
        let authority = self.uri.authority().map(ToString::to_string).unwrap_or_default();
        let named = if self.uri.port().is_some() { authority } else { format!("{authority}:80") };
        let address = lookup_host(named).await.map_err(unreachable)?.next().ok_or("UNREACHABLE")?;
        let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() };
        let socket = socket.map_err(unreachable)?;
        if self.habits.bytes_per_second > 0 {
            socket.set_recv_buffer_size(SLOW_RECEIVE_BYTES).map_err(unreachable)?;
        }
        let stream = socket.connect(address).await.map_err(unreachable)?;
        stream.set_nodelay(true).map_err(unreachable)?;
        let (mut socket, _) =
            client_async(self.uri.clone(), stream).await.map_err(|error| connect_code(&error))?;
        if let Some(key) = &self.key {
            send(&mut socket, &json!({ "action": "authenticate", "api_key": key })).await?;
        }
        Ok(socket)
    }

    async fn exchange(&self, question: &str, exchange: &mut Exchange) -> Result<Instant, String> {
        let mut socket = self.open().await?;
        exchange.connected = Some(Instant::now());
        send(&mut socket, &json!({ "action": "sendMessage", "message": question })).await?;
        exchange.asked = Some(Instant::now());
        let mut place = Place::default();
        loop {
            match self.read(&mut socket, exchange, &mut place).await {
                Read::Ended(ended) => {
                    // The answer is whole or lost by now; how the socket closes is no part of it.
                    let _closed = socket.close(None).await;
                    return ended;
                }
                Read::Left => return Ok(Instant::now()),
                Read::Cut => {
                    drop(socket);
                    exchange.resumed += 1;
                    socket = self.open().await?;
                    let Place { answer_id, epoch, seq } = &place;
                    let resume = json!({ "action": "resume", "answer_id": answer_id, "epoch": epoch, "after_seq": seq });
                    send(&mut socket, &resume).await?;
                }
            }
        }
    }

    async fn read(&self, socket: &mut Socket, exchange: &mut Exchange, place: &mut Place) -> Read {
        let Habits { cut_after, bytes_per_second, leave_after } = self.habits;
        let before = exchange.tokens;
        while let Some(received) = socket.next().await {
            let text = match received {
                Ok(Message::Text(text)) => text,
                Ok(Message::Close(Some(frame))) => {
                    return Read::Ended(Err(format!("CLOSED_{}", u16::from(frame.code))));
                }
                Ok(Message::Close(None)) => return Read::Ended(Err("CLOSED".to_owned())),
                Ok(_) => continue,
                Err(_) => return Read::Ended(Err(LOST.to_owned())),
            };
            // Said by the gateway before it stops; what it writes is finished first.
            if text.starts_with(r#"{"type":"draining""#) || text.starts_with(r#"{"type":"authenticated""#) {
                continue;
            }
            if let Some(ended) = take(&text, exchange, place) {
                return Read::Ended(ended);
            }
            if leave_after > 0 && exchange.tokens >= leave_after {
                return Read::Left;
            }
            if cut_after > 0 && exchange.tokens >= before + cut_after && exchange.resumed < MOST_RESUMES {
                return Read::Cut;
            }
            if bytes_per_second > 0 {
                sleep(Duration::from_secs_f64(text.len() as f64 / f64::from(bytes_per_second))).await;
            }
        }
        Read::Ended(Err(LOST.to_owned()))
    }
}

impl Client for WebSocketClient {
    async fn ask(&self, question: &str, exchange: &mut Exchange) {
        let ended = self.exchange(question, exchange).await;
        exchange.ended = Some(ended);
    }
}

async fn send(socket: &mut Socket, frame: &Value) -> Result<(), String> {
    socket.send(Message::text(frame.to_string())).await.map_err(|_| LOST.to_owned())
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
    use serde_json::{Value, json};
    use tokio::net::TcpListener;
    use tokio_tungstenite::accept_async;
    use tokio_tungstenite::tungstenite::Message;

    use super::{Client, Exchange, Habits, WebSocketClient};

    /// Asks a server that answers one frame on each connection with these frames and then closes.
    async fn ask(connections: &[&[&str]], habits: Habits) -> (Exchange, Vec<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let serve = async {
            let mut asked = Vec::new();
            for frames in connections {
                let (stream, _) = listener.accept().await.expect("a connection");
                let mut socket = accept_async(stream).await.expect("a handshake");
                let frame = socket.next().await.expect("a frame").expect("a good frame");
                asked.push(frame.into_text().expect("text").to_string());
                for frame in *frames {
                    // The other side may have gone.
                    let _sent = socket.send(Message::text(*frame)).await;
                }
                let _closed = socket.close(None).await;
            }
            asked
        };
        let client = WebSocketClient::new(&format!("ws://{address}/ws"), None, habits).expect("an address");
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
            r#"{"type":"chunk","text":" are"}"#,
            r#"{"type":"end"}"#,
        ];
        let (exchange, asked) = ask(&[&frames], Habits::default()).await;
        assert_eq!(asked, [r#"{"action":"sendMessage","message":"Who?"}"#]);
        assert!(exchange.connected < exchange.first_text);
        assert_eq!((exchange.tokens, exchange.gaps.len()), (2, 1));
        assert_eq!(exchange.bytes, frames.iter().map(|frame| frame.len() as u64).sum::<u64>());
        assert!(matches!(exchange.ended, Some(Ok(ended)) if Some(ended) >= exchange.first_text));
    }

    #[tokio::test]
    async fn a_lost_answer_is_gone_on_with_after_its_last_event() {
        let event = |kind: &str, seq: u64| {
            format!(r#"{{"type":"{kind}","answer_id":"A","epoch":7,"seq":{seq},"text":"x"}}"#)
        };
        let [first, second, end] = [event("start", 1), event("chunk", 2), event("end", 3)];
        let habits = Habits { cut_after: 1, ..Habits::default() };
        let (exchange, asked) = ask(&[&[&first, &second], &[&end]], habits).await;
        let resumed: Value = serde_json::from_str(&asked[1]).expect("JSON");
        assert_eq!(resumed, json!({"action": "resume", "answer_id": "A", "epoch": 7, "after_seq": 2}));
        assert!(matches!(exchange.ended, Some(Ok(_))) && exchange.resumed == 1, "{exchange:?}");
    }

    #[tokio::test]
    async fn what_goes_wrong_has_a_code() {
        let cases: [(&[&str], &str); 3] = [
            (&[r#"{"type":"error","code":"RATE_LIMITED"}"#], "RATE_LIMITED"),
            (&[r#"{"type":"chunk","text":"We"}"#], "CLOSED"),
            (&["no JSON"], "UNEXPECTED_FRAME"),
        ];
        for (frames, code) in cases {
            assert_eq!(ask(&[frames], Habits::default()).await.0.ended, Some(Err(code.to_owned())));
        }
    }

    #[tokio::test]
    async fn a_server_that_is_not_there_is_unreachable() {
        let port = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("ws://{}/ws", port.local_addr().expect("one"));
        let client = WebSocketClient::new(&url, None, Habits::default()).expect("one");
        drop(port);
        let mut exchange = Exchange::default();
        client.ask("Who?", &mut exchange).await;
        assert_eq!(exchange, Exchange { ended: Some(Err("UNREACHABLE".to_owned())), ..Exchange::default() });
    }

    #[test]
    fn only_a_websocket_address_is_taken() {
        for url in ["http://127.0.0.1/ws", "127.0.0.1", "wss://shop.example/ws"] {
            assert!(WebSocketClient::new(url, None, Habits::default()).is_err(), "{url}");
        }
    }
}
