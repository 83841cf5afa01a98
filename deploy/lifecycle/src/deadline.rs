//! Deadlines: on waits, on outgoing calls, and as a caller set them.

use std::time::Duration;

use futures_util::FutureExt;
use tonic::Request;
use tonic::metadata::MetadataMap;

use crate::TraceContext;

/// The time was over before the result came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no answer within {} ms", .0.as_millis())]
pub struct TimedOut(pub Duration);

/// Waits for a future at most this long. tonic's own timeouts end with the response's head, so each message of a
/// stream needs this around it. No async function, which would take the future's memory twice.
///
/// # Errors
/// [`TimedOut`] when the time is over; the future is dropped.
pub fn within<F: Future>(
    limit: Duration,
    future: F,
) -> impl Future<Output = Result<F::Output, TimedOut>> + use<F> {
    tokio::time::timeout(limit, future).map(move |waited| waited.map_err(|_| TimedOut(limit)))
}

/// Returns a request that carries its deadline and the trace to the other service.
pub fn request<T>(message: T, deadline: Duration, trace: &TraceContext) -> Request<T> {
    let mut request = Request::new(message);
    request.set_timeout(deadline);
    trace.attach(&mut request);
    request
}

/// Returns the time that the caller gave, when it gave one.
pub fn remaining(metadata: &MetadataMap) -> Option<Duration> {
    connection::timeout_of(metadata.as_ref())
}

#[cfg(test)]
mod tests {
    use super::{Duration, MetadataMap, TimedOut, TraceContext, remaining, request, within};

    #[test]
    fn a_deadline_survives_the_metadata() {
        let request = request((), Duration::from_millis(1500), &TraceContext::new());
        assert_eq!(remaining(request.metadata()), Some(Duration::from_millis(1500)));
    }

    #[test]
    fn a_strange_deadline_counts_as_none() {
        for text in ["", "S", "5", "5x", "999999999S", "-1S"] {
            let mut metadata = MetadataMap::new();
            metadata.insert("grpc-timeout", text.parse().expect("ASCII"));
            assert_eq!(remaining(&metadata), None, "{text}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_ends_at_its_limit() {
        let limit = Duration::from_secs(15);
        assert_eq!(within(limit, std::future::pending::<()>()).await, Err(TimedOut(limit)));
    }
}
