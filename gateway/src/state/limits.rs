//! Limits on how often something may happen, counted by all gateways together or, while they cannot, by each alone.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use ::redis::Script;

use super::bucket::{Allowance, Bucket, Exceeded, judge};
use super::digest;
use super::local::Local;
use super::redis::{Away, Redis};

static TAKE: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("scripts/take.lua")));

/// Counts requests.
#[derive(Debug, Default)]
pub(crate) struct Limits {
    local: Local,
    redis: Option<Arc<Redis>>,
}

impl Limits {
    /// Returns limits that are counted there, or here where there is none.
    pub(super) fn new(redis: Option<Arc<Redis>>) -> Self {
        Self { local: Local::default(), redis }
    }

    /// Takes one request from every bucket, the narrowest first; once one is used up, the rest are left alone (in a Redis all
    /// together are taken, or none). Returns what the tightest of them still allows; nothing when
    /// every one is lifted.
    ///
    /// # Errors
    /// How long to wait when a bucket is used up.
    pub(crate) async fn take(&self, buckets: &[Bucket]) -> Result<Option<Allowance>, Exceeded> {
        if let Some(redis) = &self.redis
            && let Ok(taken) = take_shared(redis, buckets).await
        {
            return taken;
        }
        self.local.take(buckets)
    }

    /// Forgets buckets that are full again; to be called every minute or so.
    pub(crate) fn forget_idle(&self) {
        self.local.forget_idle();
    }
}

async fn take_shared(redis: &Redis, buckets: &[Bucket]) -> Result<Result<Option<Allowance>, Exceeded>, Away> {
    let buckets: Vec<Bucket> = buckets.iter().filter(|bucket| bucket.burst > 0).cloned().collect();
    if buckets.is_empty() {
        return Ok(Ok(None));
    }
    let mut call = TAKE.prepare_invoke();
    for bucket in &buckets {
        call.key(redis.key("limit", &digest(&bucket.name)));
        call.arg(microseconds(bucket.interval())).arg(microseconds(bucket.period));
    }
    let resets: Vec<u64> = redis.run(&call).await?;
    if resets.len() != buckets.len() {
        return Err(Away);
    }
    let resets: Vec<Duration> = resets.into_iter().map(Duration::from_micros).collect();
    Ok(judge(&buckets, &resets))
}

fn microseconds(length: Duration) -> u64 {
    u64::try_from(length.as_micros()).unwrap_or(u64::MAX)
}
