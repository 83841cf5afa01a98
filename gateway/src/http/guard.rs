//! What stands before and after every handler: the check of the page's origin, and security headers.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use proto::ErrorCode;

use super::Edge;
use crate::refusal::Refusal;

const METHODS: HeaderValue = HeaderValue::from_static("GET, POST");
const HEADERS: HeaderValue =
    HeaderValue::from_static("content-type, x-api-key, idempotency-key, last-event-id, traceparent");
const EXPOSED: HeaderValue = HeaderValue::from_static("retry-after");
const PREFLIGHT_SECONDS: HeaderValue = HeaderValue::from_static("600");

/// Paths that a page's script calls; all others hold what anybody may read.
const CALLED: [&str; 4] = ["/ws", "/chat", "/v1/", "/feedback"];

/// Refuses pages of other origins, answers preflights, and tells the browser of a page that may call.
pub(super) async fn origin(State(edge): State<Arc<Edge>>, request: Request, next: Next) -> Response {
    if !CALLED.iter().any(|called| request.uri().path().starts_with(called)) {
        return next.run(request).await;
    }
    let headers = request.headers();
    // Two origins, or one that is no text, are no browser's.
    let single = headers.get_all(header::ORIGIN).iter().count() <= 1;
    let origin = headers.get(header::ORIGIN).cloned();
    let text = origin.as_ref().map(|origin| origin.to_str().unwrap_or("null"));
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let allowed = single && edge.origins.allows(text, host);
    let preflight =
        request.method() == Method::OPTIONS && headers.contains_key("access-control-request-method");
    let mut response = if !allowed {
        edge.refuse(&Refusal::new(
            ErrorCode::PermissionDenied,
            "pages of this origin may not call this service",
        ))
    } else if preflight {
        let mut response = Response::default();
        *response.status_mut() = StatusCode::NO_CONTENT;
        response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_METHODS, METHODS);
        response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HEADERS);
        response.headers_mut().insert(header::ACCESS_CONTROL_MAX_AGE, PREFLIGHT_SECONDS);
        response
    } else {
        next.run(request).await
    };
    let headers = response.headers_mut();
    headers.append(header::VARY, HeaderValue::from_static("origin"));
    if let Some(origin) = origin.filter(|_| allowed) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
    }
    response
}

/// Adds what keeps a browser from guessing, framing and telling.
pub(super) async fn security_headers(mut response: Response) -> Response {
    let headers = response.headers_mut();
    insert_new(headers, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    insert_new(headers, header::REFERRER_POLICY, "no-referrer");
    insert_new(headers, header::X_FRAME_OPTIONS, "DENY");
    insert_new(headers, header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'");
    response
}

fn insert_new(headers: &mut HeaderMap, name: header::HeaderName, value: &'static str) {
    headers.entry(name).or_insert(HeaderValue::from_static(value));
}
