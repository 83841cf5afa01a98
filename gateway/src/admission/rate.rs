//! Rate limits for each visitor and each key, by the generic cell rate algorithm: a full burst at once, then evenly.

use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use proto::ErrorCode;

use super::Owner;
use crate::refusal::Refusal;
use crate::settings::Rates;

/// Visitors that are counted one by one; beyond, newcomers share one count, so that memory stays bounded.
const MAX_VISITORS: usize = 100_000;

/// What is counted; each kind has limits of its own with the same numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A question.
    Question,
    /// A search, or its explanation.
    Search,
    /// An opinion about an answer.
    Feedback,
}

/// Limits for every kind.
#[derive(Debug)]
pub(crate) struct RateLimits {
    questions: Limit,
    searches: Limit,
    feedback: Limit,
}

impl RateLimits {
    /// Returns limits that nobody has used yet.
    pub(crate) fn new(rates: Rates) -> Self {
        Self { questions: Limit::new(rates), searches: Limit::new(rates), feedback: Limit::new(rates) }
    }

    /// Counts one request of a visitor; key 0 stands for none and has no limit of its own.
    ///
    /// # Errors
    /// `RATE_LIMITED` with the time until the next request is free.
    pub(crate) fn count(&self, key: u32, visitor: &Owner, kind: Kind) -> Result<(), Refusal> {
        let limit = match kind {
            Kind::Question => &self.questions,
            Kind::Search => &self.searches,
            Kind::Feedback => &self.feedback,
        };
        limit.count(key, visitor)
    }

    /// Forgets visitors whose limits are full again.
    pub(crate) fn forget_idle(&self) {
        for limit in [&self.questions, &self.searches, &self.feedback] {
            limit.forget_idle();
        }
    }
}

#[derive(Debug)]
struct Limit {
    clock: DefaultClock,
    minute: Option<DefaultKeyedRateLimiter<Owner>>,
    hour: Option<DefaultKeyedRateLimiter<Owner>>,
    key_minute: Option<DefaultKeyedRateLimiter<u32>>,
}

impl Limit {
    fn new(rates: Rates) -> Self {
        let minute =
            NonZeroU32::new(rates.per_minute).map(|rate| RateLimiter::keyed(Quota::per_minute(rate)));
        let hour = NonZeroU32::new(rates.per_hour).map(|rate| RateLimiter::keyed(Quota::per_hour(rate)));
        let key = NonZeroU32::new(rates.key_per_minute);
        let key_minute = key.map(|rate| RateLimiter::keyed(Quota::per_minute(rate)));
        Self { clock: DefaultClock::default(), minute, hour, key_minute }
    }

    /// The minute comes first: who is refused by it does not use up the hour.
    fn count(&self, key: u32, visitor: &Owner) -> Result<(), Refusal> {
        for limiter in [&self.minute, &self.hour].into_iter().flatten() {
            let crowd = Owner { key, visitor: "everybody else".into() };
            let visitor = if limiter.len() < MAX_VISITORS { visitor } else { &crowd };
            if let Err(until) = limiter.check_key(visitor) {
                return Err(refusal(until.wait_time_from(self.clock.now())));
            }
        }
        if let Some(limiter) = self.key_minute.as_ref().filter(|_| key != 0)
            && let Err(until) = limiter.check_key(&key)
        {
            return Err(refusal(until.wait_time_from(self.clock.now())));
        }
        Ok(())
    }

    fn forget_idle(&self) {
        for limiter in [&self.minute, &self.hour].into_iter().flatten() {
            limiter.retain_recent();
            limiter.shrink_to_fit();
        }
    }
}

fn refusal(wait: Duration) -> Refusal {
    let seconds = wait.as_millis().div_ceil(1000).max(1);
    let plural = if seconds == 1 { "" } else { "s" };
    let message = format!("too many requests in a short time; please try again in {seconds} second{plural}");
    Refusal::new(ErrorCode::RateLimited, message).after(wait)
}

#[cfg(test)]
mod tests {
    use super::{Kind, Owner, RateLimits, Rates};

    fn visitor(name: &str) -> Owner {
        Owner { key: 1, visitor: name.into() }
    }

    fn passed(limits: &RateLimits, name: &str, tries: usize) -> usize {
        (0..tries).filter(|_| limits.count(1, &visitor(name), Kind::Question).is_ok()).count()
    }

    #[test]
    fn exactly_the_limit_passes_in_a_burst() {
        let limits = RateLimits::new(Rates { per_minute: 10, per_hour: 100, key_per_minute: 0 });
        assert_eq!(passed(&limits, "a", 100), 10);
        assert_eq!(passed(&limits, "b", 100), 10, "another visitor is not touched");
        let wait = limits.count(1, &visitor("a"), Kind::Question).expect_err("used up").retry_after();
        assert!(wait.is_some_and(|wait| wait.as_secs() <= 6), "{wait:?}");
        assert!(limits.count(1, &visitor("a"), Kind::Search).is_ok(), "searches are counted apart");
    }

    #[test]
    fn the_hour_and_the_key_have_limits_of_their_own_and_zero_lifts_one() {
        let hour = RateLimits::new(Rates { per_minute: 0, per_hour: 7, key_per_minute: 0 });
        assert_eq!(passed(&hour, "a", 50), 7);
        let key = RateLimits::new(Rates { per_minute: 0, per_hour: 0, key_per_minute: 12 });
        assert_eq!(passed(&key, "a", 8) + passed(&key, "b", 8), 12);
        let open = RateLimits::new(Rates { per_minute: 0, per_hour: 0, key_per_minute: 0 });
        assert_eq!(passed(&open, "a", 500), 500);
    }

    #[test]
    fn visitors_with_full_limits_are_forgotten() {
        let limits = RateLimits::new(Rates { per_minute: 60_000, per_hour: 0, key_per_minute: 0 });
        assert_eq!(passed(&limits, "a", 1), 1);
        // One of sixty thousand a minute is free again after a millisecond.
        while limits.questions.minute.as_ref().is_some_and(|limiter| !limiter.is_empty()) {
            limits.forget_idle();
        }
    }
}
