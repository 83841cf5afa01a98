//! What limits have counted, in this process's memory.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};

use super::bucket::{Allowance, Bucket, Exceeded, judge};

/// Names that are counted one by one for each kind of limit; beyond, newcomers share one count, so that memory stays bounded.
const MAX_NAMES: usize = 100_000;
/// The name that newcomers then share.
const CROWD: &str = "everybody else";

/// Buckets of one size and period.
type Limiter<C> = RateLimiter<String, DashMapStateStore<String>, C, StateInformationMiddleware>;

type Limiters<C> = HashMap<(NonZeroU32, Duration), Arc<Limiter<C>>>;

/// Every bucket, by its size and period.
#[derive(Debug, Default)]
pub(super) struct Local<C: Clock = DefaultClock> {
    clock: C,
    limiters: Mutex<Limiters<C>>,
}

impl<C: Clock + Clone> Local<C> {
    /// Takes one request from each bucket in turn, until one has no room: the narrowest should come first, so that who is
    /// refused there does not use up what others share.
    pub(super) fn take(&self, buckets: &[Bucket]) -> Result<Option<Allowance>, Exceeded> {
        let mut resets = Vec::with_capacity(buckets.len());
        for bucket in buckets {
            let Some(burst) = NonZeroU32::new(bucket.burst) else {
                resets.push(Duration::ZERO);
                continue;
            };
            let limiter = self.limiter(burst, bucket);
            let name = if limiter.len() < MAX_NAMES { bucket.name.as_str() } else { CROWD };
            match limiter.check_key(&name.to_owned()) {
                Ok(state) => {
                    let used = bucket.burst.saturating_sub(state.remaining_burst_capacity());
                    resets.push(bucket.interval().saturating_mul(used));
                }
                Err(until) => {
                    resets.push(bucket.period.saturating_add(until.wait_time_from(self.clock.now())));
                    break;
                }
            }
        }
        judge(buckets, &resets)
    }

    /// Forgets buckets that are full again.
    pub(super) fn forget_idle(&self) {
        let limiters: Vec<_> = self.limiters().values().cloned().collect();
        for limiter in limiters {
            limiter.retain_recent();
            limiter.shrink_to_fit();
        }
    }

    fn limiter(&self, burst: NonZeroU32, bucket: &Bucket) -> Arc<Limiter<C>> {
        let make = || {
            // Never nothing: an interval has a microsecond at least.
            let quota = Quota::with_period(bucket.interval()).unwrap_or_else(|| Quota::per_minute(burst));
            let store = DashMapStateStore::default();
            Arc::new(RateLimiter::new(quota.allow_burst(burst), store, self.clock.clone()))
        };
        Arc::clone(self.limiters().entry((burst, bucket.period)).or_insert_with(make))
    }

    // A panic while the lock is held leaves at most a limiter out.
    fn limiters(&self) -> MutexGuard<'_, Limiters<C>> {
        self.limiters.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use governor::clock::FakeRelativeClock;

    use super::{Bucket, Local, MAX_NAMES};

    fn bucket(name: &str, burst: u32, seconds: u64) -> Bucket {
        Bucket { name: name.to_owned(), burst, period: Duration::from_secs(seconds) }
    }

    fn passed(local: &Local<FakeRelativeClock>, buckets: &[Bucket], tries: usize) -> usize {
        (0..tries).filter(|_| local.take(buckets).is_ok()).count()
    }

    #[test]
    fn a_full_burst_passes_at_once_and_then_one_in_each_interval() {
        let (local, buckets) = (Local::<FakeRelativeClock>::default(), [bucket("a", 10, 60)]);
        let first = local.take(&buckets).expect("free").expect("a limit");
        assert_eq!((first.limit, first.remaining), (10, 9));
        assert_eq!((first.reset, first.window), (Duration::from_secs(6), Duration::from_secs(60)));
        assert_eq!(passed(&local, &buckets, 100), 9);
        let exceeded = local.take(&buckets).expect_err("used up");
        assert_eq!((exceeded.wait, exceeded.allowance.remaining), (Duration::from_secs(6), 0));
        assert_eq!(exceeded.allowance.reset, Duration::from_secs(60));
        local.clock.advance(Duration::from_secs(13));
        assert_eq!(passed(&local, &buckets, 100), 2);
    }

    #[test]
    fn who_is_refused_by_the_first_bucket_does_not_use_up_the_next() {
        let local = Local::<FakeRelativeClock>::default();
        let both = [bucket("minute", 2, 60), bucket("hour", 100, 3600)];
        assert_eq!(passed(&local, &both, 50), 2);
        let hour = local.take(&both[1..]).expect("free").expect("a limit");
        assert_eq!(hour.remaining, 97);
        assert_eq!(local.take(&[bucket("minute", 0, 60)]), Ok(None), "lifted");
    }

    #[test]
    fn full_buckets_are_forgotten_and_newcomers_share_a_count_when_there_are_too_many() {
        let local = Local::<FakeRelativeClock>::default();
        for number in 0..MAX_NAMES {
            local.take(&[bucket(&number.to_string(), 1, 60)]).expect("free");
        }
        assert!(local.take(&[bucket("x", 1, 60)]).is_ok());
        assert!(local.take(&[bucket("y", 1, 60)]).is_err(), "shared with x");
        local.clock.advance(Duration::from_secs(121));
        local.forget_idle();
        assert!(local.limiters().values().all(|limiter| limiter.is_empty()));
        assert!(local.take(&[bucket("y", 1, 60)]).is_ok());
    }
}
