//! A request for a person and its receipt, and starter questions, as JSON.

use bytes::Bytes;
use proto::v1::{Contact, PageContext};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::request::{Turn, history};
use super::response::json;
use super::shape::{ANSWER_ID, ANY_TEXT, PHONE, TEXT, some_contact};
use crate::handoff::{ANSWER_IDS, CONTACT_CHARACTERS, Receipt, Wish};
use crate::question::{MESSAGE_ID_CHARACTERS, TEXT_CHARACTERS};

/// Asks for a person; the body of `POST /handoff` too.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Handoff")]
pub(crate) struct HandoffBody {
    contact: ContactBody,
    /// What the visitor adds.
    #[serde(default)]
    #[schemars(length(max = TEXT_CHARACTERS), regex(pattern = format!("^$|{TEXT}")))]
    message: String,
    /// Oldest first; the newest 20 messages are passed on.
    #[serde(default)]
    transcript: Vec<Turn>,
    /// Answers that it is about.
    #[serde(default)]
    #[schemars(length(max = ANSWER_IDS), inner(regex(pattern = ANSWER_ID)))]
    answer_ids: Vec<String>,
    #[serde(default)]
    page: Option<PageBody>,
    /// A repeat leads to the same handoff; one that failed is tried again.
    #[serde(default)]
    #[schemars(length(max = MESSAGE_ID_CHARACTERS))]
    client_message_id: String,
}

/// How the visitor can be reached: at least one field that is not empty.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Contact", extend("anyOf" = some_contact()))]
struct ContactBody {
    /// ASCII, such as `me@mail.example`; at most 254 characters.
    #[serde(default)]
    #[schemars(extend("anyOf" = [{ "const": "" }, { "format": "email" }]))]
    email: String,
    /// At least three digits, with spaces and `+ - ( ) . /`.
    #[serde(default)]
    #[schemars(length(max = 32), regex(pattern = PHONE))]
    phone: String,
    #[serde(default)]
    #[schemars(length(max = CONTACT_CHARACTERS), regex(pattern = ANY_TEXT))]
    text: String,
}

/// The page the visitor is on.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Page")]
struct PageBody {
    #[serde(default)]
    #[schemars(length(max = 2048))]
    url: String,
    #[serde(default)]
    #[schemars(length(max = 256))]
    title: String,
    #[serde(default)]
    #[schemars(length(max = 35))]
    language: String,
}

impl From<HandoffBody> for Wish {
    fn from(body: HandoffBody) -> Self {
        let ContactBody { email, phone, text } = body.contact;
        let page = |PageBody { url, title, language }: PageBody| PageContext { url, title, language };
        Self {
            transcript: history(body.transcript),
            contact: Contact { email, phone, text },
            message: body.message,
            answer_ids: body.answer_ids,
            page: body.page.map(page),
            message_id: body.client_message_id,
        }
    }
}

/// What became of a handoff.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Receipt")]
pub(crate) struct ReceiptBody<'a> {
    handoff_id: &'a str,
    #[schemars(extend("enum" = ["delivered", "queued", "failed"]))]
    state: &'static str,
    /// For the visitor; where it failed, what to do instead.
    message: &'a str,
}

/// The same over the WebSocket.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ReceiptFrame")]
pub(crate) struct ReceiptFrame<'a> {
    r#type: &'static str,
    #[serde(flatten)]
    receipt: ReceiptBody<'a>,
}

/// Questions that a chat offers first.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Suggestions")]
pub(crate) struct SuggestionsBody<'a> {
    #[schemars(length(max = 8))]
    suggestions: &'a [String],
}

fn body(receipt: &Receipt) -> ReceiptBody<'_> {
    ReceiptBody { handoff_id: &receipt.handoff_id, state: receipt.state.name(), message: &receipt.message }
}

/// Returns the body of a receipt over REST.
pub(crate) fn receipt_response(receipt: &Receipt) -> Bytes {
    json(&body(receipt))
}

/// Returns the frame of a receipt.
pub(crate) fn receipt_frame(receipt: &Receipt) -> Bytes {
    json(&ReceiptFrame { r#type: "handoff", receipt: body(receipt) })
}

/// Returns the body of the starter questions.
pub(crate) fn suggestions_response(suggestions: &[String]) -> Bytes {
    json(&SuggestionsBody { suggestions })
}
