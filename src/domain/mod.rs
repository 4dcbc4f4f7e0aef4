//! Plain types that every module shares, without I/O and without vendor types.

pub mod access;
pub mod causes;
pub mod chat;
pub mod contact;
pub mod document;
pub mod emergency;
pub mod event;
pub mod evidence;
pub mod external_id;
pub mod governance;
pub mod ids;
pub mod messaging;
pub mod name;
pub mod text;
pub mod time;
pub mod understanding;
