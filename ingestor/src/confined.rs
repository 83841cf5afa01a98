//! Reads hostile formats in a child process that has little memory and time, no network and no files: what goes wrong in
//! a parser, a stack overflow included, ends the child and fails one document.

mod child;
mod fence;
mod process;

use std::ffi::OsStr;

use formats::{Contents, Failure, Limits};
use serde::{Deserialize, Serialize};

pub use child::run as run_child;
pub(crate) use process::Program;
pub use process::{Allowance, Confined};

/// The first argument of a process that is to read one document: it is no command of anybody's.
const READ: &str = "read-one-document";
/// The same of one that is to become another program, with limits.
const BECOME: &str = "become-within-limits";

/// Returns whether these arguments, the program's name first, ask the process to be such a child.
pub fn is_child<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> bool {
    arguments
        .into_iter()
        .nth(1)
        .is_some_and(|argument| [READ, BECOME].iter().any(|own| argument.as_ref() == *own))
}

/// A format that is read in the child.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Task {
    /// A PDF's text layer.
    Pdf,
    /// An office document, an e-book or a mail.
    Packed(formats::Format),
}

/// What the parent writes first, on one line; the document's bytes follow until the end of the input.
#[derive(Debug, Serialize, Deserialize)]
struct Request {
    task: Task,
    /// Page of a PDF whose picture is wanted instead of its text, from 1.
    picture_of: Option<u32>,
    limits: Limits,
    /// Most bytes of address space.
    memory_bytes: u64,
    /// Most seconds of processor time.
    cpu_seconds: u64,
}

/// What the child answers: for a text this as JSON; for a picture [`Found`] on one line and the picture's file behind it.
type Answer = Result<Contents, Failure>;

/// Whether a page has a picture.
type Found = Result<(), Failure>;
