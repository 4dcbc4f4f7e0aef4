//! What becomes of each call to a provider, told to whoever keeps the books.

use async_trait::async_trait;

use super::Usage;

/// Follows the calls of one answer; there is one at a time.
#[async_trait]
pub trait Attempts: Send + Sync {
    /// Calls for this answer that failed in earlier runs of it.
    fn failed(&self) -> usize;
    /// A call is about to go out and waits for this, so it must return soon. False keeps it back:
    /// the answer is no longer wanted here.
    async fn begin(&self, provider: &'static str, model: &str) -> bool;
    /// The first token has come.
    fn first_token(&self);
    /// The call has ended: `completed`, or why not. Of a call whose stream is dropped nothing is
    /// said: whoever dropped it knows why.
    fn end(&self, outcome: &'static str, usage: Usage);
}
