//! Documents and their versions: upload, status, withdrawal, deletion, impact.

mod audit;
mod impact;
mod put;
mod retire;
mod view;

pub use impact::{ImpactRow, find_collection, list_impact};
pub use put::{NewVersion, Put, put};
pub use retire::{list_retired, remove_chunks, retire};
pub use view::{ListFilter, find, list};
