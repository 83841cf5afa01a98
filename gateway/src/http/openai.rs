//! The chat of OpenAI's API: `POST /v1/chat/completions` and `GET /v1/models`, as its official clients use them.
//!
//! What such a client cannot know stands beside: everything of `POST /chat` in the field `smallbiz`. Instructions of the caller
//! (`system`, `developer`) are not taken: the answer comes from the business's documents and its own rules.

mod request;
mod response;

use std::sync::Arc;

use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::response::Response;
use bytes::Bytes;
use futures_util::{Stream, stream};
use http::request::Parts;
use lifecycle::TraceContext;
use proto::ErrorCode;
use proto::v1::ChatEvent;
use proto::v1::chat_event::Event;
use ulid::Ulid;

use super::chat::{HEARTBEAT, stream_response, under_key, whole};
use super::{Edge, body, credential, search};
use crate::admission::Caller;
use crate::answer::Reader;
use crate::chat::Origin;
use crate::refusal::Refusal;
use response::{Chunks, MODEL};

pub(super) use request::Completion;
pub(super) use response::{Completed, ErrorBody, Model, Models};

/// `POST /v1/chat/completions`.
pub(super) async fn complete(State(edge): State<Arc<Edge>>, request: Request) -> Response {
    match answer(&edge, request).await {
        Ok(response) => response,
        Err(refusal) => refuse(&edge, &refusal),
    }
}

/// `GET /v1/models`.
pub(super) async fn models(State(edge): State<Arc<Edge>>, request: Request) -> Response {
    let (head, _) = request.into_parts();
    match caller(&edge, &head, "") {
        Ok(_) => search::json(response::models()),
        Err(refusal) => refuse(&edge, &refusal),
    }
}

/// `GET /v1/models/{id}`.
pub(super) async fn model(
    State(edge): State<Arc<Edge>>,
    path: Result<Path<String>, PathRejection>,
    request: Request,
) -> Response {
    let (head, _) = request.into_parts();
    let known = path.is_ok_and(|Path(id)| id == MODEL);
    let found = caller(&edge, &head, "").and_then(|_| {
        let unknown = || Refusal::new(ErrorCode::NotFound, format!("there is one model here: `{MODEL}`"));
        known.then(response::model).ok_or_else(unknown)
    });
    match found {
        Ok(model) => search::json(model),
        Err(refusal) => refuse(&edge, &refusal),
    }
}

/// Returns whether OpenAI's clients call this path.
pub(super) fn is_path(path: &str) -> bool {
    path.starts_with("/v1/chat/") || path == "/v1/models" || path.starts_with("/v1/models/")
}

/// Counts a refusal and returns it as these clients read it.
pub(super) fn refuse(edge: &Edge, refusal: &Refusal) -> Response {
    edge.chat.metrics().refused(refusal.code());
    response::error(refusal)
}

/// Lets a caller in by the key that these clients send, `authorization: Bearer KEY`, or the one of all other paths.
fn caller(edge: &Edge, head: &Parts, visitor_id: &str) -> Result<Caller, Refusal> {
    let caller = edge.chat.admission().admit(credential(head), &edge.whence(head), visitor_id)?;
    Ok(caller.noted_in(head.extensions.get().cloned()))
}

async fn answer(edge: &Edge, request: Request) -> Result<Response, Refusal> {
    let (head, content) = request.into_parts();
    // Nobody's body is read who may not ask.
    caller(edge, &head, "")?;
    let completion: Completion = body::json(&head, content, &edge.settings.connections).await?;
    let caller = caller(edge, &head, completion.visitor_id())?;
    let (streams, shows_usage) = (completion.streams(), completion.shows_usage());
    let (question, is_keyed) = under_key(&head, completion.asked()?.check()?)?;
    let origin = Origin {
        connection_id: Ulid::new().to_string(),
        trace: TraceContext::from_headers(&head.headers),
        deadline: None,
        // These clients repeat a request under its key; they cannot go on in the middle of one.
        resumable: !question.asked().message_id.is_empty(),
        is_keyed,
    };
    let mut reader = edge.chat.ask(&caller, question, &origin).await?;
    if streams {
        let first = begun(&mut reader).await?;
        return Ok(stream_response(Body::from_stream(chunks(reader, first, shows_usage))));
    }
    whole(reader, response::completion).await
}

/// Waits for the first event of a stream, for a while: what fails before it has a status, by which these clients try again.
async fn begun(reader: &mut Reader) -> Result<Option<ChatEvent>, Refusal> {
    let first = lifecycle::within(HEARTBEAT, reader.next()).await.ok().flatten();
    match first.as_ref().and_then(|event| event.event.as_ref()) {
        Some(Event::Failed(failed)) => Err(Refusal::of(failed)),
        _ => Ok(first),
    }
}

fn chunks(
    reader: Reader,
    first: Option<ChatEvent>,
    shows_usage: bool,
) -> impl Stream<Item = Result<Bytes, std::convert::Infallible>> {
    let writer = Chunks::new(reader.answer().id(), shows_usage);
    stream::unfold(Some((reader, first, writer)), |state| async {
        let (mut reader, mut first, mut writer) = state?;
        loop {
            let next = match first.take() {
                Some(event) => Ok(Some(event)),
                None => lifecycle::within(HEARTBEAT, reader.next()).await,
            };
            let text = match next {
                Ok(Some(event)) => match &event.event {
                    Some(event) => writer.write(event),
                    None => Bytes::new(),
                },
                Ok(None) => return None,
                // A comment, which every reader of such streams leaves out.
                Err(_) => Bytes::from_static(b": still here\n\n"),
            };
            if !text.is_empty() {
                return Some((Ok(text), Some((reader, first, writer))));
            }
        }
    })
}
