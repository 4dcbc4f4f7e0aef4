//! The OpenAI-compatible API, for existing chat front ends.
//!
//! The last user message is the question, and the messages before it are its history. Every request
//! is a conversation of its own. Citations are in extra fields beside the answer, which other
//! clients skip.

mod extra;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use actix_web::{HttpResponse, web};
use futures::{Stream, StreamExt, stream};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use self::extra::{extra, listed};
use super::urgency::{Asked, Words};
use crate::cache::StoredEvent;
use crate::domain::access::Scope;
use crate::domain::chat::{Role, TurnDone, TurnStatus, Utterance};
use crate::domain::emergency::{Level, TriageNotice};
use crate::domain::event::EventName;
use crate::domain::ids::{ConversationId, TurnId};
use crate::domain::time::now;
use crate::http::auth::Caller;
use crate::http::compatible;
use crate::http::problem::Problem;
use crate::http::request_id::RequestId;
use crate::http::sse::{self, Frame};
use crate::language::Tongue;
use crate::orchestrator::Orchestrator;
use crate::orchestrator::question::{Question, checked_collections, checked_content};
use crate::orchestrator::turn::accept;
use crate::safety::{Contacts, texts};

/// The only model that clients see, whatever provider answers.
const MODEL: &str = "chatbot";

const INCOMPLETE: &str =
    "The answer could not be completed. What was shown is not a complete answer.";

/// The body of `POST /v1/chat/completions`: the used fields, and those that [`compatible::check`]
/// checks.
#[derive(Deserialize)]
pub struct CompletionRequest {
    model: String,
    messages: Vec<ChatMessage>,
    #[serde(default)]
    stream: Option<bool>,
    #[serde(default)]
    collections: Option<Vec<String>>,
    #[serde(flatten)]
    others: Map<String, Value>,
}

#[derive(Deserialize)]
struct ChatMessage {
    role: String,
    content: Content,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Content {
    Text(String),
    Parts(Vec<Part>),
}

#[derive(Deserialize)]
struct Part {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    text: String,
}

impl Words for CompletionRequest {
    fn words(&self) -> Cow<'_, str> {
        let mut said = self.messages.iter().rev();
        let last = said.find(|message| message.role == "user");
        last.map(|message| message.content.text())
            .unwrap_or_default()
    }
}

impl Content {
    fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Text(text) => Cow::from(text),
            Self::Parts(parts) => {
                let texts: Vec<&str> = parts.iter().map(|part| part.text.as_str()).collect();
                Cow::from(texts.join("\n"))
            }
        }
    }
}

/// `POST /v1/chat/completions`.
pub async fn create(
    asked: Result<Asked<CompletionRequest>, Problem>,
    orchestrator: web::Data<Orchestrator>,
    request_id: RequestId,
) -> Result<HttpResponse, Problem> {
    let answer = async {
        let asked = asked?;
        let urgency = asked.urgency.clone();
        urgency.hold(answer(asked, orchestrator, request_id)).await
    };
    answer.await.map_err(Problem::compatible)
}

async fn answer(
    asked: Asked<CompletionRequest>,
    orchestrator: web::Data<Orchestrator>,
    request_id: RequestId,
) -> Result<HttpResponse, Problem> {
    let (caller, body) = (asked.caller, asked.body);
    caller.require(Scope::Chat)?;
    compatible::check(&body.others)?;
    let streams = body.stream.unwrap_or_default();
    let collections = checked_collections(body.collections)?;
    let (content, history) = split(&body.model, body.messages)?;
    let content = checked_content(&content, orchestrator.config.max_message_chars)?;
    let question = Question {
        content,
        history: Some(history),
        collections,
        idempotency_key: None,
        conversation: ConversationId::new(),
        principal: caller.0,
        request_id: request_id.0,
    };
    let heartbeat = Duration::from_secs(orchestrator.config.heartbeat_seconds);
    let accepted = accept::ask(&orchestrator.runner, question, asked.urgency.triage()).await?;
    let completion = Completion {
        turn: accepted.turn(),
        created: now().timestamp(),
        contacts: Arc::clone(&orchestrator.contacts),
    };
    if streams {
        return Ok(sse::respond(
            completion.streamed(accepted.events()),
            heartbeat,
        ));
    }
    match accepted.sources_and_end().await {
        (sources, Some(end)) if end.name.is_terminal() => {
            completion.whole(&end, &sources.as_ref().map(listed).unwrap_or_default())
        }
        _ => Err(Problem::unavailable("The answer ended early. Ask again.")),
    }
}

/// Splits the messages into the question and its history.
fn split(model: &str, messages: Vec<ChatMessage>) -> Result<(String, Vec<Utterance>), Problem> {
    if model != MODEL {
        let detail = format!("There is no such model: use \"{MODEL}\".");
        return Err(Problem::not_found(detail));
    }
    let mut said = Vec::new();
    for message in messages {
        let role = match message.role.as_str() {
            "user" => Role::User,
            "assistant" => Role::Assistant,
            // Clients cannot change the rules of this service.
            "system" | "developer" => continue,
            _ => {
                return Err(Problem::unprocessable(
                    "`role` must be user, assistant, system or developer.",
                ));
            }
        };
        let content = text_of(message.content)?;
        said.push(Utterance {
            role,
            content,
            standalone: None,
        });
    }
    match said.pop() {
        Some(last) if last.role == Role::User => Ok((last.content, said)),
        _ => Err(Problem::unprocessable(
            "The last of `messages` must have the role user: it is the question.",
        )),
    }
}

fn text_of(content: Content) -> Result<String, Problem> {
    match content {
        Content::Parts(parts) if parts.iter().any(|part| part.kind != "text") => Err(
            Problem::unprocessable("A question is text only: leave out images, audio and files."),
        ),
        content => Ok(content.text().into_owned()),
    }
}

/// How much of an answer a client has seen.
#[derive(Clone, Copy, PartialEq)]
enum Shown {
    Nothing,
    Something,
    /// The end of the answer.
    All,
}

/// One answer in the form of another API.
#[derive(Clone)]
struct Completion {
    turn: TurnId,
    /// Seconds since 1970.
    created: i64,
    /// The contacts for an answer that does not come.
    contacts: Arc<Contacts>,
}

impl Completion {
    fn whole(&self, event: &StoredEvent, sources: &[Value]) -> Result<HttpResponse, Problem> {
        if event.name == EventName::Error {
            return Ok(HttpResponse::ServiceUnavailable()
                .content_type("application/problem+json")
                .body(event.data.clone()));
        }
        let done = answered(event).ok_or_else(|| Problem::unavailable(INCOMPLETE))?;
        Ok(HttpResponse::Ok().json(json!({
            "id": self.id(),
            "object": "chat.completion",
            "created": self.created,
            "model": MODEL,
            "choices": [{
                "index": 0,
                "message": { "role": "assistant", "content": with_advice(&done) },
                "finish_reason": "stop",
            }],
            "usage": usage(&done),
            "citations": done.citations,
            "chatbot": extra(&done, sources),
        })))
    }

    /// Returns the frames of the events, up to the event after which no answer can come.
    fn streamed(self, events: impl Stream<Item = StoredEvent>) -> impl Stream<Item = Frame> {
        let state = (Box::pin(events), Shown::Nothing, Vec::new());
        let frames = stream::unfold(state, move |(mut events, shown, mut sources)| {
            let completion = self.clone();
            async move {
                if shown == Shown::All {
                    return None;
                }
                let event = events.next().await?;
                if event.name == EventName::Sources {
                    sources = listed(&event);
                }
                let (frames, shown) = completion.frames(&event, shown, &sources);
                Some((stream::iter(frames), (events, shown, sources)))
            }
        });
        frames.flatten()
    }

    /// Returns the frames of an event, and what the client has seen after them.
    fn frames(&self, event: &StoredEvent, shown: Shown, sources: &[Value]) -> (Vec<Frame>, Shown) {
        let data: Value = serde_json::from_str(&event.data).unwrap_or_default();
        match event.name {
            EventName::Turn => {
                let first = self.chunk(&json!({ "role": "assistant", "content": "" }), None);
                (vec![data_frame(&first)], shown)
            }
            // Clients of this API show nothing but the answer, so urgent advice begins it.
            EventName::Triage => {
                let advice = serde_json::from_str(&event.data).ok();
                match advice.as_ref().and_then(advice_before) {
                    Some(text) => {
                        let next = self.chunk(&json!({ "content": text }), None);
                        (vec![data_frame(&next)], Shown::Something)
                    }
                    None => (Vec::new(), shown),
                }
            }
            EventName::Delta => {
                let next = self.chunk(&json!({ "content": data.get("text") }), None);
                (vec![data_frame(&next)], Shown::Something)
            }
            // Clients of this API cannot withdraw text that they have shown.
            EventName::Restart if shown == Shown::Nothing => (Vec::new(), shown),
            EventName::Restart | EventName::Reconnect => (self.broken(&Value::Null), Shown::All),
            EventName::Error => (self.broken(&data), Shown::All),
            EventName::Done => (self.last(event, sources), Shown::All),
            _ => (Vec::new(), shown),
        }
    }

    /// Ends an incomplete answer: with an error, and without `[DONE]`. A turn that failed without a
    /// word has its own.
    fn broken(&self, problem: &Value) -> Vec<Frame> {
        let incomplete = || {
            format!(
                "{INCOMPLETE} {}",
                texts::urgent_case(&self.contacts, Tongue::English)
            )
        };
        let degraded = problem.get("degraded");
        let notice = degraded.and_then(|degraded| degraded.get("notice")?.as_str());
        let mut error = json!({
            "message": notice.map_or_else(incomplete, str::to_owned),
            "type": "server_error",
            "turn_id": self.turn,
            "contacts": self.contacts.for_urgent_case(Tongue::English),
        });
        if let (Some(degraded), Some(error)) = (degraded, error.as_object_mut()) {
            error.insert("degraded".into(), degraded.clone());
        }
        vec![data_frame(&json!({ "error": error }))]
    }

    fn last(&self, event: &StoredEvent, sources: &[Value]) -> Vec<Frame> {
        let Some(done) = answered(event) else {
            return self.broken(&Value::Null);
        };
        let mut last = self.chunk(&json!({}), Some("stop"));
        if let Some(object) = last.as_object_mut() {
            object.insert("usage".into(), usage(&done));
            object.insert("citations".into(), json!(done.citations));
            object.insert("chatbot".into(), extra(&done, sources));
        }
        vec![data_frame(&last), Frame::data("[DONE]")]
    }

    fn chunk(&self, delta: &Value, finish_reason: Option<&str>) -> Value {
        json!({
            "id": self.id(),
            "object": "chat.completion.chunk",
            "created": self.created,
            "model": MODEL,
            "choices": [{ "index": 0, "delta": delta, "finish_reason": finish_reason }],
        })
    }

    fn id(&self) -> String {
        format!("chatcmpl-{}", self.turn)
    }
}

fn data_frame(value: &Value) -> Frame {
    Frame::data(value.to_string())
}

/// Returns the end of a complete answer; a cancelled one may lack what matters most.
fn answered(event: &StoredEvent) -> Option<TurnDone> {
    (event.name == EventName::Done)
        .then(|| serde_json::from_str(&event.data).ok())
        .flatten()
        .filter(|done: &TurnDone| done.status != TurnStatus::Cancelled)
}

fn usage(done: &TurnDone) -> Value {
    let (input, output) = (done.usage.input_tokens, done.usage.output_tokens);
    json!({
        "prompt_tokens": input,
        "completion_tokens": output,
        "total_tokens": u64::from(input) + u64::from(output),
    })
}

/// Returns the advice that goes before an answer, as the beginning of the answer. The advice for an
/// emergency is the answer itself.
fn advice_before(notice: &TriageNotice) -> Option<String> {
    let text = notice.text.as_ref()?;
    (notice.level == Level::Urgent).then(|| format!("{text}\n\n"))
}

fn with_advice(done: &TurnDone) -> String {
    let advice = done.triage.as_ref().and_then(advice_before);
    advice.unwrap_or_default() + &done.answer
}

/// `GET /v1/models`.
pub async fn models(caller: Caller) -> Result<HttpResponse, Problem> {
    caller.require(Scope::Chat)?;
    Ok(HttpResponse::Ok().json(json!({
        "object": "list",
        "data": [{ "id": MODEL, "object": "model", "created": 0, "owned_by": "organisation" }],
    })))
}
