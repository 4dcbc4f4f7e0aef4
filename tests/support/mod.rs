//! Real services for tests, each test on ground of its own: a schema, a topic prefix, fresh ids.

#![allow(
    clippy::expect_used,
    clippy::panic,
    dead_code,
    reason = "a test fails by panicking; tests and benchmarks each use a part of this"
)]
#![allow(
    clippy::disallowed_types,
    reason = "a test holds locks for as long as it likes"
)]

pub mod broker;
pub mod bucket;
pub mod canary;
pub mod certificates;
pub mod client;
pub mod conversation;
pub mod demo;
pub mod events;
pub mod leaflet;
pub mod ports;
pub mod provider;
pub mod proxy;
pub mod servers;
pub mod stable;
pub mod system;
pub mod website;
pub mod wire;

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use chatbot::domain::ids::{EventId, new_uuid};
use chatbot::domain::messaging::Envelope;
use chatbot::domain::time;
use chatbot::persistence::{Database, DatabaseSettings, migrations};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use serde_json::{Value, json};

/// A variable that names a service; says what to do if it is absent.
pub fn service(variable: &str) -> String {
    std::env::var(variable)
        .unwrap_or_else(|_| panic!("{variable} is not set: integration tests need real services"))
}

/// A name that no other test uses.
pub fn unique(prefix: &str) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    format!("{prefix}_{}_{number}", new_uuid().simple())
}

/// A migrated schema of its own, dropped at the end.
pub struct TestDatabase {
    pub database: Database,
    /// Reaches this schema.
    pub url: String,
    /// Dropped at the end.
    schema: Option<String>,
}

fn pool(url: &str) -> Database {
    Database::new(&DatabaseSettings {
        url: url.to_owned(),
        max_connections: 8,
        acquire_timeout: Duration::from_secs(10),
        statement_timeout: Duration::from_secs(10),
        generic_plans: false,
    })
    .expect("a pool")
}

impl TestDatabase {
    pub async fn new() -> Self {
        Self::on(&service("CHATBOT_TEST_DATABASE_URL")).await
    }

    /// The same on another server.
    pub async fn on(server: &str) -> Self {
        let test = Self::empty(server).await;
        migrate(test.url.clone()).await;
        test
    }

    /// A schema without tables, which somebody else migrates.
    pub async fn empty(server: &str) -> Self {
        let schema = unique("test");
        let mut connection = connect(server).await;
        // One at a time, and where it outlives this schema.
        execute(&mut connection, "SELECT pg_advisory_lock(7001)").await;
        execute(
            &mut connection,
            "CREATE EXTENSION IF NOT EXISTS vector SCHEMA public",
        )
        .await;
        execute(&mut connection, "SELECT pg_advisory_unlock(7001)").await;
        execute(&mut connection, &format!("CREATE SCHEMA {schema}")).await;
        let joint = if server.contains('?') { '&' } else { '?' };
        let url = format!("{server}{joint}options=-c%20search_path%3D{schema}%2Cpublic");
        Self {
            database: pool(&url),
            url,
            schema: Some(schema),
        }
    }

    /// A whole database, which stays unchanged.
    pub fn whole(url: &str) -> Self {
        Self {
            database: pool(url),
            url: url.to_owned(),
            schema: None,
        }
    }

    /// Adds an event to the outbox, as a transaction with an effect does.
    pub async fn enqueue(&self, topic: &str, kind: &str, key: &str, payload: Value) {
        let envelope = Envelope {
            event_id: EventId::new(),
            kind: kind.to_owned(),
            version: 1,
            occurred_at: time::now(),
            key: key.to_owned(),
            payload,
        };
        let mut connection = self.connection().await;
        diesel::sql_query("INSERT INTO outbox (event_id, topic, envelope) VALUES ($1, $2, $3)")
            .bind::<diesel::sql_types::Uuid, _>(envelope.event_id.0)
            .bind::<diesel::sql_types::Text, _>(topic)
            .bind::<diesel::sql_types::Jsonb, _>(json!(envelope))
            .execute(&mut connection)
            .await
            .unwrap();
    }

    /// A connection beside the pool, for looking at rows.
    pub async fn connection(&self) -> AsyncPgConnection {
        connect(&self.url).await
    }

    pub async fn execute(&self, statement: &str) {
        execute(&mut self.connection().await, statement).await;
    }

    /// The one number that a query returns under the name `n`.
    pub async fn number(&self, query: &str) -> i64 {
        let row: Number = diesel::sql_query(query)
            .get_result(&mut self.connection().await)
            .await
            .expect("a number");
        row.n
    }

    /// How many rows a table has, or those of it that follow, as in `turns WHERE …`.
    pub async fn count(&self, rows: &str) -> i64 {
        self.number(&format!("SELECT count(*) AS n FROM {rows}"))
            .await
    }

    /// The texts that a query returns under the name `t`.
    pub async fn texts(&self, query: &str) -> Vec<String> {
        let rows: Vec<Text> = diesel::sql_query(query)
            .load(&mut self.connection().await)
            .await
            .expect("texts");
        rows.into_iter().map(|row| row.t).collect()
    }
}

#[derive(diesel::QueryableByName)]
struct Text {
    #[diesel(sql_type = diesel::sql_types::Text)]
    t: String,
}

#[derive(diesel::QueryableByName)]
struct Number {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    n: i64,
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let Some(schema) = &self.schema else {
            return;
        };
        let statement = format!("DROP SCHEMA {schema} CASCADE");
        let url = self.url.clone();
        // A thread, because a runtime may be running here. What fails leaves a schema behind.
        let drop_schema = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()?;
            runtime.block_on(async {
                let mut connection = connect(&url).await;
                let _ = diesel::sql_query("SET lock_timeout = '5s'")
                    .execute(&mut connection)
                    .await;
                let _ = diesel::sql_query(statement).execute(&mut connection).await;
            });
            Ok::<(), std::io::Error>(())
        });
        let _ = drop_schema.join();
    }
}

/// Migrations block in place, which needs the multi-threaded runtime that a test may not have.
async fn migrate(url: String) {
    let run = move || {
        tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime")
            .block_on(migrations::run(&url))
            .expect("migrations")
    };
    tokio::task::spawn_blocking(run).await.expect("migrations");
}

async fn connect(url: &str) -> AsyncPgConnection {
    AsyncPgConnection::establish(url)
        .await
        .expect("the test database answers")
}

pub async fn execute(connection: &mut AsyncPgConnection, statement: &str) {
    diesel::sql_query(statement)
        .execute(connection)
        .await
        .expect("a statement succeeds");
}

/// Waits until something is so; the condition is asked again every few milliseconds. Gives up after
/// a time that says nothing about the product: the machine may be slow, and others on it busy.
pub async fn until<F: Future<Output = bool>>(what: &str, condition: impl FnMut() -> F) {
    until_within(Duration::from_mins(2), what, condition).await;
}

/// The same with a limit that matters to the test.
pub async fn until_within<F: Future<Output = bool>>(
    limit: Duration,
    what: &str,
    mut condition: impl FnMut() -> F,
) {
    let deadline = Instant::now() + limit;
    while !condition().await {
        assert!(Instant::now() < deadline, "not in time: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
