//! Amazon Nova, and any other model of Bedrock that converses, through `ConverseStream`. With the files in its folder it
//! alone knows the service's SDK; when to call again or what to say instead is decided elsewhere.

mod events;
mod failure;
mod request;

use std::sync::Arc;

use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_bedrockruntime::Client;
use aws_sdk_bedrockruntime::config::retry::RetryConfig;
use aws_sdk_bedrockruntime::config::timeout::TimeoutConfig;
use aws_sdk_bedrockruntime::config::{self, SharedHttpClient};
use aws_sdk_bedrockruntime::operation::converse_stream::builders::ConverseStreamFluentBuilder;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use futures_util::stream::{self, BoxStream, StreamExt, TryStreamExt};

use crate::error::Error;
use crate::language::{self, Pieces, Terms};
use crate::model::{ChatModel, ModelEvent, ModelKind};
use crate::prices::{ModelPrice, Prices};
use crate::prompt::Prompt;
use crate::prompt::rendering::{Part, Rendered, render};
use crate::settings::{BedrockSettings, GuardPassages, LanguageLimits, ModelSettings, PromptSettings};

/// Of one token, at most, in an answer that is longer than a few words.
const TOKEN_CHARACTERS: u32 = 8;

/// Answers through Bedrock. Clones share connections.
#[derive(Clone, Debug)]
pub struct BedrockModel {
    client: Client,
    settings: Arc<BedrockSettings>,
    prompt: Arc<PromptSettings>,
    limits: LanguageLimits,
    prices: Arc<Prices>,
    price: ModelPrice,
}

impl BedrockModel {
    /// Returns a model that finds region, credentials and endpoint as AWS's tools do: in the environment (`AWS_REGION`,
    /// `AWS_ENDPOINT_URL_BEDROCK_RUNTIME`, ...), the profile, or the host. Nothing is called yet.
    ///
    /// # Errors
    /// [`Error::Settings`] when no region is set or the model has no price.
    pub async fn connect(bedrock: &BedrockSettings, settings: &ModelSettings) -> Result<Self, Error> {
        let found =
            aws_config::defaults(BehaviorVersion::v2026_01_12()).http_client(http_client()).load().await;
        Self::with_config(&found, bedrock, settings)
    }

    /// Returns a model with this region, these credentials and this endpoint.
    ///
    /// # Errors
    /// [`Error::Settings`] when no region is set or the model has no price.
    pub fn with_config(
        found: &SdkConfig,
        bedrock: &BedrockSettings,
        settings: &ModelSettings,
    ) -> Result<Self, Error> {
        if found.region().is_none() {
            return Err(Error::Settings("no AWS region is set: expected AWS_REGION".to_owned()));
        }
        let no_price =
            || Error::Settings(format!("GENERATOR_PRICES: no price of {} is known", bedrock.model));
        let price = settings.prices.of(&bedrock.model).ok_or_else(no_price)?;
        let config = config::Builder::from(found)
            .http_client(found.http_client().unwrap_or_else(http_client))
            // Whether to try again depends on what was shown already, which is not known here.
            .retry_config(RetryConfig::disabled())
            .timeout_config(TimeoutConfig::builder().connect_timeout(settings.limits.connect).build());
        Ok(Self {
            client: Client::from_conf(config.build()),
            settings: Arc::new(bedrock.clone()),
            prompt: Arc::new(settings.prompt.clone()),
            limits: settings.limits,
            prices: Arc::new(settings.prices.clone()),
            price,
        })
    }

    /// Returns the most text units that a guardrail reads: a unit has up to 1,000 characters.
    fn most_units(&self, rendered: &Rendered, max_output_tokens: u32) -> u32 {
        let Some(guardrail) = &self.settings.guardrail else { return 0 };
        let units = |characters: usize| u32::try_from(characters / 1_000 + 1).unwrap_or(u32::MAX);
        let is_read = |part: &Part| match part {
            Part::Question(_) => true,
            Part::Passage(_) => guardrail.passages != GuardPassages::None,
            Part::Text(_) => false,
        };
        let parts = rendered.turns.iter().flat_map(|turn| &turn.parts).filter(|part| is_read(part));
        let read = parts.map(|part| units(part.text().len())).fold(0, u32::saturating_add);
        let written = max_output_tokens.saturating_mul(TOKEN_CHARACTERS);
        read.saturating_add(units(written as usize))
    }

    fn call(
        &self,
        rendered: &Rendered,
        max_output_tokens: u32,
    ) -> Result<ConverseStreamFluentBuilder, Error> {
        let guardrail = self.settings.guardrail.as_ref();
        let cache_from = self.settings.cache_from_tokens;
        let call = self
            .client
            .converse_stream()
            .model_id(&self.settings.model)
            .set_system(Some(request::system(rendered, cache_from)?))
            .set_messages(Some(request::messages(rendered, guardrail, cache_from)?))
            .inference_config(request::inference(max_output_tokens, self.prompt.temperature))
            .set_guardrail_config(guardrail.map(request::guardrail));
        Ok(call)
    }
}

impl ChatModel for BedrockModel {
    fn name(&self) -> &str {
        &self.settings.model
    }

    fn kind(&self) -> ModelKind {
        ModelKind::Language
    }

    fn most_microdollars(&self, prompt: &Prompt) -> u64 {
        // What cannot be rendered is not sent either.
        render(prompt, &self.prompt).map_or(0, |rendered| {
            let units = self.most_units(&rendered, prompt.max_output_tokens);
            let tokens = (rendered.most_tokens, prompt.max_output_tokens);
            self.prices.most_microdollars(self.price, tokens, units)
        })
    }

    fn answer(&self, prompt: Prompt) -> BoxStream<'static, Result<ModelEvent, Error>> {
        let max_output_tokens = prompt.max_output_tokens;
        let rendered = render(&prompt, &self.prompt);
        let called = rendered.and_then(|rendered| Ok((self.call(&rendered, max_output_tokens)?, rendered)));
        let (call, rendered) = match called {
            Ok(called) => called,
            Err(error) => return stream::once(async move { Err(error) }).boxed(),
        };
        let terms = Terms {
            limits: self.limits,
            prices: Arc::clone(&self.prices),
            price: self.price,
            max_output_tokens,
        };
        language::write(pieces(call), &rendered, terms)
    }
}

/// Calls once the stream is polled; dropping it drops the connection at any time.
fn pieces(call: ConverseStreamFluentBuilder) -> Pieces {
    let calling = async move {
        let output = call.send().await.map_err(|error| failure::of_call(&error))?;
        Ok::<Pieces, Error>(events::pieces(output.stream))
    };
    stream::once(calling).try_flatten().boxed()
}

/// rustls with ring, as in every other connection of the product.
fn http_client() -> SharedHttpClient {
    aws_smithy_http_client::Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https()
}
