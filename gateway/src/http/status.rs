//! Whether the process lives and can serve, for a balancer that sees only the public port.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use proto::ErrorCode;

use super::Edge;
use crate::refusal::Refusal;

pub(super) async fn alive() -> &'static str {
    "alive\n"
}

pub(super) async fn ready(State(edge): State<Arc<Edge>>) -> Response {
    if edge.chat.is_overloaded() {
        let refusal = Refusal::new(ErrorCode::Overloaded, "questions have been refused for some time");
        return super::problem(&refusal);
    }
    if edge.readiness.is_ready() {
        return "ready\n".into_response();
    }
    super::problem(&Refusal::new(ErrorCode::Unavailable, "not ready"))
}
