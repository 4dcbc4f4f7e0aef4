//! The two roles of the program.

use clap::{Subcommand, ValueEnum};

/// A role, as a subcommand or as an argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Subcommand, ValueEnum)]
pub enum Role {
    /// The chat API and the web page.
    Orchestrator,
    /// Documents and retrieval.
    Rag,
}

impl Role {
    /// Where the role says whether it is alive.
    pub fn health_path(self) -> &'static str {
        match self {
            Self::Orchestrator => "/health",
            Self::Rag => "/v1/health",
        }
    }
}
