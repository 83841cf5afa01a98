//! Bedrock's guardrail for a text alone, through `ApplyGuardrail`: for questions to models that are not Bedrock's, and
//! before anything else is done with a question.

use std::time::Duration;

use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_bedrockruntime::Client;
use aws_sdk_bedrockruntime::config::retry::RetryConfig;
use aws_sdk_bedrockruntime::config::timeout::TimeoutConfig;
use aws_sdk_bedrockruntime::config::{self, SharedHttpClient};
use aws_sdk_bedrockruntime::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_bedrockruntime::operation::apply_guardrail::{ApplyGuardrailError, ApplyGuardrailOutput};
use aws_sdk_bedrockruntime::types::{
    GuardrailAction, GuardrailAssessment, GuardrailContentBlock, GuardrailContentPolicyAction,
    GuardrailContentSource, GuardrailContextualGroundingPolicyAction,
    GuardrailSensitiveInformationPolicyAction, GuardrailTextBlock, GuardrailTopicPolicyAction,
    GuardrailUsage, GuardrailWordPolicyAction,
};
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::{Checked, Direction, Guardrail, Policy, Verdict};
use crate::error::Error;
use crate::prices::GuardrailUnits;
use crate::settings::GuardrailSettings;

/// Calls of the service for one text: it changes nothing, so that trying again does no harm.
const ATTEMPTS: u32 = 2;
/// Before the second call.
const PAUSE: Duration = Duration::from_millis(100);
/// Of a text of the service that goes to the log.
const LONGEST_TEXT: usize = 300;

/// Has texts read by a guardrail of Bedrock.
#[derive(Clone, Debug)]
pub struct AppliedGuardrail {
    client: Client,
    id: String,
    version: String,
    patience: Duration,
}

impl AppliedGuardrail {
    /// Returns a guardrail that finds region, credentials and endpoint as AWS's tools do. Nothing is called yet.
    ///
    /// # Errors
    /// [`Error::Settings`] when no region is set.
    pub async fn connect(
        guardrail: &GuardrailSettings,
        connect: Duration,
        patience: Duration,
    ) -> Result<Self, Error> {
        let found =
            aws_config::defaults(BehaviorVersion::v2026_01_12()).http_client(http_client()).load().await;
        Self::with_config(&found, guardrail, connect, patience)
    }

    /// Returns a guardrail with this region, these credentials and this endpoint.
    ///
    /// # Errors
    /// [`Error::Settings`] when no region is set.
    pub fn with_config(
        found: &SdkConfig,
        guardrail: &GuardrailSettings,
        connect: Duration,
        patience: Duration,
    ) -> Result<Self, Error> {
        if found.region().is_none() {
            return Err(Error::Settings("no AWS region is set: expected AWS_REGION".to_owned()));
        }
        let config = config::Builder::from(found)
            .http_client(found.http_client().unwrap_or_else(http_client))
            .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS).with_initial_backoff(PAUSE))
            .timeout_config(TimeoutConfig::builder().connect_timeout(connect).build());
        Ok(Self {
            client: Client::from_conf(config.build()),
            id: guardrail.id.clone(),
            version: guardrail.version.clone(),
            patience,
        })
    }

    async fn apply(&self, direction: Direction, text: &str) -> Result<Verdict, Error> {
        if text.trim().is_empty() {
            // The service refuses to read nothing, and nothing offends no rule.
            return Ok(Verdict { checked: Checked::Clean, noted: 0, units: GuardrailUnits::default() });
        }
        let source = match direction {
            Direction::Input => GuardrailContentSource::Input,
            Direction::Output => GuardrailContentSource::Output,
        };
        let block = GuardrailTextBlock::builder().text(text).build();
        let block = block.map_err(|error| Error::Internal(error.to_string()))?;
        let call = self
            .client
            .apply_guardrail()
            .guardrail_identifier(&self.id)
            .guardrail_version(&self.version)
            .source(source)
            .content(GuardrailContentBlock::Text(block));
        // The deadline is over everything: credentials, connections, both attempts and the answer's body.
        match tokio::time::timeout(self.patience, call.send()).await {
            Ok(Ok(output)) => Ok(verdict(&output)),
            Ok(Err(error)) => Err(unavailable(&error)),
            Err(_) => Err(Error::GuardUnavailable(format!("it did not decide within {:?}", self.patience))),
        }
    }
}

impl Guardrail for AppliedGuardrail {
    fn check<'a>(&'a self, direction: Direction, text: &'a str) -> BoxFuture<'a, Result<Verdict, Error>> {
        self.apply(direction, text).boxed()
    }
}

/// Whatever is not plainly allowed is not.
fn verdict(output: &ApplyGuardrailOutput) -> Verdict {
    let assessments = output.assessments();
    let checked = match (output.action(), assessments.iter().find_map(blocked_by)) {
        (_, Some(policy)) => Checked::Blocked { policy },
        (GuardrailAction::None, None) => Checked::Clean,
        (GuardrailAction::GuardrailIntervened, None) if assessments.iter().any(is_masked) => {
            let parts: Option<Vec<&str>> = output.outputs().iter().map(|part| part.text()).collect();
            match parts.filter(|parts| !parts.is_empty()) {
                Some(parts) => Checked::Redacted(parts.concat()),
                None => Checked::Blocked { policy: Policy::SensitiveInformation },
            }
        }
        _ => Checked::Blocked { policy: Policy::Other },
    };
    let noted = assessments.iter().map(noted).fold(0, u32::saturating_add);
    Verdict { checked, noted, units: output.usage().map(units).unwrap_or_default() }
}

fn blocked_by(of: &GuardrailAssessment) -> Option<Policy> {
    let topics = of.topic_policy().map(|policy| policy.topics()).unwrap_or_default();
    let filters = of.content_policy().map(|policy| policy.filters()).unwrap_or_default();
    let words = of.word_policy();
    let personal = of.sensitive_information_policy();
    let grounding = of.contextual_grounding_policy().map(|policy| policy.filters()).unwrap_or_default();
    let custom = words.map(|policy| policy.custom_words()).unwrap_or_default();
    let managed = words.map(|policy| policy.managed_word_lists()).unwrap_or_default();
    let entities = personal.map(|policy| policy.pii_entities()).unwrap_or_default();
    let expressions = personal.map(|policy| policy.regexes()).unwrap_or_default();
    let (word, secret) =
        (GuardrailWordPolicyAction::Blocked, GuardrailSensitiveInformationPolicyAction::Blocked);
    let found = [
        (Policy::Topic, topics.iter().any(|topic| topic.action == GuardrailTopicPolicyAction::Blocked)),
        (
            Policy::Content,
            filters.iter().any(|filter| filter.action == GuardrailContentPolicyAction::Blocked),
        ),
        (Policy::Word, custom.iter().any(|found| found.action == word)),
        (Policy::Word, managed.iter().any(|found| found.action == word)),
        (Policy::SensitiveInformation, entities.iter().any(|found| found.action == secret)),
        (Policy::SensitiveInformation, expressions.iter().any(|found| found.action == secret)),
        (
            Policy::Grounding,
            grounding.iter().any(|found| found.action == GuardrailContextualGroundingPolicyAction::Blocked),
        ),
    ];
    found.into_iter().find_map(|(policy, is_blocked)| is_blocked.then_some(policy))
}

fn is_masked(of: &GuardrailAssessment) -> bool {
    personal(of, &GuardrailSensitiveInformationPolicyAction::Anonymized) > 0
}

/// Only personal data is told apart from what was not found.
fn noted(of: &GuardrailAssessment) -> u32 {
    personal(of, &GuardrailSensitiveInformationPolicyAction::None)
}

fn personal(of: &GuardrailAssessment, action: &GuardrailSensitiveInformationPolicyAction) -> u32 {
    let Some(policy) = of.sensitive_information_policy() else { return 0 };
    let entities = policy.pii_entities().iter().filter(|found| found.action == *action).count();
    let expressions = policy.regexes().iter().filter(|found| found.action == *action).count();
    u32::try_from(entities.saturating_add(expressions)).unwrap_or(u32::MAX)
}

fn units(usage: &GuardrailUsage) -> GuardrailUnits {
    let count = |number: i32| u32::try_from(number).unwrap_or(0);
    GuardrailUnits {
        topics: count(usage.topic_policy_units),
        content: count(usage.content_policy_units),
        personal_data: count(usage.sensitive_information_policy_units),
        grounding: count(usage.contextual_grounding_policy_units),
    }
}

/// The cause is for the log; the service's texts quote no question.
fn unavailable(error: &SdkError<ApplyGuardrailError>) -> Error {
    let status = error.raw_response().map_or(0, |response| response.status().as_u16());
    let text = match error.as_service_error() {
        Some(refusal) => {
            let code = refusal.code().unwrap_or("no error code");
            format!("{code}, status {status}: {}", refusal.message().unwrap_or("no message"))
        }
        None => format!("{error}, status {status}"),
    };
    Error::GuardUnavailable(text.chars().take(LONGEST_TEXT).collect())
}

/// rustls with ring, as in every other connection of the product.
fn http_client() -> SharedHttpClient {
    aws_smithy_http_client::Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https()
}
