//! `chatbot ask "…"` asks a question from the terminal. It resumes an answer whose connection
//! breaks, or whose replica dies or stops.

use std::collections::BTreeSet;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use clap::Args;
use futures::StreamExt;
use reqwest::{Client, RequestBuilder, Response};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::running_demo::key_for;
use super::{output, wiring};
use crate::config::Config;
use crate::domain::chat::{TurnDone, TurnStatus};
use crate::domain::evidence::Source;
use crate::event_stream::{self, Event};
use crate::language::Tongue;
use crate::safety::{self, texts};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Longer than three heartbeats of a stream, and than any other response takes.
const READ_TIMEOUT: Duration = Duration::from_secs(40);
/// How long to try to resume an answer; another replica takes a turn over within 20 s.
const PATIENCE: Duration = Duration::from_mins(1);
const PAUSE: Duration = Duration::from_secs(1);
/// Largest event in bytes: an answer with all of its sources has some ten thousand.
const MAX_EVENT: usize = 8 * 1024 * 1024;

/// A question and where to send it.
#[derive(Args)]
pub struct AskArgs {
    question: String,
    #[arg(long, env = "CHATBOT_URL", default_value = "http://127.0.0.1:8000", value_parser = base_url)]
    url: String,
    /// The API key; a demo on this machine needs none.
    #[arg(long, env = "CHATBOT_API_KEY", hide_env_values = true)]
    api_key: Option<String>,
    /// Search only this collection; repeatable.
    #[arg(long = "collection")]
    collections: Vec<String>,
}

/// Parses the address of a server and removes a slash at its end, because paths begin with one.
pub(super) fn base_url(text: &str) -> Result<String, String> {
    let url = url::Url::parse(text).ok();
    let url = url.filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    url.map(|_| text.trim_end_matches('/').to_owned())
        .ok_or_else(|| "expected http://host:port or https://host".to_owned())
}

/// An answer that the server refused or could not complete, in the server's words.
#[derive(Debug, thiserror::Error)]
#[error("{text}")]
pub(super) struct Refusal {
    text: String,
    /// Whether the text already says whom to call.
    advises: bool,
}

impl Refusal {
    fn of(text: String, problem: &Value) -> Self {
        let contacts = problem.get("contacts").and_then(Value::as_array);
        Self {
            text,
            advises: contacts.is_some_and(|contacts| !contacts.is_empty()),
        }
    }
}

/// Streams the answer, then lists its sources. The exit code is 2 if there is no answer. An
/// emergency gets its advice whatever fails; any other question that fails gets the line for urgent
/// cases.
pub async fn run(args: &AskArgs, config: &Config) -> anyhow::Result<ExitCode> {
    let answered = answer(args).await;
    let Err(error) = answered else {
        return answered;
    };
    let refusal = error.downcast_ref::<Refusal>();
    if refusal.is_none_or(|refusal| !refusal.advises) {
        let contacts = wiring::contacts(&config.safety);
        let tongue = Tongue::of(&args.question);
        let triage = safety::triage(&args.question);
        match texts::advice(triage.level, triage.category, &contacts, tongue) {
            Some(advice) => output::line(&advice)?,
            None => output::notice(&texts::urgent_case(&contacts, tongue)),
        }
    }
    Err(error)
}

async fn answer(args: &AskArgs) -> anyhow::Result<ExitCode> {
    let server = Server::new(args)?;
    let mut events = server.ask(args).await?;
    let mut reader = Reader::default();
    loop {
        if let Some(done) = reader.read(events).await? {
            return finish(&done, &reader.sources);
        }
        events = server.go_on(&reader).await?;
    }
}

struct Server<'a> {
    http: Client,
    args: &'a AskArgs,
    key: Option<String>,
}

impl<'a> Server<'a> {
    fn new(args: &'a AskArgs) -> anyhow::Result<Self> {
        let http = Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .read_timeout(READ_TIMEOUT)
            .build()?;
        let key = key_for(&args.url, args.api_key.as_ref());
        Ok(Self { http, args, key })
    }

    fn unreachable(&self) -> String {
        format!("the server at {} cannot be reached", self.args.url)
    }

    fn request(&self, method: reqwest::Method, path: &str) -> RequestBuilder {
        let request = self
            .http
            .request(method, format!("{}{path}", self.args.url));
        match &self.key {
            Some(key) => request.bearer_auth(key),
            None => request,
        }
    }

    async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Response> {
        let request = self.request(reqwest::Method::POST, path).json(body);
        let answer = request.header("accept", "text/event-stream").send().await;
        checked(answer.with_context(|| self.unreachable())?).await
    }

    /// Asks the question in a new conversation; returns the events of the answer.
    async fn ask(&self, args: &AskArgs) -> anyhow::Result<Response> {
        let conversation = self.post("/v1/conversations", &json!({})).await?;
        let conversation: Value = conversation.json().await?;
        let id = conversation.get("id").and_then(Value::as_str);
        let id = id.context("no conversation id")?;
        let mut body = json!({ "content": args.question });
        if !args.collections.is_empty()
            && let Some(body) = body.as_object_mut()
        {
            body.insert("collections".into(), json!(args.collections));
        }
        self.post(&format!("/v1/conversations/{id}/messages"), &body)
            .await
    }

    /// Returns the events after the last one that was read, from any replica.
    async fn go_on(&self, reader: &Reader) -> anyhow::Result<Response> {
        let until = Instant::now() + PATIENCE;
        let (turn, _) = reader
            .last
            .split_once(':')
            .context("the answer ended early")?;
        let path = format!("/v1/turns/{turn}/events");
        loop {
            sleep(PAUSE).await;
            let request = self.request(reqwest::Method::GET, &path);
            let answer = request.header("last-event-id", &reader.last).send().await;
            let wait = match answer {
                Ok(answer) if answer.status().is_server_error() => checked(answer).await,
                Ok(answer) => return checked(answer).await,
                Err(error) => Err(error).with_context(|| self.unreachable()),
            };
            if Instant::now() > until {
                return wait.context("the rest of the answer is missing");
            }
        }
    }
}

/// Shows the events of an answer, however many connections they take.
#[derive(Default)]
struct Reader {
    /// The id of the last event; empty before the first.
    last: String,
    /// Whether a part of the answer is on the screen.
    shown: bool,
    /// The passages of the answer.
    sources: Vec<Source>,
}

impl Reader {
    /// Reads until the answer or the connection ends.
    async fn read(&mut self, answer: Response) -> anyhow::Result<Option<TurnDone>> {
        let mut events = event_stream::events(answer, MAX_EVENT);
        // A broken connection ends the loop too; the rest is read from another connection.
        while let Some(Ok(event)) = events.next().await {
            if !event.id.is_empty() {
                self.last.clone_from(&event.id);
            }
            match event.name.as_str() {
                "reconnect" => break,
                "done" => return Ok(Some(self.last(&event)?)),
                "error" => {
                    let problem: Value = serde_json::from_str(&event.data)?;
                    return Err(Refusal::of(text(&event, "detail")?, &problem).into());
                }
                _ => self.show(&event)?,
            }
        }
        Ok(None)
    }

    fn show(&mut self, event: &Event) -> anyhow::Result<()> {
        match event.name.as_str() {
            // The advice for an emergency is the answer.
            "triage" if text(event, "level")? == "urgent" => {
                output::line(&text(event, "text")?)?;
            }
            "sources" => self.sources = serde_json::from_str(&event.data).unwrap_or_default(),
            "delta" => {
                output::text(&text(event, "text")?)?;
                self.shown = true;
            }
            "restart" if self.shown => {
                output::line(
                    "\n\n(The text above may be incomplete. Here is the answer again:)\n",
                )?;
                self.shown = false;
            }
            _ => {}
        }
        Ok(())
    }

    fn last(&self, event: &Event) -> anyhow::Result<TurnDone> {
        let done: TurnDone = serde_json::from_str(&event.data)?;
        if !self.shown {
            output::text(&done.answer)?;
        }
        Ok(done)
    }
}

/// A text in the data of an event; empty if it is absent.
fn text(event: &Event, key: &str) -> anyhow::Result<String> {
    let data: Value = serde_json::from_str(&event.data)?;
    let text = data.get(key).and_then(Value::as_str);
    Ok(text.unwrap_or_default().to_owned())
}

fn finish(done: &TurnDone, sources: &[Source]) -> anyhow::Result<ExitCode> {
    let ended = done.answer.ends_with('\n');
    output::line(if ended { "" } else { "\n" })?;
    if let Some(degraded) = &done.degraded {
        output::notice(&degraded.notice);
    }
    let mut listed = BTreeSet::new();
    for citation in &done.citations {
        // Several sentences may cite the same passage.
        if listed.insert((&citation.source_id, &citation.quote)) {
            let source = sources.iter().find(|s| s.id == citation.source_id);
            let place = source.map(|s| format!("  ({}, {})", s.title, s.edition()));
            let (id, quote) = (citation.source_id, &citation.quote);
            output::line(&format!("[{id}] “{quote}”{}", place.unwrap_or_default()))?;
        }
    }
    Ok(if done.status == TurnStatus::Completed {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(2)
    })
}

/// The response, or the problem it carries as an error.
pub(super) async fn checked(response: Response) -> anyhow::Result<Response> {
    if response.status().is_success() {
        return Ok(response);
    }
    let status = response.status();
    let problem: Value = response.json().await.unwrap_or_default();
    let text = |key: &str| problem.get(key).and_then(Value::as_str).unwrap_or_default();
    let said = format!("{status}: {} {}", text("title"), text("detail"));
    Err(Refusal::of(said, &problem).into())
}
