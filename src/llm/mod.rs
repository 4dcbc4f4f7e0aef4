//! Language models: one trait with streaming chat, one retry loop, fallback before the first token.

mod anthropic;
mod attempts;
mod breaker;
mod capabilities;
mod chain;
mod chat;
mod config;
mod error;
mod models;
mod openai;
mod parameters;
pub mod scripted;
mod verdict;
mod wire;

pub use attempts::Attempts;
pub use breaker::{BreakerCollector, BreakerState};
pub use chain::{ProviderChain, Serving};
pub use chat::{ChatModel, Chunk, ChunkStream, FinishReason, Prompt, PromptMessage, Role, Usage};
pub use config::{BreakerConfig, DeadlinesConfig, LlmConfig, ProviderConfig, ProviderKind};
pub use error::LlmError;
pub use models::{ModelCheck, ModelState, check_models};
