//! `chatbot ingest SOURCE…` uploads files, folders, web sites and buckets, and waits until all
//! documents are read.
//!
//! A source finds documents, [`uploads`] sends those that changed, and [`report`] names the outcome
//! of each. Nothing is kept on this machine: the server knows the hash of each document, and the
//! `ETag` that it had at its source.

mod about;
mod before;
mod bucket;
mod client;
mod files;
mod found;
mod missing;
mod report;
mod site;
mod source;
mod uploads;

use std::process::ExitCode;

use anyhow::bail;
use clap::Args;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use self::about::About;
use self::before::Before;
use self::bucket::BucketArgs;
use self::client::Known;
use self::found::{Findings, Found};
use self::report::{Entry, Report};
use self::site::SiteArgs;
use self::source::Source;
use self::uploads::{Progress, Uploads, bar};
use super::ask::base_url;
use super::running_demo::key_for;
use crate::config::{Config, aws_variables};
use crate::rag::parse::MediaType;

pub use client::Client;
pub use found::{Content, Document};
pub use report::Outcome;

/// The findings of a source that wait for their upload; each may hold a document.
const WAITING: usize = 4;
/// The exit code of a command that Ctrl-C ended.
const INTERRUPTED: u8 = 130;

/// The sources to upload and their destination.
#[derive(Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an option of the command line"
)]
pub struct IngestArgs {
    /// Files, folders, web sites (`https://host/path`) and buckets (`s3://bucket/prefix`). A `.jsonl` file
    /// holds one document per line: `_id`, `title`, `text`.
    #[arg(required = true, value_name = "SOURCE")]
    sources: Vec<Source>,
    #[arg(long)]
    collection: String,
    /// The beginning of every external id, such as ward7/.
    #[arg(long, default_value = "")]
    prefix: String,
    /// Print one JSON document with the outcome of every file.
    #[arg(long)]
    json: bool,
    /// Only say what would be uploaded and deleted.
    #[arg(long)]
    dry_run: bool,
    /// Delete documents with this prefix that are no longer at their source, after showing them.
    #[arg(long)]
    delete_missing: bool,
    /// Delete without a question.
    #[arg(long, requires = "delete_missing")]
    yes: bool,
    #[command(flatten)]
    about: About,
    #[command(flatten)]
    server: ServerArgs,
    #[command(flatten)]
    site: SiteArgs,
    #[command(flatten)]
    bucket: BucketArgs,
}

/// The rag service.
#[derive(Args)]
#[command(next_help_heading = "Server")]
struct ServerArgs {
    #[arg(long, env = "CHATBOT_RAG_URL", default_value = "http://127.0.0.1:8001", value_parser = base_url)]
    url: String,
    /// The API key; a demo on this machine needs none.
    #[arg(long, env = "CHATBOT_API_KEY", hide_env_values = true)]
    api_key: Option<String>,
}

/// Uploads and waits. The exit code is 1 if a document failed or is in quarantine.
pub async fn run(args: &IngestArgs, config: &Config) -> anyhow::Result<ExitCode> {
    if args.delete_missing && !args.sources.iter().all(Source::is_whole) {
        bail!(
            "--delete-missing needs folders, web sites or buckets: a single file says nothing about others"
        );
    }
    let client = Client::new(
        &args.server.url,
        key_for(&args.server.url, args.server.api_key.as_ref()),
    )?;
    let mut progress = Progress::default();
    let largest = config.rag.ingestion.max_document_bytes;
    let outcome = tokio::select! {
        outcome = ingest(args, &client, largest, &mut progress) => Some(outcome),
        () = interrupted() => None,
    };
    let nothing = progress.seen.ids.is_empty();
    let mut report = progress.into_report();
    match outcome {
        None => report.interrupted = true,
        Some(Err(error)) => {
            if report.documents.is_empty() {
                return Err(error);
            }
            report.error = Some(format!("{error:#}"));
        }
        Some(Ok(())) => {}
    }
    if args.json {
        report.print_json()?;
    } else {
        report.print()?;
    }
    if report.interrupted {
        return Ok(ExitCode::from(INTERRUPTED));
    }
    if let Some(error) = &report.error {
        bail!("{error}");
    }
    if nothing && report.count(Outcome::Failed) == 0 {
        bail!(
            "there is nothing to ingest: expected {} or JSON lines",
            MediaType::names()
        );
    }
    Ok(if report.is_good() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Resolves at SIGINT or SIGTERM.
async fn interrupted() {
    let (Ok(mut interrupt), Ok(mut terminate)) = (
        signal(SignalKind::interrupt()),
        signal(SignalKind::terminate()),
    ) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}

async fn ingest(
    args: &IngestArgs,
    client: &Client,
    largest: usize,
    progress: &mut Progress,
) -> anyhow::Result<()> {
    // Of single documents the server says itself whether they are new.
    let known = if args.dry_run || args.sources.iter().any(Source::is_long) {
        client.list(&args.collection).await?
    } else {
        Known::new()
    };
    let uploads = Uploads {
        client,
        collection: &args.collection,
        about: &args.about,
        known: &known,
        largest,
        dry: args.dry_run,
    };
    let (sender, findings) = mpsc::channel(WAITING);
    let bar = bar(args.json)?;
    let find = find(args, &known, largest, Findings(sender));
    let ((), uploaded) = tokio::join!(find, uploads.run(findings, progress, &bar));
    bar.finish_and_clear();
    uploaded?;
    if args.delete_missing {
        delete_missing(args, client, &known, progress).await?;
    }
    Ok(())
}

/// Reads the sources, one after the other.
async fn find(args: &IngestArgs, known: &Known, largest: usize, findings: Findings) {
    let before = Before {
        known,
        about: &args.about,
        prefix: &args.prefix,
        largest,
    };
    for source in &args.sources {
        match source {
            Source::Path(path) => files::walk(path, before.prefix, &findings).await,
            Source::Site(url) => site::crawl(url, &args.site, before, &findings).await,
            Source::Bucket(bucket) => {
                bucket::list(bucket, &args.bucket, aws_variables(), before, &findings).await;
            }
        }
    }
}

async fn delete_missing(
    args: &IngestArgs,
    client: &Client,
    known: &Known,
    progress: &mut Progress,
) -> anyhow::Result<()> {
    let Progress { report, seen, .. } = progress;
    let missing = missing::find(known, seen, &args.sources, &args.prefix, &args.site.within);
    if missing.is_empty() {
        return Ok(());
    }
    let hindrance = missing::hindrance(seen);
    let agreed = match hindrance {
        Some(reason) => Err(reason),
        None if args.dry_run => {
            list(missing, report);
            return Ok(());
        }
        None if args.yes => Ok(true),
        None if args.json => Err("--json needs --yes to delete"),
        None => missing::confirmed(&missing).ok_or("nobody is there to agree: give --yes"),
    };
    match agreed {
        Ok(true) => missing::remove(client, &args.collection, missing, report).await?,
        Ok(false) => list(missing, report),
        Err(reason) => {
            report.not_removed = Some(reason.to_owned());
            list(missing, report);
        }
    }
    Ok(())
}

/// Names the documents that stay, although their source has them no longer.
fn list(missing: Vec<String>, report: &mut Report) {
    for id in missing {
        report.add(Entry::new(id.clone(), Some(id), Outcome::Missing));
    }
}

/// Uploads a few documents, and waits for each until a worker has read it.
pub async fn upload_all(
    client: &Client,
    collection: &str,
    documents: Vec<Document>,
) -> anyhow::Result<Report> {
    let mut progress = Progress::default();
    let (about, known) = (About::default(), Known::new());
    let uploads = Uploads {
        client,
        collection,
        about: &about,
        known: &known,
        largest: usize::MAX,
        dry: false,
    };
    let (sender, findings) = mpsc::channel(WAITING);
    let findings_of = Findings(sender);
    let find = async move {
        for document in documents {
            findings_of.add(Found::Document(Box::new(document))).await;
        }
    };
    let bar = bar(false)?;
    let ((), uploaded) = tokio::join!(find, uploads.run(findings, &mut progress, &bar));
    bar.finish_and_clear();
    uploaded?;
    Ok(progress.into_report())
}
