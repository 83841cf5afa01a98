//! Stopping in order: tasks that are tracked, and one signal that all of them see.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Handle to the life of one stack of services; clones share it.
///
/// Two steps: [`Shutdown::leave`] makes the process not ready while it still serves, [`Shutdown::begin`] tells every
/// task to finish.
#[derive(Clone, Debug, Default)]
pub struct Shutdown {
    leaving: CancellationToken,
    begun: CancellationToken,
    tasks: TaskTracker,
    failed: Arc<AtomicBool>,
}

impl Shutdown {
    /// Returns a handle to a new stack.
    pub fn new() -> Self {
        Self::default()
    }

    /// Runs a task that [`Shutdown::drained`] waits for. The task must end soon after [`Shutdown::token`] is cancelled.
    #[expect(clippy::disallowed_methods, reason = "this is the tracked way to spawn")]
    pub fn spawn<F>(&self, name: &'static str, task: F) -> JoinHandle<F::Output>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        // An async block keeps what it awaits beside what it was given: unboxed, every task would take its memory twice.
        let task = Box::pin(task);
        let watch = PanicWatch { name, shutdown: self.clone(), finished: false };
        tokio::spawn(self.tasks.track_future(async move {
            let mut watch = watch;
            let output = task.await;
            watch.finished = true;
            output
        }))
    }

    /// Returns the signal that is given when shutdown begins.
    pub fn token(&self) -> &CancellationToken {
        &self.begun
    }

    /// Returns the signal that is given when the process stops being ready.
    pub fn leaving(&self) -> &CancellationToken {
        &self.leaving
    }

    /// Makes the process not ready; it still serves.
    pub fn leave(&self) {
        self.leaving.cancel();
    }

    /// Tells every task to finish.
    pub fn begin(&self) {
        self.leaving.cancel();
        self.begun.cancel();
        self.tasks.close();
    }

    /// Begins shutdown because something cannot go on; the process then exits with a failure.
    pub fn fail(&self, reason: &str) {
        tracing::error!(reason, "cannot go on");
        self.failed.store(true, Ordering::Relaxed);
        self.begin();
    }

    /// Returns whether [`Shutdown::fail`] was called.
    pub fn has_failed(&self) -> bool {
        self.failed.load(Ordering::Relaxed)
    }

    /// Returns whether shutdown has begun.
    pub fn is_shutting_down(&self) -> bool {
        self.begun.is_cancelled()
    }

    /// Waits until every task has ended, at most this long; returns whether they had.
    pub async fn drained(&self, deadline: Duration) -> bool {
        self.tasks.close();
        tokio::time::timeout(deadline, self.tasks.wait()).await.is_ok()
    }

    /// Returns how many tasks are running.
    pub fn task_count(&self) -> usize {
        self.tasks.len()
    }
}

/// Reports a task that ended by a panic; a cancelled one (the runtime is going away) is nobody's fault.
struct PanicWatch {
    name: &'static str,
    shutdown: Shutdown,
    finished: bool,
}

impl Drop for PanicWatch {
    fn drop(&mut self) {
        if !self.finished && std::thread::panicking() {
            tracing::error!(
                task = self.name,
                shutting_down = self.shutdown.is_shutting_down(),
                "task panicked"
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Duration, Shutdown};

    #[tokio::test]
    async fn drained_waits_for_tasks_that_heed_the_signal() {
        let shutdown = Shutdown::new();
        let token = shutdown.token().clone();
        shutdown.spawn("worker", async move { token.cancelled().await });
        assert!(!shutdown.drained(Duration::from_millis(1)).await);
        shutdown.begin();
        assert!(shutdown.leaving().is_cancelled());
        assert!(shutdown.drained(Duration::from_secs(10)).await);
    }

    #[tokio::test(start_paused = true)]
    async fn a_task_that_ignores_the_signal_is_left_behind_at_the_deadline() {
        let shutdown = Shutdown::new();
        shutdown.spawn("stuck", std::future::pending::<()>());
        shutdown.begin();
        assert!(!shutdown.drained(Duration::from_secs(30)).await);
        assert_eq!(shutdown.task_count(), 1);
    }
}
