//! The only place that reads the wall clock.

use chrono::{DateTime, Utc};

/// The current time, UTC. Deadlines that decide ownership use the database clock instead.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the one place that reads the wall clock"
)]
pub fn now() -> DateTime<Utc> {
    Utc::now()
}
