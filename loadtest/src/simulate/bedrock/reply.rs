//! Answers as REST writes them: a status that says what went wrong, and a header that names it.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use hyper::StatusCode;
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use serde_json::{Value, json};

use super::fault::BedrockFault;
use super::stream::{End, Plan, Step};
use crate::simulate::journal::Entry;
use crate::simulate::reply::ServiceError;

const JSON: &str = "application/json";
const EVENTS: &str = "application/vnd.amazon.eventstream";
const ERROR_TYPE: HeaderName = HeaderName::from_static("x-amzn-errortype");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");
/// What the service itself puts behind the name; clients have to cut it off.
const NAME_END: &str = ":http://internal.amazon.com/coral/com.amazon.bedrock/";

/// Returns an error.
pub(in crate::simulate) fn refused(error: &ServiceError) -> Response {
    let status = error.status.unwrap_or_else(|| status(&error.name));
    let mut response = nameless(status, &error.message);
    if let Ok(name) = HeaderValue::from_str(&format!("{}{NAME_END}", error.name)) {
        response.headers_mut().insert(ERROR_TYPE, name);
    }
    response
}

/// Returns the error that a fault wants, and what the journal calls it.
pub(super) fn scripted(fault: &BedrockFault, has_name: bool) -> (Response, String) {
    let name = fault.error.clone().unwrap_or_else(|| "ThrottlingException".to_owned());
    let mut error = ServiceError::new(&name, fault.message.clone());
    error.status = fault.status.and_then(|status| StatusCode::from_u16(status).ok());
    if has_name {
        return (refused(&error), name);
    }
    (nameless(error.status.unwrap_or_else(|| status(&name)), &error.message), name)
}

/// Returns an answer that is all well.
pub(super) fn well(body: &Value, headers: &[(&'static str, String)]) -> Response {
    let mut response = ([(CONTENT_TYPE, JSON)], body.to_string()).into_response();
    for (name, value) in headers {
        if let Ok(value) = HeaderValue::from_str(value) {
            response.headers_mut().insert(HeaderName::from_static(name), value);
        }
    }
    response
}

/// Returns a stream that is sent as planned.
pub(super) fn streamed(plan: Plan, entry: Entry) -> Response {
    let sending = Sending {
        steps: plan.steps.into_iter(),
        end: Some(plan.end),
        entry,
        due: tokio::time::Instant::now(),
    };
    let body = Body::from_stream(stream::unfold(sending, Sending::next));
    ([(CONTENT_TYPE, EVENTS)], body).into_response()
}

/// Returns an answer under a number that callers can name it by.
pub(in crate::simulate) fn numbered(mut response: Response, number: u64) -> Response {
    if let Ok(id) = HeaderValue::from_str(&format!("00000000-0000-4000-8000-{number:012x}")) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    response
}

fn nameless(status: StatusCode, message: &str) -> Response {
    (status, [(CONTENT_TYPE, JSON)], json!({ "message": message }).to_string()).into_response()
}

fn status(name: &str) -> StatusCode {
    match name {
        "ThrottlingException" | "ModelNotReadyException" => StatusCode::TOO_MANY_REQUESTS,
        "InternalServerException" | "InternalServerError" | "InternalFailure" => {
            StatusCode::INTERNAL_SERVER_ERROR
        }
        "ServiceUnavailableException" | "ServiceUnavailable" => StatusCode::SERVICE_UNAVAILABLE,
        "ModelTimeoutException" => StatusCode::REQUEST_TIMEOUT,
        "ModelErrorException" | "ModelStreamErrorException" => StatusCode::FAILED_DEPENDENCY,
        "ResourceNotFoundException" => StatusCode::NOT_FOUND,
        "AccessDeniedException"
        | "MissingAuthenticationTokenException"
        | "UnrecognizedClientException"
        | "ExpiredTokenException" => StatusCode::FORBIDDEN,
        "RequestEntityTooLargeException" => StatusCode::PAYLOAD_TOO_LARGE,
        _ => StatusCode::BAD_REQUEST,
    }
}

/// A stream under way. Dropped before its end, it was abandoned: its entry in the journal then says so.
struct Sending {
    steps: std::vec::IntoIter<Step>,
    end: Option<End>,
    entry: Entry,
    /// When the last step was due: delays in sending do not add up.
    due: tokio::time::Instant,
}

impl Sending {
    async fn next(mut self) -> Option<(std::io::Result<bytes::Bytes>, Self)> {
        let Some(step) = self.steps.next() else {
            return self.finish().await.map(|error| (Err(error), self));
        };
        if step.wait.is_zero() {
            // Each frame is written by itself: the server flushes while it waits for the next.
            tokio::task::yield_now().await;
        } else {
            self.due += step.wait;
            tokio::time::sleep_until(self.due).await;
        }
        self.entry.sent(step.tokens);
        Some((Ok(step.bytes), self))
    }

    async fn finish(&mut self) -> Option<std::io::Error> {
        match self.end.take() {
            Some(End::Whole(outcome)) => self.entry.close(&outcome),
            Some(End::Reset) => {
                tokio::task::yield_now().await;
                self.entry.close("broken");
                return Some(std::io::ErrorKind::ConnectionReset.into());
            }
            // Until the caller gives up.
            Some(End::Never) => std::future::pending::<()>().await,
            None => {}
        }
        None
    }
}
