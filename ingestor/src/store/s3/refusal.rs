//! What S3's refusals mean for a document and for the store.

use super::super::StoreError;

/// Why S3 did not do what was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// There is no such object.
    Absent,
    /// It may not be done; the object need not be there.
    Denied(String),
    /// It is there and cannot be read as it is, such as in an archive.
    Closed(String),
    /// This request is wrong; another may be right.
    Request(String),
    /// Nothing can be asked: no such bucket, no valid credentials, no connection, no answer.
    Away(String),
}

impl Refusal {
    /// Sorts an answer by its error code (AWS's reference, "Error responses"), else by its status.
    pub(super) fn of(code: Option<&str>, message: Option<&str>, status: Option<u16>) -> Self {
        let said = format!("{}: {}", code.unwrap_or("no error code"), message.unwrap_or("no message"));
        match (code, status) {
            // Only an object that is said to be missing is: a missing bucket empties no index.
            (Some("NoSuchKey"), _) => Self::Absent,
            (Some("InvalidObjectState"), _) => Self::Closed(said),
            (Some("AccessDenied" | "AllAccessDisabled"), _) => Self::Denied(said),
            (
                Some(
                    "NoSuchBucket"
                    | "InvalidAccessKeyId"
                    | "SignatureDoesNotMatch"
                    | "ExpiredToken"
                    | "InvalidToken"
                    | "RequestTimeTooSkewed"
                    | "PermanentRedirect"
                    | "AuthorizationHeaderMalformed"
                    | "SlowDown",
                ),
                _,
            ) => Self::Away(said),
            // Nothing says what is missing or who may not: a listing has to.
            (None | Some("NotFound" | "Forbidden"), Some(403 | 404)) => Self::Denied(said),
            (_, Some(408 | 429)) => Self::Away(said),
            (_, Some(400..=499)) => Self::Request(said),
            _ => Self::Away(said),
        }
    }

    /// Returns the error of a request about one object.
    pub(super) fn of_object(self, name: &str) -> StoreError {
        let name = name.to_owned();
        match self {
            Self::Absent => StoreError::Document { name, problem: "it is not there".to_owned() },
            // Asking again soon would get the same answer.
            Self::Denied(problem) | Self::Closed(problem) | Self::Request(problem) => {
                StoreError::Closed { name, problem }
            }
            Self::Away(problem) => StoreError::Unusable(problem),
        }
    }

    /// Returns the error of a request about the bucket.
    pub(super) fn of_store(self, bucket: &str) -> StoreError {
        let problem = match self {
            Self::Absent => "it is not there".to_owned(),
            Self::Denied(said) | Self::Closed(said) | Self::Request(said) | Self::Away(said) => said,
        };
        StoreError::Unusable(format!("bucket {bucket}: {problem}"))
    }
}
