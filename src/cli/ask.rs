//! `chatbot ask "…"`: a question from the terminal.

use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Args;
use eventsource_stream::Eventsource;
use futures::StreamExt;
use serde_json::{Value, json};

use super::output;
use crate::domain::chat::{TurnDone, TurnStatus};

/// A question and where to send it.
#[derive(Args)]
pub struct AskArgs {
    question: String,
    #[arg(long, env = "CHATBOT_URL", default_value = "http://127.0.0.1:8000")]
    url: String,
    #[arg(long, env = "CHATBOT_API_KEY", hide_env_values = true)]
    api_key: Option<String>,
    /// Only these collections; repeatable.
    #[arg(long = "collection")]
    collections: Vec<String>,
}

/// Streams the answer, then lists its sources. Exit code 2 if there is no answer.
pub async fn run(args: &AskArgs) -> anyhow::Result<ExitCode> {
    let http = reqwest::Client::new();
    let post = |path: &str, body: &Value| {
        let request = http.post(format!("{}{path}", args.url)).json(body);
        match &args.api_key {
            Some(key) => request.bearer_auth(key),
            None => request,
        }
    };
    let conversation = post("/v1/conversations", &json!({})).send().await;
    let conversation: Value = checked(conversation.context("the server cannot be reached")?)
        .await?
        .json()
        .await?;
    let id = conversation
        .get("id")
        .and_then(Value::as_str)
        .context("no conversation id")?;
    let mut body = json!({ "content": args.question });
    if !args.collections.is_empty()
        && let Some(body) = body.as_object_mut()
    {
        body.insert("collections".into(), json!(args.collections));
    }
    let answer = post(&format!("/v1/conversations/{id}/messages"), &body)
        .header("accept", "text/event-stream")
        .send()
        .await?;
    let mut events = checked(answer).await?.bytes_stream().eventsource();
    while let Some(event) = events.next().await {
        let event = event?;
        match event.event.as_str() {
            "delta" => {
                let delta: Value = serde_json::from_str(&event.data)?;
                output::text(
                    delta
                        .get("text")
                        .and_then(Value::as_str)
                        .unwrap_or_default(),
                )?;
            }
            "error" => bail!("the answer could not be completed"),
            "done" => return finish(&serde_json::from_str(&event.data)?),
            _ => {}
        }
    }
    bail!("the answer ended early")
}

fn finish(done: &TurnDone) -> anyhow::Result<ExitCode> {
    output::line("\n")?;
    for citation in &done.citations {
        output::line(&format!("[{}] “{}”", citation.source_id, citation.quote))?;
    }
    Ok(if done.status == TurnStatus::Completed {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(2)
    })
}

/// The response, or the problem it carries as an error.
pub(super) async fn checked(response: reqwest::Response) -> anyhow::Result<reqwest::Response> {
    if response.status().is_success() {
        return Ok(response);
    }
    let status = response.status();
    let problem: Value = response.json().await.unwrap_or_default();
    let text = |key: &str| problem.get(key).and_then(Value::as_str).unwrap_or_default();
    bail!("{status}: {} {}", text("title"), text("detail"))
}
