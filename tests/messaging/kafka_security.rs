//! Every way into a Kafka broker that asks who comes, and the ways that stay shut.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use chatbot::domain::messaging::topics::TURN_EVENTS;
use chatbot::messaging::{
    BusError, KafkaCredentials, KafkaLog, KafkaSasl, KafkaSecurity, KafkaSettings, KafkaTls, Log,
};
use tempfile::TempDir;

use super::kafka::record;
use crate::support::broker::{Cluster, Extra, lasting_port};
use crate::support::service;

const USER: &str = "chatbot";
const PASSWORD: &str = "correct-horse";
const WRONG: &str = "battery-staple";
const DEADLINE: Duration = Duration::from_secs(10);

/// A broker with one listener a protocol, and the files that its clients need.
pub struct Secured {
    pub cluster: Cluster,
    pub files: Files,
    /// SASL without TLS.
    pub sasl: String,
    /// SASL over TLS.
    pub sasl_tls: String,
    /// TLS that asks for the client's certificate.
    pub mutual: String,
}

/// Certificates and tokens, in a directory of their own.
pub struct Files(TempDir);

impl Files {
    fn new() -> Self {
        let files = Self(tempfile::tempdir().unwrap());
        for authority in ["ca", "other-ca"] {
            files.certificate(authority, &format!("CN={authority}"), None);
        }
        files.certificate("server", "CN=broker", Some("subjectAltName=IP:127.0.0.1"));
        files.certificate("client", "CN=client", Some("extendedKeyUsage=clientAuth"));
        // Kafka wants key and chain in one file.
        let both = ["server.key", "server.pem"].map(|name| files.text(name));
        std::fs::write(files.path("server-both.pem"), both.concat()).unwrap();
        std::fs::write(files.path("token"), token(3_600)).unwrap();
        std::fs::write(files.path("stale-token"), token(-3_600)).unwrap();
        files
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    /// `name.pem` and `name.key`: an authority, or with an extension a leaf signed by `ca`.
    fn certificate(&self, name: &str, subject: &str, leaf: Option<&str>) {
        let mut command = Command::new(service("CHATBOT_TEST_OPENSSL"));
        command
            .current_dir(self.0.path())
            .args(["req", "-x509", "-newkey", "ec", "-noenc", "-days", "2"])
            .args(["-pkeyopt", "ec_paramgen_curve:prime256v1"])
            .args(["-subj", &format!("/{subject}")])
            .args(["-keyout", &format!("{name}.key")])
            .args(["-out", &format!("{name}.pem")]);
        if let Some(extension) = leaf {
            command
                .args(["-CA", "ca.pem", "-CAkey", "ca.key"])
                .args(["-addext", "basicConstraints=critical,CA:FALSE"])
                .args(["-addext", extension]);
        }
        let output = command.output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{errors}");
    }
}

/// An unsigned JSON Web Token, as Kafka's validator for tests takes it.
fn token(seconds: i64) -> String {
    let now = chatbot::domain::time::now().timestamp();
    let claims = format!(
        r#"{{"sub":"{USER}","iat":{},"exp":{}}}"#,
        now - 7_200,
        now + seconds
    );
    format!(
        "{}.{}.",
        base64(br#"{"alg":"none"}"#),
        base64(claims.as_bytes())
    )
}

/// Base64 for URLs, without padding.
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let word = chunk
            .iter()
            .chain([&0, &0])
            .take(3)
            .fold(0_usize, |word, byte| (word << 8) | usize::from(*byte));
        for place in 0..=chunk.len() {
            text.push(char::from(ALPHABET[(word >> (18 - 6 * place)) & 63]));
        }
    }
    text
}

impl Secured {
    pub async fn start() -> Self {
        let files = Files::new();
        let [sasl, sasl_tls, mutual] = [(); 3].map(|()| format!("127.0.0.1:{}", lasting_port()));
        let mut settings = format!(
            "sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER
ssl.keystore.type=PEM
ssl.keystore.location={keys}
ssl.truststore.type=PEM
ssl.truststore.location={ca}
listener.name.mutual.ssl.client.auth=required
",
            keys = files.path("server-both.pem").display(),
            ca = files.path("ca.pem").display(),
        );
        let plain = format!(
            "org.apache.kafka.common.security.plain.PlainLoginModule required \
             user_{USER}=\"{PASSWORD}\";"
        );
        let scram = "org.apache.kafka.common.security.scram.ScramLoginModule required;";
        let bearer = "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required \
             unsecuredLoginStringClaim_sub=\"broker\";";
        for listener in ["sasl", "sasltls"] {
            for (mechanism, module) in [
                ("plain", plain.as_str()),
                ("scram-sha-256", scram),
                ("scram-sha-512", scram),
                ("oauthbearer", bearer),
            ] {
                settings +=
                    &format!("listener.name.{listener}.{mechanism}.sasl.jaas.config={module}\n");
            }
        }
        let extra = Extra {
            listeners: format!(",SASL://{sasl},SASLTLS://{sasl_tls},MUTUAL://{mutual}"),
            protocols: ",SASL:SASL_PLAINTEXT,SASLTLS:SASL_SSL,MUTUAL:SSL".into(),
            settings,
            format: ["SCRAM-SHA-256", "SCRAM-SHA-512"]
                .iter()
                .flat_map(|mechanism| {
                    let user = format!("{mechanism}=[name={USER},password={PASSWORD}]");
                    ["--add-scram".to_owned(), user]
                })
                .collect(),
        };
        Self {
            cluster: Cluster::start_with(1, &extra).await,
            files,
            sasl,
            sasl_tls,
            mutual,
        }
    }
}

fn log(broker: &str, tls: Option<KafkaTls>, sasl: Option<KafkaSasl>) -> KafkaLog {
    KafkaLog::new(KafkaSettings {
        brokers: vec![broker.to_owned()],
        topic_prefix: String::new(),
        partitions: 1,
        replication_factor: 1,
        request_timeout: DEADLINE,
        security: KafkaSecurity { tls, sasl },
    })
}

fn credentials(password: &str) -> KafkaCredentials {
    KafkaCredentials {
        username: USER.into(),
        password: password.to_owned().into(),
    }
}

fn trusting(ca: &Path) -> KafkaTls {
    KafkaTls {
        ca_file: Some(ca.to_owned()),
        identity: None,
    }
}

async fn appends_and_fetches(way: &str, log: KafkaLog) {
    log.ensure_topics()
        .await
        .unwrap_or_else(|error| panic!("{way}: {error}"));
    let end = log.end_offset(TURN_EVENTS, 0).await.unwrap();
    log.append(TURN_EVENTS, 0, vec![record(way)]).await.unwrap();
    let fetched = log.fetch(TURN_EVENTS, 0, end, Duration::from_secs(5)).await;
    assert_eq!(fetched.unwrap()[0].value, way.as_bytes(), "{way}");
}

/// Refused within the deadline, with these words and without the secret.
async fn is_refused(way: &str, log: KafkaLog, words: &str) {
    let begun = Instant::now();
    let Err(BusError::Unavailable(reason)) = log.ping().await else {
        panic!("{way}: not refused");
    };
    assert!(begun.elapsed() < DEADLINE, "{way}: {:?}", begun.elapsed());
    assert!(reason.contains(words), "{way}: {reason}");
    assert!(
        !reason.contains(WRONG) && !reason.contains(PASSWORD),
        "{reason}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn only_who_is_known_gets_in() {
    let broker = Secured::start().await;
    let file = |name: &str| broker.files.path(name);
    let tls = || Some(trusting(&file("ca.pem")));
    let bearer = |name: &str| {
        Some(KafkaSasl::Oauthbearer {
            token_file: file(name),
        })
    };
    for make in [
        KafkaSasl::Plain,
        KafkaSasl::ScramSha256,
        KafkaSasl::ScramSha512,
    ] {
        let way = format!("{:?}", make(credentials("")));
        let known = || Some(make(credentials(PASSWORD)));
        appends_and_fetches(&way, log(&broker.sasl, None, known())).await;
        appends_and_fetches(
            &format!("{way}, TLS"),
            log(&broker.sasl_tls, tls(), known()),
        )
        .await;
        let wrong = log(&broker.sasl, None, Some(make(credentials(WRONG))));
        is_refused(&way, wrong, "refused the credentials of messaging.sasl").await;
    }
    appends_and_fetches("token", log(&broker.sasl, None, bearer("token"))).await;
    appends_and_fetches("token, TLS", log(&broker.sasl_tls, tls(), bearer("token"))).await;
    let stale = log(&broker.sasl, None, bearer("stale-token"));
    is_refused("stale token", stale, "refused the credentials").await;
    let missing = log(&broker.sasl, None, bearer("no-token"));
    is_refused("no token", missing, "no-token cannot be read").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn certificates_are_checked_on_both_sides() {
    let broker = Secured::start().await;
    let file = |name: &str| broker.files.path(name);
    let shown = KafkaTls {
        identity: Some((file("client.pem"), file("client.key"))),
        ..trusting(&file("ca.pem"))
    };
    let mutual = log(&broker.mutual, Some(shown), None);
    appends_and_fetches("client certificate", mutual).await;
    let nameless = log(&broker.mutual, Some(trusting(&file("ca.pem"))), None);
    is_refused(
        "no client certificate",
        nameless,
        "refused the TLS connection",
    )
    .await;
    let known = || Some(KafkaSasl::ScramSha512(credentials(PASSWORD)));
    for (way, tls) in [
        ("another authority", trusting(&file("other-ca.pem"))),
        ("the system's authorities", KafkaTls::default()),
    ] {
        let log = log(&broker.sasl_tls, Some(tls), known());
        is_refused(way, log, "the broker's certificate is not accepted").await;
    }
    let elsewhere = broker.sasl_tls.replace("127.0.0.1", "localhost");
    let other_name = log(&elsewhere, Some(trusting(&file("ca.pem"))), known());
    is_refused(
        "another name",
        other_name,
        "the broker's certificate is not accepted",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_read_anew_at_every_authentication() {
    let broker = Secured::start().await;
    let path = broker.files.path("rotating-token");
    std::fs::write(&path, token(-3_600)).unwrap();
    let sasl = KafkaSasl::Oauthbearer {
        token_file: path.clone(),
    };
    let log = log(&broker.sasl, None, Some(sasl));
    assert!(log.ping().await.is_err());
    std::fs::write(&path, format!("{}\n", token(3_600))).unwrap();
    log.ping().await.unwrap();
}
