//! How many WebSocket connections are open, in all and from each address.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use proto::ErrorCode;

use crate::refusal::Refusal;
use crate::settings::ConnectionBounds;

const WAIT: Duration = Duration::from_secs(5);
/// Closes at shutdown come at most this close together on average, until the whole spread is used up.
const CLOSE_DISTANCE: Duration = Duration::from_millis(10);

/// Open WebSocket connections.
#[derive(Debug)]
pub(crate) struct Sockets {
    bounds: ConnectionBounds,
    open: Mutex<HashMap<IpAddr, usize>>,
}

/// The place of one open WebSocket; dropping it makes room for another.
#[derive(Debug)]
pub(super) struct Place {
    sockets: Arc<Sockets>,
    address: IpAddr,
}

impl Sockets {
    /// Returns a count of none.
    pub(crate) fn new(bounds: ConnectionBounds) -> Self {
        Self { bounds, open: Mutex::default() }
    }

    /// Takes a place.
    ///
    /// # Errors
    /// `OVERLOADED` when there is none, in all or for this address.
    pub(super) fn take(self: &Arc<Self>, address: IpAddr) -> Result<Place, Refusal> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let total: usize = open.values().sum();
        let own = open.get(&address).copied().unwrap_or(0);
        if total >= self.bounds.sockets || own >= self.bounds.sockets_per_address {
            return Err(Refusal::hidden(ErrorCode::Overloaded, "too many open WebSockets").after(WAIT));
        }
        open.insert(address, own + 1);
        Ok(Place { sockets: Arc::clone(self), address })
    }

    /// Returns a random time after which one of the open connections should close at shutdown: many at once would all
    /// come back at once.
    pub(super) fn close_delay(&self) -> Duration {
        let total: usize = self.open.lock().unwrap_or_else(PoisonError::into_inner).values().sum();
        let spread = CLOSE_DISTANCE.saturating_mul(u32::try_from(total).unwrap_or(u32::MAX));
        let part = (ulid::Ulid::new().random() % 1000) as f64 / 1000.0;
        spread.min(self.bounds.close_spread).mul_f64(part)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.sockets.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = open.get_mut(&self.address) {
            *own -= 1;
            if *own == 0 {
                open.remove(&self.address);
            }
        }
    }
}
