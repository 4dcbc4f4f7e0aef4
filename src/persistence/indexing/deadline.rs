//! The deadlines of calls about the current record.

use std::time::Duration;

/// Longer than the statements of one transaction together.
pub(super) const LONGEST_CALL: Duration = Duration::from_mins(1);
/// The addition for each passage when a document is stored.
const STORING: Duration = Duration::from_millis(10);

/// Returns the deadline for storing a document with this many passages.
pub(super) fn longest_store(passages: usize) -> Duration {
    let passages = u32::try_from(passages).unwrap_or(u32::MAX);
    LONGEST_CALL.saturating_add(STORING.saturating_mul(passages))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn storing_a_long_document_may_take_longer() {
        assert!(longest_store(20_000) > longest_store(20) * 4);
    }
}
