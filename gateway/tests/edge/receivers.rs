//! The other side of a handoff: a real HTTP server and a real SMTP dialogue that do what the test says.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use lifecycle::Shutdown;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, watch};

use crate::stack::PATIENCE;

/// What a receiver does with one delivery; without a plan it takes it.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    /// Answers with this status, and these headers, each with its line end.
    Answer(u16, String),
    /// Answers with this code of SMTP to `RCPT TO`.
    Refuse(u16),
    /// Takes it when the test says so.
    Gate(Arc<Notify>),
    /// Takes it and goes on writing a body.
    Endless,
    /// Hangs up.
    HangUp,
}

/// One delivery as it came.
#[derive(Clone, Debug, Default)]
pub(crate) struct Received {
    pub(crate) headers: HashMap<String, String>,
    pub(crate) body: String,
}

#[derive(Clone, Debug)]
pub(crate) struct Receiver {
    pub(crate) address: SocketAddr,
    plan: Arc<Mutex<VecDeque<Act>>>,
    received: Arc<watch::Sender<Vec<Received>>>,
    shutdown: Shutdown,
}

impl Receiver {
    pub(crate) async fn http(plan: impl IntoIterator<Item = Act>) -> Self {
        Self::start("127.0.0.1:0", plan, false).await
    }

    pub(crate) async fn mail(plan: impl IntoIterator<Item = Act>) -> Self {
        Self::start("127.0.0.1:0", plan, true).await
    }

    pub(crate) async fn http_at(address: SocketAddr) -> Self {
        Self::start(&address.to_string(), [], false).await
    }

    async fn start(address: &str, plan: impl IntoIterator<Item = Act>, is_mail: bool) -> Self {
        let listener = TcpListener::bind(address).await.expect("a port");
        let receiver = Self {
            address: listener.local_addr().unwrap(),
            plan: Arc::new(Mutex::new(plan.into_iter().collect())),
            received: Arc::new(watch::Sender::new(Vec::new())),
            shutdown: Shutdown::new(),
        };
        let own = receiver.clone();
        let accepting = async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (each, one) = (own.clone(), own.clone());
                own.shutdown.spawn("delivery", async move {
                    if is_mail { each.take_mail(stream).await } else { one.take_request(stream).await }
                });
            }
        };
        let until = receiver.shutdown.token().clone();
        receiver.shutdown.spawn("receiver", async move { until.run_until_cancelled(accepting).await });
        receiver
    }

    /// Waits until so many deliveries were attempted, and returns them.
    pub(crate) async fn deliveries(&self, number: usize) -> Vec<Received> {
        let mut received = self.received.subscribe();
        let waiting = received.wait_for(|received| received.len() >= number);
        tokio::time::timeout(PATIENCE, waiting).await.expect("deliveries come").unwrap().clone()
    }

    /// Stops listening.
    pub(crate) async fn stop(self) {
        self.shutdown.begin();
        assert!(self.shutdown.drained(PATIENCE).await, "it stops");
    }

    pub(crate) fn count(&self) -> usize {
        self.received.borrow().len()
    }

    fn act(&self) -> Option<Act> {
        self.plan.lock().unwrap().pop_front()
    }

    fn note(&self, received: Received) {
        self.received.send_modify(|all| all.push(received));
    }

    async fn take_request(&self, mut stream: TcpStream) {
        let Some(received) = read_request(&mut stream).await else { return };
        self.note(received);
        let answer = match self.act() {
            Some(Act::Answer(status, headers)) => {
                format!("HTTP/1.1 {status} X\r\n{headers}content-length: 0\r\n\r\n")
            }
            Some(Act::HangUp) => return,
            Some(Act::Gate(gate)) => {
                gate.notified().await;
                "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n".to_owned()
            }
            Some(Act::Endless) => {
                let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
                _ = stream.write_all(head.as_bytes()).await;
                // Ends when the other side hangs up.
                while stream.write_all(b"1\r\nx\r\n").await.is_ok() {
                    tokio::task::yield_now().await;
                }
                return;
            }
            Some(Act::Refuse(_)) | None => "HTTP/1.1 204 No Content\r\n\r\n".to_owned(),
        };
        _ = stream.write_all(answer.as_bytes()).await;
    }

    /// RFC 5321, as far as a client that only sends goes.
    async fn take_mail(&self, stream: TcpStream) {
        let (act, mut stream) = (self.act(), BufReader::new(stream));
        if matches!(act, Some(Act::HangUp)) {
            return self.note(Received::default());
        }
        let mut received = Received::default();
        if stream.write_all(b"220 desk.example ESMTP\r\n").await.is_err() {
            return;
        }
        let mut line = String::new();
        while stream.read_line(&mut line).await.is_ok_and(|bytes| bytes > 0) {
            let verb = line.get(..4).unwrap_or_default().to_uppercase();
            let reply = match (verb.as_str(), &act) {
                ("EHLO", _) => "250-desk.example\r\n250 8BITMIME\r\n".to_owned(),
                ("RCPT", Some(Act::Refuse(code))) => {
                    self.note(Received::default());
                    format!("{code} not now\r\n")
                }
                ("RCPT", _) => {
                    *received.headers.entry("rcpt".to_owned()).or_default() += line.trim();
                    "250 ok\r\n".to_owned()
                }
                ("DATA", _) => {
                    _ = stream.write_all(b"354 go on\r\n").await;
                    received.body = read_letter(&mut stream).await;
                    if let Some(Act::Gate(gate)) = &act {
                        gate.notified().await;
                    }
                    self.note(received.clone());
                    "250 taken\r\n".to_owned()
                }
                ("QUIT", _) => "221 bye\r\n".to_owned(),
                _ => "250 ok\r\n".to_owned(),
            };
            if stream.write_all(reply.as_bytes()).await.is_err() || verb == "QUIT" {
                return;
            }
            line.clear();
        }
    }
}

async fn read_letter(stream: &mut BufReader<TcpStream>) -> String {
    let mut letter = String::new();
    while !letter.ends_with("\r\n.\r\n") {
        if stream.read_line(&mut letter).await.unwrap_or(0) == 0 {
            break;
        }
    }
    letter
}

async fn read_request(stream: &mut TcpStream) -> Option<Received> {
    let mut bytes = Vec::new();
    let head_end = loop {
        if let Some(place) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break place;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(bytes[..head_end].to_vec()).expect("UTF-8");
    let pairs = head.lines().skip(1).filter_map(|line| line.split_once(": "));
    let mut headers: HashMap<String, String> =
        pairs.map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect();
    headers.insert("line".to_owned(), head.lines().next().unwrap().to_owned());
    let length: usize = headers.get("content-length")?.parse().ok()?;
    while bytes.len() < head_end + 4 + length {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
    let body = String::from_utf8(bytes[head_end + 4..].to_vec()).expect("UTF-8");
    Some(Received { headers, body })
}
