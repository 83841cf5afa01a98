//! What was spent by all gateways together, in whole numbers of one unit. It knows caps and names, and no calendar.

use std::sync::LazyLock;

use ::redis::Script;

use super::digest;
use super::redis::{Away, Redis};

static RESERVE: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("scripts/reserve.lua")));
static SETTLE: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("scripts/settle.lua")));

const DAY_SECONDS: u32 = 24 * 60 * 60;
/// A day's sums outlive the day, and a month's the month, so that late answers are settled where they were reserved.
const LASTS_SECONDS: [u32; 4] = [2 * DAY_SECONDS, 33 * DAY_SECONDS, 2 * DAY_SECONDS, 2 * DAY_SECONDS];

/// The sums that an amount is taken from: of all in the day and in the month, of the key and of the visitor in the day.
#[derive(Clone, Debug)]
pub(crate) struct Accounts([String; 4]);

impl Accounts {
    /// Returns the sums of these names.
    pub(crate) fn new(redis: &Redis, [day, month, key, visitor]: [&str; 4]) -> Self {
        Self([
            redis.key("spent-day", day),
            redis.key("spent-month", month),
            redis.key("spent-key", &digest(key)),
            redis.key("spent-visitor", &digest(visitor)),
        ])
    }

    /// Takes up to `wanted` from every cap; a cap of 0 is lifted. Returns what was taken, and the first two sums.
    ///
    /// # Errors
    /// [`Away`]; something may have been taken then, and nobody will give it back.
    pub(crate) async fn reserve(
        &self,
        redis: &Redis,
        wanted: u64,
        caps: [u64; 4],
    ) -> Result<(u64, u64, u64), Away> {
        let mut call = RESERVE.prepare_invoke();
        call.key(&self.0[..]).arg(wanted).arg(&caps[..]).arg(&LASTS_SECONDS[..]);
        redis.run(&call).await
    }

    /// Gives back what of `taken` was not spent. Returns the first two sums.
    ///
    /// # Errors
    /// [`Away`]; nothing was given back then.
    pub(crate) async fn settle(&self, redis: &Redis, taken: u64, cost: u64) -> Result<(u64, u64), Away> {
        let signed = |amount: u64| i64::try_from(amount).unwrap_or(i64::MAX);
        let mut call = SETTLE.prepare_invoke();
        call.key(&self.0[..]).arg(signed(cost).saturating_sub(signed(taken))).arg(&LASTS_SECONDS[..]);
        redis.run(&call).await
    }
}
