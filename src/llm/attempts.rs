//! The record of each call to a provider.

use async_trait::async_trait;

use super::Usage;

/// Records the calls for one answer, of which one runs at a time.
#[async_trait]
pub trait Attempts: Send + Sync {
    /// Returns how many calls failed in earlier runs of this answer.
    fn failed(&self) -> usize;
    /// Records that a call is about to start, which waits for this, so it must return soon. False
    /// prevents the call, because the answer is no longer wanted here.
    async fn begin(&self, provider: &'static str, model: &str) -> bool;
    /// Records that the first token arrived.
    fn first_token(&self);
    /// Records the end of a call: `completed`, or the reason. A dropped stream records nothing,
    /// because its owner knows the reason.
    fn end(&self, outcome: &'static str, usage: Usage);
}
