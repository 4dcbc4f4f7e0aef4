//! Faults against the running system: what was promised holds whichever process dies, and whenever.
//!
//! Every scenario is driven by a seed, which it prints; `CHATBOT_FAULT_SEED` sets it, so that a run
//! can be repeated. `CHATBOT_FAULTS` says how many faults a scenario provokes; without it a short
//! slice runs. `CHATBOT_SOAK_MINUTES` says how long the soak takes. While faults are provoked, clients chat and record every event they see; afterwards
//! their history is compared with what is stored (see [`check`]).

#![allow(
    clippy::print_stdout,
    reason = "a seed and a finding are for the person who runs it"
)]

mod broker;
mod chat;
mod check;
mod clients;
mod dependencies;
mod documents;
mod front;
mod gaps;
mod ingestion;
mod leaders;
mod network;
mod orchestrators;
mod planted;
mod points;
mod random;
mod report;
mod rig;
mod rotation;
mod samples;
mod scaling;
mod soak;
mod waiting;

use std::time::Duration;

/// Whether a run at length was asked for, whose figures count.
pub fn at_length() -> bool {
    std::env::var_os("CHATBOT_FAULTS").is_some()
}

/// How long something may take that takes this long at most on a machine of its own. A slice runs
/// beside other tests on a machine that may be slow: it shows that something comes, a run at length
/// how soon.
pub fn at_most(promised: Duration) -> Duration {
    if at_length() { promised } else { promised * 4 }
}

/// How many faults to provoke: as asked for, or this short slice.
fn faults(slice: usize) -> usize {
    std::env::var("CHATBOT_FAULTS").map_or(slice, |text| text.parse().expect("a number"))
}
