//! What is left of a limit, as errors of a WebSocket tell it.

use schemars::JsonSchema;
use serde::Serialize;

use crate::state::Allowance;

/// What is left of a limit.
#[derive(Serialize, JsonSchema)]
pub(super) struct RateLimit {
    limit: u32,
    remaining: u32,
    reset_ms: u64,
}

impl From<Allowance> for RateLimit {
    fn from(left: Allowance) -> Self {
        let reset_ms = u64::try_from(left.reset.as_millis()).unwrap_or(u64::MAX);
        Self { limit: left.limit, remaining: left.remaining, reset_ms }
    }
}
