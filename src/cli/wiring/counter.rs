//! The counter behind the rate limits.

use std::sync::Arc;

use crate::cache::Cache;
use crate::http::limits::Count;

/// Counts requests in a cache.
pub(super) fn count(cache: Arc<dyn Cache>) -> Count {
    Arc::new(move |key, per_minute| {
        let cache = Arc::clone(&cache);
        Box::pin(async move {
            let decision = cache.allow(&key, per_minute).await.ok()?;
            (!decision.allowed).then_some(decision.retry_after)
        })
    })
}
