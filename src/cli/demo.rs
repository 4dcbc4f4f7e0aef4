//! `chatbot demo`: everything on this machine, from nothing, with sample documents.

use std::io::ErrorKind;
use std::net::{IpAddr, TcpListener};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, bail};
use clap::Args;
use serde::Deserialize;

use super::ingest::{Client, Upload, upload_all};
use super::wiring::{self, Process};
use super::{keys, output, serve};
use crate::config::{self, CacheBackend, Config, MessagingBackend, Secret};
use crate::embedded::{EmbeddedPostgres, StartProgress};
use crate::embedding::EmbeddingBackend;
use crate::embedding::models::{BarProgress, ModelCache};
use crate::persistence::migrations;
use crate::rag::parse::MediaType;
use crate::shutdown::Shutdown;

/// How to run the demo.
#[derive(Args)]
pub struct DemoArgs {
    /// Where data is kept; `CHATBOT_DATA_DIR` does the same.
    #[arg(long)]
    data_dir: Option<PathBuf>,
    /// The page's port; another free one is taken if it is in use.
    #[arg(long, default_value_t = 8000)]
    port: u16,
    /// The address to listen on. The demo is open to whoever reaches it, so only loopback will do.
    #[arg(long, default_value = "127.0.0.1")]
    host: IpAddr,
}

/// How long answers that still stream may go on after Ctrl-C.
const DRAIN: Duration = Duration::from_secs(5);

const MANIFEST: &str = include_str!("../../samples/manifest.toml");

macro_rules! samples {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_bytes!(concat!("../../samples/", $name)).as_slice())),*]
    };
}

/// Fills the model cache where people can watch; a filled one costs nothing.
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
        // Progress is a courtesy: a closed terminal must not stop the start.
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
    let postgres = EmbeddedPostgres::start(&data_dir, &Steps).await?;
    let url = postgres.url();
    let work = async {
        let outcome = serve_all(args, config, &url, &shutdown).await;
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

async fn serve_all(
    args: &DemoArgs,
    config: Config,
    database_url: &str,
    shutdown: &Shutdown,
) -> anyhow::Result<()> {
    let page = listen(args.host, args.port)?;
    let documents = listen(args.host, args.port.saturating_add(1))?;
    let rag_url = format!("http://{}", documents.local_addr()?);
    let config = demo_config(config, database_url, &rag_url)?;
    migrations::run(database_url).await?;
    let database = wiring::database(&config)?;
    fetch_model(&config).await?;
    let answers = describe_answers(&config);
    let process = Process::new(config, database, shutdown.clone())?;
    process.log.ensure_topics().await?;
    process.spawn_upkeep();
    output::line("  loading the embedding model")?;
    let rag = process.rag().await?;
    let orchestrator = process.orchestrator()?;
    let address = page.local_addr()?;
    let fill = async {
        load_samples(&rag_url).await?;
        output::line(&format!("\n  {answers}\n  documents API: {rag_url}"))?;
        output::line(&format!(
            "  open http://{address} — Ctrl-C stops everything"
        ))?;
        Ok(())
    };
    let filled = async {
        tokio::select! {
            outcome = fill => {
                if outcome.is_err() {
                    shutdown.begin();
                }
                outcome
            }
            () = shutdown.draining() => Ok(()),
        }
    };
    tokio::try_join!(
        serve::serve(documents, rag, shutdown),
        serve::serve(page, orchestrator, shutdown),
        filled,
    )?;
    Ok(())
}

/// The wished port, or any free one if it is taken, which is said.
fn listen(host: IpAddr, port: u16) -> anyhow::Result<TcpListener> {
    let refused = match TcpListener::bind((host, port)) {
        Ok(listener) => return Ok(listener),
        Err(refused) => refused,
    };
    let another =
        TcpListener::bind((host, 0)).with_context(|| format!("cannot listen on {host}"))?;
    let why = match refused.kind() {
        ErrorKind::AddrInUse => "is in use".to_owned(),
        _ => format!("cannot be had ({refused})"),
    };
    output::line(&format!(
        "  port {port} {why}, so that port {} is taken; --port chooses another",
        another.local_addr()?.port()
    ))?;
    Ok(another)
}

fn demo_config(mut config: Config, database_url: &str, rag_url: &str) -> anyhow::Result<Config> {
    config.database.url = Secret::new(database_url);
    config.messaging.backend = MessagingBackend::InProcess;
    config.cache.backend = CacheBackend::InProcess;
    config.auth.enabled = false;
    config.auth.internal_token = Secret::new(keys::new_secret()?);
    rag_url.clone_into(&mut config.orchestrator.rag_url);
    config.server.drain_seconds = DRAIN.as_secs();
    // The bus forgets when the process ends: what waited is announced again at once.
    config.rag.ingestion.reannounce_seconds = 0;
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
        "no language model is configured: answers are verbatim sentences of the documents"
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

async fn load_samples(rag_url: &str) -> anyhow::Result<()> {
    let uploads = sample_uploads()?;
    let client = Client {
        http: reqwest::Client::builder()
            .timeout(Duration::from_secs(30))
            .build()?,
        url: rag_url.to_owned(),
        api_key: None,
    };
    let outcome = upload_all(&client, uploads).await?;
    for (external_id, reason) in &outcome.failed {
        output::line(&format!("  {external_id} failed: {reason}"))?;
    }
    let ready = outcome.indexed + outcome.unchanged;
    output::line(&format!("  {ready} sample documents are searchable"))?;
    Ok(())
}

fn sample_uploads() -> anyhow::Result<Vec<Upload>> {
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
            Ok(Upload {
                collection: entry.collection,
                external_id: entry.external_id,
                title: Some(entry.title),
                media_type: MediaType::from_mime(&entry.media_type)
                    .with_context(|| format!("{} has no known type", entry.file))?,
                bytes: bytes.to_vec(),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manifest_and_the_samples_agree() {
        let uploads = sample_uploads().unwrap();
        assert_eq!(uploads.len(), SAMPLES.len());
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
