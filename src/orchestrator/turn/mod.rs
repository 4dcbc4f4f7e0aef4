//! Who runs a turn, and for how long.
//!
//! A turn runs on the task tracker, not in the request: a browser that goes away does not stop it,
//! not even one that goes away while the turn is being accepted.

pub(super) mod accept;
mod admission;
mod ledger;
mod run;
pub(super) mod runner;
pub mod sweeper;
pub mod takeover;
