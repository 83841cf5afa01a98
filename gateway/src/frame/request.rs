//! What clients send. Unknown fields and wrong types are refused with what would be right.

use proto::v1::{HistoryTurn, history_turn::Role};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::chat::{Lookup, Opinion};
use crate::question::Asked;
use crate::refusal::Refusal;

/// A frame from the client.
#[derive(Debug, Deserialize)]
#[serde(tag = "action")]
pub(crate) enum Action {
    /// Names the key.
    #[serde(rename = "authenticate")]
    Authenticate(Authenticate),
    /// Asks.
    #[serde(rename = "sendMessage")]
    SendMessage(SendMessage),
    /// Stops the answer.
    #[serde(rename = "stop")]
    Stop(Stop),
    /// Continues an answer after a reconnect.
    #[serde(rename = "resume")]
    Resume(Resume),
    /// Keeps the connection open.
    #[serde(rename = "heartbeat")]
    Heartbeat(Heartbeat),
    /// Says whether an answer helped.
    #[serde(rename = "feedback")]
    Feedback(FeedbackBody),
}

/// Names the key.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Authenticate {
    /// The key itself.
    pub(crate) api_key: String,
}

/// Asks.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SendMessage {
    message: String,
    #[serde(default)]
    client_message_id: String,
    #[serde(default)]
    history: Vec<Turn>,
    #[serde(default)]
    collections: Vec<String>,
}

/// Stops the answer.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Stop {
    /// The answer to stop.
    pub(crate) answer_id: String,
}

/// Continues an answer.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Resume {
    /// The answer to continue.
    pub(crate) answer_id: String,
    /// Epoch that the client saw.
    pub(crate) epoch: u64,
    /// Last event that the client has; 0 for none.
    pub(crate) after_seq: u64,
}

/// Keeps the connection open.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Heartbeat {}

/// Says whether an answer helped; the body of `POST /feedback` too.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FeedbackBody {
    answer_id: String,
    verdict: Verdict,
    #[serde(default)]
    comment: String,
}

/// An opinion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Verdict {
    /// It helped.
    Positive,
    /// It did not.
    Negative,
}

/// The body of `POST /chat`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChatBody {
    message: String,
    #[serde(default)]
    streaming: bool,
    #[serde(default)]
    client_message_id: String,
    #[serde(default)]
    history: Vec<Turn>,
    #[serde(default)]
    collections: Vec<String>,
}

/// The body of `POST /v1/search`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SearchBody {
    query: String,
    #[serde(default)]
    top_k: Option<u32>,
    #[serde(default)]
    collections: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Turn {
    role: TurnRole,
    text: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum TurnRole {
    Visitor,
    Assistant,
}

/// Reads a JSON object.
///
/// # Errors
/// `INVALID_ARGUMENT` with what is wrong and what was expected.
pub(crate) fn read<T: DeserializeOwned>(json: &[u8]) -> Result<T, Refusal> {
    // The deserialiser would take an array for an object's values in order.
    if json.trim_ascii_start().first() == Some(&b'[') {
        return Err(Refusal::invalid("the JSON is not as expected: an array; expected an object"));
    }
    serde_json::from_slice(json).map_err(|error| {
        let text: String = error.to_string().chars().take(400).collect();
        Refusal::invalid(format!("the JSON is not as expected: {text}"))
    })
}

fn history(turns: Vec<Turn>) -> Vec<HistoryTurn> {
    let convert = |turn: Turn| {
        let role = match turn.role {
            TurnRole::Visitor => Role::Visitor,
            TurnRole::Assistant => Role::Assistant,
        };
        HistoryTurn { role: role.into(), text: turn.text }
    };
    turns.into_iter().map(convert).collect()
}

impl From<SendMessage> for Asked {
    fn from(frame: SendMessage) -> Self {
        let SendMessage { message, client_message_id, history: turns, collections } = frame;
        Self {
            text: message,
            message_id: client_message_id,
            history: history(turns),
            collections,
            ..Self::default()
        }
    }
}

impl ChatBody {
    /// Returns whether the answer is to be streamed.
    pub(crate) fn streaming(&self) -> bool {
        self.streaming
    }
}

impl From<ChatBody> for Asked {
    fn from(body: ChatBody) -> Self {
        let ChatBody { message, client_message_id, history: turns, collections, streaming: _ } = body;
        Self {
            text: message,
            message_id: client_message_id,
            history: history(turns),
            collections,
            ..Self::default()
        }
    }
}

impl From<SearchBody> for Lookup {
    fn from(body: SearchBody) -> Self {
        Self {
            text: body.query,
            collections: body.collections,
            top_k: body.top_k,
            // The best passages are asked for, whatever they are worth.
            evidence_threshold: Some(0.0),
            ..Self::default()
        }
    }
}

impl From<FeedbackBody> for Opinion {
    fn from(body: FeedbackBody) -> Self {
        Self { answer_id: body.answer_id, positive: body.verdict == Verdict::Positive, comment: body.comment }
    }
}

#[cfg(test)]
mod tests {
    use super::{Action, ChatBody, read};

    #[test]
    fn what_is_wrong_is_told_with_what_is_right() {
        for (json, told) in [
            ("{}", "missing field `action`"),
            ("[]", "expected"),
            ("nonsense", "expected"),
            (r#"{"action":"ask"}"#, "unknown variant `ask`, expected one of `authenticate`, `sendMessage`"),
            (r#"{"action":"sendMessage"}"#, "missing field `message`"),
            (r#"{"action":"sendMessage","message":5}"#, "invalid type: integer `5`, expected a string"),
            (r#"{"action":"sendMessage","message":"x","message":"y"}"#, "duplicate field `message`"),
            (r#"{"action":"sendMessage","message":"x","speed":1}"#, "unknown field `speed`, expected one of"),
            (r#"{"action":"sendMessage","message":"\ud800"}"#, "hex escape"),
            (r#"{"action":"resume","answer_id":"x","epoch":1e999,"after_seq":0}"#, "number out of range"),
            (r#"{"action":"resume","answer_id":"x","epoch":-1,"after_seq":0}"#, "expected u64"),
            (
                r#"{"action":"feedback","answer_id":"x","verdict":"great"}"#,
                "expected `positive` or `negative`",
            ),
            (r#"{"action":"heartbeat","x":1}"#, "unknown field `x`"),
        ] {
            let message = read::<Action>(json.as_bytes()).expect_err(json).to_string();
            assert!(message.contains(told), "{json}: {message}");
        }
        let deep = "[".repeat(100_000);
        assert!(read::<Action>(deep.as_bytes()).is_err());
        assert!(read::<ChatBody>(br#"{"message":"x","streaming":"yes"}"#).is_err());
    }
}
