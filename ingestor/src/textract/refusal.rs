//! What the service's errors mean: for an editor, for an operator, or for later.

use crate::extract::Unreadable;
use crate::text_extractor::RecognitionError;

/// Sorts a refusal by the name of its error. Texts name the cause and never hold what was to be read.
pub(super) fn sort(code: Option<&str>, message: Option<&str>, status: Option<u16>) -> RecognitionError {
    let code = code.unwrap_or("no error code");
    let message = message.unwrap_or("no message");
    let text = format!("{code}, status {}: {message}", status.unwrap_or(0));
    match code {
        "ThrottlingException" | "ProvisionedThroughputExceededException" | "LimitExceededException" => {
            RecognitionError::Throttled(text)
        }
        "BadDocumentException" => failed("it is damaged; open it in its program and save it again"),
        "UnsupportedDocumentException" => failed(
            "its format is not supported, or it is protected with a password; save it as a PDF without one",
        ),
        "DocumentTooLargeException" => failed("it is too large; divide it, or scan it with less resolution"),
        "InvalidParameterException" | "ValidationException" => failed(&text),
        "InvalidS3ObjectException" => RecognitionError::Settings(format!(
            "{text}; expected the right s3:GetObject for the document's bucket, and the bucket in the same region"
        )),
        "AccessDeniedException"
        | "UnrecognizedClientException"
        | "InvalidSignatureException"
        | "IncompleteSignatureException"
        | "MissingAuthenticationTokenException"
        | "MissingAuthenticationToken"
        | "InvalidClientTokenId"
        | "ExpiredTokenException"
        | "OptInRequired"
        | "SubscriptionRequiredException"
        | "InvalidKMSKeyException"
        | "UnknownOperationException" => RecognitionError::Settings(text),
        // Proxies and gateways answer without the service's error name.
        _ if status == Some(429) => RecognitionError::Throttled(text),
        _ => RecognitionError::Unavailable(text),
    }
}

/// Sorts a call to which the service did not answer.
pub(super) fn unanswered(error: &dyn std::error::Error, status: Option<u16>) -> RecognitionError {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        text = format!("{text}: {next}");
        cause = next.source();
    }
    // Some causes are lists with a line for each item.
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match status {
        Some(429) => RecognitionError::Throttled("too many requests".to_owned()),
        // The SDK has no kind of error for them.
        None if text.contains("credential") || text.contains("identity") => RecognitionError::Settings(text),
        _ => RecognitionError::Unavailable(text),
    }
}

/// Returns that the service cannot read the document, for this reason.
pub(super) fn failed(reason: &str) -> RecognitionError {
    let reason = if reason.trim().is_empty() { "the service gives no reason" } else { reason };
    unreadable(Unreadable::Unrecognised { reason: reason.to_owned() })
}

pub(super) fn unreadable(why: Unreadable) -> RecognitionError {
    RecognitionError::Unreadable(why)
}

/// Returns that an answer makes no sense.
pub(super) fn broken(what: &str) -> RecognitionError {
    RecognitionError::Unavailable(format!("a broken answer: {what}"))
}

/// Returns that a part of ours broke.
pub(super) fn fault() -> RecognitionError {
    unreadable(Unreadable::ReaderFailed)
}

/// Returns that a document would have to lie in S3.
pub(super) fn needs_a_shelf() -> RecognitionError {
    let text = "Amazon Textract reads documents of several pages, and those over 10 MiB, only from S3: expected the document store there, \
                or a smaller document of one page";
    RecognitionError::Settings(text.to_owned())
}

/// Returns that a document cannot be put into S3.
pub(super) fn not_lent(problem: &str) -> RecognitionError {
    RecognitionError::Unavailable(format!("the document cannot be put into S3: {problem}"))
}
