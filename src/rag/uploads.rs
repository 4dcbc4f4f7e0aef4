//! Room for uploads, which are held in memory several times over until they are stored.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};
use tokio::time::{Instant, timeout_at};

use crate::http::body::Pace;
use crate::http::problem::Problem;

/// The most uploads that are read and stored at once.
const MOST: usize = 4;
/// The most uploads of one owner among them, so that other owners always have room.
const MOST_OF_ONE: usize = 2;
/// The most uploads of one owner that are read or wait; further ones are refused at once.
const MOST_WAITING: usize = 32;
/// How long an upload waits for room, so that clients may send a few too many at once.
const PATIENCE: Duration = Duration::from_secs(20);

/// The slowest pace of a body while it has room: 16 KiB a second, which a telephone at the edge of
/// its network reaches. A slower body would keep others out.
pub const SLOWEST: Pace = Pace {
    bytes: 80 * 1024,
    within: Duration::from_secs(5),
};

/// A fair queue: uploads get room in the order of their arrival.
pub struct Uploads {
    room: Semaphore,
    /// The share of each owner who has an upload here.
    shares: Mutex<HashMap<String, Weak<Semaphore>>>,
    patience: Duration,
}

/// The room of one upload, until it is dropped.
pub struct Room<'a> {
    _share: OwnedSemaphorePermit,
    _room: SemaphorePermit<'a>,
}

impl Default for Uploads {
    fn default() -> Self {
        Self {
            room: Semaphore::new(MOST),
            shares: Mutex::default(),
            patience: PATIENCE,
        }
    }
}

impl Uploads {
    /// Waits for room for one upload of this owner.
    pub async fn enter(&self, owner: &str) -> Result<Room<'_>, Problem> {
        let full = || Problem::unavailable("Too many uploads at once. Try again shortly.");
        let full_of_one = || {
            Problem::unavailable(format!(
                "Too many uploads of yours at once: {MOST_OF_ONE} are read side by side. Send the \
                 next one when one of them has been answered."
            ))
        };
        let until = Instant::now() + self.patience;
        let share = self.share(owner);
        if Arc::strong_count(&share) > MOST_WAITING {
            return Err(full_of_one());
        }
        let share = timeout_at(until, share.acquire_owned())
            .await
            .map_err(|_| full_of_one())?
            .map_err(|_| full_of_one())?;
        let room = timeout_at(until, self.room.acquire())
            .await
            .map_err(|_| full())?
            .map_err(|_| full())?;
        Ok(Room {
            _share: share,
            _room: room,
        })
    }

    /// Returns the owner's share, and drops the shares of owners without an upload.
    fn share(&self, owner: &str) -> Arc<Semaphore> {
        let mut shares = self.shares.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(share) = shares.get(owner).and_then(Weak::upgrade) {
            return share;
        }
        shares.retain(|_, share| share.strong_count() > 0);
        let share = Arc::new(Semaphore::new(MOST_OF_ONE));
        shares.insert(owner.to_owned(), Arc::downgrade(&share));
        share
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn one_upload_more_waits_for_its_turn_and_not_for_ever() {
        let uploads = Uploads::default();
        let mut held = Vec::new();
        for number in 0..MOST {
            let owner = format!("owner {}", number / MOST_OF_ONE);
            held.push(uploads.enter(&owner).await.unwrap());
        }
        let leave = async {
            tokio::time::sleep(PATIENCE / 2).await;
            drop(held.pop());
        };
        let (entered, ()) = tokio::join!(uploads.enter("another"), leave);
        assert!(entered.is_ok());
        let refused = uploads.enter("another").await.err().unwrap();
        assert_eq!(refused.to_value("r")["status"], 503);
    }

    #[tokio::test(start_paused = true)]
    async fn one_owners_uploads_leave_room_for_others() {
        let uploads = Uploads::default();
        let mut held = Vec::new();
        for _ in 0..MOST_OF_ONE {
            held.push(uploads.enter("slow").await.unwrap());
        }
        let begun = Instant::now();
        let (refused, other) = tokio::join!(uploads.enter("slow"), async {
            let room = uploads.enter("other").await;
            assert_eq!(begun.elapsed(), Duration::ZERO);
            room
        });
        let refused = refused.err().unwrap().to_value("r");
        assert_eq!(refused["status"], 503);
        assert!(refused["detail"].as_str().unwrap().contains("of yours"));
        drop((held, other));
        assert!(uploads.enter("slow").await.is_ok());
        drop(uploads.share("third"));
        assert_eq!(uploads.shares.lock().unwrap().len(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn no_owner_queues_without_end() {
        let uploads = Uploads::default();
        let waiting = (0..MOST_WAITING).map(|_| uploads.enter("one"));
        let more = async {
            tokio::task::yield_now().await;
            let begun = Instant::now();
            let refused = uploads.enter("one").await;
            assert!(refused.is_err() && begun.elapsed() < PATIENCE);
        };
        let (entered, ()) = tokio::join!(futures::future::join_all(waiting), more);
        let entered = entered.into_iter().flatten().count();
        assert_eq!(entered, MOST_OF_ONE);
    }
}
