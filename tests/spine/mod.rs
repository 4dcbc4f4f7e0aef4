//! Both roles as real processes on real PostgreSQL, Redis and Kafka: upload, ask, check.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{TestDatabase, service, unique, until};

const LEAFLET: &str = "# Visiting\n\nVisiting hours are from 2 pm to 8 pm every day. \
    Children may visit with an adult. Please do not visit with a fever.\n";

/// A process that ends with the test.
struct Role {
    child: Child,
    url: String,
}

impl Drop for Role {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

struct System {
    database: TestDatabase,
    orchestrator: Role,
    rag: Role,
    http: reqwest::Client,
    key: String,
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

fn chatbot(database: &TestDatabase, prefix: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_chatbot"));
    command
        .env("DATABASE_URL", &database.url)
        .env("REDIS_URL", service("CHATBOT_TEST_REDIS_URL"))
        .env("KAFKA_BROKERS", service("CHATBOT_TEST_KAFKA_BROKERS"))
        .env("CHATBOT__MESSAGING__TOPIC_PREFIX", prefix)
        .env("CHATBOT__MESSAGING__PARTITIONS", "2")
        .env(
            "CHATBOT__EMBEDDING__CACHE_DIR",
            service("CHATBOT_TEST_MODEL_DIR"),
        )
        .env(
            "CHATBOT__AUTH__INTERNAL_TOKEN",
            "internal-token-of-this-test",
        )
        .env("CHATBOT__SERVER__HOST", "127.0.0.1")
        .env("CHATBOT__LOG__FILTER", "warn")
        .env_remove("GEMINI_API_KEY")
        .env_remove("ANTHROPIC_API_KEY")
        .env_remove("OPENAI_API_KEY")
        .env_remove("OPENAI_BASE_URL");
    command
}

fn start(mut command: Command, role: &str, port: u16) -> Role {
    let child = command
        .args(["serve", role])
        .env("CHATBOT__SERVER__PORT", port.to_string())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    Role {
        child,
        url: format!("http://127.0.0.1:{port}"),
    }
}

impl System {
    async fn start() -> Self {
        let database = TestDatabase::new().await;
        let prefix = format!("{}.", unique("spine"));
        let (page, documents) = (free_port(), free_port());
        let rag = start(chatbot(&database, &prefix), "rag", documents);
        let mut command = chatbot(&database, &prefix);
        command.env("CHATBOT__ORCHESTRATOR__RAG_URL", &rag.url);
        let orchestrator = start(command, "orchestrator", page);
        let output = chatbot(&database, &prefix)
            .args(["keys", "create", "--name", "test", "--owner", "anna"])
            .args([
                "--scope",
                "chat",
                "--scope",
                "search",
                "--scope",
                "documents",
            ])
            .output()
            .unwrap();
        let key = String::from_utf8(output.stdout).unwrap().trim().to_owned();
        assert!(
            key.starts_with("cb_"),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let system = Self {
            database,
            orchestrator,
            rag,
            http: reqwest::Client::new(),
            key,
        };
        for url in [
            format!("{}/health/ready", system.orchestrator.url),
            format!("{}/v1/health/ready", system.rag.url),
        ] {
            until("both roles are ready", || async {
                let answer = system.http.get(&url).send().await;
                answer.is_ok_and(|answer| answer.status().is_success())
            })
            .await;
        }
        system
    }

    async fn put(&self, name: &str, media_type: &str, bytes: impl Into<reqwest::Body>) -> Value {
        let answer = self
            .http
            .put(format!("{}/v1/documents/patients/{name}", self.rag.url))
            .bearer_auth(&self.key)
            .header("content-type", media_type)
            .body(bytes)
            .send()
            .await
            .unwrap();
        assert!(
            answer.status().is_success(),
            "{}",
            answer.text().await.unwrap()
        );
        answer.json().await.unwrap()
    }

    async fn settled(&self, name: &str) -> Value {
        let url = format!("{}/v1/documents/patients/{name}", self.rag.url);
        let view = || async {
            let request = self.http.get(&url).bearer_auth(&self.key);
            let view: Value = request.send().await.unwrap().json().await.unwrap();
            view
        };
        until("the document is settled", || async {
            view().await["version_status"] != "received"
        })
        .await;
        view().await
    }

    fn post(&self, path: &str, body: &Value) -> reqwest::RequestBuilder {
        let url = format!("{}{path}", self.orchestrator.url);
        self.http.post(url).bearer_auth(&self.key).json(body)
    }

    async fn conversation(&self) -> String {
        let answer = self
            .post("/v1/conversations", &json!({}))
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 201);
        let body: Value = answer.json().await.unwrap();
        body["id"].as_str().unwrap().to_owned()
    }

    async fn ask(&self, conversation: &str, content: &str) -> Value {
        let path = format!("/v1/conversations/{conversation}/messages");
        let answer = self
            .post(&path, &json!({ "content": content }))
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 200, "{}", answer.text().await.unwrap());
        answer.json().await.unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_becomes_a_cited_answer() {
    let system = System::start().await;
    let put = system.put("visiting.md", "text/markdown", LEAFLET).await;
    assert_eq!(put["outcome"], "received");
    assert_eq!(
        system.settled("visiting.md").await["version_status"],
        "indexed"
    );
    let again = system.put("visiting.md", "text/markdown", LEAFLET).await;
    assert_eq!(again["outcome"], "unchanged");

    let conversation = system.conversation().await;
    let done = system.ask(&conversation, "When are visiting hours?").await;
    assert_eq!(done["status"], "completed", "{done}");
    assert_eq!(done["provider"], "extractive");
    let citations = done["citations"].as_array().unwrap();
    assert!(!citations.is_empty(), "{done}");
    for citation in citations {
        let same = system
            .database
            .number(&format!(
                "SELECT count(*) AS n FROM document_versions WHERE id = '{}'
                 AND substr(text, {} + 1, {} - {}) = '{}'",
                citation["version_id"].as_str().unwrap(),
                citation["start"],
                citation["end"],
                citation["start"],
                citation["quote"].as_str().unwrap()
            ))
            .await;
        assert_eq!(same, 1, "{citation}");
    }

    let done = system
        .ask(&conversation, "What is the capital of Mongolia?")
        .await;
    assert_eq!(done["status"], "abstained", "{done}");
    let done = system
        .ask(
            &conversation,
            "my dad's face is drooping and he can't lift his arm",
        )
        .await;
    assert_eq!(done["status"], "escalated");
    let open = "SELECT count(*) AS n FROM turns WHERE finished_at IS NULL";
    assert_eq!(system.database.number(open).await, 0);

    // Withdrawn: unretrievable from the moment the call returns.
    let url = format!("{}/v1/documents/patients/visiting.md", system.rag.url);
    let deleted = system
        .http
        .delete(url)
        .bearer_auth(&system.key)
        .send()
        .await
        .unwrap();
    assert_eq!(deleted.status(), 204);
    let done = system.ask(&conversation, "When are visiting hours?").await;
    assert_eq!(done["status"], "abstained", "{done}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_turn_streams_and_can_be_read_again() {
    let system = System::start().await;
    system.put("visiting.md", "text/markdown", LEAFLET).await;
    system.settled("visiting.md").await;
    let conversation = system.conversation().await;
    let path = format!("/v1/conversations/{conversation}/messages");
    let send = || {
        system
            .post(&path, &json!({ "content": "May children visit?" }))
            .header("accept", "text/event-stream")
            .header("idempotency-key", "one")
            .send()
    };
    let first = send().await.unwrap();
    assert_eq!(first.headers()["x-accel-buffering"], "no");
    let first = first.text().await.unwrap();
    let names: Vec<&str> = first
        .lines()
        .filter_map(|line| line.strip_prefix("event: "))
        .collect();
    assert_eq!(names[..3], ["turn", "triage", "sources"], "{first}");
    assert!(
        names.contains(&"delta") && names.contains(&"citation"),
        "{names:?}"
    );
    assert_eq!(names.iter().filter(|name| **name == "done").count(), 1);
    assert_eq!(names.last(), Some(&"done"));

    // The same key again is the same turn; with another body it is a conflict.
    let again = send().await.unwrap().text().await.unwrap();
    let data = |text: &str| {
        text.lines()
            .rev()
            .find(|line| line.starts_with("data:"))
            .map(str::to_owned)
    };
    assert_eq!(data(&first), data(&again));
    let conflict = system
        .post(&path, &json!({ "content": "Something else" }))
        .header("idempotency-key", "one")
        .send()
        .await
        .unwrap();
    assert_eq!(conflict.status(), 409);
    let messages = "SELECT count(*) AS n FROM messages WHERE role = 'user'";
    assert_eq!(system.database.number(messages).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_input_gets_a_clear_answer() {
    let system = System::start().await;
    let conversation = system.conversation().await;
    let path = format!("/v1/conversations/{conversation}/messages");
    let status = |request: reqwest::RequestBuilder| async {
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        let problem: Value = answer.json().await.unwrap();
        assert!(
            problem["type"]
                .as_str()
                .unwrap()
                .starts_with("urn:chatbot:problem:")
        );
        assert!(!problem["request_id"].as_str().unwrap().is_empty());
        status
    };
    let url = format!("{}{path}", system.orchestrator.url);
    let raw = |body: Vec<u8>| {
        let request = system.http.post(&url).bearer_auth(&system.key);
        request
            .header("content-type", "application/json")
            .body(body)
    };
    assert_eq!(
        status(system.post(&path, &json!({ "content": "  " }))).await,
        422
    );
    assert_eq!(
        status(system.post(&path, &json!({ "content": "x".repeat(5_000) }))).await,
        422
    );
    assert_eq!(
        status(system.post(&path, &json!({ "content": "x".repeat(1 << 20) }))).await,
        413
    );
    assert_eq!(
        status(system.post(&path, &json!({ "content": "x", "more": 1 }))).await,
        422
    );
    assert_eq!(status(raw(b"{".to_vec())).await, 400);
    assert_eq!(status(raw(b"{\"content\":\"\xff\"}".to_vec())).await, 400);
    assert_eq!(
        status(system.http.post(&url).json(&json!({ "content": "x" }))).await,
        401
    );
    let unknown = "/v1/conversations/01890a5d-ac96-774b-bcce-b302099a8057/messages";
    assert_eq!(
        status(system.post(unknown, &json!({ "content": "x" }))).await,
        404
    );

    system
        .put("fake.pdf", "application/pdf", "<html>not a pdf</html>")
        .await;
    let view = system.settled("fake.pdf").await;
    assert_eq!(view["version_status"], "failed");
    assert!(!view["reason"].as_str().unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_stops_cleanly() {
    let mut system = System::start().await;
    let pid = i32::try_from(system.orchestrator.child.id()).unwrap();
    let pid = rustix::process::Pid::from_raw(pid).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    let orchestrator = &mut system.orchestrator.child;
    let ended = tokio::task::block_in_place(|| {
        let end = std::time::Instant::now() + Duration::from_secs(20);
        loop {
            if let Some(status) = orchestrator.try_wait().unwrap() {
                return Some(status);
            }
            if std::time::Instant::now() > end {
                return None;
            }
            std::thread::yield_now();
        }
    });
    assert!(ended.is_some_and(|status| status.success()));
}
