//! Clients that misbehave: some read a byte a second, some stop reading, some vanish, and some come
//! all at once.

mod crowd;
mod house;
mod reader;
mod slow;

use super::check::Findings;
use super::report::report;

/// The most memory that a hanging reader may cost.
const KIB_PER_READER: u64 = 64;

fn tell(scenario: &str, clients: usize) {
    let findings = Findings {
        chats: clients,
        ..Findings::default()
    };
    report(scenario, clients, &findings);
}
