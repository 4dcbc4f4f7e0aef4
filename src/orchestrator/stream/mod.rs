//! The events of an answer, for listeners here and elsewhere, now and later.

pub(super) mod draft;
pub(super) mod end;
pub(super) mod feed;
pub(super) mod follow;
pub(super) mod hub;
mod replay;
