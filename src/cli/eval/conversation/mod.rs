//! `chatbot eval conversation` asks the questions of a dataset with the messages before them, as a client
//! of a running server, and measures the sources of the answers and which questions were answered.

mod drawing;
mod report;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use clap::Args;
use reqwest::header::RETRY_AFTER;
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};

use super::super::ask::{base_url, checked};
use super::super::output;
use super::super::running_demo::key_for;
use super::tasks::{self, Task};
use report::{Ending, Outcome, Report};

/// The dataset and the server.
///
/// The folder has `tasks.jsonl` and `qrels.tsv` in the layout of MTRAG-UN: each task has `_id`, `turns`
/// (`role` and `content`; the last one is the question), `answerability` and `follow_up`. Ingest and
/// approve its corpus first. Every question is a request to `POST /v1/chat/completions`.
#[derive(Args)]
pub struct ConversationArgs {
    /// The folder of the dataset.
    #[arg(long)]
    dataset: PathBuf,
    /// The collection that holds the corpus.
    #[arg(long)]
    collection: String,
    #[arg(long, env = "CHATBOT_URL", default_value = "http://127.0.0.1:8000", value_parser = base_url)]
    url: String,
    /// The API key; a demo on this machine needs none.
    #[arg(long, env = "CHATBOT_API_KEY", hide_env_values = true)]
    api_key: Option<String>,
    /// Print JSON, with the outcome of each question.
    #[arg(long)]
    json: bool,
    /// Write a drawing of the outcomes to this SVG file.
    #[arg(long)]
    svg: Option<PathBuf>,
}

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Longer than a turn may take.
const TIMEOUT: Duration = Duration::from_mins(3);
/// How often a question is asked that the server is too busy for, and the longest pause.
const TRIES: usize = 20;
const LONGEST_PAUSE: Duration = Duration::from_mins(1);
/// A line of progress is shown after this many questions.
const TELL: usize = 50;

/// Runs the command.
pub async fn run(args: &ConversationArgs) -> anyhow::Result<()> {
    let tasks = tasks::read_tasks(&args.dataset)?;
    let server = Server::of(args)?;
    let mut outcomes = Vec::new();
    for (number, task) in (1..).zip(&tasks) {
        outcomes.push(server.ask(task).await?);
        if number % TELL == 0 {
            output::notice(&format!("{number} of {} questions asked", tasks.len()));
        }
    }
    let report = Report::of(&tasks, outcomes);
    if args.json {
        output::line(&serde_json::to_string_pretty(&report)?)?;
    } else {
        output::text(&report.table())?;
    }
    if let Some(path) = &args.svg {
        std::fs::write(path, drawing::svg(&report.groups))
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

struct Server<'a> {
    http: Client,
    key: Option<String>,
    args: &'a ConversationArgs,
}

impl<'a> Server<'a> {
    fn of(args: &'a ConversationArgs) -> anyhow::Result<Self> {
        let http = Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(TIMEOUT)
            .build()?;
        let key = key_for(&args.url, args.api_key.as_ref());
        Ok(Self { http, key, args })
    }

    /// Asks a question with its history. A server that is too busy is asked again.
    async fn ask(&self, task: &Task) -> anyhow::Result<Outcome> {
        let body = json!({
            "model": "chatbot",
            "messages": task.turns,
            "collections": [self.args.collection],
        });
        let url = format!("{}/v1/chat/completions", self.args.url);
        for _ in 0..TRIES {
            let request = self.http.post(&url).json(&body);
            let request = match &self.key {
                Some(key) => request.bearer_auth(key),
                None => request,
            };
            let response = request.send().await?;
            let busy = [
                StatusCode::TOO_MANY_REQUESTS,
                StatusCode::SERVICE_UNAVAILABLE,
            ];
            let pause = response.headers().get(RETRY_AFTER);
            let pause = pause.and_then(|pause| pause.to_str().ok()?.parse().ok());
            if let Some(seconds) = pause.filter(|_| busy.contains(&response.status())) {
                let pause = Duration::from_secs(seconds).min(LONGEST_PAUSE);
                tokio::time::sleep(pause).await;
                continue;
            }
            return Ok(outcome(task, &checked(response).await?.json().await?));
        }
        anyhow::bail!("the server was too busy for {}", task.id)
    }
}

/// Reads the status and the sources of an answer.
fn outcome(task: &Task, answer: &Value) -> Outcome {
    let chatbot = answer.get("chatbot").unwrap_or(&Value::Null);
    let status = chatbot.get("status").and_then(Value::as_str);
    let sources = chatbot.get("sources").and_then(Value::as_array);
    let mut documents: Vec<String> = Vec::new();
    for source in sources.into_iter().flatten() {
        let name = source.get("external_id").and_then(Value::as_str);
        if let Some(name) = name.filter(|name| !documents.iter().any(|known| known == name)) {
            documents.push(name.to_owned());
        }
    }
    Outcome {
        id: task.id.clone(),
        ending: Ending::of(status.unwrap_or_default()),
        sources: documents,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_has_each_document_once_in_order() {
        let task = tasks::task("answerable", &["Who?", "Me.", "When?"]);
        let source = |name: &str| json!({ "external_id": name, "score": 0.5 });
        let answer = json!({ "chatbot": {
            "status": "completed", "sources": [source("b"), source("a"), source("b")],
        } });
        let outcome = outcome(&task, &answer);
        assert_eq!(outcome.ending, Ending::Answered);
        assert_eq!(outcome.sources, ["b", "a"]);
        let nothing = super::outcome(&task, &json!({}));
        assert_eq!(nothing.ending, Ending::Other);
    }
}
