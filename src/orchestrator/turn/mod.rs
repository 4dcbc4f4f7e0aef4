//! Runs turns, and limits how long they run.
//!
//! A turn runs on the task tracker, not in the request. A browser that goes away does not stop it,
//! even while the turn is being accepted.

pub(super) mod accept;
mod admission;
mod ledger;
mod run;
pub(super) mod runner;
pub mod sweeper;
pub mod takeover;
mod watcher;
