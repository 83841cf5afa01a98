//! Fills an answer with the events that another gateway writes, until its end or until nobody reads it here.

use std::sync::Arc;
use std::time::Duration;

use lifecycle::within;
use prost::Message;
use proto::ErrorCode;
use proto::v1::ChatEvent;
use tokio::time::Instant;

use crate::answer::Answer;
use crate::refusal::Refusal;
use crate::state::{LEASE, Page, Redis};
use crate::turn::failed;

/// Between two looks for more.
const LOOK: Duration = Duration::from_millis(40);
/// How long a writer must be seen to be gone, by a Redis that answers all the while: one that stood still for a moment has
/// forgotten the leases of writers that live.
const SURELY_GONE: Duration = Duration::from_millis(1500);
/// How long a Redis may be away before an answer that it carries fails.
const AWAY: Duration = Duration::from_secs(10);
/// How long an answer that nobody reads here is followed.
const UNREAD: Duration = Duration::from_secs(2);

/// Since when something has been so.
#[derive(Debug, Default)]
struct Since(Option<Instant>);

impl Since {
    /// Notes whether it is so now, and returns for how long it has been.
    fn note(&mut self, is_so: bool) -> Duration {
        if !is_so {
            self.0 = None;
            return Duration::ZERO;
        }
        self.0.get_or_insert_with(Instant::now).elapsed()
    }
}

/// Follows an answer to its end.
pub(super) async fn follow(redis: &Redis, answer: &Arc<Answer>, window: Duration) {
    let gone_event =
        ChatEvent { event: Some(failed(&writer_gone())), ..ChatEvent::default() }.encode_to_vec();
    let (mut after, mut told_to_stop) = (0, false);
    let (mut gone, mut away, mut unread) = (Since::default(), Since::default(), Since::default());
    while !answer.has_ended() {
        if unread.note(!answer.is_read()) > UNREAD {
            return;
        }
        if answer.is_stopped() && !told_to_stop {
            redis.stop_answer(answer.id()).await;
            told_to_stop = true;
        }
        let is_gone = gone.0.is_some_and(|since| since.elapsed() > SURELY_GONE);
        let last_event = is_gone.then_some(gone_event.as_slice());
        match redis.follow_answer(answer.id(), after, last_event, window).await {
            Ok(page) => {
                away.note(false);
                let missing = gone.note(!page.has_writer && !page.is_over && page.events.is_empty());
                let count = page.events.len() as u64;
                if !take(answer, &page) || page_is_lost(&page, missing) {
                    _ = answer.append(&failed(&writer_gone()));
                }
                after += count;
                if count > 0 {
                    continue;
                }
            }
            Err(_) => {
                gone.note(false);
                if away.note(true) > AWAY {
                    _ = answer.append(&failed(&writer_gone()));
                }
            }
        }
        if answer.is_stopped() {
            tokio::time::sleep(LOOK).await;
        } else {
            _ = within(LOOK, answer.stopped()).await;
        }
    }
}

/// Appends the page's events; returns whether they could be.
fn take(answer: &Answer, page: &Page) -> bool {
    page.events.iter().all(|bytes| {
        let event = ChatEvent::decode(bytes.as_slice()).ok().and_then(|event| event.event);
        event.is_some_and(|event| answer.append(&event).is_ok())
    })
}

/// Whether nothing more can come: the rest was trimmed, or the answer was forgotten and its writer did not show it again.
fn page_is_lost(page: &Page, missing: Duration) -> bool {
    page.events.is_empty() && (page.is_over || (!page.is_known && missing > LEASE))
}

fn writer_gone() -> Refusal {
    Refusal::hidden(ErrorCode::Unavailable, "the gateway that wrote the answer is gone")
}
