//! What clients send. Unknown fields and wrong types are refused with what would be right.

use proto::v1::{FeedbackReason, HistoryTurn, history_turn::Role};
use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::shape::{ANSWER_ID, ANY_TEXT, COLLECTION, TEXT, whole};
use super::{HandoffBody, mistake};
use crate::admission::Introduction;
use crate::chat::{Lookup, Opinion};
use crate::question::{Asked, COMMENT_CHARACTERS, MESSAGE_ID_CHARACTERS, SEARCH_PASSAGES, TEXT_CHARACTERS};
use crate::refusal::Refusal;

/// A frame from the client.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(tag = "action")]
pub(crate) enum Action {
    /// Names the key or the token.
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
    /// Asks for a person.
    #[serde(rename = "handoff")]
    Handoff(HandoffBody),
}

/// Names the key or the token: one of them.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Authenticate {
    #[serde(default)]
    api_key: String,
    #[serde(default)]
    token: String,
}

impl std::fmt::Debug for Authenticate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Authenticate")
    }
}

impl Authenticate {
    /// Returns the key or the token.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` for none, or both.
    pub(crate) fn credential(&self) -> Result<&str, Refusal> {
        match (self.api_key.as_str(), self.token.as_str()) {
            (credential, "") | ("", credential) if !credential.is_empty() => Ok(credential),
            _ => Err(Refusal::invalid(
                "`authenticate` names nobody; expected `api_key` or `token`, one of them",
            )),
        }
    }
}

/// Asks.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SendMessage {
    #[schemars(length(min = 1, max = TEXT_CHARACTERS), regex(pattern = TEXT))]
    message: String,
    /// A repeat under the same id leads to the same answer.
    #[serde(default)]
    #[schemars(length(max = MESSAGE_ID_CHARACTERS))]
    client_message_id: String,
    /// Oldest first; the newest 20 are used.
    #[serde(default)]
    history: Vec<Turn>,
    /// Collections to search; empty for all that the key may see.
    #[serde(default)]
    #[schemars(inner(regex(pattern = COLLECTION)))]
    collections: Vec<String>,
}

/// Stops the answer.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Stop {
    /// The answer to stop.
    pub(crate) answer_id: String,
}

/// Continues an answer.
#[derive(Debug, Deserialize, JsonSchema)]
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
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Heartbeat {}

/// Says whether an answer helped; the body of `POST /feedback` too.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Feedback")]
pub(crate) struct FeedbackBody {
    #[schemars(regex(pattern = ANSWER_ID))]
    answer_id: String,
    verdict: Verdict,
    #[serde(default)]
    #[schemars(length(max = COMMENT_CHARACTERS), regex(pattern = ANY_TEXT))]
    comment: String,
    /// What was not right.
    #[serde(default)]
    reason: Option<Reason>,
}

/// What was not right with an answer.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Reason {
    Wrong,
    Incomplete,
    Outdated,
    Irrelevant,
    Unclear,
    Inappropriate,
    Other,
}

impl From<Reason> for FeedbackReason {
    fn from(reason: Reason) -> Self {
        match reason {
            Reason::Wrong => Self::Wrong,
            Reason::Incomplete => Self::Incomplete,
            Reason::Outdated => Self::Outdated,
            Reason::Irrelevant => Self::Irrelevant,
            Reason::Unclear => Self::Unclear,
            Reason::Inappropriate => Self::Inappropriate,
            Reason::Other => Self::Other,
        }
    }
}

/// An opinion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Verdict {
    /// It helped.
    Positive,
    /// It did not.
    Negative,
}

/// The body of `POST /chat`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Question")]
pub(crate) struct ChatBody {
    #[schemars(length(min = 1, max = TEXT_CHARACTERS), regex(pattern = TEXT))]
    message: String,
    /// Whether to send the answer as it is written, or where that is to be read.
    #[serde(default)]
    streaming: bool,
    /// A repeat under the same id leads to the same answer.
    #[serde(default)]
    #[schemars(length(max = MESSAGE_ID_CHARACTERS))]
    client_message_id: String,
    /// Oldest first; the newest 20 are used.
    #[serde(default)]
    history: Vec<Turn>,
    /// Collections to search; empty for all that the key may see.
    #[serde(default)]
    #[schemars(inner(regex(pattern = COLLECTION)))]
    collections: Vec<String>,
}

/// The body of `POST /v1/session`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Introduction")]
pub(crate) struct SessionBody {
    /// A signed-in visitor's id.
    #[serde(default)]
    user_id: String,
    /// HMAC-SHA256 of the id by the site's identity secret, in hexadecimal digits.
    #[serde(default)]
    user_hash: String,
    /// An earlier token of the same visitor, to be renewed.
    #[serde(default)]
    token: String,
    /// The challenge of an earlier reply, where work is asked for.
    #[serde(default)]
    challenge: String,
    /// Its solution.
    #[serde(default)]
    solution: String,
}

impl From<SessionBody> for Introduction {
    fn from(body: SessionBody) -> Self {
        let SessionBody { user_id, user_hash, token, challenge, solution } = body;
        Self { user_id, user_hash, token, challenge, solution }
    }
}

/// The body of `POST /v1/search`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Search")]
pub(crate) struct SearchBody {
    #[schemars(length(min = 1, max = TEXT_CHARACTERS), regex(pattern = TEXT))]
    query: String,
    /// Passages to return, at most.
    #[serde(default, deserialize_with = "whole")]
    #[schemars(range(min = 1, max = SEARCH_PASSAGES))]
    top_k: Option<u32>,
    /// Collections to search; empty for all that the key may see.
    #[serde(default)]
    #[schemars(inner(regex(pattern = COLLECTION)))]
    collections: Vec<String>,
}

/// An earlier message.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Turn {
    role: TurnRole,
    #[schemars(length(min = 1, max = TEXT_CHARACTERS), regex(pattern = TEXT))]
    text: String,
}

#[derive(Debug, Deserialize, JsonSchema)]
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
    serde_json::from_slice(json)
        .map_err(|error| Refusal::invalid(format!("the JSON is not as expected: {}", mistake::told(&error))))
}

pub(super) fn history(turns: Vec<Turn>) -> Vec<HistoryTurn> {
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
        Self {
            answer_id: body.answer_id,
            positive: body.verdict == Verdict::Positive,
            comment: body.comment,
            reason: body.reason.map(FeedbackReason::from).unwrap_or_default(),
        }
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
            (r#"{"action":"ask"}"#, "unknown variant, expected one of `authenticate`, `sendMessage`"),
            (r#"{"action":"sendMessage"}"#, "missing field `message`"),
            (r#"{"action":"sendMessage","message":5}"#, "invalid type: integer, expected a string"),
            (r#"{"action":"sendMessage","message":"x","message":"y"}"#, "duplicate field `message`"),
            (r#"{"action":"sendMessage","message":"x","speed":1}"#, "unknown field, expected one of"),
            (r#"{"action":"sendMessage","message":"\ud800"}"#, "hex escape"),
            (r#"{"action":"resume","answer_id":"x","epoch":1e999,"after_seq":0}"#, "number out of range"),
            (r#"{"action":"resume","answer_id":"x","epoch":-1,"after_seq":0}"#, "expected u64"),
            (
                r#"{"action":"feedback","answer_id":"x","verdict":"great"}"#,
                "expected `positive` or `negative`",
            ),
            (
                r#"{"action":"feedback","answer_id":"x","verdict":"negative","reason":"bad"}"#,
                "expected one of `wrong`, `incomplete`, `outdated`",
            ),
            (r#"{"action":"handoff","contact":{"fax":"1"}}"#, "unknown field, expected one of"),
            (r#"{"action":"handoff"}"#, "missing field `contact`"),
            (r#"{"action":"heartbeat","x":1}"#, "unknown field, there are no fields"),
        ] {
            let message = read::<Action>(json.as_bytes()).expect_err(json).to_string();
            assert!(message.contains(told), "{json}: {message}");
        }
        let deep = "[".repeat(100_000);
        assert!(read::<Action>(deep.as_bytes()).is_err());
        assert!(read::<ChatBody>(br#"{"message":"x","streaming":"yes"}"#).is_err());
    }
}
