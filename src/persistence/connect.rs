//! Connections to PostgreSQL: options, deadlines, encryption.

#![expect(
    clippy::disallowed_types,
    reason = "the only places of the connection without a deadline"
)]

use std::path::PathBuf;
use std::time::Duration;

use diesel::{ConnectionError, ConnectionResult};
use diesel_async::AsyncPgConnection;
use tokio_postgres::NoTls;
use tokio_postgres::config::Host;
use tokio_postgres::error::SqlState;
use tokio_postgres_rustls::MakeRustlsConnect;
use url::Url;

use super::error::DbError;
use super::settings::DatabaseSettings;
use crate::domain::causes;
use crate::tls::{self, ClientTls};

/// The candidates that HNSW keeps during a search. They also limit the rows of one scan, so there
/// must be at least as many as retrieval asks for.
const HNSW_EF_SEARCH: u32 = 100;

/// How long a client that froze in a transaction keeps its locks; longer than a relay takes to
/// publish a batch.
const IDLE_IN_TRANSACTION: Duration = Duration::from_secs(30);
/// How often the server checks, while a statement runs or waits for a lock, whether its client
/// still exists. Otherwise a client that died or gave up would keep its locks until the statement
/// ends.
const LOOK_FOR_CLIENT: Duration = Duration::from_secs(1);
/// How long a peer may be silent, because a machine that vanished says nothing. Both sides check
/// this.
const SILENCE: &[(&str, &str)] = &[
    ("tcp_user_timeout", "15"),
    ("keepalives_idle", "10"),
    ("keepalives_interval", "5"),
    ("keepalives_retries", "3"),
];
/// The form of `database.url`; PostgreSQL's port applies if it has none.
const EXPECTED: &str = "postgresql://user:password@host:port/name";
const PORT: u16 = 5432;
/// An error that a new connection has only if the server ends it.
const SETUP: &str = "the session cannot be set up";
const SILENCE_OF_CLIENTS: &str = "-c tcp_user_timeout=15000 -c tcp_keepalives_idle=10 \
    -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3";

/// Checks a URL without connecting.
pub fn check_url(url: &str) -> Result<(), DbError> {
    Target::of(url)?.check()
}

/// A database to connect to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    /// The URL in the driver's form.
    url: String,
    tls: Option<ClientTls>,
    /// Host and port, for messages.
    place: String,
}

impl Target {
    /// Parses `sslmode` and `sslrootcert` with libpq's names. An encrypted connection always
    /// verifies the server's certificate and name.
    pub fn of(url: &str) -> Result<Self, DbError> {
        let (mut url, pairs) = parse(url)?;
        let mut encrypted = false;
        let mut ca_file = None;
        for (key, value) in pairs {
            match (key.as_str(), value.as_str()) {
                ("sslmode", "disable" | "allow" | "prefer") => encrypted = false,
                ("sslmode", "require" | "verify-ca" | "verify-full") => encrypted = true,
                ("sslmode", _) => {
                    return Err(DbError::Misconfigured(
                        "database.url has an unknown sslmode: expected disable, require or verify-full"
                            .into(),
                    ));
                }
                ("sslrootcert", "system") => ca_file = None,
                ("sslrootcert", path) => ca_file = Some(PathBuf::from(path)),
                _ => append(&mut url, &key, &value),
            }
        }
        append(
            &mut url,
            "sslmode",
            if encrypted { "require" } else { "disable" },
        );
        let tls = encrypted.then_some(ClientTls {
            ca_file,
            identity: None,
        });
        let url = String::from(url);
        let place = place(&url)?;
        Ok(Self { url, tls, place })
    }

    /// Does the same, and adds the session settings and deadlines of a pool's connections.
    pub fn with_options(settings: &DatabaseSettings) -> Result<Self, DbError> {
        let (mut url, pairs) = parse(&settings.url)?;
        // These settings precede those of the URL, which override them.
        for (key, value) in SILENCE {
            append(&mut url, key, value);
        }
        let mut options = format!(
            "-c statement_timeout={} -c idle_in_transaction_session_timeout={} \
             -c client_connection_check_interval={} {SILENCE_OF_CLIENTS} \
             -c hnsw.ef_search={HNSW_EF_SEARCH} -c hnsw.iterative_scan=relaxed_order",
            settings.statement_timeout.as_millis(),
            IDLE_IN_TRANSACTION.as_millis(),
            LOOK_FOR_CLIENT.as_millis(),
        );
        if settings.generic_plans {
            options.push_str(" -c plan_cache_mode=force_generic_plan");
        }
        for (key, value) in &pairs {
            if key == "options" {
                options = format!("{value} {options}");
            } else {
                append(&mut url, key, value);
            }
        }
        let seconds = settings.acquire_timeout.as_secs().max(1);
        append(&mut url, "connect_timeout", &seconds.to_string());
        append(&mut url, "options", &options);
        Self::of(url.as_str())
    }

    /// Checks that the files exist and are usable, so that a wrong path stops the start.
    pub fn check(&self) -> Result<(), DbError> {
        let config = self.tls.as_ref().map(ClientTls::client_config);
        config.transpose().map_err(|error| {
            DbError::Misconfigured(format!("sslrootcert of database.url: {error}"))
        })?;
        Ok(())
    }

    /// Returns host and port, or the directory of a socket.
    pub fn place(&self) -> &str {
        &self.place
    }

    /// Connects; the error says where and why it failed.
    pub async fn connect(&self) -> ConnectionResult<AsyncPgConnection> {
        let failed = |reason: String| {
            ConnectionError::BadConnection(format!("cannot connect to {}: {reason}", self.place))
        };
        let refused = |error: tokio_postgres::Error| failed(reason(&error));
        let Some(tls) = &self.tls else {
            let connecting = tokio_postgres::connect(&self.url, NoTls);
            let (client, connection) = connecting.await.map_err(refused)?;
            let made = AsyncPgConnection::try_from_client_and_connection(client, connection).await;
            return made.map_err(|_| failed(SETUP.into()));
        };
        let config = tls
            .load()
            .await
            .map_err(|error| failed(error.to_string()))?;
        let connecting = tokio_postgres::connect(&self.url, MakeRustlsConnect::new(config));
        let (client, connection) = connecting.await.map_err(|error| {
            // Only this distinguishes a wrong certificate from an unavailable server.
            if let Some(cause) = tls::cause(&error) {
                tracing::warn!(%cause, "no encrypted connection to PostgreSQL");
            }
            refused(error)
        })?;
        let made = AsyncPgConnection::try_from_client_and_connection(client, connection).await;
        made.map_err(|_| failed(SETUP.into()))
    }
}

/// Returns the reason why there is no connection. The server's message names the user or the
/// database, so only its code is used.
fn reason(error: &tokio_postgres::Error) -> String {
    let Some(code) = error.code() else {
        return causes::joined(error);
    };
    if *code == SqlState::INVALID_PASSWORD || *code == SqlState::INVALID_AUTHORIZATION_SPECIFICATION
    {
        "the server refused the user, the password or the way of connecting".into()
    } else if *code == SqlState::INVALID_CATALOG_NAME {
        "the server has no database of that name".into()
    } else if *code == SqlState::TOO_MANY_CONNECTIONS {
        "the server has no connection left".into()
    } else if *code == SqlState::CANNOT_CONNECT_NOW {
        "the server is starting or stopping".into()
    } else {
        format!("the server refused with SQLSTATE {}", code.code())
    }
}

/// Returns host and port of a URL that the driver understands.
fn place(url: &str) -> Result<String, DbError> {
    // The parser's message quotes what may be a part of the password.
    let config: tokio_postgres::Config = url.parse().map_err(|_| {
        let wrong = "database.url has a parameter whose name or value the driver does not know";
        DbError::Misconfigured(wrong.into())
    })?;
    let ports = config.get_ports();
    let places = config.get_hosts().iter().zip(0..).map(|(host, index)| {
        let port = ports.get(index).or(ports.first()).unwrap_or(&PORT);
        match host {
            Host::Tcp(name) if name.contains(':') => format!("[{name}]:{port}"),
            Host::Tcp(name) => format!("{name}:{port}"),
            #[cfg(unix)]
            Host::Unix(directory) => format!("{}:{port}", directory.display()),
        }
    });
    let places = places.collect::<Vec<_>>().join(", ");
    if places.is_empty() {
        let wrong = format!("database.url has no host: expected {EXPECTED}");
        return Err(DbError::Misconfigured(wrong));
    }
    Ok(places)
}

/// Splits the URL from its parameters.
fn parse(url: &str) -> Result<(Url, Vec<(String, String)>), DbError> {
    let wrong =
        |what: &str| DbError::Misconfigured(format!("database.url {what}: expected {EXPECTED}"));
    let mut url = Url::parse(url).map_err(|_| {
        wrong("is not a URL (are special characters of the password percent-encoded?)")
    })?;
    if !matches!(url.scheme(), "postgres" | "postgresql") {
        return Err(wrong(&format!("has the scheme {}", url.scheme())));
    }
    let pairs = url.query_pairs().into_owned().collect();
    url.set_query(None);
    Ok((url, pairs))
}

fn append(url: &mut Url, key: &str, value: &str) {
    // `+` would reach the server as a plus sign, so a space needs %20.
    let encoded: String = url::form_urlencoded::byte_serialize(value.as_bytes()).collect();
    let pair = format!("{key}={}", encoded.replace('+', "%20"));
    let query = match url.query() {
        Some(before) => format!("{before}&{pair}"),
        None => pair,
    };
    url.set_query(Some(&query));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_url_says_counts_before_the_defaults() {
        let settings = DatabaseSettings {
            url: "postgres://u:p@h/d?tcp_user_timeout=60&options=-c%20search_path%3Dx".into(),
            max_connections: 1,
            acquire_timeout: Duration::from_secs(3),
            statement_timeout: Duration::from_secs(10),
            generic_plans: false,
        };
        let target = Target::with_options(&settings).unwrap();
        assert!(!target.url.contains('+'));
        let url = Url::parse(&target.url).unwrap();
        let values = |name: &str| {
            let pairs = url.query_pairs().filter(|(key, _)| key == name);
            pairs
                .map(|(_, value)| value.into_owned())
                .collect::<Vec<_>>()
        };
        // The driver uses the last value.
        assert_eq!(values("tcp_user_timeout"), ["15", "60"]);
        let options = values("options").join("|");
        assert!(options.starts_with("-c search_path=x -c statement_timeout=10000 "));
        assert!(options.contains("-c idle_in_transaction_session_timeout=30000 "));
    }

    #[test]
    fn encryption_is_asked_for_in_the_url() {
        let tls = |query: &str| {
            let target = Target::of(&format!("postgres://h/d{query}"));
            target
                .map(|target| target.tls)
                .map_err(|error| error.to_string())
        };
        for query in ["", "?sslmode=disable", "?sslmode=prefer&sslrootcert=/ca"] {
            assert_eq!(tls(query), Ok(None), "{query}");
        }
        let system = ClientTls::default();
        for query in [
            "?sslmode=require",
            "?sslmode=verify-full&sslrootcert=system",
        ] {
            assert_eq!(tls(query), Ok(Some(system.clone())), "{query}");
        }
        let own = ClientTls {
            ca_file: Some("/c a.pem".into()),
            identity: None,
        };
        assert_eq!(
            tls("?sslmode=verify-ca&sslrootcert=/c%20a.pem"),
            Ok(Some(own))
        );
        assert!(tls("?sslmode=maybe").unwrap_err().contains("sslmode"));
    }
    #[test]
    fn a_url_that_cannot_be_one_is_a_wrong_setting_and_no_outage() {
        for (url, wrong) in [
            ("mysql://u:hidden@h/d", "has the scheme mysql"),
            ("u:hidden@h/d", "has the scheme u"),
            ("//h/d", "is not a URL"),
            ("postgresql://u:hid#den@h/d", "is not a URL"),
            ("postgresql:///d", "has no host"),
            ("postgresql://h/d?maybe=1", "has a parameter"),
        ] {
            let error = Target::of(url).unwrap_err();
            assert!(matches!(error, DbError::Misconfigured(_)), "{url}: {error}");
            let said = error.to_string();
            assert!(said.starts_with("database.url "), "{said}");
            assert!(said.contains(wrong), "{said}");
            assert!(!said.contains("hid"), "{said}");
        }
    }

    #[test]
    fn a_place_is_host_and_port_and_nothing_else() {
        for (url, place) in [
            ("postgresql://u:p@db.internal/d", "db.internal:5432"),
            ("postgres://u:p@[::1]:6000/d", "[::1]:6000"),
            ("postgres:///d?host=/run/pg", "/run/pg:5432"),
        ] {
            assert_eq!(Target::of(url).unwrap().place(), place);
        }
    }
}
