//! Any server that speaks OpenAI's chat completions over server-sent events: Ollama, vLLM, llama.cpp and others. Its
//! HTTP is hyper's, the framing of events `sse-stream`'s; what it says is read leniently, since every server differs.

mod events;
mod request;

use std::sync::Arc;

use bytes::Bytes;
use futures_util::stream::{self, BoxStream, StreamExt, TryStreamExt};
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::{ClientConfig, RootCertStore};

use crate::error::Error;
use crate::language::{self, Pieces, Terms};
use crate::model::{ChatModel, ModelEvent, ModelKind};
use crate::prices::{ModelPrice, Prices};
use crate::prompt::Prompt;
use crate::prompt::rendering::render;
use crate::settings::{LanguageLimits, ModelSettings, OpenAiSettings, PromptSettings};

/// Of an answer that refuses a request.
const MAX_REFUSAL_BYTES: usize = 16 * 1024;
const EVENT_STREAM: &str = "text/event-stream";

type HttpClient = Client<HttpsConnector<HttpConnector>, Full<Bytes>>;

/// Answers through a server that speaks OpenAI's chat completions. Clones share connections.
#[derive(Clone, Debug)]
pub struct OpenAiModel {
    client: HttpClient,
    address: Uri,
    /// Never prints.
    authorization: Option<HeaderValue>,
    settings: Arc<OpenAiSettings>,
    prompt: Arc<PromptSettings>,
    limits: LanguageLimits,
    prices: Arc<Prices>,
    price: ModelPrice,
}

impl OpenAiModel {
    /// Returns a model; nothing is called yet. A model without a price costs nothing, as on one's own machine.
    ///
    /// # Errors
    /// [`Error::Settings`] when the address or the key cannot be used.
    pub fn new(openai: &OpenAiSettings, settings: &ModelSettings) -> Result<Self, Error> {
        let address = format!("{}/chat/completions", openai.url.trim_end_matches('/'));
        let address = address.parse().map_err(|error| {
            Error::Settings(format!("GENERATOR_OPENAI_URL: expected http://HOST:PORT/v1: {error}"))
        })?;
        let authorization = openai.api_key.as_ref().map(|key| {
            let mut value = HeaderValue::from_str(&format!("Bearer {}", key.expose())).map_err(|_| {
                Error::Settings("GENERATOR_OPENAI_API_KEY: expected visible ASCII characters".to_owned())
            })?;
            value.set_sensitive(true);
            Ok::<_, Error>(value)
        });
        Ok(Self {
            client: client(settings.limits)?,
            address,
            authorization: authorization.transpose()?,
            settings: Arc::new(openai.clone()),
            prompt: Arc::new(settings.prompt.clone()),
            limits: settings.limits,
            prices: Arc::new(settings.prices.clone()),
            price: settings.prices.of(&openai.model).unwrap_or_default(),
        })
    }

    fn request(&self, body: Vec<u8>) -> Result<Request<Full<Bytes>>, Error> {
        let mut request = Request::post(self.address.clone())
            .header(CONTENT_TYPE, "application/json")
            .header(ACCEPT, EVENT_STREAM);
        if let Some(authorization) = &self.authorization {
            request = request.header(AUTHORIZATION, authorization);
        }
        request.body(Full::from(body)).map_err(|error| Error::Internal(error.to_string()))
    }

    /// Calls once the stream is polled; dropping it drops the connection at any time.
    fn pieces(&self, body: Vec<u8>) -> Pieces {
        let (client, request) = (self.client.clone(), self.request(body));
        let max_event_bytes = self.settings.max_event_bytes;
        let calling = async move {
            let response = client.request(request?).await;
            let response = response.map_err(|error| Error::ModelUnavailable(events::causes(&error)))?;
            let response = accepted(response).await?;
            Ok::<Pieces, Error>(events::pieces(response.into_body(), max_event_bytes))
        };
        stream::once(calling).try_flatten().boxed()
    }
}

impl ChatModel for OpenAiModel {
    fn name(&self) -> &str {
        &self.settings.model
    }

    fn kind(&self) -> ModelKind {
        ModelKind::Language
    }

    fn most_microdollars(&self, prompt: &Prompt) -> u64 {
        // What cannot be rendered is not sent either.
        render(prompt, &self.prompt).map_or(0, |rendered| {
            let tokens = (rendered.most_tokens, prompt.max_output_tokens);
            self.prices.most_microdollars(self.price, tokens, 0)
        })
    }

    fn answer(&self, prompt: Prompt) -> BoxStream<'static, Result<ModelEvent, Error>> {
        let max_output_tokens = prompt.max_output_tokens;
        let asked = render(&prompt, &self.prompt).and_then(|rendered| {
            let temperature = self.prompt.temperature;
            let body = request::body(&self.settings.model, &rendered, max_output_tokens, temperature)?;
            Ok((body, rendered))
        });
        let (body, rendered) = match asked {
            Ok(asked) => asked,
            Err(error) => return stream::once(async move { Err(error) }).boxed(),
        };
        let terms = Terms {
            limits: self.limits,
            prices: Arc::clone(&self.prices),
            price: self.price,
            max_output_tokens,
        };
        language::write(self.pieces(body), &rendered, terms)
    }
}

fn client(limits: LanguageLimits) -> Result<HttpClient, Error> {
    let mut authorities = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    // Systems carry old certificates that cannot be read; they are of no use to anybody.
    authorities.add_parsable_certificates(found.certs);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::Internal(error.to_string()))?
        .with_root_certificates(authorities)
        .with_no_client_auth();
    let mut connector = HttpConnector::new();
    connector.enforce_http(false);
    connector.set_connect_timeout(Some(limits.connect));
    connector.set_nodelay(true);
    let connector = HttpsConnectorBuilder::new()
        .with_tls_config(tls)
        .https_or_http()
        .enable_http1()
        .wrap_connector(connector);
    Ok(Client::builder(TokioExecutor::new()).pool_timer(TokioTimer::new()).build(connector))
}

/// Returns the response when it is a stream of events.
async fn accepted(response: Response<Incoming>) -> Result<Response<Incoming>, Error> {
    if response.status() != StatusCode::OK {
        return Err(refusal(response).await);
    }
    let kind = response.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if kind.split(';').next().map(str::trim) == Some(EVENT_STREAM) {
        return Ok(response);
    }
    let kind: String = kind.chars().take(100).collect();
    Err(Error::ModelRefused(format!("expected {EVENT_STREAM}, got `{kind}`: is the address right?")))
}

/// Sorts a response that is no answer by what helps: waiting, another model, or another setting.
async fn refusal(response: Response<Incoming>) -> Error {
    let status = response.status();
    let body = Limited::new(response.into_body(), MAX_REFUSAL_BYTES).collect().await;
    let body = body.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let said = events::Refusal::read(&body);
    let text = format!("status {}: {said}", status.as_u16());
    match status.as_u16() {
        429 => Error::ModelThrottled(text),
        _ if said.is_filtered() => Error::Blocked(text),
        // What these mean passes: a request that took too long, or came too early.
        408 | 425 => Error::ModelUnavailable(text),
        300..=499 => Error::ModelRefused(text),
        _ => Error::ModelUnavailable(text),
    }
}
