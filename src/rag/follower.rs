//! Keeps the index in memory like the tables: loads it in the background, then follows the log of
//! changes.
//!
//! PostgreSQL is the truth. Until the index is loaded, and when it would be too large, the tables answer
//! searches. A search that finds the index behind asks the follower to catch up, and waits for a moment,
//! so that a person finds what was just indexed or approved.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::index::Index;
use super::index_metrics::IndexMetrics;
use crate::persistence::index_changes::{
    KEPT, ListedChunk, Position, list_changes, list_chunks, list_chunks_after, load_chunks,
    prune_changes,
};
use crate::persistence::indexing::Generation;
use crate::persistence::{Database, DbError};

/// The pause between two looks at the log. Searches look themselves, so this only keeps the distance
/// short.
const LOOK: Duration = Duration::from_secs(5);
/// The pause between two removals of old rows from the log.
const PRUNE: Duration = Duration::from_mins(10);
/// How long a search waits for the follower.
const PATIENCE: Duration = Duration::from_millis(250);
/// The most searches that wait at once; the others are answered from the tables.
const WAITING: usize = 1_024;
/// The chunks that are loaded at once at first. More at once take fewer scans of the postings.
const FIRST_PAGE: i64 = 4_000;
/// The chunks that are loaded at once later, and inserted under one lock.
const PAGE: usize = 500;
/// The versions that are listed at once.
const VERSIONS: usize = 64;
/// The least size of a chunk besides its vector, to see at once that there are too many.
const CHUNK: usize = 128;

/// The index in memory, if it is loaded.
pub struct MemoryIndex {
    loaded: RwLock<Option<Loaded>>,
    requests: Sender<oneshot::Sender<()>>,
    /// Set while the follower needs longer than a search waits.
    late: AtomicBool,
    pub metrics: IndexMetrics,
}

struct Loaded {
    index: Index,
    position: Position,
    /// When the log was read, by the database's clock.
    read_at: f64,
}

impl MemoryIndex {
    /// The changes that the index contains; `None` if it is not loaded.
    pub fn position(&self) -> Option<Position> {
        self.read(|loaded| loaded.position.clone())
    }

    /// Searches the index; `None` if it is not loaded.
    pub fn search<T>(&self, search: impl FnOnce(&Index) -> T) -> Option<T> {
        self.read(|loaded| search(&loaded.index))
    }

    /// Has the follower apply everything that is committed now. False if this takes too long.
    pub async fn catch_up(&self) -> bool {
        if self.late.load(Ordering::Relaxed) {
            return false;
        }
        let (done, caught_up) = oneshot::channel();
        if self.requests.try_send(done).is_err() {
            return false;
        }
        if let Ok(caught_up) = timeout(PATIENCE, caught_up).await {
            return caught_up.is_ok();
        }
        self.late.store(true, Ordering::Relaxed);
        false
    }

    fn read<T>(&self, read: impl FnOnce(&Loaded) -> T) -> Option<T> {
        let loaded = self.loaded.read().unwrap_or_else(PoisonError::into_inner);
        loaded.as_ref().map(read)
    }

    fn write<T>(&self, write: impl FnOnce(&mut Loaded) -> T) -> Option<T> {
        let mut loaded = self.loaded.write().unwrap_or_else(PoisonError::into_inner);
        loaded.as_mut().map(write)
    }

    fn set(&self, new: Option<Loaded>) {
        let mut loaded = self.loaded.write().unwrap_or_else(PoisonError::into_inner);
        let old = std::mem::replace(&mut *loaded, new);
        drop(loaded);
        drop(old);
    }
}

/// Loads the index and follows the log. There is one for each index, and only it writes.
pub struct Follower {
    database: Database,
    generation: Generation,
    max_bytes: usize,
    index: Arc<MemoryIndex>,
    requests: Receiver<oneshot::Sender<()>>,
    /// The number of chunks that was too large.
    too_many: Option<i64>,
    /// After this long the log may have lost rows.
    away: Duration,
}

impl Follower {
    /// Creates an empty index of at most this size, and its follower.
    pub fn new(
        database: Database,
        generation: Generation,
        max_bytes: usize,
    ) -> (Self, Arc<MemoryIndex>) {
        let (sender, requests) = channel(WAITING);
        let index = Arc::new(MemoryIndex {
            loaded: RwLock::new(None),
            requests: sender,
            late: AtomicBool::new(false),
            metrics: IndexMetrics::default(),
        });
        let follower = Self {
            database,
            generation,
            max_bytes,
            index: Arc::clone(&index),
            requests,
            too_many: None,
            away: KEPT / 2,
        };
        (follower, index)
    }

    /// Sets how long the follower may not look at the log before it loads everything again.
    #[must_use]
    pub fn away_after(self, away: Duration) -> Self {
        Self { away, ..self }
    }

    /// Works until the token is cancelled.
    pub async fn run(mut self, token: CancellationToken) {
        let work = async {
            let mut pruned = Instant::now();
            let mut waiting = Vec::new();
            loop {
                match self.follow().await {
                    Ok(true) => answer(&mut waiting),
                    Ok(false) => {}
                    Err(error) => {
                        tracing::warn!(error = %error, "the index in memory could not follow");
                    }
                }
                // The tables answer the searches that still wait.
                waiting.clear();
                self.index.late.store(false, Ordering::Relaxed);
                if pruned.elapsed() > PRUNE {
                    pruned = Instant::now();
                    self.prune().await;
                }
                if let Ok(request) = timeout(LOOK, self.requests.recv()).await {
                    waiting.extend(request);
                }
                while let Ok(request) = self.requests.try_recv() {
                    waiting.push(request);
                }
            }
        };
        token.run_until_cancelled(work).await;
    }

    /// Loads the index if it is not loaded, and applies every change that is committed now. False if
    /// there is no index, because it would be too large or embeddings are missing.
    pub async fn follow(&mut self) -> Result<bool, DbError> {
        let loaded = self.index.position().is_some();
        if loaded && self.catch_up().await? {
            return Ok(true);
        }
        if loaded {
            self.unload();
        }
        Ok(self.load().await? && self.catch_up().await?)
    }

    /// Applies the changes since the last look. False if the index must be loaded again.
    async fn catch_up(&mut self) -> Result<bool, DbError> {
        let place = |loaded: &Loaded| (loaded.position.clone(), loaded.read_at);
        let Some((position, read_at)) = self.index.read(place) else {
            return Ok(false);
        };
        let changes = list_changes(&self.database, self.generation, &position).await?;
        let other = changes.server != position.server || changes.horizon < position.horizon;
        if other || changes.read_at - read_at > self.away.as_secs_f64() {
            return Ok(false);
        }
        for versions in changes.versions.chunks(VERSIONS) {
            self.apply(versions).await?;
        }
        self.compact();
        let bytes = self.index.write(|loaded| {
            loaded.position = changes.position_after(&position);
            loaded.read_at = changes.read_at;
            loaded.index.bytes()
        });
        if bytes.is_some_and(|bytes| bytes > self.max_bytes) {
            self.too_many = Some(changes.chunks);
            return Ok(false);
        }
        self.index.metrics.applied(&changes);
        self.measure();
        Ok(true)
    }

    /// Makes the index contain these versions as they are stored now. New chunks come before old ones
    /// go, so that a document that is replaced is found at every moment.
    async fn apply(&self, versions: &[Uuid]) -> Result<(), DbError> {
        let listed = list_chunks(&self.database, self.generation, versions).await?;
        let mut stored: HashMap<Uuid, Vec<ListedChunk>> = HashMap::new();
        for chunk in listed {
            stored.entry(chunk.version_id).or_default().push(chunk);
        }
        for chunks in stored.values() {
            let missing = |loaded: &Loaded| {
                let missing = chunks.iter().filter(|chunk| !loaded.index.holds(chunk));
                missing.map(|chunk| chunk.id).collect::<Vec<_>>()
            };
            for page in self.index.read(missing).unwrap_or_default().chunks(PAGE) {
                let chunks = load_chunks(&self.database, self.generation, page).await?;
                self.index.write(|loaded| {
                    for chunk in &chunks {
                        loaded.index.insert(chunk);
                    }
                });
            }
        }
        for version in versions {
            let chunks = stored.get(version).into_iter().flatten();
            let kept: HashSet<i64> = chunks.map(|chunk| chunk.id).collect();
            self.index
                .write(|loaded| loaded.index.retain(*version, &kept));
        }
        Ok(())
    }

    /// Searches go on while the copies are made; nobody else writes.
    fn compact(&self) {
        let copies = self.index.read(|loaded| loaded.index.compact_copies());
        if let Some(copies) = copies.filter(|copies| !copies.is_empty()) {
            self.index.write(|loaded| loaded.index.replace(copies));
        }
    }

    /// Loads every chunk. The caller applies the changes of that time.
    async fn load(&mut self) -> Result<bool, DbError> {
        let end_of_log = Position {
            horizon: i64::MAX,
            ..Position::default()
        };
        let now = list_changes(&self.database, self.generation, &end_of_log).await?;
        let dimension = usize::try_from(self.generation.dimension).unwrap_or_default();
        if !now.embedded || !self.may_fit(now.chunks, dimension) {
            return Ok(false);
        }
        let mut index = Index::new(dimension);
        let mut after = 0;
        loop {
            let ids = list_chunks_after(&self.database, after, FIRST_PAGE).await?;
            let Some(last) = ids.last() else { break };
            after = *last;
            let chunks = load_chunks(&self.database, self.generation, &ids).await?;
            for chunk in &chunks {
                index.insert(chunk);
            }
            if index.bytes() > self.max_bytes {
                self.refuse(now.chunks);
                return Ok(false);
            }
        }
        index.shrink();
        tracing::info!(
            chunks = index.len(),
            bytes = index.bytes(),
            "index loaded into memory"
        );
        self.too_many = None;
        self.index.set(Some(Loaded {
            index,
            position: now.position_after(&Position::default()),
            read_at: now.read_at,
        }));
        Ok(true)
    }

    /// Whether the chunks may fit. After a number that did not, it takes a tenth less.
    fn may_fit(&mut self, chunks: i64, dimension: usize) -> bool {
        if let Some(too_many) = self.too_many {
            return chunks < too_many - too_many / 10;
        }
        let count = usize::try_from(chunks).unwrap_or_default();
        let fits = count.saturating_mul(dimension + CHUNK) <= self.max_bytes;
        if !fits {
            self.refuse(chunks);
        }
        fits
    }

    fn refuse(&mut self, chunks: i64) {
        tracing::info!(
            chunks,
            bytes = self.max_bytes,
            "too many chunks for the index in memory; PostgreSQL answers searches"
        );
        self.too_many = Some(chunks);
    }

    fn unload(&self) {
        tracing::info!("index in memory dropped");
        self.index.set(None);
        self.measure();
    }

    fn measure(&self) {
        let size = |loaded: &Loaded| (loaded.index.len(), loaded.index.bytes());
        let (chunks, bytes) = self.index.read(size).unwrap_or_default();
        self.index.metrics.size(chunks, bytes);
    }

    async fn prune(&self) {
        if let Err(error) = prune_changes(&self.database).await {
            tracing::warn!(error = %error, "old changes of the index were not removed");
        }
    }
}

fn answer(waiting: &mut Vec<oneshot::Sender<()>>) {
    for search in waiting.drain(..) {
        // A search that gave up needs no answer.
        let _ = search.send(());
    }
}
