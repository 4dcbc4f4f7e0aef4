//! Messages of the program when it cannot do what was asked: the cause, and what to do.

use std::net::TcpListener;

use super::chatbot;
use crate::support::service;
use crate::support::system::System;

/// The message of a command that fails.
async fn refusal(arguments: &[&str], environment: &[(&str, &str)]) -> String {
    let command = chatbot(arguments, environment);
    let mut command = tokio::process::Command::from(command);
    let output = command.output().await.unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success(), "{said}");
    said
}

#[tokio::test]
async fn a_database_that_is_away_is_named_with_the_cause() {
    let url = "postgresql://anna:geheim@127.0.0.1:1/station";
    let said = refusal(&["migrate"], &[("DATABASE_URL", url)]).await;
    let expected = "error: the database is unavailable: cannot connect to 127.0.0.1:1: ";
    assert!(said.starts_with(expected), "{said}");
    assert!(said.contains("refused"), "{said}");
    assert!(said.ends_with(".\n"), "{said}");
    for secret in ["anna", "geheim", "station"] {
        assert!(!said.contains(secret), "{said}");
    }

    let mut url = url::Url::parse(&service("CHATBOT_TEST_DATABASE_URL")).unwrap();
    url.set_path("/station");
    let said = refusal(&["keys", "list"], &[("DATABASE_URL", url.as_str())]).await;
    assert!(said.contains("no database of that name"), "{said}");
    assert!(!said.contains("station"), "{said}");
}

#[tokio::test]
async fn a_wrong_setting_is_no_outage() {
    let url = ("DATABASE_URL", "mysql://anna:geheim@db.internal/station");
    for arguments in [&["migrate"][..], &["config", "check"]] {
        let said = refusal(arguments, &[url]).await;
        let expected = "error: database.url has the scheme mysql: expected postgresql://";
        assert!(said.starts_with(expected), "{said}");
        assert!(!said.contains("unavailable"), "{said}");
        assert!(!said.contains("geheim"), "{said}");
    }
    for (variable, key) in [
        ("CHATBOT__ORCHESTRATOR__RAG_URL", "orchestrator.rag_url"),
        ("OPENAI_BASE_URL", "llm.openai.base_url"),
    ] {
        let said = refusal(&["config", "check"], &[(variable, "ward.internal:8000")]).await;
        let expected = format!(
            "error: {key} is not an address: expected http://host:port or https://host \
             (from {variable}).\n"
        );
        assert_eq!(said, expected);
    }
    let said = refusal(&["ask", "--url", "localhost:8000", "When?"], &[]).await;
    assert!(said.contains("expected http://host:port"), "{said}");
}

#[tokio::test]
async fn a_misspelt_variable_is_refused() {
    for name in ["CHATBOT__SERVER__PRT", "CHATBOT_SERVER__PORT"] {
        let said = refusal(&["config", "check"], &[(name, "8001")]).await;
        let meant = "is not a setting: did you mean CHATBOT__SERVER__PORT?";
        assert!(said.contains(&format!("{name} {meant}")), "{said}");
    }
    let said = refusal(&["config", "check"], &[("CHATBOT__SERVER__PORT", "x")]).await;
    assert!(said.contains("(from CHATBOT__SERVER__PORT).\n"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_health_check_says_what_it_asked_and_what_came_back() {
    let taken = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    drop(taken);
    let environment = [("CHATBOT__SERVER__PORT", port.as_str())];
    let said = refusal(&["healthcheck"], &environment).await;
    for path in ["/health/ready", "/v1/health/ready"] {
        let expected = format!("GET http://127.0.0.1:{port}{path}: ");
        assert!(said.contains(&expected), "{said}");
    }
    assert!(said.contains("refused"), "{said}");

    let system = System::start().await;
    let (_, port) = system.orchestrator.url.rsplit_once(':').unwrap();
    let environment = [("CHATBOT__SERVER__PORT", port)];
    let said = refusal(&["healthcheck", "rag"], &environment).await;
    assert!(said.contains("/v1/health/ready: 404 Not Found {"), "{said}");
    let mut command: tokio::process::Command =
        chatbot(&["healthcheck", "orchestrator"], &environment).into();
    let output = command.output().await.unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success());
    assert!(
        said.contains("/health/ready: 200 OK {\"status\":\"ready\""),
        "{said}"
    );
}

#[tokio::test]
async fn a_port_in_use_is_said_with_the_way_to_choose_another() {
    let taken = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = taken.local_addr().unwrap().port();
    let environment = [
        ("CHATBOT__SERVER__HOST", "127.0.0.1"),
        ("CHATBOT__SERVER__PORT", &port.to_string()),
    ];
    let said = refusal(&["serve", "orchestrator"], &environment).await;
    assert_eq!(
        said,
        format!(
            "error: cannot listen on 127.0.0.1:{port}: port {port} is in use. Stop the program \
             that listens there, or choose another port with CHATBOT__SERVER__PORT.\n"
        )
    );
}
