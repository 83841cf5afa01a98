//! What happens when models fail, read from the settings.

use std::time::Duration;

use lifecycle::Reader;

use crate::ladder::{BreakerLimits, LadderLimits, RetryLimits};

/// Reads the limits; mistakes are noted in the reader.
///
/// - `GENERATOR_ATTEMPTS`: calls of one model for one answer, 1 to 10, default 3. Only failures before the first word are tried
///   again.
/// - `GENERATOR_RETRY_MILLIS`: longest pause before the second call, 1 to 10,000, default 200; it doubles, and each pause is
///   drawn between 0 and it.
/// - `GENERATOR_RETRY_BURST`: retries of all answers together before answers that go well allow more (one for each ten),
///   1 to 10,000, default 1: a model that has begun to fail is asked 6 times for 5 questions before it is left alone.
/// - `GENERATOR_BREAKER_FAILURES`: failures of a model in a row after which it is left alone, 1 to 1,000, default 6.
/// - `GENERATOR_BREAKER_SECONDS`: for how long, 0.1 to 3,600, default 9; then one answer tries it.
pub(crate) fn ladder_limits(reader: &mut Reader) -> LadderLimits {
    let (millis, seconds) = (Duration::from_millis(200), Duration::from_secs(9));
    LadderLimits {
        retry: RetryLimits {
            attempts: reader.number("GENERATOR_ATTEMPTS", 3, 1..=10),
            pause: reader.millis("GENERATOR_RETRY_MILLIS", millis, 1..=10_000),
            burst: reader.number("GENERATOR_RETRY_BURST", 1, 1..=10_000),
        },
        breaker: BreakerLimits {
            failures: reader.number("GENERATOR_BREAKER_FAILURES", 6, 1..=1_000),
            open: reader.seconds("GENERATOR_BREAKER_SECONDS", seconds, 0.1..=3_600.0),
        },
    }
}
