//! The JSON frames of the edge, as the examples in `proto/frames` show them. WebSocket and SSE send the same ones.

mod request;
mod response;

pub(crate) use request::{Action, ChatBody, FeedbackBody, Resume, SearchBody, SendMessage, read};
pub(crate) use response::{
    Beside, authenticated, chat_response, draining, event_frame, event_name, finish_reason, heartbeat,
    refusal_frame, resync, search_response,
};

/// Bytes of a message on a WebSocket, and of a request's body: 20 messages of history in most languages.
pub(crate) const MAX_MESSAGE_BYTES: usize = 64 * 1024;
