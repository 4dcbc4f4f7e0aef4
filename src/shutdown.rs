//! Starting and stopping: signals, three tokens, and a tracker that owns every task.

use std::convert::Infallible;
use std::future::Future;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// The time from closing to the hard end; enough to end streams and to give leases back.
pub const CLOSING: Duration = Duration::from_secs(3);

/// The shutdown signal, cloned into everything that must notice it.
///
/// Draining comes first: the process takes no new work, and running work may end. Closing follows
/// at the drain deadline: running work is handed over, so that another replica continues it. The
/// hard token follows a moment later, or with a second signal, and drops the rest.
#[derive(Clone)]
pub struct Shutdown {
    /// The runtime of all tasks. A web server's threads have runtimes of their own, which end with
    /// the server and would take its tasks along.
    runtime: Handle,
    soft: CancellationToken,
    closing: CancellationToken,
    hard: CancellationToken,
    tasks: TaskTracker,
}

impl Shutdown {
    /// Creates a shutdown that tracks no tasks yet. Tasks will run on the runtime that calls this.
    #[expect(
        clippy::new_without_default,
        reason = "it belongs to the calling runtime"
    )]
    pub fn new() -> Self {
        Self {
            runtime: Handle::current(),
            soft: CancellationToken::new(),
            closing: CancellationToken::new(),
            hard: CancellationToken::new(),
            tasks: TaskTracker::new(),
        }
    }

    /// Runs a task that the shutdown waits for. The task must end soon after
    /// [`Shutdown::draining`].
    pub fn spawn<F>(&self, task: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let hard = self.hard.clone();
        let task = async move {
            tokio::select! {
                () = task => {}
                () = hard.cancelled() => {}
            }
        };
        self.tasks.spawn_on(task, &self.runtime);
    }

    /// A token that is cancelled when draining begins.
    pub fn soft_token(&self) -> CancellationToken {
        self.soft.clone()
    }

    /// Resolves when draining begins.
    pub async fn draining(&self) {
        self.soft.cancelled().await;
    }

    /// Resolves at the drain deadline.
    pub async fn closing(&self) {
        self.closing.cancelled().await;
    }

    /// Begins draining.
    pub fn begin(&self) {
        self.soft.cancel();
    }

    /// Begins draining at the first SIGINT or SIGTERM; resolves at the second, which ends
    /// everything at once. Until then it runs beside the work, whose result counts.
    pub async fn listen_for_signals(&self) -> std::io::Result<()> {
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        let mut count = 0_u8;
        loop {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
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

    /// Begins closing this long after draining began. It never resolves, because it runs beside the
    /// work.
    pub async fn close_after(&self, drain: Duration) -> Infallible {
        self.draining().await;
        tokio::time::sleep(drain).await;
        self.closing.cancel();
        std::future::pending().await
    }

    /// Waits for every task until [`CLOSING`] after closing began, then drops the rest. Returns
    /// true if all tasks ended.
    pub async fn finish(&self) -> bool {
        self.soft.cancel();
        self.tasks.close();
        let late = async {
            self.closing().await;
            tokio::time::sleep(CLOSING).await;
        };
        let ended = tokio::select! {
            () = self.tasks.wait() => true,
            () = late => false,
        };
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
        assert!(shutdown.finish().await);
    }

    #[tokio::test(start_paused = true)]
    async fn finish_drops_a_task_that_hangs() {
        let shutdown = Shutdown::new();
        shutdown.spawn(std::future::pending());
        let drain = Duration::from_secs(1);
        let ended = tokio::select! {
            ended = shutdown.finish() => ended,
            never = shutdown.close_after(drain) => match never {},
        };
        assert!(!ended);
    }
}
