//! One line and one count for each request: which route, how it was answered, how long that took. Never what was said, by whom,
//! or with which key.

use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, LazyLock};

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use hyper::body::Body as _;
use tokio::time::Instant;

use super::Edge;

/// Requests to no route of ours, together, so that a scanner cannot make names for us to keep.
const NO_ROUTE: &str = "none";

/// Keyed anew at each start: lines of one visitor can be told to belong together, and nobody can go back to the address.
static VISITORS: LazyLock<RandomState> = LazyLock::new(RandomState::new);

/// Counts the request and, where the setting wants it, logs it once its head is answered.
pub(super) async fn log(State(edge): State<Arc<Edge>>, request: Request, next: Next) -> Response {
    let began = Instant::now();
    let method = request.method().clone();
    let matched = request.extensions().get::<MatchedPath>().cloned();
    let (head, body) = request.into_parts();
    let visitor = edge.settings.access_log.then(|| VISITORS.hash_one(edge.address(&head)));
    let response = next.run(Request::from_parts(head, body)).await;
    let route = matched.as_ref().map_or(NO_ROUTE, MatchedPath::as_str);
    let status = response.status().as_u16();
    edge.chat.metrics().requested(route, status);
    if let Some(visitor) = visitor {
        let (ms, bytes) = (began.elapsed().as_secs_f64() * 1e3, response.body().size_hint().exact());
        tracing::info!(
            target: "access",
            method = method.as_str(),
            route,
            status,
            ms,
            bytes,
            visitor = format!("{visitor:016x}"),
            "request"
        );
    }
    response
}
