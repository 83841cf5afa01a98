//! What becomes of a document whose reader does not end well. One test alone: a program that is written while another
//! thread starts one may be refused as busy.
#![expect(clippy::expect_used, reason = "helpers of tests stop at the first surprise")]

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::Duration;

use formats::Limits;
use ingestor::confined::{Allowance, Confined, Task};
use ingestor::extract::Unreadable;

const ALLOWANCE: Allowance = Allowance {
    limits: Limits::DEFAULT,
    memory_bytes: 256 * 1024 * 1024,
    time: Duration::from_secs(30),
    children: 2,
};

/// A program that stands in for the reader.
fn script(folder: &tempfile::TempDir, lines: &str) -> PathBuf {
    let path = folder.path().join("reader");
    std::fs::write(&path, format!("#!/bin/sh\n{lines}\n")).expect("written");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("executable");
    path
}

#[tokio::test]
async fn a_reader_that_breaks_or_does_not_end_fails_its_document_only() {
    let folder = tempfile::tempdir().expect("temporary folder");
    for (lines, expected) in [
        ("kill -ABRT $$", Unreadable::ReaderFailed),
        ("echo no answer", Unreadable::ReaderFailed),
        ("yes | head -c 100000 >&2; exit 1", Unreadable::ReaderFailed),
        (
            "echo 'memory allocation of 7 bytes failed' >&2; kill -ABRT $$",
            Unreadable::TooCostly { what: "256 MiB of memory".to_owned() },
        ),
        ("exec sleep 600", Unreadable::TooCostly { what: "1 second".to_owned() }),
    ] {
        let allowance = Allowance { time: Duration::from_secs(1), ..ALLOWANCE };
        let allowance = if lines.contains("sleep") { allowance } else { ALLOWANCE };
        let read = Confined::new(script(&folder, lines), allowance).read(Task::Pdf, b"%PDF-1.7").await;
        assert_eq!(read, Err(expected), "{lines}");
    }
    // Two that meet leave a mark; they may not meet where one child is allowed.
    let alone = "mkdir $0.lock 2>/dev/null || : >$0.met\nsleep 0.1; rmdir $0.lock; exit 1";
    let one = Confined::new(script(&folder, alone), Allowance { children: 1, ..ALLOWANCE });
    let reads = (0..3).map(|_| one.read(Task::Pdf, b"%PDF-1.7"));
    futures_util::future::join_all(reads).await;
    assert!(!folder.path().join("reader.met").exists(), "two children at once");
    let missing = Confined::new(folder.path().join("nothing"), ALLOWANCE);
    assert_eq!(missing.read(Task::Pdf, b"%PDF-1.7").await, Err(Unreadable::ReaderFailed));
}
