//! Documents and their versions: upload, status, decisions, withdrawal, deletion, impact.

mod decide;
mod erase;
mod governance;
mod ids;
mod impact;
mod put;
mod retire;
mod topics;
mod version;
mod view;
mod waiting;

pub use decide::{Decided, Decision, Hindrance, approve, quarantine, release, revoke};
pub use erase::{erase_sources, list_to_erase, remove_unused_terms};
pub use impact::{ImpactRow, find_collection, list_impact};
pub use put::{NewVersion, Origin, Put, find_id, put};
pub use retire::{list_retired, remove_chunks, retire};
pub use topics::list_topics;
pub use version::find_version;
pub use view::{ListFilter, find, list};
pub use waiting::{Waiting, count_waiting};
