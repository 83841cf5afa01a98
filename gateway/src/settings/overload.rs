//! What can be set about overload: how much is let in at once, and when the gateway says that it is too much.

use std::time::Duration;

use lifecycle::Reader;

/// Bounds of what is let in at once. Between them the limits follow how long first results take.
#[derive(Clone, Copy, Debug)]
pub struct OverloadBounds {
    /// `GATEWAY_MIN_ANSWERS`: answers at once that are let in however slow they are; default 16, never more than
    /// `GATEWAY_MAX_ANSWERS`.
    pub least_answers: usize,
    /// `GATEWAY_MAX_SEARCHES`: searches at once that are no part of an answer; default 64.
    pub searches: usize,
    /// `GATEWAY_MIN_SEARCHES`: such searches at once that are let in however slow they are; default 8, never more than
    /// `GATEWAY_MAX_SEARCHES`.
    pub least_searches: usize,
    /// `GATEWAY_SHED_DELAY_MS`: how much later than twice the usual time first words may come before fewer questions are
    /// let in at once; default 500.
    pub delay: Duration,
    /// `GATEWAY_SHED_UNREADY_SECONDS`: for how long questions must have been refused without a pause of a second for
    /// `/readyz` to say so; default 10, and 0 for never.
    pub unready_after: Duration,
}

impl OverloadBounds {
    /// Reads the settings; wrong ones are noted with the reader.
    pub(super) fn read(reader: &mut Reader) -> Self {
        Self {
            least_answers: reader.number("GATEWAY_MIN_ANSWERS", 16, 1..=100_000),
            searches: reader.number("GATEWAY_MAX_SEARCHES", 64, 1..=100_000),
            least_searches: reader.number("GATEWAY_MIN_SEARCHES", 8, 1..=100_000),
            delay: reader.millis("GATEWAY_SHED_DELAY_MS", Duration::from_millis(500), 1..=60_000),
            unready_after: reader.seconds(
                "GATEWAY_SHED_UNREADY_SECONDS",
                Duration::from_secs(10),
                0.0..=3600.0,
            ),
        }
    }
}
