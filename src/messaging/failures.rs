//! The pauses after failures, and the failures that are logged.

use std::time::Duration;

/// Whether this consecutive failure is worth a line in the log. An outage is logged when it starts,
/// and then less and less often.
pub(super) fn is_worth_telling(failures: u32) -> bool {
    failures.is_power_of_two()
}

/// Exponential backoff without jitter: `initial`, then doubled up to `max`.
pub(super) fn backoff(initial: Duration, max: Duration, failures: u32) -> Duration {
    let doublings = failures.saturating_sub(1).min(16);
    initial.saturating_mul(1 << doublings).min(max)
}
