//! How an answer is told: as events to those who listen, here or elsewhere, now or later.

pub(super) mod draft;
pub(super) mod feed;
pub(super) mod resume;
