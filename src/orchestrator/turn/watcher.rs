//! Watches over all turns that run here: keeps their leases, stops those that are no longer wanted,
//! and copies their new events to the cache. One statement serves all of them, so that a turn that
//! waits for its model costs the database nothing of its own.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures::StreamExt;
use futures::stream;
use tokio::time::{Instant, sleep};

use super::runner::{LEASE, Runner};
use crate::domain::ids::TurnId;
use crate::orchestrator::stream::feed::Feed;
use crate::persistence::turns;

/// The pause between two looks, of which the second finds a cancellation that another replica
/// recorded after the first.
const POLL: Duration = Duration::from_millis(500);
/// The pause between two renewals of the leases.
const RENEWAL: Duration = Duration::from_secs(5);
/// The turns whose events are copied to the cache at once.
const FLUSHES: usize = 16;

/// Watches over a turn that was just registered, until no turn runs here.
pub(super) fn watch(runner: &Arc<Runner>) {
    if !runner.watched.swap(true, Ordering::SeqCst) {
        runner.hub.shutdown.spawn(run(Arc::clone(runner)));
    }
}

async fn run(runner: Arc<Runner>) {
    let mut renewed = Instant::now();
    loop {
        sleep(POLL).await;
        let mut feeds = runner.hub.feeds();
        if feeds.is_empty() {
            // A turn that is registered before the second look is seen by it, and one that is
            // registered later starts another watcher.
            runner.watched.store(false, Ordering::SeqCst);
            feeds = runner.hub.feeds();
            if feeds.is_empty() || runner.watched.swap(true, Ordering::SeqCst) {
                return;
            }
        }
        tokio::join!(flush(&runner, &feeds), async {
            stop_unwanted(&runner, &feeds).await;
            if renewed.elapsed() >= RENEWAL && renew(&runner, &feeds).await {
                renewed = Instant::now();
            }
        });
    }
}

async fn flush(runner: &Runner, feeds: &[Arc<Feed>]) {
    stream::iter(feeds)
        .for_each_concurrent(FLUSHES, |feed| runner.hub.flush(feed))
        .await;
}

/// Stops the turns whose cancellation was recorded, by whichever replica, and those whose
/// conversation was deleted.
async fn stop_unwanted(runner: &Runner, feeds: &[Arc<Feed>]) {
    let running: Vec<TurnId> = feeds.iter().map(|feed| feed.turn).collect();
    // The next round asks again if the database does not answer.
    let unwanted = turns::list_unwanted(&runner.hub.database, &running).await;
    for feed in of(feeds, &unwanted.unwrap_or_default()) {
        feed.cancel.cancel();
    }
}

/// Renews the leases and stops the turns that this replica has lost. False if the database did not
/// answer: the next round tries again.
async fn renew(runner: &Runner, feeds: &[Arc<Feed>]) -> bool {
    let held: Vec<(TurnId, i32)> = feeds
        .iter()
        .map(|feed| (feed.turn, feed.generation))
        .collect();
    let lost = turns::renew_leases(&runner.hub.database, &held, &runner.replica, LEASE).await;
    match lost {
        Ok(lost) => {
            for feed in of(feeds, &lost) {
                feed.lost.cancel();
            }
            true
        }
        Err(error) => {
            tracing::warn!(error = %error, "the leases of the turns were not renewed");
            false
        }
    }
}

fn of<'a>(feeds: &'a [Arc<Feed>], turns: &'a [TurnId]) -> impl Iterator<Item = &'a Arc<Feed>> {
    feeds.iter().filter(|feed| turns.contains(&feed.turn))
}
