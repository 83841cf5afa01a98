//! What gateways keep beyond one request: alone in memory, or together in a Redis. It knows neither callers nor transports.

mod answers;
mod bucket;
mod kept;
mod limits;
mod local;
mod redis;
mod spend;

use std::sync::Arc;

use lifecycle::Shutdown;
use prometheus_client::registry::Registry;
use sha2::{Digest, Sha256};

pub(crate) use answers::{Batch, LEASE, Label, Opened, Page, Told};
pub(crate) use bucket::{Allowance, Bucket, Exceeded};
pub(crate) use kept::BEGINNING;
pub(crate) use limits::Limits;
pub(crate) use redis::{Away, Redis};
pub(crate) use spend::Accounts;

use crate::settings::state::StateSettings;

/// Everything that may be shared.
#[derive(Clone, Debug)]
pub(crate) struct State {
    limits: Arc<Limits>,
    redis: Option<Arc<Redis>>,
}

impl State {
    /// Returns the state that the settings name. A Redis that does not answer is waited for a moment only; then this gateway
    /// begins alone.
    pub(crate) async fn open(settings: &StateSettings, registry: &mut Registry, shutdown: &Shutdown) -> Self {
        let redis = Redis::open(settings, registry, shutdown).await;
        Self { limits: Arc::new(Limits::new(redis.clone())), redis }
    }

    /// Returns what counts requests.
    pub(crate) fn limits(&self) -> &Arc<Limits> {
        &self.limits
    }

    /// Returns the shared Redis; none where this gateway keeps everything itself.
    pub(crate) fn redis(&self) -> Option<&Arc<Redis>> {
        self.redis.as_ref()
    }
}

/// Returns 128 bits of the text's SHA-256 in hexadecimal: names of visitors and addresses are not written down anywhere.
pub(crate) fn digest(text: &str) -> String {
    use std::fmt::Write as _;
    Sha256::digest(text.as_bytes()).iter().take(16).fold(String::with_capacity(32), |mut hex, byte| {
        _ = write!(hex, "{byte:02x}");
        hex
    })
}
