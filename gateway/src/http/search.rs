//! Searching without an answer, and opinions about answers.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use http::{HeaderValue, StatusCode, header};
use lifecycle::TraceContext;

use super::{Edge, body};
use crate::frame::{self, FeedbackBody, SearchBody};
use crate::refusal::Refusal;

/// `POST /v1/search`.
pub(super) async fn search(State(edge): State<Arc<Edge>>, request: Request) -> Response {
    match find(&edge, request).await {
        Ok(response) => response,
        Err(refusal) => edge.refuse(&refusal),
    }
}

async fn find(edge: &Edge, request: Request) -> Result<Response, Refusal> {
    let (head, content) = request.into_parts();
    let caller = edge.caller(&head)?;
    let body: SearchBody = body::json(&head, content, &edge.settings.connections).await?;
    let found = edge.chat.search(&caller, body.into(), &TraceContext::from_headers(&head.headers)).await?;
    Ok(json(frame::search_response(&found)))
}

/// `POST /feedback`.
pub(super) async fn feedback(State(edge): State<Arc<Edge>>, request: Request) -> Response {
    match give(&edge, request).await {
        Ok(response) => response,
        Err(refusal) => edge.refuse(&refusal),
    }
}

async fn give(edge: &Edge, request: Request) -> Result<Response, Refusal> {
    let (head, content) = request.into_parts();
    let caller = edge.caller(&head)?;
    let body: FeedbackBody = body::json(&head, content, &edge.settings.connections).await?;
    edge.chat.feedback(&caller, body.into(), &TraceContext::from_headers(&head.headers)).await?;
    let mut response = Response::default();
    *response.status_mut() = StatusCode::NO_CONTENT;
    Ok(response)
}

/// Returns a JSON response that nobody may keep.
pub(super) fn json(bytes: bytes::Bytes) -> Response {
    let mut response = Response::new(bytes.into());
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
