//! Whether the process can serve, as `/readyz` and the gRPC health service tell it.

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::Shutdown;

/// Shared flag: not ready at first, and never again once the process is leaving. Clones share it.
#[derive(Clone, Debug)]
pub struct Readiness {
    ready: watch::Sender<bool>,
    leaving: CancellationToken,
}

impl Readiness {
    /// Returns a flag that is not set.
    pub fn new(shutdown: &Shutdown) -> Self {
        Self { ready: watch::Sender::new(false), leaving: shutdown.leaving().clone() }
    }

    /// Says whether the process can serve.
    pub fn set(&self, ready: bool) {
        self.ready.send_replace(ready);
    }

    /// Returns whether the process can serve and is not leaving.
    pub fn is_ready(&self) -> bool {
        *self.ready.borrow() && !self.leaving.is_cancelled()
    }

    /// Waits until the state differs from `seen` and returns the new one.
    pub async fn changed_from(&self, seen: bool) -> bool {
        let mut ready = self.ready.subscribe();
        loop {
            let now = self.is_ready();
            if now != seen {
                return now;
            }
            tokio::select! {
                changed = ready.changed() => if changed.is_err() { return now },
                () = self.leaving.cancelled(), if seen => {}
            }
        }
    }
}
