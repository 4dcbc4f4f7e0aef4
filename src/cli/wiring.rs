//! Builds adapters and roles from the configuration.

mod bus;
mod checks;
mod contacts;
mod counter;
mod edge;
mod files;
mod housekeeping;
mod replies;
mod retrieval;
mod triage_rules;

use std::sync::Arc;
use std::time::Duration;

use actix_web::web;
use anyhow::{Context, anyhow, bail};
use secrecy::SecretString;
use tokio_util::sync::CancellationToken;

use crate::cache::{Cache, CacheLimits, InProcessCache, RedisCache, RedisSettings, Resilient};
use crate::config::{CacheBackend, Config, MessagingBackend, Secret};
use crate::domain::ids::new_uuid;
use crate::domain::messaging::topics;
use crate::embedding::{self, Embedder};
use crate::http::failures::Failures;
use crate::http::health::Health;
use crate::http::metrics::Metrics;
use crate::http::server::{Edge, Routes};
use crate::llm::ProviderChain;
use crate::messaging::{
    ConsumerCollector, ConsumerSettings, LeasedConsumer, Log, OutboxRelay, RelayCollector,
    RelaySettings,
};
use crate::orchestrator::{self, Orchestrator, RetrievalClient};
use crate::persistence::indexing::{self, Generation};
use crate::persistence::{Database, DatabaseSettings, catalogue, migrations};
use crate::rag::backfill::Backfill;
use crate::rag::follower::MemoryIndex;
use crate::rag::parse::sandbox::Sandbox;
use crate::rag::retrieve::Retriever;
use crate::rag::upkeep::WaitingMetrics;
use crate::rag::worker::{IngestWorker, LongDocuments};
use crate::rag::{self, Rag, Retired, Uploads};
use crate::shutdown::Shutdown;
pub use contacts::contacts;
use files::named;
pub use replies::replies;
pub use retrieval::follower;
pub use triage_rules::triage_rules;

/// The consumer group of the rag workers.
const RAG_GROUP: &str = "rag";
/// The pause between attempts to create the topics.
const TOPIC_RETRY: Duration = Duration::from_secs(2);
/// How long a query's embedding stays in the cache.
const EMBEDDING_TTL: Duration = Duration::from_hours(1);

/// Creates the pool.
pub fn database(config: &Config) -> anyhow::Result<Database> {
    database_of(config, false)
}

/// Creates the pool of the orchestrator, whose statements find their rows by key.
pub fn orchestrator_database(config: &Config) -> anyhow::Result<Database> {
    database_of(config, true)
}

fn database_of(config: &Config, generic_plans: bool) -> anyhow::Result<Database> {
    if config.database.url.is_empty() {
        bail!(
            "database.url is not set: set DATABASE_URL, for example postgresql://user:password@host/name"
        );
    }
    Ok(Database::new(&DatabaseSettings {
        url: config.database.url.expose().to_owned(),
        max_connections: config.database.max_connections,
        acquire_timeout: Duration::from_millis(config.database.acquire_timeout_ms),
        statement_timeout: Duration::from_millis(config.database.statement_timeout_ms),
        generic_plans,
    })?)
}

/// Applies pending migrations if configured; refuses to start with pending ones or missing tables.
pub async fn require_migrated(database: &Database, config: &Config) -> anyhow::Result<()> {
    if config.database.run_migrations {
        migrations::run(config.database.url.expose()).await?;
        return require_whole(database).await;
    }
    let pending = migrations::list_pending(database).await?;
    if !pending.is_empty() {
        bail!(
            "{} migration(s) are pending ({}): run `chatbot migrate`, or set database.run_migrations",
            pending.len(),
            pending.join(", ")
        );
    }
    require_whole(database).await
}

/// Fails if tables are missing although no migration is pending, as after an incomplete restore.
pub async fn require_whole(database: &Database) -> anyhow::Result<()> {
    let defect = catalogue::find_defect(database).await?;
    defect.map_or(Ok(()), |defect| Err(not_whole(&defect)))
}

/// Tells the operator what to do about missing tables.
pub fn not_whole(defect: &str) -> anyhow::Error {
    anyhow!(
        "the database is not whole: {defect}. A restore ended halfway, or ran as another user: \
         restore again into an empty database, as the user of DATABASE_URL"
    )
}

/// Creates Redis with the in-process cache as its fallback, or the in-process cache alone.
pub fn cache(config: &Config) -> anyhow::Result<Arc<dyn Cache>> {
    let limits = CacheLimits {
        max_events: config.cache.max_events,
        stream_ttl: Duration::from_secs(config.cache.stream_ttl_seconds),
        embedding_ttl: EMBEDDING_TTL,
    };
    let local = InProcessCache::new(limits.clone());
    if config.cache.backend == CacheBackend::InProcess {
        return Ok(Arc::new(local));
    }
    if config.cache.url.is_empty() {
        bail!("cache.url is not set: set REDIS_URL, or cache.backend = \"in_process\"");
    }
    let redis = RedisCache::new(RedisSettings {
        url: config.cache.url.expose().to_owned(),
        ca_file: named(&config.cache.ca_file),
        timeout: Duration::from_millis(config.cache.timeout_ms),
        max_connections: config.cache.max_connections,
        limits,
    })
    .context("the cache cannot be used: expected redis[s]://[user:password@]host[:port][/db] in cache.url")?;
    Ok(Arc::new(Resilient::new(Arc::new(redis), local)))
}

/// The parts that a process has once, whatever roles it runs.
pub struct Process {
    pub config: Config,
    pub database: Database,
    pub log: Arc<dyn Log>,
    pub cache: Arc<dyn Cache>,
    pub metrics: Metrics,
    pub shutdown: Shutdown,
    /// The token that opens a demo; with it there are no API keys.
    pub demo_token: Option<String>,
    failures: Failures,
}

/// A role that is ready to serve.
pub struct Built {
    pub edge: Edge,
    pub routes: Routes,
}

impl Process {
    /// Creates the configured adapters without connecting to anything.
    pub fn new(config: Config, database: Database, shutdown: Shutdown) -> anyhow::Result<Self> {
        let metrics = Metrics::default();
        let failures = Failures::new(counter::count(Arc::new(InProcessCache::new(
            CacheLimits::default(),
        ))));
        metrics.register(|registry| failures.register(registry));
        Ok(Self {
            log: bus::log(&config.messaging)?,
            cache: cache(&config)?,
            failures,
            metrics,
            database,
            config,
            shutdown,
            demo_token: None,
        })
    }

    /// Publishes the outbox and removes old records until the shutdown.
    pub fn spawn_upkeep(&self) {
        let settings = RelaySettings {
            poll: Duration::from_millis(self.config.messaging.poll_ms),
            ..RelaySettings::default()
        };
        let relay = OutboxRelay::new(self.database.clone(), Arc::clone(&self.log), settings);
        let collector = RelayCollector(relay.stats());
        self.metrics
            .register(|registry| registry.register_collector(Box::new(collector)));
        let token = self.shutdown.soft_token();
        let log = Arc::clone(&self.log);
        self.shutdown.spawn(async move {
            create_topics(log.as_ref(), &token).await;
            relay.run(token).await;
        });
        let keep = Duration::from_hours(24 * u64::from(self.config.messaging.keep_days));
        let (database, token) = (self.database.clone(), self.shutdown.soft_token());
        self.shutdown
            .spawn(async move { housekeeping::prune(&database, keep, &token).await });
    }

    /// Builds the orchestrator on these adapters. Kafka and Redis may be down, because chat works
    /// without them.
    pub fn orchestrator(&self) -> anyhow::Result<Built> {
        let (config, database) = (&self.config, &self.database);
        let providers = ProviderChain::from_config(&config.llm)?;
        tracing::info!(
            llm.providers = providers.names().join(","),
            "providers in order"
        );
        self.spawn_model_check();
        triage_rules::install(&config.safety)?;
        replies::install(&config.safety)?;
        // Not awaited: a message that comes sooner waits for it.
        drop(tokio::task::spawn_blocking(crate::safety::warm_up));
        let (token, previous) = (
            &config.auth.internal_token,
            &config.auth.internal_token_previous,
        );
        let secret = |token: &Secret| SecretString::from(token.expose().to_owned());
        let retrieval = RetrievalClient::new(
            &config.orchestrator.rag_url,
            secret(token),
            (!previous.is_empty()).then(|| secret(previous)),
            Duration::from_millis(config.orchestrator.retrieval_timeout_ms),
        )?;
        let breakers = Box::new(providers.collector());
        self.metrics
            .register(|registry| registry.register_collector(breakers));
        let orchestrator = Orchestrator::new(
            database.clone(),
            Arc::clone(&self.cache),
            providers,
            retrieval,
            config.orchestrator.clone(),
            contacts(&config.safety),
            self.shutdown.clone(),
        );
        self.metrics
            .register(|registry| orchestrator.metrics.register(registry));
        let orchestrator = web::Data::new(orchestrator);
        let sweeping = orchestrator::sweep(database.clone(), self.shutdown.clone());
        self.shutdown.spawn(sweeping);
        let takeover = orchestrator::take_over(Arc::clone(&orchestrator.runner));
        self.shutdown.spawn(takeover);
        let health = Health::default()
            .required("postgresql", checks::postgresql(database))
            .optional("kafka", checks::bus(&self.log))
            .optional("redis", checks::cache(&self.cache));
        let per_minute = config.orchestrator.requests_per_minute;
        Ok(Built {
            edge: self.edge(health, per_minute),
            routes: Arc::new(move |service| {
                service.app_data(orchestrator.clone());
                orchestrator::routes::configure(service);
            }),
        })
    }

    /// Logs one line per model while the role starts; nothing waits for it.
    fn spawn_model_check(&self) {
        let (config, token) = (self.config.llm.clone(), self.shutdown.soft_token());
        self.shutdown.spawn(async move {
            tokio::select! {
                () = token.cancelled() => {}
                () = housekeeping::check_models(&config) => {}
            }
        });
    }

    /// Builds the rag role on these adapters, including its workers.
    pub async fn rag(&self) -> anyhow::Result<Built> {
        let (config, database) = (&self.config, &self.database);
        let (embedder, generation) = embedder(config, database).await?;
        let ingestion = &config.rag.ingestion;
        self.spawn_consumer(IngestWorker {
            database: database.clone(),
            embedder: Arc::clone(&embedder),
            generation,
            sandbox: Sandbox::new(ingestion.sandbox())?,
            chunking: config.rag.chunking.clone(),
            max_passages: ingestion.max_passages,
            governance: config.rag.governance.clone(),
            long_documents: LongDocuments::default(),
        });
        let (retired, removal) = Retired::with_removal(database.clone());
        self.shutdown.spawn(removal.run(self.shutdown.soft_token()));
        let waiting = WaitingMetrics::default();
        self.metrics.register(|registry| waiting.register(registry));
        let token = self.shutdown.soft_token();
        let upkeep = rag::upkeep::keep(database.clone(), retired.clone(), waiting, token);
        self.shutdown.spawn(upkeep);
        self.spawn_upkeep_of_index(&embedder, generation);
        let index = self.spawn_follower(generation);
        let rag = web::Data::new(Rag {
            database: database.clone(),
            retriever: Retriever {
                index,
                database: database.clone(),
                embedder,
                generation,
                cache: Arc::clone(&self.cache),
                config: config.rag.retrieval.clone(),
            },
            ingestion: ingestion.clone(),
            governance: config.rag.governance.clone(),
            uploads: Uploads::default(),
            retired,
        });
        let health = Health::default()
            .required("postgresql", checks::postgresql(database))
            .optional("kafka", checks::bus(&self.log));
        Ok(Built {
            edge: self.edge(health, config.rag.requests_per_minute),
            routes: Arc::new(move |service| {
                service.app_data(rag.clone());
                rag::routes::configure(service);
            }),
        })
    }

    /// Keeps an index in memory, unless it is switched off.
    fn spawn_follower(&self, generation: Generation) -> Option<Arc<MemoryIndex>> {
        let (follower, index) = follower(&self.config, &self.database, generation)?;
        self.metrics
            .register(|registry| index.metrics.register(registry));
        self.shutdown
            .spawn(follower.run(self.shutdown.soft_token()));
        Some(index)
    }

    /// Announces lost documents again, completes missing embeddings, and keeps the vector index.
    fn spawn_upkeep_of_index(&self, embedder: &Arc<dyn Embedder>, generation: Generation) {
        let (config, shutdown) = (&self.config.rag, &self.shutdown);
        let seconds = config.ingestion.reannounce_seconds;
        let (database, token) = (self.database.clone(), shutdown.soft_token());
        shutdown.spawn(async move { housekeeping::reannounce(&database, seconds, &token).await });
        let most = config.retrieval.exact_scan_max_chunks;
        let (database, token) = (self.database.clone(), shutdown.soft_token());
        shutdown.spawn(async move {
            housekeeping::keep_index(&database, generation, most, &token).await;
        });
        let backfill = Backfill {
            database: self.database.clone(),
            embedder: Arc::clone(embedder),
            generation,
        };
        shutdown.spawn(backfill.run(shutdown.soft_token()));
    }

    fn spawn_consumer(&self, worker: IngestWorker) {
        let messaging = &self.config.messaging;
        let owner = format!("rag-{}", new_uuid().simple());
        let mut settings = ConsumerSettings::new(RAG_GROUP, &owner, topics::DOCUMENT_COMMANDS);
        settings.ttl = Duration::from_millis(messaging.lease_ttl_ms);
        settings.heartbeat = Duration::from_millis(messaging.heartbeat_ms);
        settings.max_attempts = messaging.max_attempts;
        if messaging.backend == MessagingBackend::InProcess {
            // This bus ends with the process, so running work is announced again at the next start.
            settings.drain = Duration::ZERO;
        }
        let consumer = LeasedConsumer::new(
            Arc::clone(&self.log),
            Arc::new(self.database.clone()),
            Arc::new(worker),
            settings,
        );
        let collector = ConsumerCollector(consumer.stats());
        self.metrics
            .register(|registry| registry.register_collector(Box::new(collector)));
        let token = self.shutdown.soft_token();
        self.shutdown
            .spawn(async move { consumer.run(token).await });
    }
}

/// Loads the model, and the generation that its vectors belong to.
pub async fn embedder(
    config: &Config,
    database: &Database,
) -> anyhow::Result<(Arc<dyn Embedder>, Generation)> {
    let embedder = embedding::from_config(&config.embedding).await?;
    let generation =
        indexing::ensure_generation(database, embedder.model(), embedder.dimension()).await?;
    Ok((embedder, generation))
}

/// Retries in the background, because chat starts without Kafka and the outbox waits.
async fn create_topics(log: &dyn Log, token: &CancellationToken) {
    while let Err(error) = log.ensure_topics().await {
        tracing::warn!(error = %error, "topics cannot be created yet");
        tokio::select! {
            () = token.cancelled() => return,
            () = tokio::time::sleep(TOPIC_RETRY) => {}
        }
    }
}
