//! Errors of the services, and answers as AWS JSON 1.1 writes them.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use hyper::StatusCode;
use hyper::header::CONTENT_TYPE;
use serde_json::{Value, json};

const MEDIA_TYPE: &str = "application/x-amz-json-1.1";

/// A refusal with the name that the service's own errors have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ServiceError {
    pub(super) name: String,
    pub(super) message: String,
    /// Absent for the one that the name has in the service's protocol.
    pub(super) status: Option<StatusCode>,
}

impl ServiceError {
    /// Returns an error with the status that its name usually has.
    pub(super) fn new(name: &str, message: impl Into<String>) -> Self {
        Self { name: name.to_owned(), message: message.into(), status: None }
    }

    pub(super) fn unknown(service: &str, operation: &str) -> Self {
        let text = format!("{service}.{operation} is not simulated");
        Self::new("UnknownOperationException", text)
    }
}

impl IntoResponse for ServiceError {
    fn into_response(self) -> Response {
        let status = self.status.unwrap_or(match self.name.as_str() {
            "InternalServerError" | "InternalFailure" => StatusCode::INTERNAL_SERVER_ERROR,
            "ServiceUnavailable" | "ServiceUnavailableException" => StatusCode::SERVICE_UNAVAILABLE,
            // Every other error of a service that speaks AWS JSON.
            _ => StatusCode::BAD_REQUEST,
        });
        let body = json!({ "__type": self.name, "message": self.message }).to_string();
        (status, [(CONTENT_TYPE, MEDIA_TYPE)], body).into_response()
    }
}

/// Returns an answer that is all well.
pub(super) fn well(value: &Value) -> Response {
    ([(CONTENT_TYPE, MEDIA_TYPE)], value.to_string()).into_response()
}

/// Returns an answer that begins and whose connection then ends.
pub(super) fn broken() -> Response {
    let part = Ok(bytes::Bytes::from_static(b"{\"DocumentMetadata\":"));
    let cut = Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset));
    let body = Body::from_stream(futures_util::stream::iter([part, cut]));
    ([(CONTENT_TYPE, MEDIA_TYPE)], body).into_response()
}
