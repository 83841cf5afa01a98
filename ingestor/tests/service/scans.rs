//! Pictures whose text somebody else reads, for money and not always.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use formats::{Content, Contents, Piece};
use futures_util::future::BoxFuture;
use ingestor::text_extractor::{Bill, Recognised, RecognitionError, Scan, TextExtractor};
use proto::v1::StatusRequest;
use proto::v1::upload_event::Event;

use crate::stack::Stack;

/// Is busy for a while, then reads three words from every picture, for 65,000 millionths of a dollar.
#[derive(Debug, Default)]
struct Costly {
    busy: AtomicUsize,
}

impl TextExtractor for Costly {
    fn reads(&self, _: &Scan<'_>) -> bool {
        true
    }

    fn read<'a>(&'a self, _: Scan<'a>) -> BoxFuture<'a, Result<Recognised, RecognitionError>> {
        let is_busy =
            self.busy.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok();
        Box::pin(async move {
            if is_busy {
                return Err(RecognitionError::Throttled("too many requests".to_owned()));
            }
            let content = Content::Paragraph { text: "Open at nine".to_owned() };
            let pieces = vec![Piece { page: Some(1), content, hidden: None }];
            let bill = Bill { pages: 1, microdollars: 65_000 };
            Ok(Recognised { contents: Contents { pieces, ..Contents::default() }, bill })
        })
    }
}

#[tokio::test]
async fn what_reading_a_picture_cost_is_shown_and_a_busy_service_is_asked_again() {
    for busy in [0, 2] {
        let stack = Stack::start_reading(Arc::new(Costly { busy: AtomicUsize::new(busy) })).await;
        let events = stack.upload("board.png", b"\x89PNG\r\n\x1a\n").await.expect("is taken");
        let Some(Event::Indexed(indexed)) = events.last() else { panic!("{events:?}") };
        // A reconciliation may have been first where the upload had to wait; it is paid once all the same.
        assert!(busy > 0 || indexed.cost_nano_dollars == 65_000_000, "{indexed:?}");
        let status = stack.client.clone().status(StatusRequest::default()).await;
        assert_eq!(status.expect("a status").into_inner().cost_nano_dollars, 65_000_000, "busy {busy} times");
    }
}
