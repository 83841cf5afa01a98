//! Amazon Bedrock Runtime: models that answer, at once or in a stream, Titan's embeddings, and guardrails. What models say, how fast,
//! and what goes wrong is in the scenario.

mod answer;
mod behaviour;
mod fault;
mod frame;
mod guardrail;
mod pace;
mod path;
pub(super) mod reply;
mod request;
pub mod scenario;
mod stream;
mod titan;
mod tokens;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::response::Response;
use hyper::HeaderMap;
use hyper::header::{ACCEPT, CONTENT_TYPE};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

use super::journal::Entry;
use super::reply::ServiceError;
use answer::{Answer, Delta, Guarding};
use fault::{BedrockFault, BedrockFaults, FaultKind};
pub(super) use path::Call;
use path::Operation;
use request::{Conversation, invalid};
use scenario::{BedrockScenario, Guardrail, Model};
use stream::Plan;
use titan::Titan;

/// The service.
#[derive(Debug)]
pub(super) struct Bedrock {
    scenario: BedrockScenario,
    faults: BedrockFaults,
    /// Stands for each model when the scenario names none.
    any: Model,
    calls: AtomicU64,
}

/// What is sent, and when.
enum Written {
    Json { wait: Duration, body: Value, headers: Vec<(&'static str, String)>, tokens: usize },
    Stream(Plan),
}

impl Bedrock {
    pub(super) fn new(mut scenario: BedrockScenario) -> anyhow::Result<Self> {
        scenario.check()?;
        let faults = BedrockFaults::new(std::mem::take(&mut scenario.fault))?;
        Ok(Self { scenario, faults, any: Model::default(), calls: AtomicU64::new(0) })
    }

    /// Bytes of a text in a request that is kept as it is, at most.
    pub(super) fn keep_text_bytes(&self) -> usize {
        self.scenario.keep_text_bytes
    }

    /// Answers one call.
    pub(super) async fn answer(
        &self,
        call: &Call,
        headers: &HeaderMap,
        body: Result<Value, ServiceError>,
        mut entry: Entry,
    ) -> Response {
        let number = self.calls.fetch_add(1, Ordering::Relaxed);
        let mut random = ChaCha8Rng::seed_from_u64(self.scenario.seed);
        random.set_stream(number);
        let fault = self.faults.next(call, &mut random);
        let response = match fault.as_ref().map(|fault| (fault.kind, fault)) {
            Some((kind @ (FaultKind::Error | FaultKind::Nameless), fault)) => {
                let (response, name) = reply::scripted(fault, kind == FaultKind::Error);
                entry.close(&name);
                return reply::numbered(response, number);
            }
            // Until the caller gives up: the entry then closes itself.
            Some((FaultKind::Silent, _)) => std::future::pending().await,
            Some((FaultKind::SlowStart, fault)) => {
                tokio::time::sleep(Duration::from_millis(fault.delay_ms)).await;
                body.and_then(|body| self.write(call, headers, &body, (None, &mut random)))
            }
            _ => body.and_then(|body| self.write(call, headers, &body, (fault.as_ref(), &mut random))),
        };
        let response = match response {
            Err(error) => {
                entry.close(&error.name);
                reply::refused(&error)
            }
            Ok(Written::Json { wait, body, headers, tokens }) => {
                tokio::time::sleep(wait).await;
                entry.sent(tokens);
                entry.close("answered");
                reply::well(&body, &headers)
            }
            Ok(Written::Stream(plan)) => reply::streamed(plan, entry),
        };
        reply::numbered(response, number)
    }

    fn write(
        &self,
        call: &Call,
        headers: &HeaderMap,
        body: &Value,
        (fault, random): (Option<&BedrockFault>, &mut ChaCha8Rng),
    ) -> Result<Written, ServiceError> {
        match &call.operation {
            Operation::ApplyGuardrail { version } => {
                request::check_version(version)?;
                let missing = || {
                    let text = "The guardrail identifier or version provided in the request does not exist.";
                    ServiceError::new("ResourceNotFoundException", text)
                };
                let guardrail = self.guardrail(&call.resource, version).ok_or_else(missing)?;
                let body = guardrail::apply(guardrail, body)?;
                Ok(Written::Json { wait: Duration::ZERO, body, headers: Vec::new(), tokens: 0 })
            }
            Operation::InvokeModel => embed(call, headers, body),
            Operation::Converse => {
                let (answer, deltas) = self.converse(call, body, random)?;
                let wait = deltas.iter().map(|delta| delta.wait).sum();
                let tokens = deltas.iter().map(|delta| delta.tokens).sum();
                let body = at_once(&answer, stream::latency_ms(&deltas));
                Ok(Written::Json { wait, body, headers: Vec::new(), tokens })
            }
            Operation::ConverseStream => {
                let (answer, deltas) = self.converse(call, body, random)?;
                let plan = stream::plan(&answer, &deltas, fault, (&self.scenario, random));
                let broken =
                    |error: anyhow::Error| ServiceError::new("InternalServerException", error.to_string());
                plan.map(Written::Stream).map_err(broken)
            }
        }
    }

    fn converse(
        &self,
        call: &Call,
        body: &Value,
        random: &mut ChaCha8Rng,
    ) -> Result<(Answer, Vec<Delta>), ServiceError> {
        let model = self.model(call)?;
        let conversation = Conversation::read(body, model)?;
        let is_streamed = call.operation == Operation::ConverseStream;
        let guarding = match &conversation.guardrail {
            None => None,
            Some(config) => {
                let missing = "The guardrail identifier or version provided in the request does not exist.";
                let found = self.guardrail(&config.id, &config.version);
                Some(Guarding { guardrail: found.ok_or_else(|| invalid(missing))?, config, is_streamed })
            }
        };
        let answer = answer::write(model, &conversation, guarding);
        let deltas = answer.deltas(model.pace.as_ref().unwrap_or(&self.scenario.pace), random);
        Ok((answer, deltas))
    }

    fn model(&self, call: &Call) -> Result<&Model, ServiceError> {
        let id = &call.resource;
        let is_sign = |sign: char| sign.is_ascii_alphanumeric() || "-._:/".contains(sign);
        if id.is_empty() || !id.chars().all(is_sign) {
            return Err(request::constraint(id, "modelId", "Member must satisfy regular expression pattern"));
        }
        if Titan::of(id).is_some() {
            let text = "This action doesn't support the model that you provided. Try again with a supported text or chat model.";
            return Err(invalid(text));
        }
        let models = &self.scenario.model;
        let is_meant = |model: &&Model| model.id.as_deref().is_none_or(|meant| call.is_of(meant));
        let found = if models.is_empty() { Some(&self.any) } else { models.iter().find(is_meant) };
        let model = found.ok_or_else(|| invalid("The provided model identifier is invalid."))?;
        if model.denied {
            let text = "You don't have access to the model with the specified model ID.";
            return Err(ServiceError::new("AccessDeniedException", text));
        }
        if model.needs_profile && !path::is_profile(id) {
            return Err(invalid(format!(
                "Invocation of model ID {id} with on-demand throughput isn\u{2019}t supported. Retry your request with the \
                 ID or ARN of an inference profile that contains this model."
            )));
        }
        Ok(model)
    }

    fn guardrail(&self, id: &str, version: &str) -> Option<&Guardrail> {
        let is_meant = |guardrail: &&Guardrail| {
            guardrail.id == path::last_part(id)
                && guardrail.version.as_deref().is_none_or(|known| known == version)
        };
        self.scenario.guardrail.iter().find(is_meant)
    }
}

/// Returns an answer as `Converse` writes it.
fn at_once(answer: &Answer, latency_ms: u64) -> Value {
    let mut body = json!({
        "output": { "message": { "role": "assistant", "content": [{ "text": answer.text }] } },
        "stopReason": answer.stop_reason,
        "usage": answer.usage(),
        "metrics": { "latencyMs": latency_ms },
    });
    if let (Some(members), Some(trace)) = (body.as_object_mut(), &answer.trace) {
        members.insert("trace".to_owned(), json!({ "guardrail": trace }));
    }
    body
}

fn embed(call: &Call, headers: &HeaderMap, body: &Value) -> Result<Written, ServiceError> {
    let Some(titan) = Titan::of(&call.resource) else {
        return Err(invalid("The provided model identifier is invalid."));
    };
    let is_json = |name, or_any: bool| {
        let value = headers.get(name).and_then(|value| value.to_str().ok());
        value.is_none_or(|value| value.starts_with("application/json") || or_any && value == "*/*")
    };
    if !is_json(CONTENT_TYPE, false) {
        return Err(invalid("The provided Content Type is invalid or not supported for this model"));
    }
    if !is_json(ACCEPT, true) {
        return Err(invalid("The provided Accept Type is invalid or not supported for this model"));
    }
    let embedded = titan.embed(body)?;
    let headers = vec![
        ("x-amzn-bedrock-input-token-count", embedded.tokens.to_string()),
        ("x-amzn-bedrock-invocation-latency", "0".to_owned()),
    ];
    Ok(Written::Json { wait: Duration::ZERO, body: embedded.body, headers, tokens: 0 })
}
