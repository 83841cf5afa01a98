//! What a caller is told when something cannot be done. It knows the table of errors and no transport.

use std::borrow::Cow;
use std::time::Duration;

use proto::ErrorCode;
use proto::v1::Failed;

use crate::state::Allowance;

/// A typed refusal or failure: one message for the caller and, apart from it, the cause for the log.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub(crate) struct Refusal {
    code: ErrorCode,
    message: Cow<'static, str>,
    retry_after: Option<Duration>,
    allowance: Option<Allowance>,
    cause: Option<String>,
}

impl Refusal {
    /// Returns a refusal with a message that the caller may read.
    pub(crate) fn new(code: ErrorCode, message: impl Into<Cow<'static, str>>) -> Self {
        Self { code, message: message.into(), retry_after: None, allowance: None, cause: None }
    }

    /// Returns a refusal of a malformed request.
    pub(crate) fn invalid(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorCode::InvalidArgument, message)
    }

    /// Returns a refusal whose message says only what kind of failure it was; the cause is for the log.
    pub(crate) fn hidden(code: ErrorCode, cause: impl Into<String>) -> Self {
        Self { cause: Some(cause.into()), ..Self::new(code, sentence(code)) }
    }

    /// Returns the refusal that ended another answer.
    pub(crate) fn of(failed: &Failed) -> Self {
        let code = ErrorCode::from_name(&failed.code).unwrap_or(ErrorCode::Internal);
        let refusal = Self::new(code, failed.message.clone());
        match failed.retry_after_ms {
            Some(wait) => refusal.after(Duration::from_millis(wait)),
            None => refusal,
        }
    }

    /// Adds how long to wait before trying again.
    #[must_use]
    pub(crate) fn after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }

    /// Adds what is left of the limit that is used up.
    #[must_use]
    pub(crate) fn with_allowance(mut self, allowance: Allowance) -> Self {
        self.allowance = Some(allowance);
        self
    }

    /// Returns what is left of the limit that is used up, when that is the reason.
    pub(crate) fn allowance(&self) -> Option<Allowance> {
        self.allowance
    }

    /// Returns the code.
    pub(crate) fn code(&self) -> ErrorCode {
        self.code
    }

    /// Returns the sentence for the caller.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// Returns how long to wait before trying again, when waiting helps and the time is known.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// Returns [`Refusal::retry_after`] in milliseconds, rounded up.
    pub(crate) fn retry_after_ms(&self) -> Option<u64> {
        let wait = self.retry_after?;
        Some(u64::try_from(wait.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX))
    }

    /// Returns what the log should keep, when it is more than the message.
    pub(crate) fn cause(&self) -> Option<&str> {
        self.cause.as_deref()
    }
}

/// One sentence for a reader who must learn neither addresses nor internals.
fn sentence(code: ErrorCode) -> &'static str {
    match code {
        ErrorCode::DeadlineExceeded => "the answer took too long; please try again",
        ErrorCode::RateLimited | ErrorCode::Overloaded => {
            "too many questions are being asked at once; please try again in a moment"
        }
        ErrorCode::ShuttingDown => "the service is moving; please ask again",
        ErrorCode::Unavailable => "the service cannot answer right now; please try again in a moment",
        _ => "something went wrong on our side",
    }
}
