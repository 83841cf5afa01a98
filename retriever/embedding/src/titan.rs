//! Amazon Titan's text embeddings through Bedrock's `InvokeModel`, and any model that speaks the same body. The only
//! file that knows the service's SDK.

mod reply;
mod request;

use std::sync::Arc;
use std::time::Duration;

use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_bedrockruntime::Client;
use aws_sdk_bedrockruntime::config::retry::RetryConfig;
use aws_sdk_bedrockruntime::config::timeout::TimeoutConfig;
use aws_sdk_bedrockruntime::config::{self, SharedHttpClient, StalledStreamProtectionConfig};
use aws_sdk_bedrockruntime::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_bedrockruntime::operation::invoke_model::InvokeModelError;
use aws_sdk_bedrockruntime::primitives::Blob;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use futures_util::{StreamExt, TryStreamExt, stream};
use tokio::sync::Semaphore;

use crate::embedder::{Embedded, Embedder, Embedding, Error};
pub use request::{MAX_TEXT_CHARACTERS, MAX_TEXT_TOKENS, TitanOptions};

/// Time for a connection to stand; the SDK's own default.
const CONNECT_TIMEOUT: Duration = Duration::from_millis(3_100);

/// Embeds through Bedrock, one text a call. Clones share connections and the bound on calls under way.
#[derive(Clone, Debug)]
pub struct TitanEmbedder {
    client: Client,
    options: TitanOptions,
    permits: Arc<Semaphore>,
}

impl TitanEmbedder {
    /// Returns an embedder that finds region, credentials and endpoint as AWS's tools do: in the environment
    /// (`AWS_REGION`, `AWS_ENDPOINT_URL_BEDROCK_RUNTIME`, ...), the profile, or the host. Nothing is called yet.
    ///
    /// # Errors
    /// [`Error::Settings`] when the options contradict each other or no region is set.
    pub async fn connect(options: TitanOptions) -> Result<Self, Error> {
        options.check()?;
        let found =
            aws_config::defaults(BehaviorVersion::v2026_01_12()).http_client(http_client()).load().await;
        Self::with_config(&found, options)
    }

    /// Returns an embedder with this region, these credentials and this endpoint.
    ///
    /// # Errors
    /// [`Error::Settings`] when the options contradict each other or no region is set.
    pub fn with_config(found: &SdkConfig, options: TitanOptions) -> Result<Self, Error> {
        options.check()?;
        if found.region().is_none() {
            return Err(Error::Settings("no AWS region is set: expected AWS_REGION".to_owned()));
        }
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(CONNECT_TIMEOUT.min(options.attempt_timeout))
            .operation_attempt_timeout(options.attempt_timeout)
            .operation_timeout(options.timeout);
        let config = config::Builder::from(found)
            .http_client(found.http_client().unwrap_or_else(http_client))
            .retry_config(RetryConfig::standard().with_max_attempts(options.attempts))
            .timeout_config(timeouts.build())
            // An attempt is timed to its last byte; a second clock would only cut slow calls at 5 s.
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
        let permits = Arc::new(Semaphore::new(options.concurrency));
        Ok(Self { client: Client::from_conf(config.build()), options, permits })
    }

    /// Returns the vector of one text and its tokens. The deadline covers the wait for other calls as well.
    async fn vector(&self, text: &str) -> Result<(Vec<f32>, u64), Error> {
        if text.trim().is_empty() {
            // The model refuses an empty text, and a vector of zeros has no cosine.
            let mut fixed = vec![0.0; self.options.dimensions];
            fixed.iter_mut().take(1).for_each(|first| *first = 1.0);
            return Ok((fixed, 0));
        }
        let late = |_| Error::Unavailable(format!("no answer within {:?}", self.options.timeout));
        tokio::time::timeout(self.options.timeout, self.call(text)).await.map_err(late)?
    }

    async fn call(&self, text: &str) -> Result<(Vec<f32>, u64), Error> {
        let closed = |_| Error::Unavailable("the embedder is closed".to_owned());
        let _permit = self.permits.acquire().await.map_err(closed)?;
        let call = self
            .client
            .invoke_model()
            .model_id(&self.options.model)
            .content_type("application/json")
            .accept("application/json")
            .body(Blob::new(self.options.body(text)?));
        let output = call.send().await.map_err(|error| failure(&error))?;
        reply::vector(output.body.as_ref(), &self.options)
    }
}

impl Embedder for TitanEmbedder {
    fn model_id(&self) -> &str {
        &self.options.model
    }

    fn dimensions(&self) -> usize {
        self.options.dimensions
    }

    fn nano_dollars_per_token(&self) -> u64 {
        self.options.nano_dollars_per_token()
    }

    fn embed<'a>(&'a self, texts: &'a [&'a str]) -> Embedding<'a> {
        let calls = stream::iter(texts.iter().map(|text| self.vector(text)));
        let add = |mut embedded: Embedded, (vector, tokens): (Vec<f32>, u64)| async move {
            embedded.vectors.push(vector);
            embedded.tokens = embedded.tokens.saturating_add(tokens);
            Ok(embedded)
        };
        Box::pin(calls.buffered(self.options.concurrency).try_fold(Embedded::default(), add))
    }
}

/// rustls with ring, as in every other connection of the product.
fn http_client() -> SharedHttpClient {
    aws_smithy_http_client::Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https()
}

/// Sorts a failed call; texts name the cause and never hold what was to be embedded.
fn failure(error: &SdkError<InvokeModelError>) -> Error {
    let status = error.raw_response().map(|response| response.status().as_u16());
    let Some(refusal) = error.as_service_error() else {
        return match status {
            Some(429) => Error::Throttled("too many requests".to_owned()),
            _ => Error::Unavailable(causes(error)),
        };
    };
    let code = refusal.code().unwrap_or("no error code");
    let text =
        format!("{code}, status {}: {}", status.unwrap_or(0), refusal.message().unwrap_or("no message"));
    match refusal {
        InvokeModelError::ThrottlingException(_) | InvokeModelError::ServiceQuotaExceededException(_) => {
            Error::Throttled(text)
        }
        InvokeModelError::ValidationException(_) if !request::is_about_the_model(&text) => {
            Error::Refused(text)
        }
        InvokeModelError::ValidationException(_)
        | InvokeModelError::AccessDeniedException(_)
        | InvokeModelError::ResourceNotFoundException(_) => Error::Settings(text),
        // Proxies and gateways answer without the service's error name.
        _ if status == Some(429) => Error::Throttled(text),
        _ => Error::Unavailable(text),
    }
}

fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        text = format!("{text}: {next}");
        cause = next.source();
    }
    text
}
