//! A client that does not give up, and remembers every event it sees.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use chatbot::domain::ids::new_uuid;
use eventsource_stream::Eventsource;
use futures::StreamExt;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::random::Random;
use super::rig::Rig;

/// A chat that takes longer than this is lost.
const PATIENCE: Duration = Duration::from_mins(2);
/// Between two attempts.
const PAUSE: Duration = Duration::from_millis(100);
/// Silence after which a client looks elsewhere; heartbeats come more often.
const SILENCE: Duration = Duration::from_secs(4);

/// What came over the wire.
#[derive(Clone, Debug)]
pub struct Seen {
    pub at: Instant,
    pub name: String,
    /// `{turn_id}:{seq}`.
    pub id: String,
    pub data: Value,
}

/// One question and all that was seen of its answer.
#[derive(Debug)]
pub struct Chat {
    pub begun: Instant,
    pub key: String,
    pub turn: Option<String>,
    pub seen: Vec<Seen>,
    pub asked: Instant,
    /// From asking to the first piece of the answer.
    pub first_delta: Option<Duration>,
    /// From asking to the end.
    pub took: Duration,
    /// From the first broken or refused connection to the next event; the longest one.
    pub recovery: Option<Duration>,
    pub ended: bool,
}

/// Who asks; cheap to clone.
#[derive(Clone)]
struct Client {
    http: reqwest::Client,
    urls: Vec<String>,
    api_key: String,
    random: Random,
}

/// Clients that chat until told to stop.
pub struct Load {
    stop: Arc<AtomicBool>,
    tasks: JoinSet<Vec<Chat>>,
}

impl Load {
    /// So many chats are in flight until [`Load::finish`].
    pub fn start(rig: &mut Rig, clients: usize) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let mut tasks = JoinSet::new();
        for _ in 0..clients {
            let stop = Arc::clone(&stop);
            let mut client = Client {
                http: reqwest::Client::new(),
                urls: (0..rig.orchestrators.len())
                    .map(|index| rig.orchestrators.url(index))
                    .collect(),
                api_key: rig.key.clone(),
                random: rig.random.fork(),
            };
            tasks.spawn(async move {
                let mut chats = Vec::new();
                while !stop.load(Ordering::Relaxed) {
                    chats.push(client.chat().await);
                }
                chats
            });
        }
        Self { stop, tasks }
    }

    /// No new question; returns when every answer has ended, or is given up.
    pub async fn finish(mut self) -> Vec<Chat> {
        self.stop.store(true, Ordering::Relaxed);
        let mut chats = Vec::new();
        while let Some(more) = self.tasks.join_next().await {
            chats.extend(more.expect("a client does not fail"));
        }
        chats
    }
}

impl Client {
    async fn chat(&mut self) -> Chat {
        let mut chat = Chat {
            begun: Instant::now(),
            key: new_uuid().to_string(),
            turn: None,
            seen: Vec::new(),
            asked: Instant::now(),
            first_delta: None,
            took: Duration::ZERO,
            recovery: None,
            ended: false,
        };
        let deadline = Instant::now() + PATIENCE;
        let mut broken: Option<Instant> = None;
        let mut conversation = None;
        while !chat.ended && Instant::now() < deadline {
            let url = self.urls[self.random.below(self.urls.len())].clone();
            if conversation.is_none() {
                conversation = self.conversation(&url).await;
            }
            let before = chat.seen.len();
            if let Some(conversation) = &conversation {
                self.listen(&url, conversation, &mut chat, &mut broken)
                    .await;
            }
            if !chat.ended {
                broken.get_or_insert_with(Instant::now);
                if chat.seen.len() == before {
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
        chat.took = chat.asked.elapsed();
        chat
    }

    async fn conversation(&self, url: &str) -> Option<String> {
        let request = self.http.post(format!("{url}/v1/conversations"));
        let request = request.bearer_auth(&self.api_key).json(&json!({}));
        let answer = request.timeout(SILENCE).send().await.ok()?;
        let body: Value = answer.error_for_status().ok()?.json().await.ok()?;
        Some(body["id"].as_str()?.to_owned())
    }

    /// One connection: asks, or goes on where the last one ended.
    async fn listen(
        &self,
        url: &str,
        conversation: &str,
        chat: &mut Chat,
        broken: &mut Option<Instant>,
    ) {
        let request = match &chat.turn {
            None => self
                .http
                .post(format!("{url}/v1/conversations/{conversation}/messages"))
                .header("idempotency-key", &chat.key)
                .header("accept", "text/event-stream")
                .json(&json!({ "content": "When are visiting hours?" })),
            Some(turn) => {
                let request = self.http.get(format!("{url}/v1/turns/{turn}/events"));
                match chat.seen.last() {
                    Some(seen) => request.header("last-event-id", &seen.id),
                    None => request,
                }
            }
        };
        let sent = request.bearer_auth(&self.api_key).send();
        let Ok(Ok(answer)) = tokio::time::timeout(SILENCE, sent).await else {
            return;
        };
        if !answer.status().is_success() {
            return;
        }
        let mut events = answer.bytes_stream().eventsource();
        while let Ok(Some(Ok(event))) = tokio::time::timeout(SILENCE * 4, events.next()).await {
            if event.event == "reconnect" {
                return;
            }
            if let Some(broken) = broken.take() {
                chat.recovery = chat.recovery.max(Some(broken.elapsed()));
            }
            let data: Value = serde_json::from_str(&event.data).expect("JSON");
            if event.event == "turn" {
                chat.turn = data["turn_id"].as_str().map(str::to_owned);
            }
            if event.event == "delta" {
                chat.first_delta.get_or_insert_with(|| chat.asked.elapsed());
            }
            chat.ended = matches!(event.event.as_str(), "done" | "error");
            chat.seen.push(Seen {
                at: Instant::now(),
                name: event.event,
                id: event.id,
                data,
            });
            if chat.ended {
                return;
            }
        }
    }
}
