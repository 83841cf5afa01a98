//! Pauses between attempts: each twice as long as the one before up to a limit, and never the same for two processes.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

/// The next pause.
#[derive(Debug)]
pub(crate) struct Backoff {
    first: Duration,
    longest: Duration,
    next: Duration,
}

impl Backoff {
    /// Begins with a pause of at most `first`; none is longer than `longest`.
    pub(crate) fn new(first: Duration, longest: Duration) -> Self {
        Self { first, longest, next: first }
    }

    /// Begins anew: something worked.
    pub(crate) fn reset(&mut self) {
        self.next = self.first;
    }

    /// Returns how long to pause now: between half of the next pause and all of it, evenly spread.
    pub(crate) fn pause(&mut self) -> Duration {
        let next = self.next;
        self.next = self.longest.min(next * 2);
        // A hasher with new random keys is the standard library's source of chance.
        let chance = (RandomState::new().hash_one(0_u8) >> 32) as f64 / f64::from(u32::MAX);
        next.mul_f64(0.5 + chance / 2.0)
    }
}

#[cfg(test)]
mod tests {
    use super::{Backoff, Duration};

    #[test]
    fn pauses_grow_to_the_longest_and_begin_anew_after_a_success() {
        let millis = Duration::from_millis;
        let mut backoff = Backoff::new(millis(50), millis(300));
        for most in [50, 100, 200, 300, 300] {
            let pause = backoff.pause();
            assert!(pause >= millis(most) / 2 && pause <= millis(most), "{pause:?} of {most} ms");
        }
        backoff.reset();
        assert!(backoff.pause() <= millis(50));
    }

    #[test]
    fn two_processes_do_not_come_back_at_the_same_moment() {
        let pauses: std::collections::HashSet<_> =
            (0..100).map(|_| Backoff::new(Duration::from_secs(1), Duration::from_secs(1)).pause()).collect();
        assert!(pauses.len() > 50, "{pauses:?}");
    }
}
