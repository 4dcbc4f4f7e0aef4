//! `chatbot demo` runs everything on this machine, with sample documents.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::net::{IpAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::time::Duration;

use actix_web::web::Bytes;
use anyhow::{Context, bail};
use clap::Args;
use serde::Deserialize;

use super::ingest::{Client, Content, Document, Outcome, upload_all};
use super::running_demo::RunningDemo;
use super::wiring::{self, Built, Process};
use super::{keys, output, serve};
use crate::config::{self, CacheBackend, Config, MessagingBackend, Secret};
use crate::embedded::{EmbeddedPostgres, StartProgress};
use crate::embedding::EmbeddingBackend;
use crate::embedding::models::{BarProgress, ModelCache};
use crate::persistence::migrations;
use crate::rag::parse::MediaType;
use crate::shutdown::Shutdown;

/// The options of the demo.
#[derive(Args)]
pub struct DemoArgs {
    /// The data directory; `CHATBOT_DATA_DIR` does the same.
    #[arg(long)]
    data_dir: Option<PathBuf>,
    /// The page's port; the demo takes another free port if it is in use.
    #[arg(long, default_value_t = 8000)]
    port: u16,
    /// The address to listen on; loopback only, because the demo has no API keys.
    #[arg(long, default_value = "127.0.0.1")]
    host: IpAddr,
}

/// How long streaming answers may continue after Ctrl-C.
const DRAIN: Duration = Duration::from_secs(5);

const MANIFEST: &str = include_str!("../../samples/manifest.toml");

macro_rules! samples {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_bytes!(concat!("../../samples/", $name)).as_slice())),*]
    };
}

/// Fills the model cache with visible progress; a full cache costs nothing.
async fn fetch_model(config: &Config) -> anyhow::Result<()> {
    let embedding = config.embedding.clone();
    if embedding.backend == EmbeddingBackend::Local && embedding.download {
        let cache = ModelCache::from_config(&embedding);
        let fetch = move || cache.ensure(&BarProgress::default());
        tokio::task::spawn_blocking(fetch).await??;
    }
    Ok(())
}

/// The sample leaflets, by file name.
const SAMPLES: &[(&str, &[u8])] = samples![
    "stroke-prevention.md",
    "visiting-hours.md",
    "diabetes-type-2.md",
    "preventing-falls.md",
    "appointments.txt",
    "childhood-fever.txt",
    "before-your-surgery.html",
    "wound-care.html",
    "blood-thinners.pdf",
    "asthma-inhaler.pdf",
    "hand-hygiene.docx",
    "needlestick-injury.docx",
];

struct Steps;

impl StartProgress for Steps {
    fn step(&self, message: &str) {
        // Ignores errors, because a closed terminal must not stop the start.
        let _ = output::line(&format!("  {message}"));
    }
}

/// Starts everything, prints the URL, and stops everything at a signal.
pub async fn run(args: DemoArgs, config: Config) -> anyhow::Result<()> {
    if !args.host.is_loopback() {
        bail!(
            "the demo has no authentication and listens on loopback only: \
             use `chatbot serve` to offer it on {}",
            args.host
        );
    }
    let data_dir = args.data_dir.clone().unwrap_or_else(config::data_dir);
    output::line(&format!("chatbot demo, data in {}", data_dir.display()))?;
    let shutdown = Shutdown::new();
    tokio::select! {
        outcome = start_and_serve(&args, data_dir, config, shutdown.clone()) => outcome,
        signals = shutdown.listen_for_signals() => Ok(signals?),
    }
}

async fn start_and_serve(
    args: &DemoArgs,
    data_dir: PathBuf,
    config: Config,
    shutdown: Shutdown,
) -> anyhow::Result<()> {
    let start = EmbeddedPostgres::start(&data_dir, &Steps);
    let Some(postgres) = unless_stopped(&shutdown, start).await else {
        return Ok(());
    };
    let postgres = postgres?;
    let url = postgres.url();
    let work = async {
        let outcome = serve_all(args, &data_dir, config, &url, &shutdown).await;
        shutdown.finish().await;
        outcome
    };
    let outcome = tokio::select! {
        outcome = work => outcome,
        never = shutdown.close_after(DRAIN) => match never {},
    };
    postgres.stop().await;
    outcome
}

/// Runs the work until the shutdown begins; nobody waits for a start that is no longer wanted.
async fn unless_stopped<T>(shutdown: &Shutdown, work: impl Future<Output = T>) -> Option<T> {
    shutdown.soft_token().run_until_cancelled(work).await
}

/// Both roles, built, with their addresses.
struct Ready {
    demo: RunningDemo,
    answers: &'static str,
    documents: (TcpListener, Built),
    page: (TcpListener, Built),
}

async fn prepare(
    args: &DemoArgs,
    config: Config,
    database_url: &str,
    shutdown: &Shutdown,
) -> anyhow::Result<Ready> {
    let page = listen(args.host, args.port)?;
    let documents = listen(args.host, args.port.saturating_add(1))?;
    let demo = RunningDemo {
        urls: [
            format!("http://{}", page.local_addr()?),
            format!("http://{}", documents.local_addr()?),
        ],
        token: keys::random_hex::<16>()?,
    };
    let [_, rag_url] = &demo.urls;
    let config = demo_config(config, args.host, database_url, rag_url)?;
    migrations::run(database_url).await?;
    let database = wiring::database(&config)?;
    fetch_model(&config).await?;
    let answers = describe_answers(&config);
    let mut process = Process::new(config, database, shutdown.clone())?;
    process.demo_token = Some(demo.token.clone());
    process.log.ensure_topics().await?;
    process.spawn_upkeep();
    output::line("  loading the embedding model")?;
    Ok(Ready {
        demo,
        answers,
        documents: (documents, process.rag().await?),
        page: (page, process.orchestrator()?),
    })
}

async fn serve_all(
    args: &DemoArgs,
    data_dir: &Path,
    config: Config,
    database_url: &str,
    shutdown: &Shutdown,
) -> anyhow::Result<()> {
    let prepared = Box::pin(prepare(args, config, database_url, shutdown));
    let Some(ready) = unless_stopped(shutdown, prepared).await else {
        return Ok(());
    };
    let ready = ready?;
    let _published = ready.demo.publish(data_dir)?;
    let fill = async {
        load_samples(&ready.demo).await?;
        tell(&ready.demo, ready.answers)
    };
    let filled = async {
        let outcome = unless_stopped(shutdown, fill).await.unwrap_or(Ok(()));
        if outcome.is_err() {
            shutdown.begin();
        }
        outcome
    };
    tokio::try_join!(
        serve::serve(ready.documents.0, ready.documents.1, shutdown),
        serve::serve(ready.page.0, ready.page.1, shutdown),
        filled,
    )?;
    Ok(())
}

/// Prints how to use the demo.
fn tell(demo: &RunningDemo, answers: &str) -> anyhow::Result<()> {
    let RunningDemo {
        urls: [page, documents],
        token,
    } = demo;
    output::line(&format!("\n  {answers}"))?;
    output::line(&format!("  documents API: {documents}"))?;
    output::line(
        "  programs use the token below as the API key; `chatbot ask` finds it by itself",
    )?;
    output::line(&format!(
        "  open {page}/?token={token} — Ctrl-C stops everything"
    ))?;
    Ok(())
}

/// Listens on the wanted port, or on any free port if it is taken, and says so.
fn listen(host: IpAddr, port: u16) -> anyhow::Result<TcpListener> {
    let refused = match TcpListener::bind((host, port)) {
        Ok(listener) => return Ok(listener),
        Err(refused) => refused,
    };
    let another =
        TcpListener::bind((host, 0)).with_context(|| format!("cannot listen on {host}"))?;
    let why = match refused.kind() {
        ErrorKind::AddrInUse => "is in use".to_owned(),
        _ => format!("cannot be used ({refused})"),
    };
    output::line(&format!(
        "  port {port} {why}, so the demo uses port {}; --port chooses another",
        another.local_addr()?.port()
    ))?;
    Ok(another)
}

fn demo_config(
    mut config: Config,
    host: IpAddr,
    database_url: &str,
    rag_url: &str,
) -> anyhow::Result<Config> {
    config.server.host = host.to_string();
    config.database.url = Secret::new(database_url);
    config.messaging.backend = MessagingBackend::InProcess;
    config.cache.backend = CacheBackend::InProcess;
    config.auth.enabled = false;
    config.auth.internal_token = Secret::new(keys::new_secret()?);
    rag_url.clone_into(&mut config.orchestrator.rag_url);
    config.server.drain_seconds = DRAIN.as_secs();
    // The in-process bus forgets its records when the process ends, so they are announced again at
    // once.
    config.rag.ingestion.reannounce_seconds = 0;
    // Everybody here is the same person, so nobody could approve what another uploaded.
    config.rag.governance.approval = false;
    config.rag.governance.self_approval = true;
    Ok(config)
}

fn describe_answers(config: &Config) -> &'static str {
    let llm = &config.llm;
    let keyed = [&llm.gemini, &llm.anthropic, &llm.openai]
        .iter()
        .any(|provider| provider.api_key.is_some());
    if keyed || !llm.openai.base_url.is_empty() {
        "answers come from the configured language model, cited from the documents"
    } else {
        "no language model is configured: answers quote the documents word for word"
    }
}

#[derive(Deserialize)]
struct Manifest {
    document: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    file: String,
    external_id: String,
    title: String,
    collection: String,
    media_type: String,
}

/// A leaflet of the demo.
pub(super) struct Sample {
    pub collection: String,
    pub external_id: String,
    pub title: String,
    pub media_type: MediaType,
    pub bytes: &'static [u8],
}

impl Sample {
    fn document(self) -> Document {
        Document {
            name: self.external_id.clone(),
            external_id: self.external_id,
            title: Some(self.title),
            content_type: self.media_type.as_mime().to_owned(),
            origin: None,
            content: Content::Bytes(Bytes::from_static(self.bytes)),
        }
    }
}

async fn load_samples(demo: &RunningDemo) -> anyhow::Result<()> {
    let [_, rag_url] = &demo.urls;
    let client = Client::new(rag_url, Some(demo.token.clone()))?;
    let mut collections = BTreeMap::<String, Vec<Document>>::new();
    for sample in samples()? {
        let documents = collections.entry(sample.collection.clone()).or_default();
        documents.push(sample.document());
    }
    let mut ready = 0;
    for (collection, documents) in collections {
        let report = Box::pin(upload_all(&client, &collection, documents)).await?;
        for entry in report.with(Outcome::Failed) {
            let reason = entry.reason.as_deref().unwrap_or_default();
            output::line(&format!("  {} failed: {reason}", entry.name))?;
        }
        ready += report.count(Outcome::Indexed) + report.count(Outcome::Unchanged);
    }
    output::line(&format!("  {ready} sample documents are searchable"))?;
    Ok(())
}

/// Returns the sample leaflets.
pub(super) fn samples() -> anyhow::Result<Vec<Sample>> {
    use figment::providers::{Format, Toml};
    let manifest: Manifest = Toml::from_str(MANIFEST)?;
    manifest
        .document
        .into_iter()
        .map(|entry| {
            let (_, bytes) = SAMPLES
                .iter()
                .find(|(name, _)| *name == entry.file)
                .with_context(|| format!("the manifest names {}, which is missing", entry.file))?;
            Ok(Sample {
                collection: entry.collection,
                external_id: entry.external_id,
                title: entry.title,
                media_type: MediaType::from_mime(&entry.media_type)
                    .with_context(|| format!("{} has no known type", entry.file))?,
                bytes,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manifest_and_the_samples_agree() {
        let samples = samples().unwrap();
        assert_eq!(samples.len(), SAMPLES.len());
    }
    #[test]
    fn another_port_is_taken_if_the_wished_one_is_in_use() {
        let host = IpAddr::from([127, 0, 0, 1]);
        let first = listen(host, 0).unwrap().local_addr().unwrap();
        let held = TcpListener::bind(first).unwrap();
        let second = listen(host, first.port()).unwrap().local_addr().unwrap();
        assert_ne!(first.port(), second.port());
        drop(held);
    }
}
