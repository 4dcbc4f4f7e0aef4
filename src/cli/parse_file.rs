//! `chatbot documents parse FILE` shows the text that the rag service would read from a file.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use serde_json::json;

use super::output;
use crate::config::Config;
use crate::rag::parse::sandbox::{Sandbox, SandboxError};
use crate::rag::parse::{MediaType, ParsedDocument};

/// The file to read.
#[derive(Args)]
pub struct ParseArgs {
    /// A file; its extension names the format.
    file: PathBuf,
    /// Print JSON: the text, the blocks, the pages and the warnings, or the error.
    #[arg(long)]
    json: bool,
}

/// Runs the command. It exits with 1 if the file is refused.
pub async fn run(args: &ParseArgs, config: &Config) -> anyhow::Result<ExitCode> {
    let path = args.file.display();
    let media = args
        .file
        .extension()
        .and_then(|extension| extension.to_str())
        .and_then(MediaType::from_extension)
        .with_context(|| format!("{path} has no extension of a supported format"))?;
    let bytes = tokio::fs::read(&args.file)
        .await
        .with_context(|| format!("{path} cannot be read"))?;
    let sandbox = Sandbox::new(config.rag.ingestion.sandbox())?;
    match sandbox.parse(media, bytes).await {
        Ok(document) => show(&document, args.json),
        Err(SandboxError::Document(error)) if args.json => {
            let refusal = json!({ "error": error.code(), "message": error.to_string() });
            output::line(&refusal.to_string())?;
            Ok(ExitCode::FAILURE)
        }
        Err(error) => Err(error).with_context(|| format!("{path} is refused")),
    }
}

fn show(document: &ParsedDocument, as_json: bool) -> anyhow::Result<ExitCode> {
    if as_json {
        output::line(&serde_json::to_string(document)?)?;
    } else {
        for warning in &document.warnings {
            output::notice(&format!("warning: {warning}"));
        }
        output::line(&document.text)?;
    }
    Ok(ExitCode::SUCCESS)
}
