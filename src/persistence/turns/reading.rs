//! The parts of a stored turn that a person may read back now.
//!
//! Access is decided only here, in the statements that load turns and messages, so that no caller
//! can forget it. An answer rests on the passages that it cites, because no sentence is sent
//! without one that supports it. An answer that cites nothing counts as resting on every passage
//! that was found.
//!
//! * If the reader has lost a collection, or a document was deleted, an answer that rests on it is
//!   withheld completely, and its passages disappear from the sources of other answers.
//! * If a document was withdrawn or has expired, or the version was put into quarantine or lost its
//!   approval, the answer and its quotes stay, under a warning, because a person must be able to see which advice was recalled. Passages without a quote
//!   disappear.

use diesel::sql_types::{Array, Nullable, Text, Uuid as SqlUuid};

use crate::domain::access::Principal;
use crate::domain::ids::ApiKeyId;
use crate::persistence::statement::{Bound, Statement, statement};

type ForReader<'a> = Bound<
    Bound<Statement, Nullable<Array<Text>>, Option<&'a [String]>>,
    Nullable<SqlUuid>,
    Option<ApiKeyId>,
>;

/// Completes the text of a statement for a reader: `{readable}` stands for the collections that the
/// reader may read, `{reading}` for the readable state of a turn.
pub(in crate::persistence) fn for_readers(sql: &str) -> String {
    sql.replace("{readable}", include_str!("readable.sql").trim_end())
        .replace("{reading}", include_str!("reading.sql").trim_end())
}

/// Creates a statement whose first two values identify the reader; its text comes from
/// [`for_readers`].
pub(in crate::persistence) fn statement_for<'a>(
    reader: &'a Principal,
    sql: &'static str,
) -> ForReader<'a> {
    statement(sql)
        .bind(reader.collections.as_deref())
        .bind(reader.key)
}
