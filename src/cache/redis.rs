//! Redis. Two small scripts make the rate limit and the appending of events atomic.

use std::path::PathBuf;
use std::time::Duration;

use async_trait::async_trait;
use deadpool::managed::QueueMode;
use deadpool_redis::redis::{
    AsyncConnectionConfig, Client, Cmd, ConnectionInfo, FromRedisValue, RedisError,
    TlsCertificates, ToRedisArgs, Value, cmd,
};
use deadpool_redis::{Manager, Pool, PoolError, Runtime};
use tokio::time::Instant;

use super::{Cache, CacheError, CacheLimits, READ_LIMIT, RateDecision, StoredEvent};
use crate::domain::event::EventName;
use crate::domain::ids::TurnId;
use crate::pool;
use crate::tls;

/// See `gcra`. `KEYS[1]` is the scope, `ARGV[1]` the limit per minute. Returns allowed, wait in ms,
/// remaining.
const ALLOW: &str = r"
local limit = tonumber(ARGV[1])
if limit <= 0 then return {0, 60000, 0} end
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + tonumber(time[2]) / 1000
local interval = 60000 / limit
local arrival = tonumber(redis.call('GET', KEYS[1]) or '0')
local ahead = math.max(arrival, now) + interval - now
if ahead > 60000 + interval / 1000 then return {0, math.ceil(ahead - 60000), 0} end
redis.call('SET', KEYS[1], string.format('%.3f', now + ahead), 'PX', math.ceil(ahead) + 1000)
return {1, 0, math.floor((60000 - ahead) / interval + 0.001)}
";

/// `KEYS[1]` is the stream; `ARGV` is the ttl in s, the most events, then generation, seq, name and
/// data of each event. Ids are `{seq + 1}-0`, so Redis finds a position without reading the entries
/// before it.
const APPEND: &str = r"
local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
local seq, generation = -1, -1
if last then
    seq = tonumber(string.match(last[1], '^(%d+)')) - 1
    generation = tonumber(last[2][2])
end
local stored = 0
for i = 3, #ARGV, 4 do
    local g, s = tonumber(ARGV[i]), tonumber(ARGV[i + 1])
    if s > seq and g >= generation then
        redis.call('XADD', KEYS[1], 'MAXLEN', '=', ARGV[2], string.format('%.0f-0', s + 1),
            'g', ARGV[i], 'n', ARGV[i + 2], 'd', ARGV[i + 3])
        seq, generation, stored = s, g, stored + 1
    end
end
redis.call('EXPIRE', KEYS[1], ARGV[1])
return stored
";

/// The first and the longest pause between two looks for new events.
const POLL: (Duration, Duration) = (Duration::from_millis(20), Duration::from_millis(200));

/// The settings of the connection to Redis.
#[derive(Clone, Debug)]
pub struct RedisSettings {
    /// Contains a password, so it is never logged.
    pub url: String,
    /// The authorities to trust with `rediss://`, as PEM; `None` means the system's.
    pub ca_file: Option<PathBuf>,
    /// The deadline of one call.
    pub timeout: Duration,
    pub max_connections: usize,
    pub limits: CacheLimits,
}

/// The Redis [`Cache`]. It connects on first use.
pub struct RedisCache {
    pool: Pool,
    timeout: Duration,
    limits: CacheLimits,
}

impl RedisCache {
    /// Creates a pool that connects on first use; fails only if the URL is invalid.
    pub fn new(settings: RedisSettings) -> Result<Self, CacheError> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(settings.timeout))
            .set_response_timeout(Some(settings.timeout));
        let manager = Manager::new_with_config(connection_info(&settings)?, config)
            .map_err(|error| describe(&error))?;
        let timeout = Some(settings.timeout);
        let pool = Pool::builder(manager)
            .max_size(settings.max_connections)
            .queue_mode(QueueMode::Lifo)
            .wait_timeout(timeout)
            .create_timeout(timeout)
            .recycle_timeout(timeout)
            .runtime(Runtime::Tokio1)
            .build()
            .map_err(|error| CacheError::Unavailable(error.to_string()))?;
        Ok(Self {
            pool,
            timeout: settings.timeout,
            limits: settings.limits,
        })
    }

    /// Runs one command under the deadline, which includes connecting.
    async fn query<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, CacheError> {
        let call = async {
            pool::close_idle(&self.pool, |_| true);
            let mut connection = self.pool.get().await.map_err(|error| match error {
                PoolError::Timeout(_) => CacheError::Timeout,
                _ => CacheError::Unavailable("cannot connect".into()),
            })?;
            command
                .query_async(&mut connection)
                .await
                .map_err(|error| describe(&error))
        };
        tokio::time::timeout(self.timeout, call)
            .await
            .unwrap_or(Err(CacheError::Timeout))
    }

    async fn read(&self, turn: TurnId, after: Option<u64>) -> Result<Vec<StoredEvent>, CacheError> {
        let start = after.map_or(0, |seq| seq.saturating_add(2));
        let entries: Vec<(String, Vec<(String, String)>)> = self
            .query(
                cmd("XRANGE")
                    .arg(events_key(turn))
                    .arg(format!("{start}-0"))
                    .arg("+")
                    .arg("COUNT")
                    .arg(READ_LIMIT),
            )
            .await?;
        entries
            .into_iter()
            .map(|(id, fields)| decode(&id, fields).ok_or(CacheError::Corrupt("a turn's event")))
            .collect()
    }
}

/// Parses the URL and, with `rediss://`, reads the authorities to trust.
fn connection_info(settings: &RedisSettings) -> Result<ConnectionInfo, CacheError> {
    tls::choose_provider();
    let url = settings.url.as_str();
    let client = match &settings.ca_file {
        None => Client::open(url),
        Some(path) => {
            let pem = tls::authorities_pem(path).map_err(|error| {
                CacheError::Unavailable(format!("cache.ca_file cannot be used: {error}"))
            })?;
            let certificates = TlsCertificates {
                client_tls: None,
                root_cert: Some(pem.into_bytes()),
            };
            Client::build_with_tls(url, certificates)
        }
    };
    client
        .map(|client| client.get_connection_info().clone())
        .map_err(|_| {
            CacheError::Unavailable("cache.url does not fit Redis with these settings".into())
        })
}

fn events_key(turn: TurnId) -> String {
    format!("chatbot:turn:{turn}:events")
}

/// Keeps only the kind of failure, because the server's text may quote arguments.
fn describe(error: &RedisError) -> CacheError {
    if error.is_timeout() {
        CacheError::Timeout
    } else {
        CacheError::Unavailable(error.category().to_owned())
    }
}

fn script(source: &str, key: impl ToRedisArgs) -> Cmd {
    let mut command = cmd("EVAL");
    command.arg(source).arg(1).arg(key);
    command
}

fn decode(id: &str, fields: Vec<(String, String)>) -> Option<StoredEvent> {
    let position: u64 = id.split('-').next()?.parse().ok()?;
    let (mut generation, mut name, mut data) = (None, None, None);
    for (field, value) in fields {
        match field.as_str() {
            "g" => generation = Some(value.parse().ok()?),
            "n" => name = Some(EventName::parse(&value)?),
            "d" => data = Some(value),
            _ => {}
        }
    }
    Some(StoredEvent {
        generation: generation?,
        seq: position.checked_sub(1)?,
        name: name?,
        data: data?,
    })
}

#[async_trait]
impl Cache for RedisCache {
    async fn allow(
        &self,
        scope_key_hash: &str,
        limit_per_minute: u32,
    ) -> Result<RateDecision, CacheError> {
        let key = format!("chatbot:rate:{scope_key_hash}");
        let mut command = script(ALLOW, key);
        let (allowed, wait_ms, remaining): (bool, u64, u32) =
            self.query(command.arg(limit_per_minute)).await?;
        Ok(RateDecision {
            allowed,
            retry_after: Duration::from_millis(wait_ms),
            remaining,
        })
    }

    async fn append_events(&self, turn: TurnId, events: &[StoredEvent]) -> Result<(), CacheError> {
        // Bounds the arguments of a script, and so the time for which it blocks the server.
        for batch in events.chunks(256) {
            let mut command = script(APPEND, events_key(turn));
            command
                .arg(self.limits.stream_ttl.as_secs().max(1))
                .arg(self.limits.max_events);
            for event in batch {
                command
                    .arg(event.generation)
                    .arg(event.seq)
                    .arg(event.name.as_str())
                    .arg(&event.data);
            }
            self.query::<u64>(&command).await?;
        }
        Ok(())
    }

    // Polls in short steps: a blocking read would hold one connection per waiting client.
    async fn read_events(
        &self,
        turn: TurnId,
        after_seq: Option<u64>,
        wait: Duration,
    ) -> Result<Vec<StoredEvent>, CacheError> {
        let deadline = Instant::now() + wait;
        let (mut pause, longest) = POLL;
        loop {
            let events = self.read(turn, after_seq).await?;
            let now = Instant::now();
            if !events.is_empty() || now >= deadline {
                return Ok(events);
            }
            tokio::time::sleep_until(deadline.min(now + pause)).await;
            pause = (pause * 3 / 2).min(longest);
        }
    }

    async fn get_embedding(&self, key: &str) -> Result<Option<Vec<f32>>, CacheError> {
        let bytes: Option<Vec<u8>> = self
            .query(cmd("GET").arg(format!("chatbot:embedding:{key}")))
            .await?;
        let Some(bytes) = bytes else {
            return Ok(None);
        };
        let (words, rest) = bytes.as_chunks::<4>();
        if !rest.is_empty() {
            return Err(CacheError::Corrupt("an embedding"));
        }
        Ok(Some(words.iter().map(|w| f32::from_le_bytes(*w)).collect()))
    }

    async fn put_embedding(&self, key: &str, vector: &[f32]) -> Result<(), CacheError> {
        let bytes: Vec<u8> = vector.iter().flat_map(|v| v.to_le_bytes()).collect();
        let mut command = cmd("SET");
        command
            .arg(format!("chatbot:embedding:{key}"))
            .arg(bytes)
            .arg("EX")
            .arg(self.limits.embedding_ttl.as_secs().max(1));
        self.query::<Value>(&command).await?;
        Ok(())
    }

    async fn ping(&self) -> Result<(), CacheError> {
        self.query::<Value>(&cmd("PING")).await?;
        Ok(())
    }
}
