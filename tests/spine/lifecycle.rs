//! How the roles start, tell of their state, and stop.

use std::time::Duration;

use chatbot::orchestrator::fail_overdue;
use chatbot::persistence::{Database, DatabaseSettings};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::proxy::{Fault, behind};
use crate::support::system::{Setup, System, authority};
use crate::support::{execute, until_within};

#[tokio::test(flavor = "multi_thread")]
async fn a_process_stops_cleanly() {
    let mut system = System::start().await;
    let limit = Duration::from_secs(20);
    for role in [&mut system.orchestrator, &mut system.rag] {
        let ended = tokio::task::block_in_place(|| role.terminate(limit));
        assert!(ended.is_some_and(|status| status.success()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn both_roles_describe_themselves() {
    let system = System::start().await;
    let get = |url: String| async { system.http.get(url).send().await.unwrap() };
    for (url, health, own) in [
        (&system.orchestrator.url, "/health", "/v1/conversations"),
        (&system.rag.url, "/v1/health", "/v1/search"),
    ] {
        for path in [
            health.to_owned(),
            format!("{health}/ready"),
            format!("{health}/startup"),
        ] {
            let answer = get(format!("{url}{path}")).await;
            assert_eq!(answer.status(), 200, "{path}");
        }
        let metrics = get(format!("{url}/metrics")).await.text().await.unwrap();
        assert!(metrics.contains("chatbot_http_requests_total{"));
        assert!(metrics.ends_with("# EOF\n"), "OpenMetrics end with it");
        let api: Value = get(format!("{url}/openapi.json"))
            .await
            .json()
            .await
            .unwrap();
        assert_eq!(api["openapi"], "3.1.0");
        let paths = api["paths"].as_object().unwrap();
        assert!(paths.contains_key(own) && paths.contains_key(health));
        // A request id that a caller sends comes back; without one there is one all the same.
        let request = system.http.get(format!("{url}{health}"));
        let answer = request.header("x-request-id", "abc-1").send().await;
        assert_eq!(answer.unwrap().headers()["x-request-id"], "abc-1");
        let answer = get(format!("{url}{health}")).await;
        assert!(!answer.headers()["x-request-id"].is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_that_waits_too_long_is_worth_another_try() {
    let setup = Setup::new().await;
    let mut lock = setup.database.connection().await;
    let timeout = ("CHATBOT__DATABASE__STATEMENT_TIMEOUT_MS", "500");
    let system = System::start_with(setup.with(timeout.0, timeout.1)).await;
    execute(&mut lock, "BEGIN").await;
    execute(&mut lock, "LOCK TABLE conversations").await;
    let ask = async || system.post("/v1/conversations", &json!({})).send().await;
    let answer = ask().await.unwrap();
    assert_eq!(answer.status(), 503);
    assert_eq!(answer.headers()["retry-after"], "2");
    execute(&mut lock, "ROLLBACK").await;
    assert_eq!(ask().await.unwrap().status(), 201);
}

/// A replica that froze while it stored an answer holds its row until the database ends its session.
#[tokio::test(flavor = "multi_thread")]
async fn an_overdue_turn_that_is_held_does_not_keep_the_others_open() {
    let setup = Setup::new().await;
    let database = &setup.database;
    let overdue = |name: &str, minutes: u8| {
        format!(
            "WITH conversation AS (
                 INSERT INTO conversations (id, owner_id) VALUES (gen_random_uuid(), '{name}')
                 RETURNING id, owner_id
             )
             INSERT INTO turns (id, conversation_id, owner_id, question_id, status, request_hash,
                 deadline_at)
             SELECT gen_random_uuid(), id, owner_id, gen_random_uuid(), 'answering', '',
                 now() - interval '{minutes} minutes' FROM conversation"
        )
    };
    database.execute(&overdue("held", 2)).await;
    database.execute(&overdue("free", 1)).await;
    let mut holder = database.connection().await;
    execute(&mut holder, "BEGIN").await;
    let hold = "SELECT FROM turns WHERE owner_id = 'held' FOR UPDATE";
    execute(&mut holder, hold).await;
    let impatient = Database::new(&DatabaseSettings {
        url: database.url.clone(),
        max_connections: 2,
        acquire_timeout: Duration::from_secs(10),
        statement_timeout: Duration::from_millis(300),
        generic_plans: false,
    })
    .unwrap();
    assert_eq!(fail_overdue(&impatient).await.unwrap(), 1);
    let ended = "SELECT owner_id AS t FROM turns WHERE status = 'failed' ORDER BY deadline_at";
    assert_eq!(database.texts(ended).await, ["free"]);
    execute(&mut holder, "ROLLBACK").await;
    assert_eq!(fail_overdue(&impatient).await.unwrap(), 1);
    assert_eq!(database.texts(ended).await, ["held", "free"]);
}

/// A server that closes an idle connection just when a request comes leaves it without an answer.
#[tokio::test(flavor = "multi_thread")]
async fn an_idle_connection_outlives_those_of_load_balancers() {
    let system = System::start().await;
    let address = authority(&system.orchestrator.url);
    let mut connection = TcpStream::connect(&address).await.unwrap();
    let request = format!("GET /health HTTP/1.1\r\nHost: {address}\r\n\r\n");
    for pause in [6, 0] {
        connection.write_all(request.as_bytes()).await.unwrap();
        let mut answer = vec![0; 4_096];
        let length = connection.read(&mut answer).await.unwrap();
        assert!(answer[..length].starts_with(b"HTTP/1.1 200"));
        tokio::time::sleep(Duration::from_secs(pause)).await;
    }
}

/// A client that keeps its connection would lose the request it sends when the server is gone.
#[tokio::test(flavor = "multi_thread")]
async fn who_calls_a_server_that_stops_is_told_to_leave() {
    let delay = ("CHATBOT__SERVER__ENDPOINT_DELAY_SECONDS", "3");
    let system = System::start_with(Setup::new().await.with(delay.0, delay.1)).await;
    let url = format!("{}/health", system.orchestrator.url);
    let http = system.http.clone();
    let told = || async {
        let answer = http.get(&url).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        answer
            .headers()
            .get("connection")
            .is_some_and(|value| value == "close")
    };
    assert!(!told().await);
    let stop = async {
        let mut orchestrator = system.orchestrator;
        let limit = Duration::from_secs(20);
        let stopped = tokio::task::spawn_blocking(move || orchestrator.terminate(limit));
        stopped.await.unwrap()
    };
    let is_told = until_within(Duration::from_secs(3), "told to leave", told);
    let (stopped, ()) = tokio::join!(stop, is_told);
    assert!(stopped.is_some_and(|status| status.success()));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_database_a_role_is_alive_and_not_ready() {
    let setup = Setup::new().await;
    let url = setup.database.url.clone();
    let (proxy, setup) = behind("DATABASE_URL", &url, setup).await;
    let system = System::start_with(setup).await;
    let status = |url: String| {
        let request = system.http.get(url).timeout(Duration::from_secs(5));
        async move { request.send().await.unwrap().status().as_u16() }
    };
    let roles = [
        (&system.orchestrator.url, "/health"),
        (&system.rag.url, "/v1/health"),
    ];
    for fault in [Fault::Gone, Fault::Silent] {
        proxy.set(fault);
        for (url, health) in roles {
            let ready = || async { status(format!("{url}{health}/ready")).await };
            let within = Duration::from_secs(5);
            until_within(within, "not ready", || async { ready().await == 503 }).await;
            assert_eq!(status(format!("{url}{health}")).await, 200);
        }
        proxy.set(Fault::None);
        for (url, health) in roles {
            let ready = || async { status(format!("{url}{health}/ready")).await };
            let within = Duration::from_secs(20);
            until_within(within, "ready again", || async { ready().await == 200 }).await;
        }
    }
}

/// The output of a role that starts with this setting and ends at once.
fn refusal(setup: &Setup, role: &str, variable: &str, value: &str) -> String {
    let mut command = setup.chatbot();
    command.args(["serve", role]).env(variable, value);
    let output = command.output().unwrap();
    assert!(!output.status.success());
    String::from_utf8(output.stderr).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_setting_is_named() {
    let setup = Setup::new().await;
    for (variable, value, words) in [
        (
            "CHATBOT__SERVER__PORT",
            "many",
            &["server.port", "CHATBOT__"][..],
        ),
        ("CHATBOT__SERVER__PROT", "1", &["CHATBOT__SERVER__PORT?"]),
        (
            "CHATBOT__AUTH__INTERNAL_TOKEN",
            "",
            &["auth.internal_token"],
        ),
        (
            "DATABASE_URL_FILE",
            "/nowhere/secret",
            &["DATABASE_URL_FILE", "/nowhere/secret"],
        ),
    ] {
        let said = refusal(&setup, "orchestrator", variable, value);
        assert!(words.iter().all(|word| said.contains(word)), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_can_be_guessed_is_refused() {
    let setup = Setup::new().await;
    for role in ["orchestrator", "rag"] {
        for weak in ["x", "some-words-of-an-example", &"ab".repeat(40)] {
            let mut command = setup.chatbot();
            command.args(["serve", role]).env("INTERNAL_TOKEN", weak);
            let output = command.env("CHATBOT__AUTH__INTERNAL_TOKEN", weak).output();
            let said = String::from_utf8(output.unwrap().stderr).unwrap();
            assert!(
                said.contains("auth.internal_token can be guessed"),
                "{said}"
            );
            assert!(said.contains("openssl rand -hex 32"), "{said}");
            assert!(!said.contains(weak) || weak == "x", "{said}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_asks_for_the_migrations_that_are_missing() {
    let setup = Setup::new().await;
    let forget = "DELETE FROM __diesel_schema_migrations";
    setup.database.execute(forget).await;
    let said = refusal(&setup, "orchestrator", "CHATBOT__SERVER__PORT", "0");
    assert!(said.contains("chatbot migrate"), "{said}");
}
