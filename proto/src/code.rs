//! The one table of errors: what each code means on gRPC, HTTP and WebSocket, and whether to try again.

use std::time::Duration;

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

/// Domain under which the codes appear in `google.rpc.ErrorInfo`.
pub const ERROR_DOMAIN: &str = "smallbiz.chatbot";

/// What went wrong, as every caller on every transport sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorCode {
    /// The request is malformed or out of range; the message names the field.
    InvalidArgument,
    /// A text frame or body is not UTF-8.
    InvalidUtf8,
    /// A kind of frame or body that is not taken here.
    UnsupportedMedia,
    /// No key, or a key that is not known.
    Unauthenticated,
    /// The key is known and may not do this.
    PermissionDenied,
    /// No such thing, or none that the caller may see.
    NotFound,
    /// The method is not allowed on this path.
    MethodNotAllowed,
    /// The same idempotency key was used with another request.
    Conflict,
    /// The request or a part of it is larger than its limit.
    TooLarge,
    /// The caller's rate or spend limit is reached.
    RateLimited,
    /// A guardrail refused the text.
    Blocked,
    /// The server refuses work for now to protect itself.
    Overloaded,
    /// Something that the answer needs cannot be reached.
    Unavailable,
    /// The server is stopping; another one answers.
    ShuttingDown,
    /// The time for the call is over.
    DeadlineExceeded,
    /// The caller went away.
    Cancelled,
    /// The store was made with another embedding model or dimension.
    IncompatibleIndex,
    /// There is no room left to store anything.
    StorageFull,
    /// A document cannot be read; the message says why.
    UnreadableDocument,
    /// The fault is ours.
    Internal,
}

struct Row {
    code: ErrorCode,
    name: &'static str,
    grpc: Code,
    http: u16,
    close: u16,
    retryable: bool,
}

#[expect(clippy::too_many_arguments, reason = "the columns of the table")]
const fn row(code: ErrorCode, name: &'static str, grpc: Code, http: u16, close: u16, retryable: bool) -> Row {
    Row { code, name, grpc, http, close, retryable }
}

#[rustfmt::skip]
const TABLE: [Row; 20] = [
    row(ErrorCode::InvalidArgument,    "INVALID_ARGUMENT",    Code::InvalidArgument,    400, 1008, false),
    row(ErrorCode::InvalidUtf8,        "INVALID_UTF8",        Code::InvalidArgument,    400, 1007, false),
    row(ErrorCode::UnsupportedMedia,   "UNSUPPORTED_MEDIA",   Code::InvalidArgument,    415, 1003, false),
    row(ErrorCode::Unauthenticated,    "UNAUTHENTICATED",     Code::Unauthenticated,    401, 1008, false),
    row(ErrorCode::PermissionDenied,   "PERMISSION_DENIED",   Code::PermissionDenied,   403, 1008, false),
    row(ErrorCode::NotFound,           "NOT_FOUND",           Code::NotFound,           404, 1008, false),
    row(ErrorCode::MethodNotAllowed,   "METHOD_NOT_ALLOWED",  Code::Unimplemented,      405, 1008, false),
    row(ErrorCode::Conflict,           "CONFLICT",            Code::AlreadyExists,      409, 1008, false),
    row(ErrorCode::TooLarge,           "TOO_LARGE",           Code::OutOfRange,         413, 1009, false),
    row(ErrorCode::RateLimited,        "RATE_LIMITED",        Code::ResourceExhausted,  429, 1013, true),
    row(ErrorCode::Blocked,            "BLOCKED",             Code::InvalidArgument,    422, 1008, false),
    row(ErrorCode::Overloaded,         "OVERLOADED",          Code::Unavailable,        503, 1013, true),
    row(ErrorCode::Unavailable,        "UNAVAILABLE",         Code::Unavailable,        503, 1013, true),
    row(ErrorCode::ShuttingDown,       "SHUTTING_DOWN",       Code::Unavailable,        503, 1012, true),
    row(ErrorCode::DeadlineExceeded,   "DEADLINE_EXCEEDED",   Code::DeadlineExceeded,   504, 1013, true),
    row(ErrorCode::Cancelled,          "CANCELLED",           Code::Cancelled,          499, 1000, false),
    row(ErrorCode::IncompatibleIndex,  "INCOMPATIBLE_INDEX",  Code::FailedPrecondition, 409, 1008, false),
    row(ErrorCode::StorageFull,        "STORAGE_FULL",        Code::ResourceExhausted,  507, 1013, true),
    row(ErrorCode::UnreadableDocument, "UNREADABLE_DOCUMENT", Code::InvalidArgument,    422, 1008, false),
    row(ErrorCode::Internal,           "INTERNAL",            Code::Internal,           500, 1011, false),
];

impl ErrorCode {
    /// Returns every code.
    pub fn all() -> impl Iterator<Item = Self> {
        TABLE.iter().map(|row| row.code)
    }

    fn row(self) -> &'static Row {
        // Every code has its row at its own place: the table's test asserts it.
        &TABLE[self as usize]
    }

    /// Returns the name used on the wire, such as `RATE_LIMITED`.
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// Returns the gRPC status code.
    pub fn grpc(self) -> Code {
        self.row().grpc
    }

    /// Returns the HTTP status, 400 to 599.
    pub fn http(self) -> u16 {
        self.row().http
    }

    /// Returns the WebSocket close code for errors that end the connection.
    pub fn close(self) -> u16 {
        self.row().close
    }

    /// Returns whether the same request may succeed later.
    pub fn retryable(self) -> bool {
        self.row().retryable
    }

    /// Returns the code with this wire name.
    pub fn from_name(name: &str) -> Option<Self> {
        TABLE.iter().find(|row| row.name == name).map(|row| row.code)
    }

    /// Returns a gRPC status that carries the code, the message for the caller and, optionally, how long to wait.
    pub fn status(self, message: impl Into<String>, retry_after: Option<Duration>) -> Status {
        let mut details = ErrorDetails::new();
        details.set_error_info(self.name(), ERROR_DOMAIN, std::collections::HashMap::new());
        if let Some(delay) = retry_after {
            details.set_retry_info(Some(delay));
        }
        Status::with_error_details(self.grpc(), message, details)
    }

    /// Returns the code and the waiting time that a status carries; a foreign status maps to the nearest code.
    pub fn of(status: &Status) -> (Self, Option<Duration>) {
        let details = status.get_error_details();
        let named = details.error_info().filter(|info| info.domain == ERROR_DOMAIN);
        let named = named.and_then(|info| Self::from_name(&info.reason));
        let code = named.unwrap_or_else(|| Self::nearest(status.code()));
        (code, details.retry_info().and_then(|info| info.retry_delay))
    }

    fn nearest(code: Code) -> Self {
        match code {
            Code::InvalidArgument => Self::InvalidArgument,
            Code::Unauthenticated => Self::Unauthenticated,
            Code::PermissionDenied => Self::PermissionDenied,
            Code::NotFound => Self::NotFound,
            Code::AlreadyExists => Self::Conflict,
            Code::OutOfRange => Self::TooLarge,
            Code::ResourceExhausted => Self::RateLimited,
            Code::Unavailable => Self::Unavailable,
            Code::DeadlineExceeded => Self::DeadlineExceeded,
            Code::Cancelled => Self::Cancelled,
            Code::FailedPrecondition => Self::IncompatibleIndex,
            _ => Self::Internal,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Code, Duration, ErrorCode, Status, TABLE};

    #[test]
    fn every_code_has_its_row_at_its_own_place() {
        for (place, row) in TABLE.iter().enumerate() {
            assert_eq!(row.code as usize, place, "{}", row.name);
            assert!((400..600).contains(&row.http), "{}", row.name);
            assert_eq!(ErrorCode::from_name(row.name), Some(row.code));
        }
    }

    #[test]
    fn a_code_survives_the_wire_with_its_waiting_time() {
        for code in ErrorCode::all() {
            let status = code.status("wait", Some(Duration::from_millis(1500)));
            assert_eq!(ErrorCode::of(&status), (code, Some(Duration::from_millis(1500))));
            assert_eq!(status.code(), code.grpc());
        }
    }

    #[test]
    fn a_foreign_status_maps_to_the_nearest_code() {
        assert_eq!(ErrorCode::of(&Status::new(Code::NotFound, "x")), (ErrorCode::NotFound, None));
        assert_eq!(ErrorCode::of(&Status::new(Code::DataLoss, "x")), (ErrorCode::Internal, None));
    }
}
