//! Reading a JSON body under limits of size and time.

use axum::body::Body;
use bytes::Bytes;
use http::request::Parts;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use proto::ErrorCode;
use serde::de::DeserializeOwned;

use super::header;
use crate::frame;
use crate::refusal::Refusal;
use crate::settings::ConnectionBounds;

/// Reads the body as a JSON object.
///
/// # Errors
/// `UNSUPPORTED_MEDIA` for another content type, `TOO_LARGE`, `DEADLINE_EXCEEDED`, or what is wrong with the JSON.
pub(super) async fn json<T: DeserializeOwned>(
    head: &Parts,
    body: Body,
    bounds: &ConnectionBounds,
) -> Result<T, Refusal> {
    let kind = header(head, "content-type").unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case("application/json") {
        return Err(Refusal::new(
            ErrorCode::UnsupportedMedia,
            "send the body as `content-type: application/json`",
        ));
    }
    let bytes = read(body, bounds).await?;
    if std::str::from_utf8(&bytes).is_err() {
        return Err(Refusal::new(ErrorCode::InvalidUtf8, "the body is not UTF-8"));
    }
    frame::read(&bytes)
}

/// Reads a body of bytes.
///
/// # Errors
/// `TOO_LARGE`, `DEADLINE_EXCEEDED`, or that it ended early.
pub(super) async fn read(body: Body, bounds: &ConnectionBounds) -> Result<Bytes, Refusal> {
    let collecting = Limited::new(body, bounds.message_bytes).collect();
    match lifecycle::within(bounds.body, collecting).await {
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            let most = bounds.message_bytes;
            let message = format!("the body is too large; at most {most} bytes are taken");
            Err(Refusal::new(ErrorCode::TooLarge, message))
        }
        Ok(Err(_)) => Err(Refusal::invalid("the body ended early")),
        Err(_) => Err(Refusal::new(ErrorCode::DeadlineExceeded, "the body did not arrive in time")),
    }
}
