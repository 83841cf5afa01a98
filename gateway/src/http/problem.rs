//! Errors over HTTP: problem details (RFC 9457) with the code of the error table.

use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use http::{HeaderValue, StatusCode, header};
use schemars::JsonSchema;
use serde::Serialize;

use crate::refusal::Refusal;

/// Time to wait when the refusal names none but waiting helps.
const DEFAULT_WAIT: Duration = Duration::from_secs(1);

/// Why a request was refused or failed (RFC 9457).
#[derive(Serialize, JsonSchema)]
pub(super) struct Problem<'a> {
    /// Names the kind of error.
    r#type: String,
    title: &'a str,
    status: u16,
    /// What was wrong and what would be right.
    detail: &'a str,
    /// A name of the table of errors.
    code: &'static str,
    /// Whether the same may succeed later.
    retryable: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_ms: Option<u64>,
}

/// Returns the response for a refusal. A 429 or 503 always says when to come back.
pub(crate) fn problem(refusal: &Refusal) -> Response {
    let code = refusal.code();
    let status = StatusCode::from_u16(code.http()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let waits = matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE);
    let refusal = match refusal.retry_after() {
        None if waits => &refusal.clone().after(DEFAULT_WAIT),
        _ => refusal,
    };
    let problem = Problem {
        r#type: format!("urn:smallbiz-chatbot:error:{}", code.name().to_ascii_lowercase().replace('_', "-")),
        title: status.canonical_reason().unwrap_or("Client Closed Request"),
        status: status.as_u16(),
        detail: refusal.message(),
        code: code.name(),
        retryable: code.retryable(),
        retry_after_ms: refusal.retry_after_ms(),
    };
    let mut response = Response::new(Body::from(serde_json::to_vec(&problem).unwrap_or_default()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(wait) = refusal.retry_after() {
        let seconds = wait.as_millis().div_ceil(1000).max(1);
        if let Ok(value) = HeaderValue::from_str(&seconds.to_string()) {
            headers.insert(header::RETRY_AFTER, value);
        }
    }
    response
}
