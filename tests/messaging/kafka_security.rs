//! Every way into a Kafka broker that asks who comes, and the ways that stay shut.

use std::path::Path;
use std::time::{Duration, Instant};

use chatbot::domain::messaging::topics::TURN_EVENTS;
use chatbot::messaging::{
    BusError, KafkaCredentials, KafkaLog, KafkaSasl, KafkaSecurity, KafkaSettings, Log,
};
use chatbot::tls::ClientTls;
use serde_json::Value;

use super::kafka::record;
use crate::support::broker::{Cluster, Extra};
use crate::support::certificates::Certificates;
use crate::support::ports::free_port;
use crate::support::system::{Setup, System};
use crate::support::until;

const USER: &str = "chatbot";
const PASSWORD: &str = "correct-horse";
const WRONG: &str = "battery-staple";
const DEADLINE: Duration = Duration::from_secs(10);

/// A broker with one listener a protocol, and the files that its clients need.
struct Secured {
    _cluster: Cluster,
    files: Certificates,
    /// SASL without TLS.
    sasl: String,
    /// SASL over TLS.
    sasl_tls: String,
    /// TLS that asks for the client's certificate.
    mutual: String,
}

/// Certificates and tokens.
fn files() -> Certificates {
    let files = Certificates::new();
    // Kafka wants key and chain in one file.
    let both = ["server.key", "server.pem"].map(|name| files.text(name));
    std::fs::write(files.path("server-both.pem"), both.concat()).unwrap();
    std::fs::write(files.path("token"), token(3_600)).unwrap();
    std::fs::write(files.path("stale-token"), token(-3_600)).unwrap();
    files
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

/// Of the listeners: who is let in, and how they show who they are.
fn settings(files: &Certificates) -> String {
    let mut settings = format!(
        "sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER
listener.name.sasltls.sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512
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
            let key = format!("listener.name.{listener}.{mechanism}.sasl.jaas.config");
            settings.extend([&key, "=", module, "\n"]);
        }
    }
    settings
}

impl Secured {
    async fn start() -> Self {
        let files = files();
        let [sasl, sasl_tls, mutual] = [(); 3].map(|()| format!("127.0.0.1:{}", free_port()));
        let users = ["SCRAM-SHA-256", "SCRAM-SHA-512"]
            .iter()
            .flat_map(|mechanism| {
                let user = format!("{mechanism}=[name={USER},password={PASSWORD}]");
                ["--add-scram".to_owned(), user]
            });
        let extra = Extra {
            listeners: format!(",SASL://{sasl},SASLTLS://{sasl_tls},MUTUAL://{mutual}"),
            protocols: ",SASL:SASL_PLAINTEXT,SASLTLS:SASL_SSL,MUTUAL:SSL".into(),
            settings: settings(&files),
            format: users.collect(),
        };
        Self {
            _cluster: Cluster::start_with(1, &extra).await,
            files,
            sasl,
            sasl_tls,
            mutual,
        }
    }
}

fn log(broker: &str, tls: Option<ClientTls>, sasl: Option<KafkaSasl>) -> KafkaLog {
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

fn trusting(ca: &Path) -> ClientTls {
    ClientTls {
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
    let unasked = log(&broker.sasl_tls, tls(), bearer("token"));
    is_refused(
        "token, TLS",
        unasked,
        "does not offer messaging.sasl.mechanism",
    )
    .await;
    let stale = log(&broker.sasl, None, bearer("stale-token"));
    is_refused("stale token", stale, "refused the credentials").await;
    let missing = log(&broker.sasl, None, bearer("no-token"));
    is_refused("no token", missing, "no-token cannot be read").await;
    // A token is read again at every authentication.
    let rotating = log(&broker.sasl, None, bearer("rotating"));
    std::fs::write(file("rotating"), token(-3_600)).unwrap();
    assert!(rotating.ping().await.is_err());
    std::fs::write(file("rotating"), format!("{}\n", token(3_600))).unwrap();
    rotating.ping().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn certificates_are_checked_on_both_sides() {
    let broker = Secured::start().await;
    let file = |name: &str| broker.files.path(name);
    let shown = ClientTls {
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
        ("the system's authorities", ClientTls::default()),
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

/// The whole product, as it is configured: a document goes through Kafka, and with a wrong password
/// it is as if Kafka were down.
#[tokio::test(flavor = "multi_thread")]
async fn the_system_works_over_tls_with_a_password() {
    let broker = Secured::start().await;
    let file = |name: &str| broker.files.path(name).display().to_string();
    std::fs::write(broker.files.path("password"), PASSWORD).unwrap();
    let setup = Setup::new()
        .await
        .with("KAFKA_BROKERS", &broker.sasl_tls)
        .with("CHATBOT__MESSAGING__TLS__ENABLED", "true")
        .with("CHATBOT__MESSAGING__TLS__CA_FILE", file("ca.pem"))
        .with("CHATBOT__MESSAGING__SASL__MECHANISM", "scram-sha-512")
        .with("KAFKA_SASL_USERNAME", USER)
        .with("KAFKA_SASL_PASSWORD_FILE", file("password"));
    let system = System::start_with(setup).await;
    let text = "# Visiting\n\nVisiting hours are from 2 pm to 8 pm every day.";
    system.document("visiting.md").text(text).indexed().await;

    std::fs::write(broker.files.path("wrong"), WRONG).unwrap();
    let wrong = [
        ("KAFKA_SASL_PASSWORD_FILE", file("wrong")),
        ("CHATBOT__ORCHESTRATOR__RAG_URL", system.rag.url.clone()),
    ];
    let wrong = wrong
        .each_ref()
        .map(|(name, value)| (*name, value.as_str()));
    let refused = system.setup.serve("orchestrator", &wrong);
    let ready = format!("{}/health/ready", refused.url);
    until("it is ready without Kafka", || async {
        let Ok(answer) = system.http.get(&ready).send().await else {
            return false;
        };
        let found: Value = answer.json().await.unwrap();
        found["status"] == "ready" && found["dependencies"]["kafka"] == "down"
    })
    .await;

    let output = system
        .setup
        .chatbot()
        .args(["serve", "orchestrator"])
        .env("CHATBOT__MESSAGING__TLS__CA_FILE", file("no-such-file"))
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{errors}");
    assert!(errors.contains("no-such-file cannot be read"), "{errors}");
}
