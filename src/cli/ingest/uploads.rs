//! The uploads of a run: each document once, a few at a time, and only where something changed.

use std::collections::{HashSet, VecDeque};

use actix_web::web::Bytes;
use futures::{StreamExt, stream};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::Value;
use sha2::{Digest, Sha256};
use tokio::sync::mpsc;

use super::about::About;
use super::client::{Client, Known, Trouble, text};
use super::found::{Content, Document, Found, too_large};
use super::report::{Entry, Outcome, Report};
use crate::domain::name;
use crate::rag::parse::ContentType;

/// The number of uploads in flight.
const CONCURRENCY: usize = 8;

/// The destination, and what is there already.
pub struct Uploads<'a> {
    pub client: &'a Client,
    pub collection: &'a str,
    pub about: &'a About,
    pub known: &'a Known,
    /// The largest document, in bytes.
    pub largest: usize,
    /// Whether only to say what would be uploaded.
    pub dry: bool,
}

/// A document after its upload.
enum Step {
    Done(Entry),
    /// A worker will read it.
    Waits(Waiting),
}

/// An uploaded document that a worker has not read yet.
struct Waiting {
    name: String,
    external_id: String,
}

/// The documents that the sources have.
#[derive(Default)]
pub struct Seen {
    pub ids: HashSet<String>,
    /// Whether something at a source could not be read.
    pub incomplete: bool,
}

impl Seen {
    /// Notes a finding. Returns its outcome if it is no document to upload.
    fn note(&mut self, found: &Found) -> Option<Entry> {
        match found {
            Found::Document(document) => {
                let (id, name) = (&document.external_id, &document.name);
                if self.ids.insert(id.clone()) {
                    return None;
                }
                let failed = Entry::new(name, Some(id.clone()), Outcome::Failed);
                Some(failed.because(
                    "another document of this run has the same id; give the folder that holds both, \
                     or upload one with --prefix",
                ))
            }
            Found::Unchanged { external_id, name } => {
                self.ids.insert(external_id.clone());
                let id = Some(external_id.clone());
                Some(Entry::new(name, id, Outcome::Unchanged))
            }
            Found::Skipped { name, reason } => {
                Some(Entry::new(name, None, Outcome::Skipped).because(reason))
            }
            Found::Failed { name, reason } => {
                self.incomplete = true;
                Some(Entry::new(name, None, Outcome::Failed).because(reason))
            }
        }
    }
}

/// The state of a run, which outlives its interruption.
#[derive(Default)]
pub struct Progress {
    pub report: Report,
    pub seen: Seen,
    waiting: VecDeque<Waiting>,
}

impl Progress {
    /// Ends the run, and names the documents that nobody waited for.
    pub fn into_report(mut self) -> Report {
        for waiting in self.waiting {
            let id = Some(waiting.external_id);
            self.report
                .add(Entry::new(waiting.name, id, Outcome::Received));
        }
        self.report
    }
}

/// A bar on the terminal, unless a program reads the outcome.
pub fn bar(hidden: bool) -> anyhow::Result<ProgressBar> {
    let bar = ProgressBar::new(0);
    if hidden {
        bar.set_draw_target(ProgressDrawTarget::hidden());
    }
    bar.set_style(ProgressStyle::with_template(
        "{bar:30} {pos}/{len} documents  {per_sec}",
    )?);
    Ok(bar)
}

impl Uploads<'_> {
    /// Uploads the findings as they come, and waits for each until a worker has read it.
    pub async fn run(
        &self,
        findings: mpsc::Receiver<Found>,
        progress: &mut Progress,
        bar: &ProgressBar,
    ) -> anyhow::Result<()> {
        let Progress {
            report,
            seen,
            waiting,
        } = progress;
        let findings = stream::unfold(findings, |mut findings| async {
            Some((findings.recv().await?, findings))
        });
        let steps = findings.map(|found| {
            bar.inc_length(1);
            let noted = seen.note(&found);
            async move {
                match (noted, found) {
                    (None, Found::Document(document)) => self.upload(*document).await,
                    (entry, _) => Ok(entry.map(Step::Done)),
                }
            }
        });
        let mut steps = std::pin::pin!(steps.buffer_unordered(CONCURRENCY));
        while let Some(step) = steps.next().await {
            match step.map_err(Trouble::into_error)? {
                Some(Step::Waits(document)) => waiting.push_back(document),
                Some(Step::Done(entry)) => {
                    report.add(entry);
                    bar.inc(1);
                }
                None => {}
            }
        }
        while let Some(Waiting { name, external_id }) = waiting.front() {
            let entry = match self.client.read(self.collection, external_id).await {
                Ok(view) => Entry::of(name.clone(), &view),
                Err(Trouble::Refused(reason)) => failed(name, external_id, reason),
                Err(Trouble::Ends(error)) => return Err(error),
            };
            waiting.pop_front();
            report.add(entry);
            bar.inc(1);
        }
        Ok(())
    }

    async fn upload(&self, document: Document) -> Result<Option<Step>, Trouble> {
        let (name, id) = (&document.name, &document.external_id);
        let done = |entry: Entry| Ok(Some(Step::Done(entry)));
        let bytes = match self.bytes(&document.content).await {
            Ok(bytes) => bytes,
            Err(reason) => return done(failed(name, id, reason)),
        };
        let known = self.known.get(id);
        if let Some(view) = known
            && let Some(owner) = other_source(view, &document)
        {
            let reason = format!("the id belongs to a document from {owner}: choose a --prefix");
            return done(failed(name, id, reason));
        }
        let same = known.filter(|view| self.is_same(view, &document, &bytes));
        if let Some(view) = same {
            return Ok(Some(settled(&document, view)));
        }
        if self.dry {
            return done(Entry::new(name, Some(id.clone()), Outcome::New));
        }
        match self
            .client
            .put(self.collection, &document, &bytes, self.about)
            .await
        {
            Ok((false, view)) => Ok(Some(settled(&document, &view))),
            Ok((true, _)) => Ok(Some(waits(&document))),
            Err(Trouble::Refused(reason)) => done(failed(name, id, reason)),
            Err(ends) => Err(ends),
        }
    }

    /// Reads a document that may be uploaded, or says why it may not.
    async fn bytes(&self, content: &Content) -> Result<Bytes, String> {
        let is_too_large =
            |size: u64| usize::try_from(size).map_or(true, |size| size > self.largest);
        let bytes = match content {
            Content::Bytes(bytes) => bytes.clone(),
            Content::File(path) => {
                let unreadable = |error| format!("it cannot be read: {error}");
                let size = tokio::fs::metadata(path).await.map_err(unreadable)?.len();
                if is_too_large(size) {
                    return Err(too_large(size, self.largest));
                }
                tokio::fs::read(path).await.map_err(unreadable)?.into()
            }
        };
        match bytes.len() as u64 {
            0 => Err("it is empty".to_owned()),
            size if is_too_large(size) => Err(too_large(size, self.largest)),
            _ => Ok(bytes),
        }
    }

    /// Whether the server has these bytes, and states the same about them.
    fn is_same(&self, view: &Value, document: &Document, bytes: &Bytes) -> bool {
        let is = |key: &str, value: &str| text(view, key) == value;
        // The server keeps the charset only where it adds something.
        let content_type = ContentType::from_mime(&document.content_type)
            .map(|content_type| content_type.settled(bytes).to_string());
        let title = document.title.as_deref().map(name::plain);
        let origin = document.origin.as_ref();
        is("sha256", &hex::encode(Sha256::digest(bytes)))
            && !is("version_status", "failed")
            && content_type.is_some_and(|content_type| is("media_type", &content_type))
            && title.is_none_or(|title| is("title", &title))
            && view.get("supersedes").is_none_or(Value::is_null)
            && origin.is_none_or(|origin| {
                is("source", &origin.source)
                    && is(
                        "source_validator",
                        origin.validator.as_deref().unwrap_or_default(),
                    )
            })
            && self.about.is_said_of(view)
    }
}

fn failed(name: &str, external_id: &str, reason: impl Into<String>) -> Entry {
    let id = Some(external_id.to_owned());
    Entry::new(name, id, Outcome::Failed).because(reason)
}

fn waits(document: &Document) -> Step {
    Step::Waits(Waiting {
        name: document.name.clone(),
        external_id: document.external_id.clone(),
    })
}

/// The outcome of a document that the server has already.
fn settled(document: &Document, view: &Value) -> Step {
    if text(view, "status") == "withdrawn" {
        let id = Some(document.external_id.clone());
        let skipped = Entry::new(&document.name, id, Outcome::Skipped);
        return Step::Done(skipped.because("it was withdrawn, and has not changed since"));
    }
    match Entry::of(document.name.clone(), view) {
        // An earlier run was interrupted before a worker had read it.
        entry if entry.outcome == Outcome::Received => waits(document),
        entry if entry.outcome == Outcome::Quarantined => Step::Done(entry),
        mut entry => {
            entry.outcome = Outcome::Unchanged;
            entry.reason = None;
            entry.warnings.clear();
            Step::Done(entry)
        }
    }
}

/// The site or the bucket that a document of the server came from, if this one comes from another.
fn other_source(view: &Value, document: &Document) -> Option<String> {
    let root = |source: &str| {
        let url = url::Url::parse(source).ok()?;
        Some(format!("{}://{}", url.scheme(), url.authority()))
    };
    let stored = view.get("source").and_then(Value::as_str).and_then(root);
    let own = document
        .origin
        .as_ref()
        .and_then(|origin| root(&origin.source));
    (own != stored).then(|| stored.unwrap_or_else(|| "a file".to_owned()))
}
