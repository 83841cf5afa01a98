//! Waiting times between tries: they double, with jitter, up to a limit.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

const FIRST: Duration = Duration::from_millis(200);
const LONGEST: Duration = Duration::from_secs(10);

/// Counts tries in a row.
#[derive(Debug, Default)]
pub(crate) struct Backoff {
    tries: u32,
}

impl Backoff {
    /// Returns how many delays were taken since the start or the last reset.
    pub(crate) fn tries(&self) -> u32 {
        self.tries
    }

    /// Returns the next delay: between half and all of a time that doubles from 200 ms to 10 s.
    pub(crate) fn next_delay(&mut self) -> Duration {
        let longest = FIRST.saturating_mul(1 << self.tries.min(10)).min(LONGEST);
        self.tries = self.tries.saturating_add(1);
        // Half of it is random, so that several ingestors do not return in step.
        let share = u32::try_from(RandomState::new().hash_one(self.tries) % 1_000).unwrap_or(0);
        longest / 2 + longest / 2 * share / 1_000
    }

    /// The same for what costs little and is waited for: a time that doubles from 80 ms to 4 s.
    pub(crate) fn next_short_delay(&mut self) -> Duration {
        self.next_delay() * 2 / 5
    }

    pub(crate) fn reset(&mut self) {
        self.tries = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::{Backoff, Duration, LONGEST};

    #[test]
    fn delays_double_up_to_the_limit_and_start_over() {
        let mut backoff = Backoff::default();
        for longest_ms in [200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000] {
            let delay = backoff.next_delay();
            let longest = Duration::from_millis(longest_ms);
            assert!(longest / 2 <= delay && delay <= longest, "{delay:?} of {longest:?}");
        }
        for _ in 0..100 {
            assert!(backoff.next_delay() <= LONGEST);
            assert!(backoff.next_short_delay() <= Duration::from_secs(4));
        }
        backoff.reset();
        assert!(backoff.next_delay() <= Duration::from_millis(200));
    }
}
