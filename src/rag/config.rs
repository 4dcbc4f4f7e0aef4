//! The `rag` section of the configuration.

use serde::{Deserialize, Serialize};

use super::chunk::ChunkingConfig;
use super::parse::sandbox::SandboxConfig;

/// Documents and retrieval.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RagConfig {
    pub requests_per_minute: u32,
    pub ingestion: IngestionConfig,
    pub governance: GovernanceConfig,
    pub chunking: ChunkingConfig,
    pub retrieval: RetrievalConfig,
}

impl Default for RagConfig {
    fn default() -> Self {
        Self {
            requests_per_minute: 6_000,
            ingestion: IngestionConfig::default(),
            governance: GovernanceConfig::default(),
            chunking: ChunkingConfig::default(),
            retrieval: RetrievalConfig::default(),
        }
    }
}

/// Uploads and parsing.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct IngestionConfig {
    pub max_document_bytes: usize,
    /// Takes about half an hour on half a core.
    pub max_passages: usize,
    pub parse_timeout_ms: u64,
    pub parse_memory_mib: u64,
    pub parse_processes: usize,
    pub reannounce_seconds: i32,
}

impl IngestionConfig {
    /// Returns the limits of the parser processes.
    pub fn sandbox(&self) -> SandboxConfig {
        SandboxConfig {
            max_concurrent: self.parse_processes,
            timeout_ms: self.parse_timeout_ms,
            memory_bytes: self.parse_memory_mib * 1_048_576,
            ..SandboxConfig::default()
        }
    }
}

impl Default for IngestionConfig {
    fn default() -> Self {
        Self {
            max_document_bytes: 33_554_432,
            max_passages: 20_000,
            parse_timeout_ms: 30_000,
            parse_memory_mib: 512,
            parse_processes: 2,
            reannounce_seconds: 600,
        }
    }
}

/// The decisions that people take about documents.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GovernanceConfig {
    /// Whether a version answers only after somebody approved it.
    pub approval: bool,
    /// Whether the uploader may approve and release too.
    pub self_approval: bool,
    /// The least cosine of passages that are compared to find conflicts.
    pub conflict_similarity: f32,
}

impl Default for GovernanceConfig {
    fn default() -> Self {
        Self {
            approval: true,
            self_approval: false,
            conflict_similarity: 0.9,
        }
    }
}

/// The settings of retrieval.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RetrievalConfig {
    pub default_limit: usize,
    pub candidates: i64,
    pub exact_scan_max_chunks: i64,
    pub lexical_weight: f32,
    pub title_weight: f32,
    pub max_query_chars: usize,
    /// The size of the index in memory; 0 switches it off.
    pub memory_index_mib: usize,
}

impl Default for RetrievalConfig {
    fn default() -> Self {
        Self {
            default_limit: 10,
            candidates: 100,
            exact_scan_max_chunks: 10_000,
            lexical_weight: 0.35,
            title_weight: 0.1,
            max_query_chars: 8_000,
            memory_index_mib: 128,
        }
    }
}
