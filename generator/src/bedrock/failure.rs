//! What can go wrong with a call, sorted by what helps: waiting, another model, or another setting.

use aws_sdk_bedrockruntime::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_bedrockruntime::operation::converse_stream::ConverseStreamError;
use aws_sdk_bedrockruntime::types::error::ConverseStreamOutputError;

use crate::error::Error;

/// Of a text of the service that goes to the log.
const LONGEST_TEXT: usize = 300;

/// Sorts a call that got no stream.
pub(super) fn of_call(error: &SdkError<ConverseStreamError>) -> Error {
    let status = error.raw_response().map(|response| response.status().as_u16());
    let Some(refusal) = error.as_service_error() else {
        return match (error, status) {
            (_, Some(429)) => Error::ModelThrottled("too many requests".to_owned()),
            (SdkError::ConstructionFailure(_), _) => Error::ModelRefused(causes(error)),
            _ => Error::ModelUnavailable(causes(error)),
        };
    };
    let code = refusal.code().unwrap_or("no error code");
    let message = refusal.message().unwrap_or("no message");
    let text = shortened(&format!("{code}, status {}: {message}", status.unwrap_or(0)));
    match (refusal, status) {
        (
            ConverseStreamError::ThrottlingException(_) | ConverseStreamError::ModelNotReadyException(_),
            _,
        )
        // Proxies and gateways answer without the service's error name.
        | (_, Some(429)) => Error::ModelThrottled(text),
        (
            ConverseStreamError::ValidationException(_)
            | ConverseStreamError::AccessDeniedException(_)
            | ConverseStreamError::ResourceNotFoundException(_),
            _,
        )
        | (_, Some(400 | 401 | 403 | 404)) => Error::ModelRefused(text),
        _ => Error::ModelUnavailable(text),
    }
}

/// Sorts a stream that failed after it had begun.
pub(super) fn of_stream<R: std::fmt::Debug + Send + Sync + 'static>(
    error: &SdkError<ConverseStreamOutputError, R>,
) -> Error {
    let Some(exception) = error.as_service_error() else {
        return Error::ModelCut(causes(error));
    };
    let text = shortened(&exception.to_string());
    match exception {
        ConverseStreamOutputError::ThrottlingException(_) => Error::ModelThrottled(text),
        ConverseStreamOutputError::ValidationException(_) => Error::ModelRefused(text),
        ConverseStreamOutputError::InternalServerException(_)
        | ConverseStreamOutputError::ModelStreamErrorException(_)
        | ConverseStreamOutputError::ServiceUnavailableException(_) => Error::ModelUnavailable(text),
        _ => Error::ModelCut(text),
    }
}

/// Returns the beginning of a text.
pub(super) fn shortened(text: &str) -> String {
    text.chars().take(LONGEST_TEXT).collect()
}

fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause.filter(|_| text.len() < LONGEST_TEXT) {
        text = format!("{text}: {next}");
        cause = next.source();
    }
    shortened(&text)
}
