//! A client that does not give up, and remembers every event it sees.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use chatbot::domain::ids::new_uuid;
use reqwest::{RequestBuilder, Response};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::random::Random;
use super::rig::Rig;
use crate::support::events::EventStream;
use crate::support::until;

/// A chat that takes longer than this is lost.
const PATIENCE: Duration = Duration::from_mins(2);
/// Between two attempts.
const PAUSE: Duration = Duration::from_millis(100);
/// About how long an answer takes.
const STAGGER: Duration = Duration::from_millis(1_500);
/// Silence after which a client looks elsewhere; heartbeats come more often.
const SILENCE: Duration = Duration::from_secs(4);

/// The bytes that came over the wire.
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
    /// From asking to the first piece of the answer.
    pub first_delta: Option<Duration>,
    /// From asking to the end.
    pub took: Duration,
    /// From the first broken or refused connection to the next event; the longest one.
    pub recovery: Option<Duration>,
    /// How requests failed: those that were refused, and streams that broke off.
    pub failures: Vec<String>,
    pub ended: bool,
}

impl Chat {
    /// How it ended.
    pub fn status(&self) -> &str {
        let last = self.seen.last().filter(|last| last.name == "done");
        let status = last.and_then(|last| last.data["status"].as_str());
        status.unwrap_or("failed")
    }
}

/// A client that asks; cheap to clone.
#[derive(Clone)]
struct Client {
    http: reqwest::Client,
    urls: Vec<String>,
    api_key: String,
    question: String,
    random: Random,
    /// How many chats, of all clients, are shown some text and go on.
    shown: Arc<AtomicUsize>,
}

/// Clients that chat until told to stop.
pub struct Load {
    stop: Arc<AtomicBool>,
    ended: Arc<AtomicUsize>,
    shown: Arc<AtomicUsize>,
    tasks: JoinSet<Vec<Chat>>,
}

impl Load {
    /// So many chats are in flight until [`Load::finish`], each with a replica of its choice.
    pub fn start(rig: &mut Rig, clients: usize) -> Self {
        Self::paced(rig, clients, Duration::ZERO)
    }

    /// The same with a pause of about this long between two chats of a client.
    pub fn paced(rig: &mut Rig, clients: usize, pause: Duration) -> Self {
        let replicas = &rig.orchestrators;
        let urls: Vec<String> = (0..replicas.len())
            .map(|index| replicas.url(index))
            .collect();
        Self::at(&urls, rig, clients, pause)
    }

    /// The same through the replicas' common address, as from outside a cluster.
    pub fn through_front(rig: &mut Rig, clients: usize) -> Self {
        let urls = [rig.orchestrators.front()];
        Self::at(&urls, rig, clients, Duration::ZERO)
    }

    fn at(urls: &[String], rig: &mut Rig, clients: usize, pause: Duration) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let ended = Arc::new(AtomicUsize::new(0));
        let shown = Arc::new(AtomicUsize::new(0));
        let mut tasks = JoinSet::new();
        for _ in 0..clients {
            let (stop, ended) = (Arc::clone(&stop), Arc::clone(&ended));
            let mut client = Client {
                http: reqwest::Client::new(),
                urls: urls.to_vec(),
                api_key: rig.key.clone(),
                question: format!("When are visiting hours? {}", rig.planted.question),
                random: rig.random.fork(),
                shown: Arc::clone(&shown),
            };
            tasks.spawn(async move {
                let mut chats = Vec::new();
                // Not all in step: at any moment some answers are in their middle.
                let begin = client.random.between(Duration::ZERO, STAGGER);
                tokio::time::sleep(begin).await;
                while !stop.load(Ordering::Relaxed) {
                    chats.push(client.chat().await);
                    ended.fetch_add(1, Ordering::Relaxed);
                    let pause = client.random.between(Duration::ZERO, pause * 2);
                    tokio::time::sleep(pause).await;
                }
                chats
            });
        }
        Self {
            stop,
            ended,
            shown,
            tasks,
        }
    }

    /// Resolves when some answers are in their middle, with text that their readers see.
    pub async fn until_shown(&self) {
        // One of two may end before the caller goes on.
        let shown = || std::future::ready(self.shown.load(Ordering::Relaxed) >= 2);
        until("some answers are in their middle", shown).await;
    }

    /// Resolves when as many chats have begun as there are clients, and ended.
    pub async fn turns_over(&self) {
        // Each client was in the middle of one chat at most.
        let enough = self.ended() + 2 * self.tasks.len();
        let over = || std::future::ready(self.ended() >= enough);
        until("everybody asks again", over).await;
    }

    /// How many chats have ended.
    pub fn ended(&self) -> usize {
        self.ended.load(Ordering::Relaxed)
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
            first_delta: None,
            took: Duration::ZERO,
            recovery: None,
            failures: Vec::new(),
            ended: false,
        };
        let deadline = Instant::now() + PATIENCE;
        let mut broken: Option<Instant> = None;
        let mut conversation = None;
        while !chat.ended && Instant::now() < deadline {
            let url = self.urls[self.random.below(self.urls.len())].clone();
            let before = chat.seen.len();
            let opened = match conversation.take() {
                None => self.conversation(&url).await,
                Some(conversation) => Ok(conversation),
            };
            let heard = match opened {
                Err(failure) => Err(format!("no conversation: {failure}")),
                Ok(opened) => {
                    let conversation = conversation.insert(opened);
                    self.listen(&url, conversation, &mut chat, &mut broken)
                        .await
                }
            };
            chat.failures.extend(heard.err());
            if !chat.ended {
                broken.get_or_insert_with(Instant::now);
                if chat.seen.len() == before {
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
        if chat.first_delta.is_some() {
            self.shown.fetch_sub(1, Ordering::Relaxed);
        }
        chat.took = chat.begun.elapsed();
        chat
    }

    async fn conversation(&self, url: &str) -> Result<String, String> {
        let request = self.http.post(format!("{url}/v1/conversations"));
        let request = request.bearer_auth(&self.api_key).json(&json!({}));
        let body: Value = answer(request)
            .await?
            .json()
            .await
            .map_err(|error| kind(&error))?;
        Ok(body["id"].as_str().expect("an id").to_owned())
    }

    /// One connection: asks, or goes on where the last one ended. An error if it was refused or
    /// broke off.
    async fn listen(
        &self,
        url: &str,
        conversation: &str,
        chat: &mut Chat,
        broken: &mut Option<Instant>,
    ) -> Result<(), String> {
        let answer = answer(self.request(url, conversation, chat)).await?;
        let mut events = EventStream::of(answer);
        while let Ok(Ok(Some(event))) = tokio::time::timeout(SILENCE * 4, events.try_next()).await {
            if event.name == "reconnect" {
                return Ok(());
            }
            if let Some(broken) = broken.take() {
                chat.recovery = chat.recovery.max(Some(broken.elapsed()));
            }
            if event.name == "turn" {
                chat.turn = event.data["turn_id"].as_str().map(str::to_owned);
            }
            if event.name == "delta" && chat.first_delta.is_none() {
                chat.first_delta = Some(chat.begun.elapsed());
                self.shown.fetch_add(1, Ordering::Relaxed);
            }
            chat.ended = event.is_terminal();
            chat.seen.push(Seen {
                at: Instant::now(),
                name: event.name,
                id: event.id,
                data: event.data,
            });
            if chat.ended {
                return Ok(());
            }
        }
        Err("broken off".to_owned())
    }

    fn request(&self, url: &str, conversation: &str, chat: &Chat) -> RequestBuilder {
        let request = match &chat.turn {
            None => self
                .http
                .post(format!("{url}/v1/conversations/{conversation}/messages"))
                .header("idempotency-key", &chat.key)
                .header("accept", "text/event-stream")
                .json(&json!({ "content": self.question })),
            Some(turn) => {
                let request = self.http.get(format!("{url}/v1/turns/{turn}/events"));
                match chat.seen.last() {
                    Some(seen) => request.header("last-event-id", &seen.id),
                    None => request,
                }
            }
        };
        request.bearer_auth(&self.api_key)
    }
}

/// The answer to a request, or how it failed.
async fn answer(request: RequestBuilder) -> Result<Response, String> {
    match tokio::time::timeout(SILENCE, request.send()).await {
        Ok(Ok(answer)) if answer.status().is_success() => Ok(answer),
        Ok(Ok(answer)) => Err(answer.status().to_string()),
        Ok(Err(error)) => Err(kind(&error)),
        Err(_) => Err("no answer in time".to_owned()),
    }
}

fn kind(error: &reqwest::Error) -> String {
    let kind = if error.is_connect() {
        "refused"
    } else {
        "closed without an answer"
    };
    kind.to_owned()
}
