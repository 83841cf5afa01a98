//! Formats whose reader is a process of its own, from file to text.

use std::path::PathBuf;
use std::time::Duration;

use formats::{Failure, Limits};
use ingestor::confined::{Allowance, Confined, Task};
use ingestor::extract::Unreadable;

const ALLOWANCE: Allowance = Allowance {
    limits: Limits::DEFAULT,
    memory_bytes: 256 * 1024 * 1024,
    time: Duration::from_secs(30),
    children: 2,
};

fn confined(allowance: Allowance) -> Confined {
    Confined::new(PathBuf::from(env!("CARGO_BIN_EXE_ingestor")), allowance)
}

#[tokio::test]
async fn what_is_no_pdf_is_damaged_and_the_next_document_is_read() {
    let confined = confined(ALLOWANCE);
    let read = confined.read(Task::Pdf, b"%PDF-1.7 and nothing of one").await;
    assert!(matches!(read, Err(Unreadable::Refused(Failure::Damaged { .. }))), "{read:?}");
    let mail = b"Subject: Opening hours\r\nFrom: shop@example.com\r\n\r\nWe open at nine.\r\n";
    let read = confined.read(Task::Packed(formats::Format::Mail), mail).await.expect("a mail");
    assert_eq!(read.title.as_deref(), Some("Opening hours"));
}
