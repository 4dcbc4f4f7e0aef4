//! The command line, and the only place that connects adapters to the roles.

mod ask;
mod config;
mod dead_letters;
mod demo;
mod documents;
mod eval;
mod healthcheck;
mod ingest;
mod keys;
mod listen;
mod migrate;
mod models;
mod output;
mod parse_file;
mod role;
mod running_demo;
mod safety_case;
mod serve;
mod wiring;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, Subcommand};

use crate::config::{Config, LogFormat};
use crate::http::openapi;
use crate::rag::parse::{self, ContentType, WorkerLimits};
use crate::telemetry;
use role::Role;

/// How long blocked threads may continue after everything else has ended.
const LAST_WAIT: Duration = Duration::from_millis(500);

/// A healthcare chatbot that answers only from your own approved documents.
#[derive(Parser)]
#[command(version, about)]
struct Cli {
    /// The configuration file (TOML); `CHATBOT_CONFIG` does the same.
    #[arg(long, global = true)]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run a role.
    #[command(subcommand)]
    Serve(Role),
    /// Run everything on this machine with sample documents; it needs no server and no key.
    Demo(demo::DemoArgs),
    /// Apply pending database migrations.
    Migrate(migrate::MigrateArgs),
    /// Upload documents and wait until they are searchable.
    Ingest(Box<ingest::IngestArgs>),
    /// Show documents, and decide about their versions.
    #[command(subcommand)]
    Documents(documents::DocumentsCommand),
    /// Ask a question and print the answer with its sources.
    Ask(ask::AskArgs),
    /// Manage the files of the embedding model, and check language models.
    #[command(subcommand)]
    Models(models::ModelsCommand),
    /// Manage API keys.
    #[command(subcommand)]
    Keys(keys::KeysCommand),
    /// Show and replay records that no handler could process.
    #[command(subcommand)]
    DeadLetters(dead_letters::DeadLettersCommand),
    /// Measure quality on a dataset.
    #[command(subcommand)]
    Eval(eval::EvalCommand),
    /// Render the hazards, their controls and the measured figures, and check the controls' tests.
    SafetyCase(safety_case::SafetyCaseArgs),
    /// Check or show the configuration.
    #[command(subcommand)]
    Config(config::ConfigCommand),
    /// Print a role's `OpenAPI` document.
    Openapi {
        #[arg(value_enum, default_value = "orchestrator")]
        role: Role,
    },
    /// Exit with 0 if the server on this machine is ready.
    Healthcheck(healthcheck::HealthcheckArgs),
    /// Parse one document from standard input; used by the sandbox.
    #[command(hide = true)]
    ParseWorker {
        #[arg(long)]
        media_type: ContentType,
        #[arg(long)]
        limits: WorkerLimits,
    },
}

/// Parses the command line and runs it.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    // The sandboxed child needs neither configuration nor runtime.
    if let Command::ParseWorker { media_type, limits } = &cli.command {
        let (stdin, stdout) = (std::io::stdin().lock(), std::io::stdout().lock());
        return match parse::run_worker(*media_type, stdin, stdout, limits) {
            Ok(()) => ExitCode::SUCCESS,
            Err(_) => ExitCode::FAILURE,
        };
    }
    match run(cli) {
        Ok(code) => code,
        Err(error) => {
            output::error(&error);
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    let config = Config::load(cli.config.as_deref())?;
    let quiet = !matches!(cli.command, Command::Serve(_));
    let format = match config.log.format {
        LogFormat::Auto => telemetry::Format::Auto,
        LogFormat::Pretty => telemetry::Format::Pretty,
        LogFormat::Json => telemetry::Format::Json,
    };
    // Interactive commands report their own results, so only warnings are logged.
    let filter = if quiet && config.log.filter == "info" {
        "warn"
    } else {
        &config.log.filter
    };
    telemetry::init(filter, format)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(config.server.threads())
        .enable_all()
        .build()?;
    let outcome = runtime.block_on(dispatch(cli.command, config));
    // Does not wait for threads that are still blocked.
    runtime.shutdown_timeout(LAST_WAIT);
    outcome
}

async fn dispatch(command: Command, config: Config) -> anyhow::Result<ExitCode> {
    match command {
        Command::Serve(role) => serve::run(role, config).await?,
        Command::Demo(args) => Box::pin(demo::run(args, config)).await?,
        Command::Migrate(args) => return migrate::run(&args, &config).await,
        Command::Ingest(args) => return Box::pin(ingest::run(&args, &config)).await,
        Command::Documents(command) => return documents::run(&command, &config).await,
        Command::Ask(args) => return ask::run(&args, &config).await,
        Command::Models(command) => models::run(&command, &config).await?,
        Command::Keys(command) => keys::run(&command, &config).await?,
        Command::DeadLetters(command) => dead_letters::run(&command, &config).await?,
        Command::Eval(command) => eval::run(&command, &config).await?,
        Command::SafetyCase(args) => safety_case::run(&args)?,
        Command::Config(command) => config::run(&command, &config)?,
        Command::Openapi { role } => {
            let document = match role {
                Role::Orchestrator => openapi::orchestrator(),
                Role::Rag => openapi::rag(),
            };
            output::line(&serde_json::to_string_pretty(&document)?)?;
        }
        Command::Healthcheck(args) => return healthcheck::run(&args, &config).await,
        // This command is handled before the runtime is built.
        Command::ParseWorker { .. } => {}
    }
    Ok(ExitCode::SUCCESS)
}
