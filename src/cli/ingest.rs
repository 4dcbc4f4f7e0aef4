//! `chatbot ingest PATH…` uploads files, folders or JSON lines, and waits until all are read.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use actix_web::web::Bytes;
use anyhow::{Context, bail};
use clap::Args;
use futures::{StreamExt, stream};
use indicatif::{ProgressBar, ProgressStyle};
use reqwest::header::RETRY_AFTER;
use reqwest::{RequestBuilder, Response, StatusCode};
use serde::Deserialize;
use serde_json::Value;

use super::ask::{base_url, checked};
use super::output;
use super::running_demo::key_for;
use crate::rag::parse::MediaType;

/// The number of uploads in flight.
const CONCURRENCY: usize = 8;
/// The longest pause between two attempts, whatever the server asks for.
const LONGEST_WAIT: Duration = Duration::from_mins(1);

/// The files to upload and their destination.
#[derive(Args)]
pub struct IngestArgs {
    /// Files and folders. A `.jsonl` file holds one document per line: `_id`, `title`, `text`.
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    #[arg(long)]
    collection: String,
    #[command(flatten)]
    about: About,
    #[arg(long, env = "CHATBOT_RAG_URL", default_value = "http://127.0.0.1:8001", value_parser = base_url)]
    url: String,
    /// The API key; a demo on this machine needs none.
    #[arg(long, env = "CHATBOT_API_KEY", hide_env_values = true)]
    api_key: Option<String>,
}

/// The people who answer for the documents, and the times when these apply. Times are RFC 3339, such as
/// 2027-01-31T00:00:00Z.
#[derive(Args)]
struct About {
    /// The person or department that keeps the documents correct.
    #[arg(long)]
    owner: Option<String>,
    /// The area in which they apply.
    #[arg(long)]
    jurisdiction: Option<String>,
    /// The people for whom they are written.
    #[arg(long)]
    audience: Option<String>,
    /// They answer from this time on.
    #[arg(long, value_parser = time)]
    effective_from: Option<String>,
    /// The owner should have read them again by this time.
    #[arg(long, value_parser = time)]
    review_by: Option<String>,
    /// They stop answering at this time.
    #[arg(long, value_parser = time)]
    expires_at: Option<String>,
}

/// A time as the API takes it; clap shows the reason against another one.
fn time(given: &str) -> Result<String, &'static str> {
    match crate::domain::time::parse(given) {
        Some(_) => Ok(given.to_owned()),
        None => Err(crate::domain::time::FORM),
    }
}

impl About {
    /// The parameters of the upload that were given.
    fn parameters(&self) -> Vec<(&'static str, String)> {
        [
            ("owner", &self.owner),
            ("jurisdiction", &self.jurisdiction),
            ("audience", &self.audience),
            ("effective_from", &self.effective_from),
            ("review_by", &self.review_by),
            ("expires_at", &self.expires_at),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value.clone()?)))
        .collect()
    }
}

/// One document to upload.
pub struct Upload {
    pub collection: String,
    pub external_id: String,
    pub title: Option<String>,
    pub media_type: MediaType,
    pub bytes: Vec<u8>,
    /// Further parameters, for example `owner`.
    pub about: Vec<(&'static str, String)>,
}

/// The destination of uploads.
pub struct Client {
    pub http: reqwest::Client,
    pub url: String,
    pub api_key: Option<String>,
}

/// Uploads and waits. The exit code is 1 if a document failed or is in quarantine.
pub async fn run(args: &IngestArgs) -> anyhow::Result<ExitCode> {
    let mut uploads = Vec::new();
    for path in &args.paths {
        collect(path, &args.collection, &mut uploads)?;
    }
    for upload in &mut uploads {
        upload.about = args.about.parameters();
    }
    if uploads.is_empty() {
        bail!("there is nothing to ingest: expected .md, .txt, .html, .pdf, .docx or .jsonl");
    }
    let client = Client {
        http: reqwest::Client::builder()
            .timeout(Duration::from_mins(1))
            .build()?,
        url: args.url.clone(),
        api_key: key_for(&args.url, args.api_key.as_ref()),
    };
    let outcome = upload_all(&client, uploads).await?;
    output::line(&format!(
        "{} indexed, {} unchanged, {} failed",
        outcome.indexed,
        outcome.unchanged,
        outcome.failed.len()
    ))?;
    if outcome.drafts > 0 {
        output::line(&format!(
            "{} wait for approval by a second person: `chatbot documents list --status draft`",
            outcome.drafts
        ))?;
    }
    for (external_id, reason) in &outcome.quarantined {
        output::line(&format!("quarantined: {external_id}: {reason}"))?;
    }
    for (external_id, warning) in &outcome.warnings {
        output::line(&format!("warning: {external_id}: {warning}"))?;
    }
    for (external_id, reason) in &outcome.failed {
        output::line(&format!("failed: {external_id}: {reason}"))?;
    }
    Ok(
        if outcome.failed.is_empty() && outcome.quarantined.is_empty() {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        },
    )
}

fn collect(path: &Path, collection: &str, uploads: &mut Vec<Upload>) -> anyhow::Result<()> {
    if path.is_dir() {
        let mut entries: Vec<PathBuf> = std::fs::read_dir(path)?
            .map(|entry| entry.map(|entry| entry.path()))
            .collect::<Result<_, _>>()?;
        entries.sort();
        for entry in entries {
            collect(&entry, collection, uploads)?;
        }
        return Ok(());
    }
    let extension = path
        .extension()
        .and_then(|e| e.to_str())
        .unwrap_or_default();
    let bytes = || std::fs::read(path).with_context(|| format!("cannot read {}", path.display()));
    if extension == "jsonl" {
        return collect_lines(&String::from_utf8(bytes()?)?, collection, uploads);
    }
    // Skips files of a folder that cannot be parsed, without a message.
    if let Some(media_type) = MediaType::from_extension(extension) {
        uploads.push(Upload {
            collection: collection.to_owned(),
            external_id: path
                .file_name()
                .map(|name| name.to_string_lossy().into_owned())
                .unwrap_or_default(),
            title: path
                .file_stem()
                .map(|stem| stem.to_string_lossy().into_owned()),
            media_type,
            bytes: bytes()?,
            about: Vec::new(),
        });
    }
    Ok(())
}

#[derive(Deserialize)]
struct Line {
    #[serde(rename = "_id")]
    id: String,
    #[serde(default)]
    title: String,
    text: String,
}

fn collect_lines(text: &str, collection: &str, uploads: &mut Vec<Upload>) -> anyhow::Result<()> {
    for (number, line) in (1..).zip(text.lines()) {
        let line: Line = serde_json::from_str(line)
            .with_context(|| format!("line {number}: expected an object with _id, title, text"))?;
        uploads.push(Upload {
            collection: collection.to_owned(),
            external_id: line.id,
            title: (!line.title.is_empty()).then_some(line.title),
            media_type: MediaType::Text,
            bytes: line.text.into_bytes(),
            about: Vec::new(),
        });
    }
    Ok(())
}

/// The results of the uploads.
#[derive(Default)]
pub struct Outcome {
    pub indexed: usize,
    /// The documents that wait for approval.
    pub drafts: usize,
    pub unchanged: usize,
    /// The external id, and the parts of the document that were left out.
    pub warnings: Vec<(String, String)>,
    /// The external id and the reason.
    pub failed: Vec<(String, String)>,
    /// The external id and the reason.
    pub quarantined: Vec<(String, String)>,
}

impl Outcome {
    /// Counts a document that is no longer being read.
    fn add(&mut self, document: &Value) {
        let id = text(document, "external_id");
        match text(document, "version_status").as_str() {
            "failed" => {
                self.failed.push((id, text(document, "reason")));
                return;
            }
            "quarantined" => {
                self.quarantined.push((id, text(document, "reason")));
                return;
            }
            "draft" => self.drafts += 1,
            _ => self.indexed += 1,
        }
        let warnings = document.get("warnings").and_then(Value::as_array);
        let warnings = warnings.into_iter().flatten().filter_map(Value::as_str);
        self.warnings
            .extend(warnings.map(|warning| (id.clone(), warning.to_owned())));
    }
}

/// Uploads a few documents at a time, and waits for each until a worker has read it.
pub async fn upload_all(client: &Client, uploads: Vec<Upload>) -> anyhow::Result<Outcome> {
    let bar = ProgressBar::new(uploads.len().try_into()?);
    bar.set_style(ProgressStyle::with_template(
        "{bar:30} {pos}/{len} documents  {per_sec}  {eta} left",
    )?);
    let mut outcome = Outcome::default();
    let mut waiting = Vec::new();
    let mut sent = stream::iter(uploads.into_iter().map(|upload| send(client, upload)))
        .buffer_unordered(CONCURRENCY);
    while let Some(accepted) = sent.next().await {
        let (address, unchanged) = accepted?;
        if unchanged {
            outcome.unchanged += 1;
            bar.inc(1);
        } else {
            waiting.push(address);
        }
    }
    drop(sent);
    for address in waiting {
        let document = wait(client, &address).await?;
        outcome.add(&document);
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(outcome)
}

/// Returns the document's address, and whether the document was unchanged.
async fn send(client: &Client, upload: Upload) -> anyhow::Result<(String, bool)> {
    let mut address = url::Url::parse(&client.url)?;
    address
        .path_segments_mut()
        .map_err(|()| anyhow::anyhow!("{} is not a base URL", client.url))?
        .extend(["v1", "documents", &upload.collection, &upload.external_id]);
    let plain = address.to_string();
    if let Some(title) = &upload.title {
        address.query_pairs_mut().append_pair("title", title);
    }
    for (name, value) in &upload.about {
        address.query_pairs_mut().append_pair(name, value);
    }
    let bytes = Bytes::from(upload.bytes);
    let request = || {
        let put = client.http.put(address.clone()).body(bytes.clone());
        authorised(
            client,
            put.header("content-type", upload.media_type.as_mime()),
        )
    };
    let answer = when_it_may(request)
        .await
        .with_context(|| format!("the rag service at {} cannot be reached", client.url))?;
    let answer: Value = checked(answer)
        .await
        .with_context(|| upload.external_id.clone())?
        .json()
        .await?;
    let unchanged = answer.get("outcome").and_then(Value::as_str) == Some("unchanged");
    Ok((plain, unchanged))
}

/// Sends a request again for as long as the server asks the client to wait.
async fn when_it_may(request: impl Fn() -> RequestBuilder) -> reqwest::Result<Response> {
    loop {
        let answer = request().send().await?;
        if answer.status() != StatusCode::TOO_MANY_REQUESTS {
            return Ok(answer);
        }
        let wait = answer.headers().get(RETRY_AFTER);
        let seconds = wait.and_then(|wait| wait.to_str().ok()?.parse().ok());
        tokio::time::sleep(Duration::from_secs(seconds.unwrap_or(1)).min(LONGEST_WAIT)).await;
    }
}

fn authorised(client: &Client, request: RequestBuilder) -> RequestBuilder {
    match &client.api_key {
        Some(key) => request.bearer_auth(key),
        None => request,
    }
}

/// Waits until a worker has read the document, whatever came of it.
async fn wait(client: &Client, address: &str) -> anyhow::Result<Value> {
    loop {
        let answer = authorised(client, client.http.get(address)).send().await?;
        let document: Value = checked(answer).await?.json().await?;
        if text(&document, "version_status") != "received" {
            return Ok(document);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

fn text(document: &Value, key: &str) -> String {
    let value = document.get(key).and_then(Value::as_str);
    value.unwrap_or_default().to_owned()
}
