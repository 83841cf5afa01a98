//! A server that speaks as much of Bedrock's HTTP as an embedder can meet, and keeps what it was asked.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_bedrockruntime::config::{Credentials, SharedCredentialsProvider};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// What the server does with one call.
#[derive(Clone, Debug)]
pub(crate) enum Script {
    /// Writes these bytes.
    Bytes(String),
    /// Announces a body, writes a part of it and closes.
    Cut,
    /// Announces a body, writes a part of it and waits for ever.
    Stalled,
    /// Closes without a word.
    Close,
    /// Waits for ever.
    Silent,
}

impl Script {
    pub(crate) fn raw(status: u16, headers: &[(&str, &str)], body: &str) -> Self {
        let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        Self::Bytes(format!("HTTP/1.1 {status} X\r\n{headers}content-length: {}\r\n\r\n{body}", body.len()))
    }

    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self::raw(status, &[("content-type", "application/json")], &body.to_string())
    }
}

/// One call as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) request: String,
    headers: Vec<(String, String)>,
    pub(crate) body: Value,
}

impl Call {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

#[derive(Debug, Default)]
struct Seen {
    calls: Vec<Call>,
    under_way: usize,
    most_at_once: usize,
}

/// The server; it ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Bedrock {
    address: SocketAddr,
    seen: Arc<Mutex<Seen>>,
    _tasks: JoinSet<()>,
}

impl Bedrock {
    /// Starts a server that takes one script for each call; without one left it closes.
    pub(crate) async fn start(scripts: Vec<Script>) -> Self {
        let scripts = Arc::new(Mutex::new(VecDeque::from(scripts)));
        Self::serve(move |_| lock(&scripts).pop_front().unwrap_or(Script::Close)).await
    }

    /// Starts a server that answers the text `n` with a vector of 256 numbers whose n-th is 1.
    pub(crate) async fn start_echo() -> Self {
        Self::serve(|body| {
            let place: usize = body["inputText"].as_str().expect("text").parse().expect("a number");
            let numbers: Vec<f32> = (0..256).map(|n| if n == place { 1.0 } else { 0.0 }).collect();
            Script::json(200, &json!({ "embedding": numbers }))
        })
        .await
    }

    /// An address where nothing listens.
    pub(crate) async fn nowhere() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        Self { address, seen: Arc::default(), _tasks: JoinSet::new() }
    }

    async fn serve(script: impl Fn(&Value) -> Script + Clone + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let seen: Arc<Mutex<Seen>> = Arc::default();
        let (shared, mut tasks) = (Arc::clone(&seen), JoinSet::new());
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                connections.spawn(converse(stream, script.clone(), Arc::clone(&shared)));
            }
        });
        Self { address, seen, _tasks: tasks }
    }

    /// What an embedder needs to find this server.
    pub(crate) fn config(&self) -> SdkConfig {
        let credentials = Credentials::new("AKIDEXAMPLE", "example", None, None, "test");
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::new("us-east-1"))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .endpoint_url(format!("http://{}", self.address))
            .build()
    }

    /// Every call so far.
    pub(crate) fn calls(&self) -> Vec<Call> {
        lock(&self.seen).calls.clone()
    }

    /// Most calls that were under way at the same time.
    pub(crate) fn most_at_once(&self) -> usize {
        lock(&self.seen).most_at_once
    }
}

async fn converse(stream: TcpStream, script: impl Fn(&Value) -> Script, seen: Arc<Mutex<Seen>>) {
    let mut stream = BufReader::new(stream);
    while let Some(call) = read(&mut stream).await {
        let script = script(&call.body);
        {
            let mut seen = lock(&seen);
            seen.calls.push(call);
            seen.under_way += 1;
            seen.most_at_once = seen.most_at_once.max(seen.under_way);
        }
        // Others get a chance to arrive while this call is under way.
        tokio::time::sleep(Duration::from_millis(2)).await;
        lock(&seen).under_way -= 1;
        let part = "HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\n{\"embedding\":[0.1,";
        match script {
            Script::Bytes(bytes) => stream.write_all(bytes.as_bytes()).await.expect("written"),
            Script::Cut => return stream.write_all(part.as_bytes()).await.expect("written"),
            Script::Close => return,
            Script::Stalled => {
                stream.write_all(part.as_bytes()).await.expect("written");
                std::future::pending::<()>().await;
            }
            Script::Silent => std::future::pending::<()>().await,
        }
    }
}

async fn read(stream: &mut BufReader<TcpStream>) -> Option<Call> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
            return None;
        }
        match line.trim_end() {
            "" => break,
            line => lines.push(line.to_owned()),
        }
    }
    let pairs = lines.iter().skip(1).filter_map(|line| line.split_once(": "));
    let headers: Vec<(String, String)> =
        pairs.map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect();
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length = length.and_then(|(_, value)| value.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    let body = serde_json::from_slice(&body).expect("JSON");
    Some(Call { request: lines.first()?.clone(), headers, body })
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().expect("no test has failed")
}
