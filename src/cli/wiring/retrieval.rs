//! The index in memory, as configured.

use std::sync::Arc;

use crate::config::Config;
use crate::persistence::Database;
use crate::persistence::indexing::Generation;
use crate::rag::follower::{Follower, MemoryIndex};

/// Creates the index and its follower; `None` if it is switched off.
pub fn follower(
    config: &Config,
    database: &Database,
    generation: Generation,
) -> Option<(Follower, Arc<MemoryIndex>)> {
    let most = config.rag.retrieval.memory_index_mib;
    let most = most.saturating_mul(1_048_576);
    (most > 0).then(|| Follower::new(database.clone(), generation, most))
}
