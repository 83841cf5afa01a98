//! What `Converse` and `ConverseStream` are asked, checked as the service checks it.

mod block;

use serde_json::Value;

pub(super) use block::Block;

use super::scenario::Model;
use crate::simulate::reply::ServiceError;

const MOST_STOP_SEQUENCES: usize = 4;

/// A prompt and how it is to be answered.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Conversation {
    pub(super) system: Vec<Block>,
    /// From the first to the last, which is the user's.
    pub(super) messages: Vec<Message>,
    pub(super) most_tokens: usize,
    pub(super) stop_sequences: Vec<String>,
    pub(super) guardrail: Option<GuardrailConfig>,
}

/// A message.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Message {
    pub(super) is_user: bool,
    pub(super) content: Vec<Block>,
}

/// Which guardrail examines a conversation, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct GuardrailConfig {
    pub(super) id: String,
    pub(super) version: String,
    /// `disabled`, `enabled`, `enabled_full`.
    pub(super) trace: String,
    pub(super) is_async: bool,
}

impl Conversation {
    /// Reads the body of a call.
    pub(super) fn read(body: &Value, model: &Model) -> Result<Self, ServiceError> {
        if !body.is_object() {
            return Err(ServiceError::new("SerializationException", "the body is no object"));
        }
        let system = list(body, "system")?.iter().enumerate();
        let system: Result<_, _> =
            system.map(|(place, block)| Block::read(block, &format!("system.{place}"))).collect();
        let messages = list(body, "messages")?.iter().enumerate();
        let messages: Result<Vec<Message>, _> =
            messages.map(|(place, message)| Message::read(message, place)).collect();
        let (most_tokens, stop_sequences) = inference(body.get("inferenceConfig"), model)?;
        let conversation = Self {
            system: system?,
            messages: messages?,
            most_tokens,
            stop_sequences,
            guardrail: GuardrailConfig::read(body.get("guardrailConfig"))?,
        };
        conversation.check(model)?;
        Ok(conversation)
    }

    fn check(&self, model: &Model) -> Result<(), ServiceError> {
        let Some(first) = self.messages.first() else {
            return Err(invalid("The conversation has no message. Add a message and try again."));
        };
        if !first.is_user {
            return Err(invalid(
                "A conversation must start with a user message. Try again with a conversation that starts with a user \
                 message.",
            ));
        }
        let pairs = self.messages.iter().zip(self.messages.iter().skip(1));
        if pairs.into_iter().any(|(one, next)| one.is_user == next.is_user) {
            return Err(invalid(
                "A conversation must alternate between user and assistant roles. Make sure the conversation alternates \
                 between user and assistant roles and try again.",
            ));
        }
        if self.tokens() > model.context_tokens {
            return Err(invalid("Input is too long for requested model."));
        }
        Ok(())
    }

    /// All blocks in the order in which the model reads them.
    pub(super) fn blocks(&self) -> impl Iterator<Item = &Block> {
        self.system.iter().chain(self.said())
    }

    /// The blocks of the messages.
    pub(super) fn said(&self) -> impl Iterator<Item = &Block> {
        self.messages.iter().flat_map(|message| &message.content)
    }

    /// Tokens that a model reads.
    pub(super) fn tokens(&self) -> usize {
        self.blocks().map(|block| super::tokens::count(&block.text)).sum()
    }
}

impl Message {
    fn read(value: &Value, place: usize) -> Result<Self, ServiceError> {
        let is_user = match value.get("role").and_then(Value::as_str) {
            Some("user") => true,
            Some("assistant") => false,
            other => {
                return Err(constraint(
                    other.unwrap_or("null"),
                    &format!("messages.{}.member.role", place + 1),
                    "Member must satisfy enum value set: [user, assistant]",
                ));
            }
        };
        let content = list(value, "content")?;
        if content.is_empty() {
            return Err(invalid(format!(
                "The content field in the Message object at messages.{place} is empty. Add a ContentBlock object to \
                 the content field and try again."
            )));
        }
        let blocks = content.iter().enumerate();
        let content: Result<_, _> = blocks
            .map(|(number, block)| Block::read(block, &format!("messages.{place}.content.{number}")))
            .collect();
        Ok(Self { is_user, content: content? })
    }
}

impl GuardrailConfig {
    fn read(value: Option<&Value>) -> Result<Option<Self>, ServiceError> {
        let Some(value) = value.filter(|value| !value.is_null()) else { return Ok(None) };
        let text = |name: &str| value.get(name).and_then(Value::as_str);
        let choice = |name: &str, choices: &[&str]| {
            let chosen = text(name).or_else(|| choices.first().copied()).unwrap_or_default();
            let rule = format!("Member must satisfy enum value set: {choices:?}");
            let wrong = || constraint(chosen, &format!("guardrailConfig.{name}"), &rule);
            choices.contains(&chosen).then(|| chosen.to_owned()).ok_or_else(wrong)
        };
        let (id, version) = (text("guardrailIdentifier"), text("guardrailVersion"));
        let (Some(id), Some(version)) = (id, version) else {
            return Err(invalid("guardrailConfig: expected guardrailIdentifier and guardrailVersion"));
        };
        check_version(version)?;
        Ok(Some(Self {
            id: id.to_owned(),
            version: version.to_owned(),
            trace: choice("trace", &["disabled", "enabled", "enabled_full"])?,
            is_async: choice("streamProcessingMode", &["sync", "async"])? == "async",
        }))
    }
}

/// Checks a guardrail's version: a number from 1 without leading zeros, or the draft.
pub(super) fn check_version(version: &str) -> Result<(), ServiceError> {
    let is_number = !version.starts_with('0')
        && (1..=8).contains(&version.len())
        && version.bytes().all(|byte| byte.is_ascii_digit());
    if is_number || version == "DRAFT" {
        return Ok(());
    }
    let rule = "Member must satisfy regular expression pattern: (([1-9][0-9]{0,7})|(DRAFT))";
    Err(constraint(version, "guardrailVersion", rule))
}

fn inference(config: Option<&Value>, model: &Model) -> Result<(usize, Vec<String>), ServiceError> {
    let member = |name: &str| config.and_then(|config| config.get(name)).filter(|value| !value.is_null());
    for name in ["temperature", "topP"] {
        let Some(value) = member(name) else { continue };
        if !value.as_f64().is_some_and(|number| (0.0..=1.0).contains(&number)) {
            let rule = "Member must have value from 0 to 1";
            return Err(constraint(&value.to_string(), &format!("inferenceConfig.{name}"), rule));
        }
    }
    let most_tokens = match member("maxTokens") {
        None => model.most_tokens,
        Some(value) => match value.as_u64().and_then(|number| usize::try_from(number).ok()) {
            Some(number) if number > model.most_tokens => {
                return Err(invalid(format!(
                    "The maximum tokens you requested exceeds the model limit of {}. Try again with a maximum tokens \
                     value that is lower than {}.",
                    model.most_tokens, model.most_tokens
                )));
            }
            Some(number) if number >= 1 => number,
            _ => {
                let rule = "Member must have value greater than or equal to 1";
                return Err(constraint(&value.to_string(), "inferenceConfig.maxTokens", rule));
            }
        },
    };
    let sequences = config.map(|config| list(config, "stopSequences")).transpose()?.unwrap_or_default();
    let stop: Option<Vec<String>> = sequences
        .iter()
        .map(|text| text.as_str().filter(|text| !text.is_empty()).map(str::to_owned))
        .collect();
    let rule = format!("expected at most {MOST_STOP_SEQUENCES} texts that are not empty");
    let stop = stop.filter(|stop| stop.len() <= MOST_STOP_SEQUENCES);
    let stop = stop.ok_or_else(|| invalid(format!("inferenceConfig.stopSequences: {rule}")))?;
    Ok((most_tokens, stop))
}

/// Returns a list that a member holds; none is an empty one.
pub(super) fn list<'a>(value: &'a Value, name: &str) -> Result<&'a [Value], ServiceError> {
    match value.get(name) {
        None | Some(Value::Null) => Ok(&[]),
        Some(Value::Array(values)) => Ok(values),
        Some(_) => Err(ServiceError::new("SerializationException", format!("{name}: expected a list"))),
    }
}

/// Returns a refusal of what was asked.
pub(super) fn invalid(text: impl Into<String>) -> ServiceError {
    ServiceError::new("ValidationException", text)
}

/// Returns a refusal in the words that the service has for a member out of bounds.
pub(super) fn constraint(value: &str, member: &str, rule: &str) -> ServiceError {
    invalid(format!(
        "1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: {rule}"
    ))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Conversation, Model};

    fn read(body: &Value) -> Result<Conversation, String> {
        let model = Model { context_tokens: 50, most_tokens: 100, ..Model::default() };
        Conversation::read(body, &model).map_err(|error| format!("{}: {}", error.name, error.message))
    }

    fn user(text: &str) -> Value {
        json!({ "role": "user", "content": [{ "text": text }] })
    }

    #[test]
    fn a_prompt_is_read_with_all_that_the_product_may_send() {
        let conversation = read(&json!({
            "system": [{ "text": "Be brief." }, { "cachePoint": { "type": "default" } }],
            "messages": [{ "role": "user", "content": [
                { "guardContent": { "text": { "text": "When?", "qualifiers": ["query"] } } },
                { "guardContent": { "text": { "text": "At nine.", "qualifiers": ["grounding_source"] } } },
            ] }],
            "inferenceConfig": { "maxTokens": 10, "temperature": 0.2, "topP": 0.9, "stopSequences": ["\n"] },
            "guardrailConfig": { "guardrailIdentifier": "gr1", "guardrailVersion": "1", "streamProcessingMode": "async" },
        }))
        .expect("a conversation");
        assert_eq!((conversation.most_tokens, conversation.system.len()), (10, 2));
        let content = &conversation.messages[0].content;
        assert!(content[0].is_query && content[0].is_guarded && content[1].is_source && !content[1].is_query);
        let guardrail = conversation.guardrail.expect("a guardrail");
        assert!(guardrail.is_async && guardrail.trace == "disabled");
    }

    #[test]
    fn each_mistake_is_refused_and_named() {
        let with = |name: &str, value: Value| json!({ "messages": [user("Hi")], name: value });
        let config = |value: Value| with("inferenceConfig", value);
        let answer = json!({ "role": "assistant", "content": [{ "text": "Hi" }] });
        for (body, part) in [
            (json!([]), "SerializationException"),
            (json!({}), "no message"),
            (json!({ "messages": "Hi" }), "SerializationException"),
            (json!({ "messages": [answer] }), "must start with a user message"),
            (json!({ "messages": [user("a"), user("b")] }), "must alternate"),
            (json!({ "messages": [user("  ")] }), "messages.0.content.0 is blank"),
            (json!({ "messages": [{ "role": "user", "content": [] }] }), "is empty"),
            (json!({ "messages": [{ "role": "user", "content": [{}] }] }), "messages.0.content.0"),
            (
                json!({ "messages": [{ "role": "tool", "content": [{ "text": "a" }] }] }),
                "messages.1.member.role",
            ),
            (json!({ "messages": [user(&"word ".repeat(51))] }), "too long"),
            (config(json!({ "maxTokens": 0 })), "maxTokens"),
            (config(json!({ "maxTokens": 101 })), "model limit of 100"),
            (config(json!({ "temperature": 1.5 })), "temperature"),
            (config(json!({ "stopSequences": ["a", "b", "c", "d", "e"] })), "stopSequences"),
            (with("guardrailConfig", json!({ "guardrailIdentifier": "gr1" })), "guardrailVersion"),
            (
                with("guardrailConfig", json!({ "guardrailIdentifier": "a", "guardrailVersion": "01" })),
                "regular expression",
            ),
        ] {
            let error = read(&body).expect_err("a mistake");
            assert!(error.contains(part), "{body}: {error}");
            assert!(part.starts_with("Serial") || error.starts_with("ValidationException"), "{error}");
        }
    }
}
