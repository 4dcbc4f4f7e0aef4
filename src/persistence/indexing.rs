//! Makes a document version searchable: chunks, embeddings, BM25 postings, and the switch.

mod backfill;
mod chunks;
mod commit;
mod conflicts;
mod deadline;
mod generation;
mod give_up;
mod lexical;
mod reannounce;
mod removal;
mod version;

pub use backfill::{
    BackfillLock, UnembeddedChunk, activate_if_complete, insert_embeddings, list_unembedded,
    lock_backfill,
};
pub(super) use chunks::vector_text;
pub use chunks::{IndexedVersion, Language, NewChunk};
pub use commit::{
    SuspiciousVersion, commit_failed, commit_indexed, commit_nothing, commit_quarantined,
};
pub use conflicts::NewConflict;
pub use generation::{Generation, ensure_generation, ensure_hnsw};
pub use give_up::give_up;
pub(super) use lexical::lock_lexical;
pub use lexical::{BM25_B, BM25_K1};
pub use reannounce::{ANNOUNCED_AT_ONCE, reannounce_received};
pub(super) use removal::drop_some_chunks;
pub use version::{PendingVersion, Receipt, find_version};
