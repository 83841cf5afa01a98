//! A crowd of idle sockets beside the visitors: opened at a rate, held, and, where wished, cut off all at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::StreamExt;
use tokio::sync::{Mutex, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use super::client::WebSocketClient;
use super::latency::Latency;
use super::report::CrowdReport;
use super::scenario::Crowd;

/// Sockets that stand until [`Held::end`].
#[derive(Debug)]
pub struct Held {
    sockets: JoinSet<()>,
    shared: Arc<Shared>,
    signal: watch::Sender<Signal>,
    /// Ends with this value.
    storm: JoinSet<()>,
}

#[derive(Debug)]
struct Shared {
    opened: AtomicU64,
    refused: AtomicU64,
    lost: AtomicU64,
    back: Mutex<Latency>,
}

/// What all sockets are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Signal {
    Stay,
    /// Lose the connection and come back at once.
    Cut(Instant),
    End,
}

/// Opens the crowd, and returns once all of it stands or was refused.
///
/// # Errors
/// When a histogram cannot be made.
pub async fn gather(client: &WebSocketClient, crowd: Crowd) -> anyhow::Result<Held> {
    let (signal, told) = watch::channel(Signal::Stay);
    let shared = Arc::new(Shared {
        opened: AtomicU64::new(0),
        refused: AtomicU64::new(0),
        lost: AtomicU64::new(0),
        back: Mutex::new(Latency::new()?),
    });
    let mut sockets = JoinSet::new();
    let begun = Instant::now();
    for place in 0..crowd.sockets {
        sleep_until(begun + Duration::from_secs_f64(place as f64 / crowd.per_second.max(1.0))).await;
        sockets.spawn(stay(client.clone(), Arc::clone(&shared), told.clone()));
    }
    while shared.opened.load(Ordering::Relaxed) + shared.refused.load(Ordering::Relaxed)
        < crowd.sockets as u64
    {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let mut storm = JoinSet::new();
    if let Some(seconds) = crowd.storm_at_seconds {
        let (signal, at) = (signal.clone(), Instant::now() + Duration::from_secs_f64(seconds.max(0.0)));
        storm.spawn(async move {
            sleep_until(at).await;
            signal.send_replace(Signal::Cut(Instant::now()));
        });
    }
    Ok(Held { sockets, shared, signal, storm })
}

async fn stay(client: WebSocketClient, shared: Arc<Shared>, mut told: watch::Receiver<Signal>) {
    let Ok(mut socket) = client.open().await else {
        shared.refused.fetch_add(1, Ordering::Relaxed);
        return;
    };
    shared.opened.fetch_add(1, Ordering::Relaxed);
    loop {
        tokio::select! {
            // Reading answers the gateway's pings.
            received = socket.next() => {
                if received.is_none_or(|received| received.is_err()) {
                    shared.lost.fetch_add(1, Ordering::Relaxed);
                    return;
                }
            }
            changed = told.changed() => {
                let signal = *told.borrow_and_update();
                match signal {
                    Signal::Stay if changed.is_ok() => {}
                    Signal::Cut(at) if changed.is_ok() => {
                        drop(socket);
                        let Ok(opened) = client.open().await else {
                            shared.lost.fetch_add(1, Ordering::Relaxed);
                            return;
                        };
                        shared.back.lock().await.record(at.elapsed());
                        socket = opened;
                    }
                    _ => return,
                }
            }
        }
    }
}

impl Held {
    /// Closes all, and returns what became of them.
    pub async fn end(mut self) -> CrowdReport {
        self.storm.abort_all();
        let lost = self.shared.lost.load(Ordering::Relaxed);
        self.signal.send_replace(Signal::End);
        while self.sockets.join_next().await.is_some() {}
        CrowdReport {
            opened: self.shared.opened.load(Ordering::Relaxed),
            refused: self.shared.refused.load(Ordering::Relaxed),
            lost,
            back: self.shared.back.lock().await.percentiles(),
        }
    }
}
