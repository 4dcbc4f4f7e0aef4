//! Retrieval as the rag role does it, over what is stored now.

use crate::cli::wiring;
use crate::config::Config;
use crate::rag::retrieve::Retriever;

/// Builds a retriever whose index in memory has everything that is stored now.
pub async fn open(config: &Config) -> anyhow::Result<Retriever> {
    let database = wiring::database(config)?;
    let (embedder, generation) = wiring::embedder(config, &database).await?;
    let mut index = None;
    if let Some((mut follower, loaded)) = wiring::follower(config, &database, generation) {
        index = follower.follow().await?.then_some(loaded);
    }
    Ok(Retriever {
        database,
        embedder,
        generation,
        cache: wiring::cache(config)?,
        config: config.rag.retrieval.clone(),
        index,
    })
}
