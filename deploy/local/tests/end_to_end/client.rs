//! Clients of each transport, reduced to what the scenarios look at.

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use proto::v1::chat_client::ChatClient;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::CloseFrame;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};
use tonic::transport::Channel;

/// How long a reply may take; only a hang reaches it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A WebSocket to the chatbot.
pub(crate) struct Socket(pub(crate) WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    pub(crate) async fn open(http: SocketAddr) -> Self {
        Self(tokio_tungstenite::connect_async(format!("ws://{http}/ws")).await.expect("opens").0)
    }

    pub(crate) async fn send(&mut self, frame: &Value) {
        self.0.send(Message::text(frame.to_string())).await.expect("sends");
    }

    /// Returns the next frame of the protocol; pings are passed over.
    pub(crate) async fn next(&mut self) -> Result<Value, Option<CloseFrame>> {
        loop {
            let message = tokio::time::timeout(PATIENCE, self.0.next()).await.expect("a frame in time");
            match message {
                Some(Ok(Message::Text(text))) => return Ok(serde_json::from_str(&text).expect("JSON")),
                Some(Ok(Message::Close(frame))) => return Err(frame),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Err(None),
            }
        }
    }

    /// Asks and returns every frame up to `end` or `error`.
    pub(crate) async fn ask(&mut self, question: &str) -> Vec<Value> {
        self.send(&json!({"action": "sendMessage", "message": question})).await;
        self.rest_of_answer().await
    }

    pub(crate) async fn rest_of_answer(&mut self) -> Vec<Value> {
        let mut frames = Vec::new();
        loop {
            let frame = self.next().await.expect("still open");
            let last = frame["type"] == "end" || frame["type"] == "error";
            frames.push(frame);
            if last {
                return frames;
            }
        }
    }
}

/// Returns the text of an answer as its chunks give it.
pub(crate) fn joined(frames: &[Value]) -> String {
    frames
        .iter()
        .filter(|frame| frame["type"] == "chunk")
        .filter_map(|frame| frame["text"].as_str())
        .collect()
}

/// Sends a request and returns the response with its whole body.
pub(crate) async fn http(address: SocketAddr, request: Request<Full<Bytes>>) -> (Response<()>, Vec<u8>) {
    let stream = TcpStream::connect(address).await.expect("connects");
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.expect("speaks HTTP/1");
    // The sender goes with the exchange, so that the connection ends after it.
    let exchange = async move {
        let response = sender.send_request(request).await.expect("a response");
        let (head, body) = response.into_parts();
        (Response::from_parts(head, ()), body.collect().await.expect("a whole body").to_bytes().to_vec())
    };
    let both = async { tokio::join!(exchange, connection).0 };
    tokio::time::timeout(PATIENCE, both).await.expect("a response in time")
}

/// Posts JSON and returns the status and the body.
pub(crate) async fn post(address: SocketAddr, path: &str, body: &Value, accept: &str) -> (u16, Vec<u8>) {
    let request = Request::post(path)
        .header("host", address.to_string())
        .header("content-type", "application/json")
        .header("accept", accept)
        .body(Full::new(Bytes::from(body.to_string())))
        .expect("a request");
    let (response, body) = http(address, request).await;
    (response.status().as_u16(), body)
}

/// Asks over REST and returns the reply.
pub(crate) async fn chat(address: SocketAddr, question: &str) -> Value {
    let body = json!({"message": question, "streaming": false});
    let (status, body) = post(address, "/chat", &body, "application/json").await;
    let reply: Value = serde_json::from_slice(&body).expect("JSON");
    assert_eq!(status, 200, "{reply}");
    reply
}

/// Gets a path and returns the status and the text.
pub(crate) async fn get(address: SocketAddr, path: &str) -> (u16, String) {
    let request =
        Request::get(path).header("host", address.to_string()).body(Full::default()).expect("a request");
    let (response, body) = http(address, request).await;
    (response.status().as_u16(), String::from_utf8(body).expect("UTF-8"))
}

/// Returns a client of the public gRPC service.
pub(crate) fn grpc(address: SocketAddr) -> ChatClient<Channel> {
    let target: proto::Target = format!("http://{address}").parse().expect("an address");
    ChatClient::new(target.channel())
}
