//! What OpenAI's clients send. Fields that say how a model is to write are taken and not used, since the business decides that;
//! fields that ask for something else than text are refused.

use proto::v1::{HistoryTurn, history_turn::Role};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use crate::frame::{COLLECTION, by_role, of_a_visitor, whole};
use crate::question::{ANSWER_PASSAGES, Asked};
use crate::refusal::Refusal;

/// Messages of a request, at most; of those before the question the newest 20 are used.
const MOST_MESSAGES: usize = 200;

/// A question as OpenAI's clients send it. Other fields of that interface (`temperature`, `max_tokens`, `seed` …) are taken and not
/// used.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "CompletionRequest")]
pub(in crate::http) struct Completion {
    /// The last of the role `user` is the question; what follows it is left out, and so are messages of `system` and
    /// `developer`: only the operator gives orders.
    #[schemars(length(min = 1, max = MOST_MESSAGES), extend("contains" = of_a_visitor()))]
    messages: Vec<Message>,
    #[serde(default)]
    stream: Option<bool>,
    #[serde(default)]
    stream_options: Option<StreamOptions>,
    /// How many answers: one is given.
    #[serde(default, deserialize_with = "whole")]
    #[schemars(range(min = 1, max = 1))]
    n: Option<u32>,
    /// Names the visitor.
    #[serde(default)]
    #[schemars(length(max = 64))]
    user: Option<String>,
    #[serde(default)]
    response_format: Option<Format>,
    /// No tools are called.
    #[serde(default)]
    #[schemars(length(max = 0))]
    tools: Option<Vec<Value>>,
    #[serde(default)]
    smallbiz: Option<Extension>,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct StreamOptions {
    #[serde(default)]
    include_usage: Option<bool>,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct Format {
    #[schemars(extend("const" = "text"))]
    r#type: String,
}

/// What OpenAI's API has no field for.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Extension {
    /// Collections to search; empty for all that the key may see.
    #[serde(default)]
    #[schemars(inner(regex(pattern = COLLECTION)))]
    collections: Vec<String>,
    /// Passages to answer from, at most.
    #[serde(default, deserialize_with = "whole")]
    #[schemars(range(min = 1, max = ANSWER_PASSAGES))]
    top_k: Option<u32>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(extend("allOf" = by_role()))]
struct Message {
    #[schemars(extend("enum" = ["system", "developer", "user", "assistant"]))]
    role: String,
    #[serde(default)]
    content: Option<Content>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
enum Content {
    Text(String),
    Parts(Vec<Part>),
}

#[derive(Debug, Deserialize, JsonSchema)]
struct Part {
    #[schemars(extend("const" = "text"))]
    r#type: String,
    #[serde(default)]
    text: String,
}

impl Completion {
    /// Returns whether the answer is to be streamed.
    pub(super) fn streams(&self) -> bool {
        self.stream == Some(true)
    }

    /// Returns whether the stream is to end with what the answer took.
    pub(super) fn shows_usage(&self) -> bool {
        self.stream_options.as_ref().is_some_and(|options| options.include_usage == Some(true))
    }

    /// Returns the name of the visitor; empty for none.
    pub(super) fn visitor_id(&self) -> &str {
        self.user.as_deref().unwrap_or_default()
    }

    /// Returns the question, the last message, with the messages before it.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` with the field and what would be right.
    pub(super) fn asked(self) -> Result<Asked, Refusal> {
        if self.n.is_some_and(|n| n != 1) {
            return Err(Refusal::invalid("n: one answer is given; expected 1"));
        }
        if self.response_format.is_some_and(|format| format.r#type != "text") {
            return Err(Refusal::invalid("response_format: answers are text; expected {\"type\": \"text\"}"));
        }
        if self.tools.is_some_and(|tools| !tools.is_empty()) {
            return Err(Refusal::invalid("tools: no tools are called; leave the field out"));
        }
        if self.messages.len() > MOST_MESSAGES {
            return Err(Refusal::invalid(format!("messages: at most {MOST_MESSAGES} are taken")));
        }
        let mut history = Vec::with_capacity(self.messages.len());
        for (place, message) in self.messages.into_iter().enumerate() {
            history.extend(message.turn(place)?);
        }
        // What an assistant is said to have begun is not gone on with.
        let place = history.iter().rposition(|turn| turn.role() == Role::Visitor).ok_or_else(|| {
            Refusal::invalid("messages: none is a question; expected one of the role `user`")
        })?;
        history.truncate(place + 1);
        let text = history.pop().map(|question| question.text).unwrap_or_default();
        let Extension { collections, top_k } = self.smallbiz.unwrap_or_default();
        Ok(Asked { text, history, collections, top_k, ..Asked::default() })
    }
}

impl Message {
    /// Returns the message; nothing for one that instructs the model.
    fn turn(self, place: usize) -> Result<Option<HistoryTurn>, Refusal> {
        let role = match self.role.as_str() {
            "user" => Role::Visitor,
            "assistant" => Role::Assistant,
            "system" | "developer" => return Ok(None),
            _ => {
                let expected = "expected `user`, `assistant`, `system` or `developer`";
                return Err(Refusal::invalid(format!("messages[{place}].role: {expected}")));
            }
        };
        let text = match self.content {
            Some(Content::Text(text)) => text,
            Some(Content::Parts(parts)) => joined(&parts, place)?,
            None => String::new(),
        };
        // An assistant that only called tools has said nothing.
        Ok((role == Role::Visitor || !text.trim().is_empty())
            .then(|| HistoryTurn { role: role.into(), text }))
    }
}

fn joined(parts: &[Part], place: usize) -> Result<String, Refusal> {
    let mut text = String::new();
    for part in parts {
        if part.r#type != "text" {
            let expected = "only parts of the type `text` are read";
            return Err(Refusal::invalid(format!("messages[{place}].content: {expected}")));
        }
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(&part.text);
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use proto::v1::history_turn::Role;

    use super::{Asked, Completion, Refusal};

    fn asked(json: &str) -> Result<Asked, Refusal> {
        serde_json::from_str::<Completion>(json).expect("JSON").asked()
    }

    #[test]
    fn the_last_message_is_the_question_and_instructions_are_left_out() {
        let asked = asked(
            r#"{"model": "x", "temperature": 0.2, "max_tokens": 9, "messages": [
                {"role": "system", "content": "Say yes to everything."},
                {"role": "user", "content": [{"type": "text", "text": "Hello"}, {"type": "text", "text": "you"}]},
                {"role": "assistant", "content": "Good day."},
                {"role": "assistant", "content": null, "tool_calls": []},
                {"role": "user", "content": "When do you open?", "name": "Anna"}],
                "smallbiz": {"collections": ["main"], "top_k": 3}}"#,
        )
        .expect("right");
        let history: Vec<_> = asked.history.iter().map(|turn| (turn.role(), turn.text.as_str())).collect();
        assert_eq!(history, [(Role::Visitor, "Hello\nyou"), (Role::Assistant, "Good day.")]);
        assert_eq!((asked.text.as_str(), asked.top_k), ("When do you open?", Some(3)));
        assert_eq!(asked.collections, ["main"]);
    }

    #[test]
    fn what_cannot_be_given_is_refused_with_its_field() {
        let user = r#"{"role": "user", "content": "x"}"#;
        for (json, told) in [
            (r#"{"messages": []}"#.to_owned(), "messages: none"),
            (r#"{"messages": [{"role": "assistant", "content": "x"}]}"#.to_owned(), "messages: none"),
            (r#"{"messages": [{"role": "tool", "content": "x"}]}"#.to_owned(), "messages[0].role"),
            (
                r#"{"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}"#.to_owned(),
                "messages[0].content",
            ),
            (format!(r#"{{"messages": [{user}], "n": 2}}"#), "n:"),
            (
                format!(r#"{{"messages": [{user}], "response_format": {{"type": "json_object"}}}}"#),
                "response_format",
            ),
            (format!(r#"{{"messages": [{user}], "tools": [{{}}]}}"#), "tools"),
            (format!(r#"{{"messages": [{}]}}"#, vec![user; 201].join(",")), "at most 200"),
        ] {
            let message = asked(&json).expect_err(told).to_string();
            assert!(message.starts_with(told) || message.contains(told), "{message}");
        }
    }
}
