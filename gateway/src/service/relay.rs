//! An answer's events on their way to a gRPC client that may stop taking them.

use std::pin::Pin;
use std::sync::Arc;

use futures_util::{Stream, stream};
use proto::ErrorCode;
use proto::v1::ChatEvent;
use proto::v1::chat_event::Event;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tonic::Status;

use crate::answer::{Reader, is_last};
use crate::http::Edge;

pub(super) type Events = Pin<Box<dyn Stream<Item = Result<ChatEvent, Status>> + Send>>;

/// Returns the events of an answer. While a client's flow-control window is closed nobody asks for the next one, so a stream
/// alone could not tell that time goes by: a task does, and lets go of the answer when nothing was taken for too long.
///
/// An answer that fails because the caller's own deadline is over ends with that status too, whoever of both sees it first.
pub(super) fn events(edge: &Arc<Edge>, mut reader: Reader, deadline: Option<Instant>) -> Events {
    let (sender, receiver) = mpsc::channel(1);
    let (slow_write, shared) = (edge.settings.connections.slow_write, Arc::clone(edge));
    edge.shutdown.spawn("grpc answer", async move {
        loop {
            let event = tokio::select! {
                event = reader.next() => event,
                () = sender.closed() => return,
            };
            let Some(event) = event else { return };
            match lifecycle::within(slow_write, sender.send(Box::new(event))).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) => return,
                Err(late) => {
                    shared.chat.metrics().refused(ErrorCode::DeadlineExceeded);
                    tracing::debug!(%late, "a gRPC client took nothing");
                    return;
                }
            }
        }
    });
    Box::pin(stream::unfold(Some(Waiting { receiver, has_last: false, deadline }), next))
}

struct Waiting {
    /// Boxed events: a channel takes the memory of 32 at once.
    receiver: mpsc::Receiver<Box<ChatEvent>>,
    has_last: bool,
    /// Of the caller; none once the answer has ended before it.
    deadline: Option<Instant>,
}

/// What a client finds that comes back to a stream nobody writes any more is an error, never a short answer.
async fn next(waiting: Option<Waiting>) -> Option<(Result<ChatEvent, Status>, Option<Waiting>)> {
    let mut waiting = waiting?;
    match waiting.receiver.recv().await {
        Some(event) => {
            waiting.has_last = is_last(&event);
            if matches!(event.event, Some(Event::Ended(_))) {
                waiting.deadline = None;
            }
            Some((Ok(*event), Some(waiting)))
        }
        None if waiting.has_last => {
            waiting.deadline.filter(|deadline| *deadline <= Instant::now())?;
            Some((Err(ErrorCode::DeadlineExceeded.status("the time of this call is over", None)), None))
        }
        None => {
            let message = "nothing of the answer was taken for too long; resume it after the last event read";
            Some((Err(ErrorCode::DeadlineExceeded.status(message, None)), None))
        }
    }
}
