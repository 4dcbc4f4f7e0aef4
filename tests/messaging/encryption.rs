//! PostgreSQL and Redis that are reached over TLS only.

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use chatbot::cache::{Cache, CacheError, CacheLimits, RedisCache, RedisSettings};
use chatbot::persistence::{Database, DatabaseSettings, DbError};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use crate::support::certificates::Certificates;
use crate::support::leaflet::UNKNOWN;
use crate::support::ports::free_port;
use crate::support::system::{Setup, System, authority};
use crate::support::{service, until};

/// The first message of a PostgreSQL client before TLS, in version 3 of its protocol.
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];

/// Stands before PostgreSQL and takes encrypted connections only, as poolers do.
struct Front {
    address: SocketAddr,
    _accepting: JoinSet<()>,
}

impl Front {
    async fn of(certificates: &Certificates, upstream: String) -> Self {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![CertificateDer::from_pem_file(certificates.path("server.pem")).unwrap()],
                PrivateKeyDer::from_pem_file(certificates.path("server.key")).unwrap(),
            );
        let acceptor = TlsAcceptor::from(Arc::new(config.unwrap()));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut accepting = JoinSet::new();
        accepting.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                connections.spawn(serve(client, acceptor.clone(), upstream.clone()));
            }
        });
        Self {
            address,
            _accepting: accepting,
        }
    }
}

async fn serve(mut client: TcpStream, acceptor: TlsAcceptor, upstream: String) -> Option<()> {
    let mut request = [0; 8];
    client.read_exact(&mut request).await.ok()?;
    if request != SSL_REQUEST {
        return None;
    }
    client.write_all(b"S").await.ok()?;
    let mut client = acceptor.accept(client).await.ok()?;
    let mut server = TcpStream::connect(upstream).await.ok()?;
    let _ = copy_bidirectional(&mut client, &mut server).await;
    Some(())
}

/// Redis without a port for those who do not encrypt.
struct Redis {
    child: Child,
    url: String,
}

impl Redis {
    fn start(certificates: &Certificates) -> Self {
        let port = free_port();
        let mut command = Command::new(service("CHATBOT_TEST_REDIS_SERVER"));
        command
            .current_dir(certificates.path(""))
            .args([
                "--port",
                "0",
                "--tls-port",
                &port.to_string(),
                "--bind",
                "127.0.0.1",
            ])
            .args([
                "--tls-cert-file",
                "server.pem",
                "--tls-key-file",
                "server.key",
            ])
            .args(["--tls-ca-cert-file", "ca.pem", "--tls-auth-clients", "no"])
            .args(["--save", "", "--appendonly", "no"])
            .stdout(Stdio::null());
        Self {
            child: command.spawn().unwrap(),
            url: format!("rediss://127.0.0.1:{port}/"),
        }
    }

    fn cache(&self, ca_file: &Path) -> Result<RedisCache, CacheError> {
        RedisCache::new(RedisSettings {
            url: self.url.clone(),
            ca_file: Some(ca_file.to_owned()),
            timeout: Duration::from_secs(5),
            max_connections: 1,
            limits: CacheLimits::default(),
        })
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A system whose PostgreSQL and Redis take encrypted connections only.
struct Secured {
    certificates: Certificates,
    _front: Front,
    redis: Redis,
    setup: Option<Setup>,
    /// Without `sslmode`.
    database: String,
}

impl Secured {
    async fn start() -> Self {
        let certificates = Certificates::new();
        let setup = Setup::new().await;
        let address = authority(&setup.database.url);
        let front = Front::of(&certificates, address.clone()).await;
        let database = setup
            .database
            .url
            .replace(&address, &front.address.to_string());
        let redis = Redis::start(&certificates);
        let cache = redis.cache(&certificates.path("ca.pem")).unwrap();
        until("Redis answers", async || cache.ping().await.is_ok()).await;
        Self {
            certificates,
            _front: front,
            redis,
            setup: Some(setup),
            database,
        }
    }

    /// The parameters of a URL that trust this authority.
    fn trusting(&self, ca: &str) -> String {
        let ca = self.certificates.path(ca);
        format!("sslmode=verify-full&sslrootcert={}", ca.display())
    }
}

fn open(url: &str, parameters: &str) -> Result<Database, DbError> {
    Database::new(&DatabaseSettings {
        url: format!("{url}&{parameters}"),
        max_connections: 1,
        acquire_timeout: Duration::from_secs(5),
        statement_timeout: Duration::from_secs(5),
        generic_plans: false,
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_is_answered_over_encrypted_connections() {
    let mut secured = Secured::start().await;
    let database = format!("{}&{}", secured.database, secured.trusting("ca.pem"));
    let ca = secured.certificates.path("ca.pem").display().to_string();
    let setup = secured.setup.take().unwrap();
    let setup = setup
        .with("DATABASE_URL", database)
        .with("REDIS_URL", &secured.redis.url)
        .with("CHATBOT__CACHE__CA_FILE", ca);
    let migrated = setup.chatbot().arg("migrate").status();
    assert!(migrated.unwrap().success());
    let system = System::start_with(setup).await;
    system.ask(UNKNOWN).ends("abstained").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn certificates_and_names_are_verified() {
    let secured = Secured::start().await;
    let reaches = async |url: &str, parameters: &str| {
        let database = open(url, parameters).unwrap();
        database.ping().await.is_ok()
    };
    let url = secured.database.as_str();
    let trusting = secured.trusting("ca.pem");
    assert!(reaches(url, &trusting).await);
    // `require` verifies too, with the system's authorities here.
    assert!(!reaches(url, "sslmode=require").await);
    assert!(!reaches(url, "sslmode=disable").await);
    assert!(!reaches(url, &secured.trusting("other-ca.pem")).await);
    let other_name = url.replace("127.0.0.1", "localhost");
    assert!(!reaches(&other_name, &trusting).await);
    let missing = open(url, &secured.trusting("missing.pem"));
    let error = missing.err().expect("a missing file").to_string();
    assert!(error.contains("missing.pem"), "{error}");

    let redis = async |ca: &str| {
        let cache = secured.redis.cache(&secured.certificates.path(ca))?;
        cache.ping().await
    };
    redis("ca.pem").await.unwrap();
    redis("other-ca.pem").await.unwrap_err();
    let error = redis("missing.pem").await.unwrap_err().to_string();
    assert!(error.contains("missing.pem"), "{error}");
    let error = redis("server.key").await.unwrap_err().to_string();
    assert!(error.contains("certificate"), "{error}");
}
