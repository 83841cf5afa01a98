//! The failures of this format, worded once.

use formats::{Failure, Limits};
use hayro_syntax::{DecryptionError, LoadPdfError};

const FORMAT: &str = "PDF";

pub(crate) fn damaged(problem: impl Into<String>) -> Failure {
    Failure::Damaged { format: FORMAT.to_owned(), problem: problem.into() }
}

pub(crate) fn over_limit(problem: impl Into<String>, limit: impl Into<String>) -> Failure {
    Failure::OverLimit { format: FORMAT.to_owned(), problem: problem.into(), limit: limit.into() }
}

pub(crate) fn unpacks_too_far(limits: &Limits) -> Failure {
    let problem = "unpacks to more than it may";
    over_limit(
        problem,
        format!("{} bytes, or {} times its size", limits.unpacked_bytes, limits.unpacked_ratio),
    )
}

pub(crate) fn from_load(error: LoadPdfError) -> Failure {
    match error {
        LoadPdfError::Decryption(DecryptionError::PasswordProtected) => {
            Failure::Encrypted { format: FORMAT.to_owned() }
        }
        LoadPdfError::Decryption(DecryptionError::UnsupportedAlgorithm) => {
            Failure::Unsupported { found: "a PDF with an unknown encryption".to_owned() }
        }
        LoadPdfError::Decryption(_) => damaged("its encryption cannot be understood"),
        LoadPdfError::Invalid => damaged("its table of objects or its pages cannot be found"),
    }
}
