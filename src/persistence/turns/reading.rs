//! The parts of a stored turn that a person may read back now.
//!
//! Access is decided here and nowhere else, in the statements that load turns and messages, so that
//! no caller can forget it. An answer rests on the passages that it cites, because none of its
//! sentences is sent without one that supports it; one that cites nothing counts as resting on every
//! passage that was found.
//!
//! * A collection that the reader has lost, or a deleted document: an answer that rests on it is
//!   withheld as a whole; from the sources of other answers its passages go.
//! * Withdrawn or expired: what was said and quoted stays, under a warning, because a person must
//!   be able to see which advice was recalled. Passages that were not quoted go.

use diesel::sql_types::{Array, Nullable, Text, Uuid as SqlUuid};

use crate::domain::access::Principal;
use crate::domain::ids::ApiKeyId;
use crate::persistence::statement::{Bound, Statement, statement};

type ForReader<'a> = Bound<
    Bound<Statement, Nullable<Array<Text>>, Option<&'a [String]>>,
    Nullable<SqlUuid>,
    Option<ApiKeyId>,
>;

/// The text of a statement for a reader: `{readable}` stands for the collections that the reader may
/// read, `{reading}` for what becomes of a turn.
pub(in crate::persistence) fn for_readers(sql: &str) -> String {
    sql.replace("{readable}", include_str!("readable.sql").trim_end())
        .replace("{reading}", include_str!("reading.sql").trim_end())
}

/// A statement whose first two values say who reads; its text is from [`for_readers`].
pub(in crate::persistence) fn statement_for<'a>(
    reader: &'a Principal,
    sql: &'static str,
) -> ForReader<'a> {
    statement(sql)
        .bind(reader.collections.as_deref())
        .bind(reader.key)
}
