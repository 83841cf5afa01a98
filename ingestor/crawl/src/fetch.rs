//! Gets one address over HTTP, within the limits of time and bytes and at the crawl's pace. Redirects are for the caller.

use std::error::Error as StdError;
use std::time::Duration;

use bytes::Bytes;
use http::header::{
    ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, IF_MODIFIED_SINCE, IF_NONE_MATCH, RETRY_AFTER, USER_AGENT,
};
use http::{HeaderMap, HeaderValue, Request, Response};
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::{self, Client};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::{ClientConfig, RootCertStore};
use tokio::time::Instant;
use url::Url;

use crate::connect::{Connector, NotConnected};
use crate::error::{Error, Failure};
use crate::settings::{Limits, Settings};
use crate::unpack;

/// The library reads heads into at least this much.
const LEAST_HEADER_BYTES: usize = 8 * 1024;
const IDLE_TIMEOUT: Duration = Duration::from_secs(20);
const ACCEPTED: HeaderValue =
    HeaderValue::from_static("text/html,application/xhtml+xml,application/pdf;q=0.9,*/*;q=0.5");
const GZIP: HeaderValue = HeaderValue::from_static("gzip");

/// What an earlier answer said of its version.
#[derive(Clone, Debug, Default)]
pub(crate) struct Validators {
    pub(crate) etag: Option<String>,
    pub(crate) last_modified: Option<String>,
}

/// An answer; the body is there only with the status 200.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// Returns a header as text; empty when it is not there or not text.
    pub(crate) fn header(&self, name: http::header::HeaderName) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

/// A client that keeps the pace.
#[derive(Debug)]
pub(crate) struct Fetcher {
    client: Client<HttpsConnector<Connector>, Empty<Bytes>>,
    user_agent: HeaderValue,
    limits: Limits,
    /// Time between two requests.
    pub(crate) pause: Duration,
    next: Instant,
}

impl Fetcher {
    pub(crate) fn new(settings: &Settings) -> Result<Self, Error> {
        let mut authorities = RootCertStore::empty();
        let found = rustls_native_certs::load_native_certs();
        // Systems carry old certificates that cannot be read; they are of no use to anybody.
        authorities.add_parsable_certificates(found.certs);
        let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
        let tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| Error::Certificates(error.to_string()))?
            .with_root_certificates(authorities)
            .with_no_client_auth();
        let connector =
            Connector::new(settings.permission.clone(), &settings.ports, settings.resolver.clone());
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_or_http()
            .enable_http1()
            .wrap_connector(connector);
        let client = Client::builder(TokioExecutor::new())
            .pool_idle_timeout(IDLE_TIMEOUT)
            .pool_max_idle_per_host(1)
            .pool_timer(TokioTimer::new())
            .http1_max_buf_size(settings.limits.header_bytes.max(LEAST_HEADER_BYTES))
            .build(connector);
        let user_agent = HeaderValue::from_str(&settings.user_agent)
            .map_err(|_| Error::Sink("the user agent may hold visible ASCII characters only".to_owned()))?;
        Ok(Self { client, user_agent, limits: settings.limits, pause: settings.pause, next: Instant::now() })
    }

    /// Gets an address, and again after a pause where that may help. The body may be `limit_bytes` long.
    pub(crate) async fn get(
        &mut self,
        address: &Url,
        validators: &Validators,
        limit_bytes: usize,
    ) -> Result<Answer, Failure> {
        let mut tries = 1;
        loop {
            let answer = self.try_get(address, validators, limit_bytes).await;
            let (failure, asked) = match answer {
                Err(failure) => (failure, None),
                Ok(answer) => {
                    let failure = Failure::Status(answer.status);
                    if !failure.is_passing() {
                        return Ok(answer);
                    }
                    (failure, answer.header(RETRY_AFTER).trim().parse().ok().map(Duration::from_secs))
                }
            };
            if !failure.is_passing() || tries >= self.limits.tries {
                return Err(failure);
            }
            let growing = self.pause.saturating_mul(4_u32.saturating_pow(tries));
            self.next = Instant::now() + asked.unwrap_or(growing).min(self.limits.longest_pause);
            tries += 1;
        }
    }

    async fn try_get(
        &mut self,
        address: &Url,
        validators: &Validators,
        limit_bytes: usize,
    ) -> Result<Answer, Failure> {
        tokio::time::sleep_until(self.next).await;
        self.next = Instant::now() + self.pause;
        let request = self.request(address, validators)?;
        let answering = async {
            let response = self.client.request(request).await.map_err(|error| self.failure(&error))?;
            self.read(response, limit_bytes).await
        };
        let time = self.limits.page_time;
        tokio::time::timeout(time, answering).await.map_err(|_| Failure::Timeout(time))?
    }

    fn request(&self, address: &Url, validators: &Validators) -> Result<Request<Empty<Bytes>>, Failure> {
        let mut request = Request::get(address.as_str())
            .header(USER_AGENT, self.user_agent.clone())
            .header(ACCEPT, ACCEPTED)
            .header(ACCEPT_ENCODING, GZIP);
        if let Some(etag) = &validators.etag {
            request = request.header(IF_NONE_MATCH, etag);
        }
        if let Some(time) = &validators.last_modified {
            request = request.header(IF_MODIFIED_SINCE, time);
        }
        request.body(Empty::new()).map_err(|error| Failure::Protocol(error.to_string()))
    }

    async fn read(&self, response: Response<Incoming>, limit_bytes: usize) -> Result<Answer, Failure> {
        let (head, mut body) = response.into_parts();
        let mut answer = Answer { status: head.status.as_u16(), headers: head.headers, body: Vec::new() };
        if answer.status != 200 {
            return Ok(answer);
        }
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| Failure::Connection(root(&error)))?;
            let Ok(part) = frame.into_data() else { continue };
            if answer.body.len().saturating_add(part.len()) > limit_bytes {
                return Err(Failure::TooLarge { limit_bytes });
            }
            answer.body.extend_from_slice(&part);
        }
        let coding = answer.header(CONTENT_ENCODING).trim().to_ascii_lowercase();
        match coding.as_str() {
            "" | "identity" => Ok(answer),
            "gzip" | "x-gzip" => {
                answer.body = unpacked(answer.body, limit_bytes, self.limits.unpack_ratio).await?;
                Ok(answer)
            }
            _ => Err(Failure::Packing(format!(
                "it came as `{}`, and gzip was asked for",
                coding.escape_debug()
            ))),
        }
    }

    fn failure(&self, error: &legacy::Error) -> Failure {
        let mut cause: Option<&(dyn StdError + 'static)> = Some(error);
        while let Some(error) = cause {
            if let Some(NotConnected(failure)) = error.downcast_ref() {
                return failure.clone();
            }
            if error.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_parse_too_large) {
                return Failure::Headers { limit_bytes: self.limits.header_bytes.max(LEAST_HEADER_BYTES) };
            }
            cause = error.source();
        }
        let text = root(error);
        if error.is_connect() { Failure::Connection(text) } else { Failure::Protocol(text) }
    }
}

/// Unpacks gzip away from the runtime.
pub(crate) async fn unpacked(packed: Vec<u8>, limit_bytes: usize, ratio: usize) -> Result<Vec<u8>, Failure> {
    let work = tokio::task::spawn_blocking(move || unpack::unpack(&packed, limit_bytes, ratio));
    work.await.unwrap_or_else(|error| Err(Failure::Packing(error.to_string())))
}

/// Returns the words of the innermost cause, which says most.
fn root(error: &(dyn StdError + 'static)) -> String {
    let mut inner = error;
    while let Some(cause) = inner.source() {
        inner = cause;
    }
    inner.to_string()
}
