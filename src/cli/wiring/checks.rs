//! The checks by which readiness looks at the dependencies.

use std::sync::Arc;

use crate::cache::Cache;
use crate::http::health::{Check, Fault};
use crate::messaging::Log;
use crate::persistence::{Database, catalogue};

/// One look at the catalogue shows whether the server answers and whether the tables exist.
pub(super) fn postgresql(database: &Database) -> Check {
    let database = database.clone();
    Arc::new(move || {
        let database = database.clone();
        Box::pin(async move {
            let defect = catalogue::find_defect(&database).await;
            let defect = defect.map_err(|_| Fault::Down)?;
            defect.map_or(Ok(()), |text| Err(Fault::Incomplete(text)))
        })
    })
}

/// Checks that the bus answers.
pub(super) fn bus(log: &Arc<dyn Log>) -> Check {
    let log = Arc::clone(log);
    Arc::new(move || {
        let log = Arc::clone(&log);
        Box::pin(async move { log.ping().await.map_err(|_| Fault::Down) })
    })
}

/// Checks that the cache answers.
pub(super) fn cache(cache: &Arc<dyn Cache>) -> Check {
    let cache = Arc::clone(cache);
    Arc::new(move || {
        let cache = Arc::clone(&cache);
        Box::pin(async move { cache.ping().await.map_err(|_| Fault::Down) })
    })
}
