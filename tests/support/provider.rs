//! A language model provider that follows a script, on raw TCP: what real ones do only at night.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::WriteHalf;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

/// Which API is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    OpenAi,
    Anthropic,
}

impl Dialect {
    pub const ALL: [Self; 2] = [Self::OpenAi, Self::Anthropic];

    /// The provider's name in the configuration.
    pub fn provider(self) -> &'static str {
        match self {
            Self::OpenAi => "openai",
            Self::Anthropic => "anthropic",
        }
    }

    pub fn event(self, value: &Value) -> Vec<u8> {
        match self {
            Self::OpenAi => format!("data: {value}\n\n").into_bytes(),
            Self::Anthropic => {
                let name = value["type"].as_str().unwrap();
                format!("event: {name}\ndata: {value}\n\n").into_bytes()
            }
        }
    }

    fn chunk(choices: &Value, usage: &Value) -> Vec<u8> {
        Self::OpenAi.event(&json!({
            "id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "fake",
            "choices": choices, "usage": usage,
        }))
    }

    /// The bytes before any text.
    pub fn opening(self) -> Vec<u8> {
        match self {
            Self::OpenAi => Self::chunk(
                &json!([{ "index": 0, "delta": { "role": "assistant", "content": "" }, "finish_reason": null }]),
                &Value::Null,
            ),
            Self::Anthropic => [
                self.event(&json!({ "type": "message_start", "message": { "usage": { "input_tokens": 11, "output_tokens": 1 } } })),
                self.event(&json!({ "type": "content_block_start", "index": 0, "content_block": { "type": "text", "text": "" } })),
                self.event(&json!({ "type": "ping" })),
            ]
            .concat(),
        }
    }

    pub fn delta(self, text: &str) -> Vec<u8> {
        match self {
            Self::OpenAi => Self::chunk(
                &json!([{ "index": 0, "delta": { "content": text }, "finish_reason": null }]),
                &Value::Null,
            ),
            Self::Anthropic => self.event(&json!({
                "type": "content_block_delta", "index": 0, "delta": { "type": "text_delta", "text": text },
            })),
        }
    }

    /// A whole answer's end: 11 tokens read, 7 written.
    pub fn ending(self, reason: &str) -> Vec<u8> {
        match self {
            Self::OpenAi => [
                Self::chunk(&json!([{ "index": 0, "delta": {}, "finish_reason": reason }]), &Value::Null),
                Self::chunk(&json!([]), &json!({ "prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18 })),
                b"data: [DONE]\n\n".to_vec(),
            ]
            .concat(),
            Self::Anthropic => [
                self.event(&json!({ "type": "content_block_stop", "index": 0 })),
                self.event(&json!({ "type": "message_delta", "delta": { "stop_reason": reason }, "usage": { "output_tokens": 7 } })),
                self.event(&json!({ "type": "message_stop" })),
            ]
            .concat(),
        }
    }

    /// The reason of an answer that ended by itself.
    pub fn stop(self) -> &'static str {
        match self {
            Self::OpenAi => "stop",
            Self::Anthropic => "end_turn",
        }
    }

    /// An error object in the stream: too many requests.
    pub fn error(self) -> Vec<u8> {
        match self {
            Self::OpenAi => self.event(&json!({ "error": { "code": 429, "message": "no" } })),
            Self::Anthropic => self.event(&json!({ "type": "error", "error": { "type": "rate_limit_error", "message": "no" } })),
        }
    }
}

#[derive(Clone)]
enum Step {
    Send(Vec<u8>),
    Drip(Vec<u8>),
    Repeat(Vec<u8>),
    Wait,
    Pause(Duration),
    Silence,
    Reset,
}

/// The response to one connection, which is then closed.
#[derive(Clone, Default)]
pub struct Script(Vec<Step>);

impl Script {
    fn then(mut self, step: Step) -> Self {
        self.0.push(step);
        self
    }

    /// An answer without success.
    pub fn refuse(status: u16, headers: &[(&str, &str)]) -> Self {
        let body = r#"{"error":{"message":"the prompt was: secret"}}"#;
        let length = body.len().to_string();
        let headers = headers
            .iter()
            .copied()
            .chain([("content-length", length.as_str())]);
        let lines: Vec<String> = headers
            .map(|(name, value)| format!("{name}: {value}"))
            .collect();
        let head = format!(
            "HTTP/1.1 {status} No\r\nconnection: close\r\n{}\r\n\r\n{body}",
            lines.join("\r\n")
        );
        Self::default().send(head)
    }

    /// The head of an event stream that lasts until the connection closes.
    pub fn head() -> Self {
        Self::default()
            .send("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n")
    }

    /// A stream in this dialect with these pieces of text, not ended.
    pub fn begin(dialect: Dialect, deltas: &[&str]) -> Self {
        deltas
            .iter()
            .fold(Self::head().send(dialect.opening()), |script, text| {
                script.send(dialect.delta(text))
            })
    }

    /// A whole answer.
    pub fn answer(dialect: Dialect, deltas: &[&str]) -> Self {
        Self::begin(dialect, deltas).send(dialect.ending(dialect.stop()))
    }

    #[must_use]
    pub fn send(self, bytes: impl Into<Vec<u8>>) -> Self {
        self.then(Step::Send(bytes.into()))
    }

    /// One byte at a time.
    #[must_use]
    pub fn drip(self, bytes: impl Into<Vec<u8>>) -> Self {
        self.then(Step::Drip(bytes.into()))
    }

    /// The same again and again, until the client hangs up.
    #[must_use]
    pub fn repeat(self, bytes: impl Into<Vec<u8>>) -> Self {
        self.then(Step::Repeat(bytes.into()))
    }

    /// Goes on after [`Provider::release`].
    #[must_use]
    pub fn wait(self) -> Self {
        self.then(Step::Wait)
    }

    /// Goes on after this long.
    #[must_use]
    pub fn pause(self, pause: Duration) -> Self {
        self.then(Step::Pause(pause))
    }

    /// Says nothing more, but keeps the connection, until the client hangs up.
    #[must_use]
    pub fn silence(self) -> Self {
        self.then(Step::Silence)
    }

    /// Resets the connection.
    #[must_use]
    pub fn reset(self) -> Self {
        self.then(Step::Reset)
    }
}

/// The request of a client, and the time when it arrived.
#[derive(Clone)]
pub struct Recorded {
    pub head: String,
    pub body: Value,
    pub at: Instant,
}

/// Chooses what a request gets.
type Choose = dyn Fn(&Recorded) -> Script + Send + Sync;

struct Shared {
    choose: Box<Choose>,
    requests: Mutex<Vec<Recorded>>,
    /// The list of `GET …/models`; a request for it is no call and uses no script.
    models: Mutex<Value>,
    released: Semaphore,
    /// Connections that the client closed while a script was still running.
    hung_up: watch::Sender<usize>,
}

/// A provider; it ends when it is dropped.
pub struct Provider {
    pub url: String,
    shared: Arc<Shared>,
    _tasks: JoinSet<()>,
}

impl Provider {
    /// Plays one script a connection; the last one serves all that follow.
    pub async fn start(scripts: impl IntoIterator<Item = Script>) -> Self {
        let scripts: Mutex<VecDeque<Script>> = Mutex::new(scripts.into_iter().collect());
        Self::choosing(move |_| {
            let mut scripts = scripts.lock().unwrap();
            let script = match scripts.len() {
                1 => scripts.front().cloned(),
                _ => scripts.pop_front(),
            };
            script.unwrap_or_default()
        })
        .await
    }

    /// Plays the script that is chosen for a request.
    pub async fn choosing(choose: impl Fn(&Recorded) -> Script + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let shared = Arc::new(Shared {
            choose: Box::new(choose),
            requests: Mutex::default(),
            models: Mutex::new(json!([{ "id": "a-model", "object": "model" }])),
            released: Semaphore::new(0),
            hung_up: watch::Sender::new(0),
        });
        let mut tasks = JoinSet::new();
        let serving = Arc::clone(&shared);
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                connections.spawn(serve(stream, Arc::clone(&serving)));
            }
        });
        Self {
            url,
            shared,
            _tasks: tasks,
        }
    }

    /// Lists these models from now on.
    pub fn has_models(&self, models: &Value) {
        self.shared.models.lock().unwrap().clone_from(models);
    }

    /// Lets one [`Script::wait`] go on.
    pub fn release(&self) {
        self.shared.released.add_permits(1);
    }

    pub fn requests(&self) -> Vec<Recorded> {
        self.shared.requests.lock().unwrap().clone()
    }

    /// Returns once the client has closed so many connections in the middle of a script.
    pub async fn hung_up(&self, count: usize) {
        let mut hung_up = self.shared.hung_up.subscribe();
        let seen = hung_up.wait_for(|seen| *seen >= count);
        let seen = tokio::time::timeout(Duration::from_secs(30), seen).await;
        seen.expect("the client hangs up in time").unwrap();
    }
}

async fn serve(mut stream: TcpStream, shared: Arc<Shared>) {
    stream.set_nodelay(true).unwrap();
    let Some(request) = read_request(&mut stream).await else {
        return;
    };
    if request.head.starts_with("GET ") {
        let models = shared.models.lock().unwrap().clone();
        return list_models(&mut stream, &models).await;
    }
    let script = (shared.choose)(&request);
    shared.requests.lock().unwrap().push(request);
    for step in script.0 {
        if let Step::Reset = step {
            return stream.set_zero_linger().unwrap();
        }
        let (mut reader, mut writer) = stream.split();
        let mut rest = [0; 1];
        let going_on = tokio::select! {
            going_on = play(step, &mut writer, &shared) => going_on,
            // A client says nothing after its request: this is its end.
            _ = reader.read(&mut rest) => false,
        };
        if !going_on {
            shared.hung_up.send_modify(|count| *count += 1);
            return;
        }
    }
}

/// False: the client has closed the connection.
async fn play(step: Step, writer: &mut WriteHalf<'_>, shared: &Shared) -> bool {
    match step {
        Step::Send(bytes) => writer.write_all(&bytes).await.is_ok(),
        Step::Drip(bytes) => {
            for byte in bytes {
                if writer.write_all(&[byte]).await.is_err() {
                    return false;
                }
                tokio::task::yield_now().await;
            }
            true
        }
        Step::Repeat(bytes) => {
            let mut beat = tokio::time::interval(Duration::from_millis(10));
            while writer.write_all(&bytes).await.is_ok() {
                beat.tick().await;
            }
            false
        }
        Step::Wait => {
            shared.released.acquire().await.unwrap().forget();
            true
        }
        Step::Pause(pause) => {
            tokio::time::sleep(pause).await;
            true
        }
        Step::Silence | Step::Reset => std::future::pending().await,
    }
}

async fn list_models(stream: &mut TcpStream, models: &Value) {
    let list = json!({ "object": "list", "data": models }).to_string();
    let length = list.len();
    let head = format!("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n");
    let _ = stream.write_all(format!("{head}{list}").as_bytes()).await;
}

async fn read_request(stream: &mut TcpStream) -> Option<Recorded> {
    let mut bytes = Vec::new();
    loop {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
        let text = String::from_utf8_lossy(&bytes);
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(": ")?;
            name.eq_ignore_ascii_case("content-length")
                .then(|| value.parse::<usize>().unwrap())
        });
        if body.len() >= length.unwrap_or_default() {
            return Some(Recorded {
                head: head.to_owned(),
                body: serde_json::from_str(body).unwrap_or_default(),
                at: Instant::now(),
            });
        }
    }
}
