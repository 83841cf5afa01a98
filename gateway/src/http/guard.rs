//! What stands before and after every handler: the check of the page's origin, and security headers.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use proto::ErrorCode;

use super::Edge;
use crate::admission::Note;
use crate::refusal::Refusal;
use crate::state::Allowance;

const METHODS: HeaderValue = HeaderValue::from_static("GET, POST");
const HEADERS: HeaderValue = HeaderValue::from_static(
    "content-type, authorization, x-api-key, idempotency-key, last-event-id, traceparent, grpc-timeout, x-grpc-web, \
     x-user-agent, openai-organization, openai-project, x-stainless-arch, x-stainless-helper-method, x-stainless-lang, \
     x-stainless-os, x-stainless-package-version, x-stainless-poll-helper, x-stainless-retry-count, x-stainless-runtime, \
     x-stainless-runtime-version, x-stainless-timeout",
);
const EXPOSED: HeaderValue = HeaderValue::from_static(
    "retry-after, ratelimit-limit, ratelimit-remaining, ratelimit-reset, grpc-status, grpc-message, \
         grpc-status-details-bin",
);
const PREFLIGHT_SECONDS: HeaderValue = HeaderValue::from_static("600");

/// Paths that a page's script calls; all others hold what anybody may read.
const CALLED: [&str; 6] = ["/ws", "/chat", "/v1/", "/feedback", "/handoff", "/smallbiz."];

/// Refuses pages of other origins, answers preflights, and tells the browser of a page that may call.
pub(super) async fn origin(State(edge): State<Arc<Edge>>, mut request: Request, next: Next) -> Response {
    if !CALLED.iter().any(|called| request.uri().path().starts_with(called)) {
        return next.run(request).await;
    }
    let headers = request.headers();
    // Two origins, or one that is no text, are no browser's.
    let single = headers.get_all(header::ORIGIN).iter().count() <= 1;
    let origin = headers.get(header::ORIGIN).cloned();
    let text = origin.as_ref().map(|origin| origin.to_str().unwrap_or("null"));
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    // A page of some site may ask; whether it may use the key it names is seen when the key is.
    let of_a_site = |origin| edge.chat.admission().knows_origin(origin);
    let allowed = single && (edge.origins.allows(text, host) || text.is_some_and(of_a_site));
    let preflight =
        request.method() == Method::OPTIONS && headers.contains_key("access-control-request-method");
    let note = Note::default();
    request.extensions_mut().insert(Arc::clone(&note));
    let mut response = if !allowed {
        let refusal =
            Refusal::new(ErrorCode::PermissionDenied, "pages of this origin may not call this service");
        edge.refuse_at(request.uri().path(), &refusal)
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
    if let Some(allowance) = note.get() {
        rate_headers(allowance, headers);
    }
    headers.append(header::VARY, HeaderValue::from_static("origin"));
    if let Some(origin) = origin.filter(|_| allowed) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
    }
    response
}

/// Tells how much may still be asked for, in the header fields that most clients know (the first drafts of
/// draft-ietf-httpapi-ratelimit-headers; the later ones with one structured field are read by few yet).
fn rate_headers(allowance: &Allowance, headers: &mut HeaderMap) {
    let fields =
        allowance.fields().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from(value)));
    headers.extend(fields);
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
