//! When a failed call is made once more: with full jitter, a few times, and only while most calls succeed.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// A retry takes this much of the budget.
const RETRY: u32 = 10;
/// An answer that went well gives this much back: one call in ten may be made again.
const SUCCESS: u32 = 1;

/// How failed calls are made again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryLimits {
    /// Calls for one answer to one model, the first included.
    pub attempts: u32,
    /// Longest pause before the second call; it doubles with each further one.
    pub pause: Duration,
    /// Retries that may be made at once before answers that go well give more.
    pub burst: u32,
}

/// Retries that are left to all answers together, so that a model that is down is not asked the more for it.
#[derive(Debug)]
pub(super) struct RetryBudget {
    limits: RetryLimits,
    left: AtomicU32,
}

impl RetryBudget {
    pub(super) fn new(limits: RetryLimits) -> Self {
        Self { limits, left: AtomicU32::new(limits.burst.saturating_mul(RETRY)) }
    }

    /// Returns the pause before the next call, when there may be one; `attempts` were made.
    pub(super) fn retry(&self, attempts: u32) -> Option<Duration> {
        if attempts >= self.limits.attempts {
            return None;
        }
        let take = |left: u32| left.checked_sub(RETRY);
        self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).ok()?;
        let doubled = 1u32.checked_shl(attempts.saturating_sub(1)).unwrap_or(u32::MAX);
        Some(self.limits.pause.saturating_mul(doubled).mul_f64(fastrand::f64()))
    }

    /// Notes an answer that went well.
    pub(super) fn succeeded(&self) {
        let most = self.limits.burst.saturating_mul(RETRY);
        let give = |left: u32| (left < most).then(|| left.saturating_add(SUCCESS).min(most));
        _ = self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, give);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{RetryBudget, RetryLimits};

    const PAUSE: Duration = Duration::from_millis(100);

    fn budget(burst: u32) -> RetryBudget {
        RetryBudget::new(RetryLimits { attempts: 3, pause: PAUSE, burst })
    }

    #[test]
    fn an_answer_has_a_few_attempts_with_pauses_below_a_limit_that_doubles() {
        for _ in 0..100 {
            let budget = budget(5);
            assert!(budget.retry(1).expect("a second attempt") <= PAUSE);
            assert!(budget.retry(2).expect("a third attempt") <= PAUSE * 2);
            assert_eq!(budget.retry(3), None);
        }
    }

    #[test]
    fn all_answers_together_have_a_budget_that_successes_fill_up_to_its_burst() {
        let budget = budget(2);
        assert_eq!((0..10).filter(|_| budget.retry(1).is_some()).count(), 2);
        (0..9).for_each(|_| budget.succeeded());
        assert_eq!(budget.retry(1), None);
        budget.succeeded();
        assert!(budget.retry(1).is_some());
        (0..1_000).for_each(|_| budget.succeeded());
        assert_eq!((0..10).filter(|_| budget.retry(1).is_some()).count(), 2);
    }
}
