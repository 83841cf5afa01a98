//! Whether the process lives and can serve, for a balancer that sees only the public port.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use proto::ErrorCode;

use super::Edge;
use crate::refusal::Refusal;

pub(super) async fn alive() -> &'static str {
    "alive\n"
}

pub(super) async fn ready(State(edge): State<Arc<Edge>>) -> Response {
    if edge.readiness.is_ready() {
        return Response::new("ready\n".into());
    }
    super::problem(&Refusal::new(ErrorCode::Unavailable, "not ready"))
}
