//! Limits as plain values: what a request counts toward, and what is left of it.

use std::time::Duration;

/// One limit that a request counts toward, by the generic cell rate algorithm (ITU-T I.371): a full burst at once, then
/// evenly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Bucket {
    /// What is counted; whatever shares the name shares the limit, so it tells the limit's kind and span as well.
    pub(crate) name: String,
    /// Requests that may come at once; 0 lifts the limit.
    pub(crate) burst: u32,
    /// Time in which the whole burst is free again.
    pub(crate) period: Duration,
}

/// What the tightest limit still allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Allowance {
    /// Requests that may come at once.
    pub(crate) limit: u32,
    /// Requests that may come now.
    pub(crate) remaining: u32,
    /// Time until the whole limit is free again.
    pub(crate) reset: Duration,
    /// Time in which the whole limit is free again once it is used up.
    pub(crate) window: Duration,
}

/// A request came too early; it counted toward no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a limit is used up for {wait:?}")]
pub(crate) struct Exceeded {
    /// Time until every limit has room for the next one.
    pub(crate) wait: Duration,
    /// The limit that has to be waited for.
    pub(crate) allowance: Allowance,
}

impl Allowance {
    /// Returns the fields by which a client is told, with their values; the reset in whole seconds.
    pub(crate) fn fields(&self) -> [(&'static str, u64); 3] {
        let reset = self.reset.as_millis().div_ceil(1000);
        [
            ("ratelimit-limit", u64::from(self.limit)),
            ("ratelimit-remaining", u64::from(self.remaining)),
            ("ratelimit-reset", u64::try_from(reset).unwrap_or(u64::MAX)),
        ]
    }
}

impl Bucket {
    /// Returns the time in which one request is free again.
    pub(super) fn interval(&self) -> Duration {
        let interval = self.period.checked_div(self.burst).unwrap_or_default();
        interval.max(Duration::from_micros(1))
    }

    /// Returns what is left when the bucket is full again after `reset`.
    pub(super) fn allowance(&self, reset: Duration) -> Allowance {
        let free = self.period.saturating_sub(reset).as_nanos() / self.interval().as_nanos();
        let remaining = u32::try_from(free).unwrap_or(u32::MAX).min(self.burst);
        Allowance { limit: self.burst, remaining, reset, window: self.period }
    }
}

/// Decides over all buckets together. `resets` says for each bucket how long it would take to be full again if the
/// request were let in.
///
/// # Errors
/// The longest wait, when a bucket has no room.
pub(super) fn judge(buckets: &[Bucket], resets: &[Duration]) -> Result<Option<Allowance>, Exceeded> {
    let mut tightest: Option<Allowance> = None;
    let mut exceeded: Option<Exceeded> = None;
    for (bucket, &reset) in buckets.iter().zip(resets).filter(|(bucket, _)| bucket.burst > 0) {
        if let Some(wait) = reset.checked_sub(bucket.period).filter(|wait| !wait.is_zero()) {
            if exceeded.is_none_or(|other| wait > other.wait) {
                let reset = reset.saturating_sub(bucket.interval());
                let allowance = Allowance { remaining: 0, ..bucket.allowance(reset) };
                exceeded = Some(Exceeded { wait, allowance });
            }
            continue;
        }
        let allowance = bucket.allowance(reset);
        if tightest.is_none_or(|other| allowance.remaining < other.remaining) {
            tightest = Some(allowance);
        }
    }
    exceeded.map_or(Ok(tightest), Err)
}
