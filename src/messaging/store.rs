//! The lease store as a consumer uses it: no call to it is without a deadline.

use std::sync::Arc;
use std::time::Duration;

use crate::domain::messaging::{Delivery, Fence, Lease, LeaseStore, Standing, StoreError};

/// A lease store whose calls end while the leases that they are about are still held.
pub(super) struct TimelyStore {
    store: Arc<dyn LeaseStore>,
    /// How long a lease outlives its last heartbeat.
    ttl: Duration,
}

impl TimelyStore {
    pub fn new(store: Arc<dyn LeaseStore>, ttl: Duration) -> Self {
        Self { store, ttl }
    }

    /// A beat may be missed, and the next one still comes in time.
    pub async fn heartbeat(&self, group: &str, owner: &str) -> Result<Standing, StoreError> {
        let call = self.store.heartbeat(group, owner, self.ttl);
        within(self.ttl / 3, call).await
    }

    pub async fn rebalance(
        &self,
        group: &str,
        owner: &str,
        topic: &str,
        partitions: i32,
    ) -> Result<Vec<Lease>, StoreError> {
        let (store, ttl) = (&self.store, self.ttl);
        let call = store.rebalance(group, owner, topic, partitions, ttl);
        within(self.ttl / 3, call).await
    }

    pub async fn release(&self, group: &str, owner: &str) -> Result<(), StoreError> {
        within(self.ttl, self.store.release(group, owner)).await
    }

    pub async fn note_attempts(&self, delivery: &Delivery, made: u32) -> Result<(), StoreError> {
        within(self.ttl, self.store.note_attempts(delivery, made)).await
    }

    pub async fn dead_letter(&self, delivery: &Delivery, cause: &str) -> Result<(), StoreError> {
        within(self.ttl, self.store.dead_letter(delivery, cause)).await
    }

    pub async fn skip_to(&self, fence: &Fence, next: i64, cause: &str) -> Result<(), StoreError> {
        within(self.ttl, self.store.skip_to(fence, next, cause)).await
    }
}

async fn within<T>(
    deadline: Duration,
    call: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    tokio::time::timeout(deadline, call)
        .await
        .unwrap_or_else(|_| Err(StoreError("the store did not answer in time".into())))
}
