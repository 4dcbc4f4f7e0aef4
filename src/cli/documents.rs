//! `chatbot documents list|review|show|impact|approve|revoke|quarantine|release|parse`.

use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::{Value, json};

use super::ask::{base_url, checked};
use super::running_demo::key_for;
use super::{output, parse_file};
use crate::config::Config;

/// The documents that one request lists.
const PAGE: &str = "500";

/// The rag service to ask.
#[derive(Args)]
pub struct Server {
    #[arg(long, env = "CHATBOT_RAG_URL", default_value = "http://127.0.0.1:8001", value_parser = base_url)]
    url: String,
    /// The API key; a demo on this machine needs none.
    #[arg(long, env = "CHATBOT_API_KEY", hide_env_values = true)]
    api_key: Option<String>,
}

/// A version of a document.
#[derive(Args)]
pub struct Version {
    /// The document as `COLLECTION/EXTERNAL_ID`.
    document: String,
    /// The number of the version.
    version: u32,
}

/// Commands for content owners and approvers.
#[derive(Subcommand)]
pub enum DocumentsCommand {
    /// Show documents, for example those that wait for approval (`--status draft`).
    List {
        #[arg(long)]
        collection: Option<String>,
        /// The status of the newest version: received, draft, quarantined, indexed or failed.
        #[arg(long)]
        status: Option<String>,
        #[command(flatten)]
        server: Server,
    },
    /// Show the documents that should be reviewed, or expire, soonest first.
    Review {
        /// Within so many days; 0 shows those that are overdue.
        #[arg(long, default_value_t = 30)]
        days: u32,
        #[arg(long)]
        collection: Option<String>,
        #[command(flatten)]
        server: Server,
    },
    /// Show a document as JSON, with its findings and conflicts, or one version with its text.
    Show {
        /// The document as `COLLECTION/EXTERNAL_ID`.
        document: String,
        #[arg(long)]
        version: Option<u32>,
        #[command(flatten)]
        server: Server,
    },
    /// Show the answers that cited a document, as JSON.
    Impact {
        /// The document as `COLLECTION/EXTERNAL_ID`.
        document: String,
        #[arg(long)]
        version: Option<u32>,
        #[command(flatten)]
        server: Server,
    },
    /// Let a draft answer, instead of the version that answers now.
    Approve {
        #[command(flatten)]
        version: Version,
        #[command(flatten)]
        server: Server,
    },
    /// Take an approval back; the version is a draft again and answers nothing.
    Revoke {
        #[command(flatten)]
        version: Version,
        #[command(flatten)]
        server: Server,
    },
    /// Stop a version at once.
    Quarantine {
        #[command(flatten)]
        version: Version,
        /// The reason, which the uploader sees.
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        server: Server,
    },
    /// Release a version from quarantine, although something was found in it.
    Release {
        #[command(flatten)]
        version: Version,
        #[command(flatten)]
        server: Server,
    },
    /// Show the text that would be read from a file; it needs no server.
    Parse(parse_file::ParseArgs),
}

/// Runs the command.
pub async fn run(command: &DocumentsCommand, config: &Config) -> anyhow::Result<ExitCode> {
    match command {
        DocumentsCommand::Parse(args) => return parse_file::run(args, config).await,
        DocumentsCommand::List {
            collection,
            status,
            server,
        } => list(server, collection.as_deref(), status.as_deref()).await?,
        DocumentsCommand::Review {
            days,
            collection,
            server,
        } => review(server, collection.as_deref(), *days).await?,
        DocumentsCommand::Show {
            document,
            version,
            server,
        } => show(server, document, *version).await?,
        DocumentsCommand::Impact {
            document,
            version,
            server,
        } => impact(server, document, *version).await?,
        DocumentsCommand::Approve { version, server } => {
            decide(server, version, "approve", None).await?;
        }
        DocumentsCommand::Revoke { version, server } => {
            decide(server, version, "revoke", None).await?;
        }
        DocumentsCommand::Quarantine {
            version,
            reason,
            server,
        } => decide(server, version, "quarantine", Some(reason)).await?,
        DocumentsCommand::Release { version, server } => {
            decide(server, version, "release", None).await?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

impl Server {
    /// Sends a request; `query` is left out where it has no value.
    async fn send(
        &self,
        method: Method,
        path: &[&str],
        query: &[(&str, Option<String>)],
        body: Option<&Value>,
    ) -> anyhow::Result<Value> {
        let mut address = url::Url::parse(&self.url)?;
        address
            .path_segments_mut()
            .map_err(|()| anyhow::anyhow!("{} is not a base URL", self.url))?
            .extend(["v1", "documents"])
            .extend(path);
        for (name, value) in query {
            if let Some(value) = value {
                address.query_pairs_mut().append_pair(name, value);
            }
        }
        let http = reqwest::Client::builder()
            .timeout(std::time::Duration::from_mins(2))
            .build()?;
        let mut request = http.request(method, address);
        if let Some(key) = key_for(&self.url, self.api_key.as_ref()) {
            request = request.bearer_auth(key);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request
            .send()
            .await
            .with_context(|| format!("the rag service at {} cannot be reached", self.url))?;
        Ok(checked(answer).await?.json().await?)
    }

    /// Lists every page.
    async fn list(&self, filter: &[(&str, Option<String>)]) -> anyhow::Result<Vec<Value>> {
        let (mut all, mut cursor) = (Vec::new(), None);
        loop {
            let mut query = filter.to_vec();
            query.push(("limit", Some(PAGE.to_owned())));
            query.push(("cursor", cursor.take()));
            let mut page = self.send(Method::GET, &[], &query, None).await?;
            if let Some(documents) = page.get_mut("documents").and_then(Value::as_array_mut) {
                all.append(documents);
            }
            cursor = page
                .get("next_cursor")
                .and_then(Value::as_str)
                .map(str::to_owned);
            if cursor.is_none() {
                return Ok(all);
            }
        }
    }
}

/// The collection and the external id.
fn address(document: &str) -> anyhow::Result<(&str, &str)> {
    document
        .split_once('/')
        .with_context(|| format!("`{document}` is no document: expected COLLECTION/EXTERNAL_ID"))
}

/// The path of a document. An external id with slashes is one segment, so no part of it reads as a
/// decision.
fn path(document: &str) -> anyhow::Result<Vec<&str>> {
    let (collection, external_id) = address(document)?;
    Ok(vec![collection, external_id])
}

async fn list(
    server: &Server,
    collection: Option<&str>,
    status: Option<&str>,
) -> anyhow::Result<()> {
    let filter = [
        ("collection", collection.map(str::to_owned)),
        ("status", status.map(str::to_owned)),
    ];
    for document in server.list(&filter).await? {
        output::line(&line(&document))?;
    }
    Ok(())
}

async fn review(server: &Server, collection: Option<&str>, days: u32) -> anyhow::Result<()> {
    let filter = [
        ("collection", collection.map(str::to_owned)),
        ("due_for_review", Some(days.to_string())),
    ];
    let mut due = server.list(&filter).await?;
    if due.is_empty() {
        return Ok(output::line("no document is due for review")?);
    }
    // Times in one notation sort like texts.
    due.sort_by_key(|document| text(document, "review_due_at"));
    for document in due {
        output::line(&format!(
            "{}  {}",
            text(&document, "review_due_at"),
            line(&document)
        ))?;
    }
    Ok(())
}

/// A document in one line: address, version, status, owner, title.
fn line(document: &Value) -> String {
    let owner = text(document, "owner");
    let owner = if owner.is_empty() { "-" } else { &owner };
    let version = document.get("version").and_then(Value::as_i64).unwrap_or(0);
    let state = match text(document, "status").as_str() {
        "active" => text(document, "version_status"),
        retired => retired.to_owned(),
    };
    format!(
        "{}/{}  version={version} {state}  owner={owner}  {}",
        text(document, "collection"),
        text(document, "external_id"),
        text(document, "title")
    )
}

async fn show(server: &Server, document: &str, version: Option<u32>) -> anyhow::Result<()> {
    let mut path = path(document)?;
    let number = version.map(|version| version.to_string());
    if let Some(number) = &number {
        path.extend(["versions", number]);
    }
    let found = server.send(Method::GET, &path, &[], None).await?;
    Ok(output::line(&serde_json::to_string_pretty(&found)?)?)
}

async fn impact(server: &Server, document: &str, version: Option<u32>) -> anyhow::Result<()> {
    let found = server
        .send(Method::GET, &path(document)?, &[], None)
        .await?;
    let id = text(&found, "id");
    let query = [("version", version.map(|version| version.to_string()))];
    let answers = server
        .send(Method::GET, &[&id, "impact"], &query, None)
        .await?;
    Ok(output::line(&serde_json::to_string_pretty(&answers)?)?)
}

async fn decide(
    server: &Server,
    version: &Version,
    decision: &str,
    reason: Option<&str>,
) -> anyhow::Result<()> {
    let number = version.version.to_string();
    let mut path = path(&version.document)?;
    path.extend(["versions", &number, decision]);
    let body = reason.map(|reason| json!({ "reason": reason }));
    let document = server.send(Method::POST, &path, &[], body.as_ref()).await?;
    Ok(output::line(&line(&document))?)
}

fn text(document: &Value, key: &str) -> String {
    let value = document.get(key).and_then(Value::as_str);
    value.unwrap_or_default().to_owned()
}
