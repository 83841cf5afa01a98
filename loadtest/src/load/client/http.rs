//! Asks over `POST /chat`: for server-sent events, or for the answer in one piece.

use anyhow::Context;
use futures_util::StreamExt;
use http_body_util::{BodyExt, BodyStream, Full};
use hyper::body::{Bytes, Incoming};
use hyper::{Request, Response, StatusCode, Uri};
use hyper_util::client::legacy::Client as Pool;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::frames::{Place, take};
use super::{Client, Exchange};

/// Of one event, and of an answer in one piece.
const MAX_BYTES: usize = 4 * 1024 * 1024;

/// How the answer comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// As server-sent events.
    Sse,
    /// In one piece.
    Rest,
}

/// A client of one gateway. Connections are kept, as those of a browser or a backend are.
#[derive(Clone, Debug)]
pub struct HttpClient {
    pool: Pool<HttpConnector, Full<Bytes>>,
    uri: Uri,
    key: Option<String>,
    transport: Transport,
}

#[derive(Deserialize)]
struct Whole {
    #[serde(default)]
    response: String,
}

impl HttpClient {
    /// Returns a client for an address such as `http://127.0.0.1:8080`.
    ///
    /// # Errors
    /// When it is another kind of address.
    pub fn new(url: &str, key: Option<String>, transport: Transport) -> anyhow::Result<Self> {
        let uri: Uri = format!("{}/chat", url.trim_end_matches('/'))
            .parse()
            .with_context(|| format!("`{url}` is no address"))?;
        let is_right = uri.scheme_str() == Some("http") && uri.authority().is_some();
        anyhow::ensure!(is_right, "expected something like http://127.0.0.1:8080, got `{url}`");
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        Ok(Self { pool: Pool::builder(TokioExecutor::new()).build(connector), uri, key, transport })
    }

    async fn exchange(&self, question: &str, exchange: &mut Exchange) -> Result<Instant, String> {
        let accepted = match self.transport {
            Transport::Sse => "text/event-stream",
            Transport::Rest => "application/json",
        };
        let mut request = Request::post(self.uri.clone())
            .header("content-type", "application/json")
            .header("accept", accepted);
        if let Some(key) = &self.key {
            request = request.header("x-api-key", key);
        }
        let body = json!({ "message": question, "streaming": self.transport == Transport::Sse });
        let request = request
            .body(Full::new(Bytes::from(body.to_string())))
            .map_err(|_| "INVALID_REQUEST".to_owned())?;
        exchange.asked = Some(Instant::now());
        let response = self.pool.request(request).await.map_err(|_| "UNREACHABLE".to_owned())?;
        if response.status() != StatusCode::OK {
            return Err(refusal(response).await);
        }
        match self.transport {
            Transport::Sse => events(response, exchange).await,
            Transport::Rest => whole(response, exchange).await,
        }
    }
}

impl Client for HttpClient {
    async fn ask(&self, question: &str, exchange: &mut Exchange) {
        let ended = self.exchange(question, exchange).await;
        exchange.ended = Some(ended);
    }
}

async fn refusal(response: Response<Incoming>) -> String {
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let problem: Value = serde_json::from_slice(&body).unwrap_or_default();
    problem.get("code").and_then(Value::as_str).map_or_else(|| format!("HTTP_{status}"), str::to_owned)
}

async fn whole(response: Response<Incoming>, exchange: &mut Exchange) -> Result<Instant, String> {
    let body = response.into_body().collect().await.map_err(|_| "CONNECTION_LOST".to_owned())?.to_bytes();
    exchange.bytes += body.len() as u64;
    let whole: Whole = serde_json::from_slice(&body).map_err(|_| "UNEXPECTED_RESPONSE".to_owned())?;
    // An answer in one piece has no first token, so neither has it the hops of one.
    exchange.tokens += u64::from(!whole.response.is_empty());
    Ok(Instant::now())
}

async fn events(response: Response<Incoming>, exchange: &mut Exchange) -> Result<Instant, String> {
    let mut body = BodyStream::new(response.into_body());
    let (mut pending, mut place) = (Vec::new(), Place::default());
    while let Some(part) = body.next().await {
        let Ok(part) = part.map_err(|_| "CONNECTION_LOST".to_owned())?.into_data() else { continue };
        pending.extend_from_slice(&part);
        let mut read = 0;
        while let Some(end) = pending[read..].iter().position(|byte| *byte == b'\n') {
            let line = &pending[read..read + end];
            read += end + 1;
            let Some(data) = line.strip_prefix(b"data: ") else { continue };
            let text = std::str::from_utf8(data).map_err(|_| "UNEXPECTED_FRAME".to_owned())?;
            if let Some(ended) = take(text, exchange, &mut place) {
                return ended;
            }
        }
        pending.drain(..read);
        if pending.len() > MAX_BYTES {
            return Err("EVENT_TOO_LARGE".to_owned());
        }
    }
    Err("CONNECTION_LOST".to_owned())
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::{Client, Exchange, HttpClient, Transport};

    /// Asks a server that answers one request with these bytes, in the given pieces.
    async fn ask(transport: Transport, pieces: &[&str]) -> (Exchange, String) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let serve = async {
            let (mut stream, _) = listener.accept().await.expect("a connection");
            let mut request = vec![0; 4096];
            let length = stream.read(&mut request).await.expect("a request");
            for piece in pieces {
                stream.write_all(piece.as_bytes()).await.expect("written");
                stream.flush().await.expect("written");
                tokio::task::yield_now().await;
            }
            String::from_utf8_lossy(&request[..length]).into_owned()
        };
        let client = HttpClient::new(&format!("http://{address}/"), Some("k".to_owned()), transport)
            .expect("an address");
        let mut exchange = Exchange::default();
        let (request, ()) = tokio::join!(serve, client.ask("Who?", &mut exchange));
        (exchange, request)
    }

    #[tokio::test]
    async fn events_are_read_wherever_they_are_cut() {
        let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n";
        let body = [
            "id: 1\nevent: chunk\nda",
            "ta: {\"type\":\"chunk\",\"text\":\"We\"}\n",
            "\n: still here\n\ndata: {\"type\":\"end\"}\n\n",
        ];
        let (exchange, request) = ask(Transport::Sse, &[head, body[0], body[1], body[2]]).await;
        assert!(matches!(exchange.ended, Some(Ok(_))) && exchange.tokens == 1, "{exchange:?}");
        assert!(request.contains("x-api-key: k") && request.contains("text/event-stream"), "{request}");
        let (cut, _) = ask(Transport::Sse, &[head, body[0]]).await;
        assert_eq!(cut.ended, Some(Err("CONNECTION_LOST".to_owned())));
    }

    #[tokio::test]
    async fn an_answer_in_one_piece_and_a_refusal_are_told_apart() {
        let reply = |status: &str, body: &str| {
            format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n{body}", body.len())
        };
        let good = reply("200 OK", r#"{"response":"We"}"#);
        let (exchange, _) = ask(Transport::Rest, &[&good]).await;
        assert!(
            matches!(exchange.ended, Some(Ok(_))) && exchange.tokens == 1 && exchange.first_text.is_none()
        );
        for (refused, code) in [
            (reply("503 x", r#"{"code":"OVERLOADED"}"#), "OVERLOADED"),
            (reply("502 x", "<html>"), "HTTP_502"),
        ] {
            assert_eq!(ask(Transport::Rest, &[&refused]).await.0.ended, Some(Err(code.to_owned())));
        }
    }
}
