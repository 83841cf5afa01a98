//! Questions over REST, and answers as server-sent events.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::response::Response;
use bytes::{Bytes, BytesMut};
use futures_util::stream;
use http::request::Parts;
use http::{HeaderValue, StatusCode, header};
use lifecycle::TraceContext;
use proto::ErrorCode;
use proto::v1::chat_event::Event;
use proto::v1::{ChatEvent, Ended};
use schemars::JsonSchema;
use serde::Serialize;
use ulid::Ulid;

use super::{Edge, body, header, search};
use crate::answer::Reader;
use crate::chat::Origin;
use crate::frame::{self, Beside, ChatBody};
use crate::question::{Asked, Question};
use crate::refusal::Refusal;
use crate::registry::Resumed;

pub(super) const HEARTBEAT: Duration = Duration::from_secs(15);
pub(super) const IDEMPOTENCY_KEY_CHARACTERS: usize = 255;

/// Where an answer is to be read.
#[derive(Serialize, JsonSchema)]
pub(super) struct StreamAddress<'a> {
    answer_id: &'a str,
    /// The path of its events.
    stream_url: String,
}

/// `POST /chat`.
pub(super) async fn ask(State(edge): State<Arc<Edge>>, request: Request) -> Response {
    match answer(&edge, request).await {
        Ok(response) => response,
        Err(refusal) => edge.refuse(&refusal),
    }
}

async fn answer(edge: &Edge, request: Request) -> Result<Response, Refusal> {
    let (head, content) = request.into_parts();
    let caller = edge.caller(&head)?;
    // A repeated request may be answered from what is there already; every other one is refused before its body is read.
    if !head.headers.contains_key("idempotency-key") {
        edge.chat.has_room()?;
    }
    let body: ChatBody = body::json(&head, content, &edge.settings.connections).await?;
    let streaming = body.streaming();
    let (question, is_keyed) = under_key(&head, Asked::from(body).check()?)?;
    let origin = Origin {
        connection_id: Ulid::new().to_string(),
        trace: TraceContext::from_headers(&head.headers),
        deadline: None,
        resumable: streaming || !question.asked().message_id.is_empty(),
        is_keyed,
    };
    let reader = edge.chat.ask(&caller, question, &origin).await?;
    if !streaming {
        return whole(reader, frame::chat_response).await;
    }
    if header(&head, "accept").is_some_and(|accept| accept.contains("text/event-stream")) {
        return Ok(events_response(reader));
    }
    let id = reader.answer().id();
    let address = StreamAddress { answer_id: id, stream_url: format!("/chat/{id}/events") };
    let mut response = search::json(serde_json::to_vec(&address).unwrap_or_default().into());
    *response.status_mut() = StatusCode::ACCEPTED;
    Ok(response)
}

/// Returns the question under its `Idempotency-Key`, and whether there is one.
///
/// # Errors
/// `INVALID_ARGUMENT` when it is not right.
pub(super) fn under_key(head: &Parts, question: Question) -> Result<(Question, bool), Refusal> {
    Ok(match idempotency_key(head)? {
        Some(key) => (question.under_message_id(format!("idempotency-key {key}")), true),
        None => (question, false),
    })
}

/// Returns the header that makes a repeat lead to the same thing.
///
/// # Errors
/// `INVALID_ARGUMENT` when it is not right.
pub(super) fn idempotency_key(head: &Parts) -> Result<Option<String>, Refusal> {
    let Some(value) = head.headers.get("idempotency-key") else { return Ok(None) };
    let is_key = |key: &&str| {
        (1..=IDEMPOTENCY_KEY_CHARACTERS).contains(&key.len())
            && key.bytes().all(|byte| byte.is_ascii_graphic())
    };
    let key = value.to_str().ok().filter(is_key);
    match key {
        Some(key) => Ok(Some(key.to_owned())),
        None => Err(Refusal::invalid(
            "idempotency-key is not right; expected 1 to 255 ASCII characters without spaces",
        )),
    }
}

/// Reads an answer to its end and returns it in one piece, as `write` puts it.
pub(super) async fn whole(
    mut reader: Reader,
    write: impl FnOnce(&str, &Ended, &Beside) -> Bytes,
) -> Result<Response, Refusal> {
    let mut beside = Beside::default();
    while let Some(event) = reader.next().await {
        match &event.event {
            Some(Event::Ended(ended)) => {
                return Ok(search::json(write(&event.answer_id, ended, &beside)));
            }
            Some(Event::Failed(failed)) => return Err(Refusal::of(failed)),
            Some(event) => beside.see(event),
            None => {}
        }
    }
    Err(Refusal::hidden(ErrorCode::Internal, "an answer ended without its last event"))
}

/// `GET /chat/{answer_id}/events`.
pub(super) async fn events(
    State(edge): State<Arc<Edge>>,
    path: Result<Path<String>, PathRejection>,
    request: Request,
) -> Response {
    let (head, _) = request.into_parts();
    let id = path.map_err(|_| Refusal::invalid("the path is not UTF-8"));
    let response = match id {
        Ok(Path(id)) => resumed(&edge, &id, &head).await,
        Err(refusal) => Err(refusal),
    };
    match response {
        Ok(response) => response,
        Err(refusal) => edge.refuse(&refusal),
    }
}

async fn resumed(edge: &Edge, answer_id: &str, head: &Parts) -> Result<Response, Refusal> {
    let caller = edge.caller(head)?;
    let place = match header(head, "last-event-id") {
        Some(id) => place(answer_id, id),
        None => Ok((edge.chat.epoch(), 0)),
    };
    // Who names an answer that is not there hears that first, whatever the place.
    let from = place.as_ref().map_or_else(|_| (edge.chat.epoch(), 0), |place| *place);
    let resumed = edge.chat.resume(&caller, answer_id, from).await?;
    place?;
    match resumed {
        Resumed::Reading(reader) => Ok(events_response(reader)),
        Resumed::Resync => {
            let text = event_text(None, "resync", &frame::resync(answer_id));
            Ok(stream_response(Body::from(text)))
        }
    }
}

/// Reads `answer_id:epoch:seq`.
fn place(answer_id: &str, last_event_id: &str) -> Result<(u64, u64), Refusal> {
    let parse = || {
        let (id, rest) = last_event_id.split_once(':')?;
        let (epoch, seq) = rest.split_once(':')?;
        Some((id, (epoch.parse().ok()?, seq.parse().ok()?)))
    };
    let (id, place) = parse().ok_or_else(|| {
        Refusal::invalid("last-event-id is not right; expected `answer_id:epoch:seq` of this answer")
    })?;
    if id == answer_id {
        return Ok(place);
    }
    Err(Refusal::new(ErrorCode::NotFound, "last-event-id is of another answer; read that one's events"))
}

fn events_response(reader: Reader) -> Response {
    let events = stream::unfold(Some(reader), |reader| async {
        let mut reader = reader?;
        match lifecycle::within(HEARTBEAT, reader.next()).await {
            Ok(Some(event)) => {
                let text = numbered_text(&event, reader.answer().connection_id());
                Some((Ok::<_, Infallible>(text), Some(reader)))
            }
            Ok(None) => None,
            Err(_) => Some((Ok(Bytes::from_static(b": still here\n\n")), Some(reader))),
        }
    });
    stream_response(Body::from_stream(events))
}

fn numbered_text(event: &ChatEvent, connection_id: &str) -> Bytes {
    let frame = frame::event_frame(event, connection_id);
    let id = format!("{}:{}:{}", event.answer_id, event.epoch, event.seq);
    event_text(Some(&id), frame::event_name(event), &frame)
}

/// JSON writes line ends as escapes, so a frame is one line.
fn event_text(id: Option<&str>, name: &str, frame: &Bytes) -> Bytes {
    let mut text = BytesMut::with_capacity(frame.len() + 96);
    if let Some(id) = id {
        text.extend_from_slice(format!("id: {id}\n").as_bytes());
    }
    text.extend_from_slice(format!("event: {name}\ndata: ").as_bytes());
    text.extend_from_slice(frame);
    text.extend_from_slice(b"\n\n");
    text.freeze()
}

pub(super) fn stream_response(body: Body) -> Response {
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // Reverse proxies such as nginx hold a response back unless told not to.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}
