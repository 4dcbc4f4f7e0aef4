//! Starting and stopping: signals, two tokens, and a tracker that owns every task.

use std::future::Future;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Cloned into everything that must notice the end.
///
/// Draining comes first: no new work, what runs may end. The hard token follows when the drain
/// deadline has passed or a second signal came: drop what runs.
#[derive(Clone, Default)]
pub struct Shutdown {
    soft: CancellationToken,
    hard: CancellationToken,
    tasks: TaskTracker,
}

impl Shutdown {
    /// A fresh one; nothing is tracked yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Runs a task that shutdown waits for. It must end soon after [`Shutdown::draining`].
    pub fn spawn<F>(&self, task: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let hard = self.hard.clone();
        self.tasks.spawn(async move {
            tokio::select! {
                () = task => {}
                () = hard.cancelled() => {}
            }
        });
    }

    /// The tracker, for modules that spawn their own tasks.
    pub fn tracker(&self) -> TaskTracker {
        self.tasks.clone()
    }

    /// A token that is cancelled when draining begins.
    pub fn soft_token(&self) -> CancellationToken {
        self.soft.clone()
    }

    /// Resolves when draining begins.
    pub async fn draining(&self) {
        self.soft.cancelled().await;
    }

    /// Begins draining.
    pub fn begin(&self) {
        self.soft.cancel();
    }

    /// Begins draining at the first SIGINT or SIGTERM; a second ends everything at once.
    pub async fn listen_for_signals(&self) -> std::io::Result<()> {
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        let mut count = 0_u8;
        loop {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
                () = self.hard.cancelled() => return Ok(()),
            }
            count += 1;
            if count == 1 {
                tracing::info!("stopping: finishing open work; a second signal stops at once");
                self.soft.cancel();
            } else {
                self.hard.cancel();
                return Ok(());
            }
        }
    }

    /// Waits for every task, up to the deadline; then drops what is left. True if all ended.
    pub async fn finish(&self, deadline: Duration) -> bool {
        self.soft.cancel();
        self.tasks.close();
        let ended = tokio::time::timeout(deadline, self.tasks.wait())
            .await
            .is_ok();
        self.hard.cancel();
        if !ended {
            tracing::warn!("some tasks did not end within the drain deadline");
        }
        ended
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn finish_waits_for_tasks_that_notice_the_drain() {
        let shutdown = Shutdown::new();
        let seen = shutdown.clone();
        shutdown.spawn(async move { seen.draining().await });
        assert!(shutdown.finish(Duration::from_secs(5)).await);
    }

    #[tokio::test(start_paused = true)]
    async fn finish_drops_a_task_that_hangs() {
        let shutdown = Shutdown::new();
        shutdown.spawn(std::future::pending());
        assert!(!shutdown.finish(Duration::from_secs(1)).await);
    }
}
