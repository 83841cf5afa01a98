//! Keeps calls away from a model that fails again and again, and lets one through now and then to see whether it is back.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// When a breaker opens, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BreakerLimits {
    /// Failures in a row that open it.
    pub failures: u32,
    /// Time that it stays open; then one call tries.
    pub open: Duration,
}

/// One model's breaker.
#[derive(Debug)]
pub(super) struct Breaker {
    limits: BreakerLimits,
    state: Mutex<State>,
}

#[derive(Clone, Copy, Debug, Default)]
struct State {
    /// In a row.
    failures: u32,
    /// Until then nobody calls; whoever comes first after it tries.
    open_until: Option<Instant>,
}

impl Breaker {
    pub(super) fn new(limits: BreakerLimits) -> Self {
        Self { limits, state: Mutex::default() }
    }

    /// Whether a call may be made now. After the open time one caller may, and all others wait for what becomes of it.
    pub(super) fn lets_through(&self) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        match state.open_until {
            None => true,
            Some(until) if now < until => false,
            Some(_) => {
                // A caller that leaves without a word must not keep the breaker open for ever.
                state.open_until = Some(now + self.limits.open);
                true
            }
        }
    }

    /// Whether the model is left alone, but for the call that tries it now and then.
    pub(super) fn is_open(&self) -> bool {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).open_until.is_some()
    }

    /// Notes that the model answers.
    pub(super) fn succeeded(&self) {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = State::default();
    }

    /// Notes a failure; returns whether it opened the breaker.
    pub(super) fn failed(&self) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.failures = state.failures.saturating_add(1);
        if state.failures < self.limits.failures {
            return false;
        }
        let was_closed = state.open_until.is_none();
        state.open_until = Some(Instant::now() + self.limits.open);
        was_closed
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Breaker, BreakerLimits};

    const OPEN: Duration = Duration::from_secs(10);

    fn breaker() -> Breaker {
        Breaker::new(BreakerLimits { failures: 3, open: OPEN })
    }

    #[tokio::test(start_paused = true)]
    async fn it_opens_after_failures_in_a_row_and_lets_one_call_try_later() {
        let breaker = breaker();
        assert!(!breaker.failed() && !breaker.failed());
        breaker.succeeded();
        let opened: Vec<bool> = (0..3).map(|_| breaker.failed()).collect();
        assert_eq!(opened, [false, false, true], "a success begins the count anew");
        assert!(!breaker.lets_through());
        tokio::time::advance(OPEN).await;
        assert!(breaker.lets_through(), "one tries");
        assert!(!breaker.lets_through(), "the others wait for it");
        assert!(!breaker.failed(), "it was open already");
        assert!(!breaker.lets_through());
        tokio::time::advance(OPEN).await;
        assert!(breaker.lets_through());
        breaker.succeeded();
        assert!(breaker.lets_through() && breaker.lets_through());
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_that_never_reports_keeps_nobody_out_for_ever() {
        let breaker = breaker();
        (0..3).for_each(|_| _ = breaker.failed());
        for _ in 0..3 {
            tokio::time::advance(OPEN).await;
            assert!(breaker.lets_through());
        }
    }
}
