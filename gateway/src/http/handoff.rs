//! A conversation that a person is to go on with, and the questions that a chat offers first.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use http::StatusCode;
use proto::ErrorCode;

use super::{Edge, body, chat, search};
use crate::frame::{self, HandoffBody};
use crate::handoff::{self, Wish};
use crate::refusal::Refusal;

/// `POST /handoff`.
pub(super) async fn take(State(edge): State<Arc<Edge>>, request: Request) -> Response {
    match hand_over(&edge, request).await {
        Ok(response) => response,
        Err(refusal) => edge.refuse(&refusal),
    }
}

async fn hand_over(edge: &Edge, request: Request) -> Result<Response, Refusal> {
    let (head, content) = request.into_parts();
    let caller = edge.caller(&head)?;
    let body: HandoffBody = body::json(&head, content, &edge.settings.connections).await?;
    let mut conversation = Wish::from(body).check()?;
    if let Some(key) = chat::idempotency_key(&head)? {
        conversation = conversation.under_message_id(format!("idempotency-key {key}"));
    }
    let mut handing = edge.desk.take(&edge.chat, &caller, &conversation).await?;
    let receipt = handing.next().await;
    let receipt = receipt.ok_or_else(|| Refusal::hidden(ErrorCode::Internal, "a handoff has no receipt"))?;
    let mut response = search::json(frame::receipt_response(&receipt));
    if receipt.state == handoff::State::Queued {
        *response.status_mut() = StatusCode::ACCEPTED;
    }
    Ok(response)
}

/// `GET /v1/suggestions`.
pub(super) async fn suggestions(State(edge): State<Arc<Edge>>, request: Request) -> Response {
    let (head, _) = request.into_parts();
    match edge.caller(&head) {
        Ok(_) => search::json(frame::suggestions_response(&edge.settings.suggestions)),
        Err(refusal) => edge.refuse(&refusal),
    }
}
