//! Asks the public gRPC interface. All questions of a client share one connection, as a backend's do.

use prost::Message;
use proto::v1::chat_client::ChatClient;
use proto::v1::chat_event::Event;
use proto::v1::{AskRequest, ChatEvent, StageTimes};
use tokio::time::Instant;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status};

use super::{Client, Exchange, Stages};

/// A client of one gateway.
#[derive(Clone, Debug)]
pub struct GrpcClient {
    chat: ChatClient<Channel>,
    key: Option<String>,
}

/// Returns a connection that is opened by the first call.
pub(super) fn channel(url: &str) -> anyhow::Result<Channel> {
    let endpoint = Endpoint::from_shared(url.to_owned())
        .map_err(|_| anyhow::anyhow!("expected something like http://127.0.0.1:8081, got `{url}`"))?;
    Ok(endpoint.tcp_nodelay(true).connect_lazy())
}

/// Returns the table's name of a failed call.
pub(super) fn code(status: &Status) -> String {
    proto::ErrorCode::of(status).0.name().to_owned()
}

/// Returns a request that names the key.
pub(super) fn request<Body>(body: Body, key: Option<&str>) -> Result<Request<Body>, String> {
    let mut request = Request::new(body);
    if let Some(key) = key {
        let key = key.parse().map_err(|_| "INVALID_KEY".to_owned())?;
        request.metadata_mut().insert("x-api-key", key);
    }
    Ok(request)
}

impl GrpcClient {
    /// Returns a client for an address such as `http://127.0.0.1:8081`.
    ///
    /// # Errors
    /// When it is no address.
    pub fn new(url: &str, key: Option<String>) -> anyhow::Result<Self> {
        Ok(Self { chat: ChatClient::new(channel(url)?), key })
    }

    async fn exchange(&self, question: &str, exchange: &mut Exchange) -> Result<Instant, String> {
        let asked = AskRequest { question: question.to_owned(), ..AskRequest::default() };
        let request = request(asked, self.key.as_deref())?;
        exchange.asked = Some(Instant::now());
        let mut chat = self.chat.clone();
        let mut events = chat.ask(request).await.map_err(|status| code(&status))?.into_inner();
        let mut seq = 0;
        while let Some(event) = events.message().await.map_err(|status| code(&status))? {
            if event.seq != seq + 1 {
                return Err("LOST_OR_DOUBLED_EVENT".to_owned());
            }
            seq = event.seq;
            if let Some(ended) = take(&event, exchange) {
                return ended;
            }
        }
        Err("CONNECTION_LOST".to_owned())
    }
}

fn take(event: &ChatEvent, exchange: &mut Exchange) -> Option<Result<Instant, String>> {
    exchange.bytes += event.encoded_len() as u64;
    match event.event.as_ref()? {
        Event::Delta(delta) if !delta.text.is_empty() => exchange.heard(),
        Event::Ended(ended) => {
            exchange.stages = ended.stage_times.map(stages);
            return Some(Ok(Instant::now()));
        }
        Event::Failed(failed) => return Some(Err(failed.code.clone())),
        _ => {}
    }
    None
}

fn stages(times: StageTimes) -> Stages {
    let StageTimes { embed_ms, search_ms, first_token_ms, .. } = times;
    Stages { embed_ms, search_ms, first_token_ms }
}

impl Client for GrpcClient {
    async fn ask(&self, question: &str, exchange: &mut Exchange) {
        let ended = self.exchange(question, exchange).await;
        exchange.ended = Some(ended);
    }
}
