//! The JSON frames of the edge, as the examples in `proto/frames` show them. WebSocket and SSE send the same ones.

mod body;
mod handoff;
mod left;
mod mistake;
mod request;
mod response;
mod shape;

pub(crate) use body::{Beside, ChatResponse, SearchResponse, chat_fields, chat_response, search_response};
pub(crate) use handoff::{
    HandoffBody, ReceiptBody, ReceiptFrame, SuggestionsBody, receipt_frame, receipt_response,
    suggestions_response,
};
pub(crate) use request::{
    Action, ChatBody, FeedbackBody, Resume, SearchBody, SendMessage, SessionBody, read,
};
#[cfg(test)]
pub(crate) use response::answer_source;
pub(crate) use response::{
    CitationFields, EndFields, Envelope, ErrorFields, Nothing, NoticeFields, RefusalFrame, Resync,
    RetractFields, Start, UnsupportedFields, authenticated, draining, event_frame, event_name, finish_reason,
    heartbeat, refusal_frame, resync,
};
pub(crate) use shape::{ANSWER_ID, COLLECTION, by_role, of_a_visitor, whole};
