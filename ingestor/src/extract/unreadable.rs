//! Why a document cannot be read, in words that an editor understands.

use formats::Failure;
use proto::ErrorCode;

/// What can be read, as shown to editors.
pub const SUPPORTED: &str = "txt, md, html, csv, json, pdf, docx, xlsx, pptx, epub, eml, png, jpg and tiff";

/// Why a document cannot be read; the text says what is wrong and, where it helps, what would be right.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// No bytes at all.
    #[error("the file is empty")]
    Empty,
    /// Nothing but white space.
    #[error("the file holds only white space")]
    Blank,
    /// A readable file in which nothing is meant for readers.
    #[error("no readable text was found in the file")]
    NoText,
    /// Neither text nor a known format.
    #[error("the file holds binary data, not text; supported are {SUPPORTED}")]
    Binary,
    /// A program, whatever its name says.
    #[error("the file is a program, not a document; supported are {SUPPORTED}")]
    Program,
    /// A known format that is not read.
    #[error("{found} is not supported; supported are {SUPPORTED}")]
    Unsupported {
        /// The format, with its article.
        found: &'static str,
    },
    /// Over the limit.
    #[error("the file is {bytes} bytes long; the limit is {limit_bytes} bytes")]
    TooLarge {
        /// Length of the file.
        bytes: u64,
        /// The limit in force.
        limit_bytes: u64,
    },
    /// Not JSON.
    #[error("the JSON is broken at line {line}, column {column}: {problem}")]
    InvalidJson {
        /// Counted from 1.
        line: usize,
        /// Counted from 1.
        column: usize,
        /// What the parser expected or found.
        problem: String,
    },
    /// Structure so deep that reading it would cost too much.
    #[error("the {format} is nested too deeply; flatten it and try again")]
    TooDeep {
        /// The format.
        format: &'static str,
    },
    /// The reader of its format says why.
    #[error(transparent)]
    Refused(#[from] formats::Failure),
    /// Pages that are pictures.
    #[error(
        "this page needs OCR ({pages} in all): it is a picture of text; install Tesseract beside the ingestor or set INGESTOR_OCR=textract, or upload a file with text"
    )]
    NeedsOcr {
        /// How many.
        pages: usize,
    },
    /// A scanned document that the service refuses.
    #[error("Amazon Textract could not read the file: {reason}")]
    Unrecognised {
        /// What is wrong and, where it helps, what would be right.
        reason: String,
    },
    /// A picture over the limit.
    #[error("the picture has {pixels} pixels; the limit is {limit}")]
    TooManyPixels {
        /// Width times height.
        pixels: u64,
        /// The limit in force.
        limit: u64,
    },
    /// Reading it took more than it may.
    #[error("reading the file takes more than {what}")]
    TooCostly {
        /// The limit that it went over, with its unit.
        what: String,
    },
    /// A fault of ours that only this file brings about.
    #[error("the file could not be read because of a fault in its reader; please report it")]
    ReaderFailed,
}

impl Unreadable {
    /// Returns the code in the error table.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::TooLarge { .. }
            | Self::TooManyPixels { .. }
            | Self::TooCostly { .. }
            | Self::Refused(Failure::OverLimit { .. }) => ErrorCode::TooLarge,
            Self::Binary
            | Self::Program
            | Self::Unsupported { .. }
            | Self::NeedsOcr { .. }
            | Self::Refused(Failure::Unsupported { .. }) => ErrorCode::UnsupportedMedia,
            Self::Empty
            | Self::Blank
            | Self::NoText
            | Self::InvalidJson { .. }
            | Self::TooDeep { .. }
            | Self::Unrecognised { .. }
            | Self::Refused(Failure::Damaged { .. } | Failure::Encrypted { .. }) => {
                ErrorCode::UnreadableDocument
            }
            Self::ReaderFailed => ErrorCode::Internal,
        }
    }
}
