//! Functions of PostgreSQL that diesel does not know, and times by the database's clock, the only
//! clock that decides anything.

use std::time::Duration;

use diesel::data_types::{PgInterval, PgTimestamp};
use diesel::dsl::{AsExprOf, now};
use diesel::pg::Pg;
use diesel::sql_types::{Array, Bool, Integer, Interval, Nullable, SingleValue, Text, Timestamptz};
use diesel::{ExpressionMethods, IntoSql};

/// A time before every other time.
pub(super) const LONG_AGO: PgTimestamp = PgTimestamp(i64::MIN);

#[diesel::declare_sql_function]
extern "SQL" {
    /// Returns the first of the two that is not null.
    fn coalesce<T: SingleValue>(first: Nullable<T>, second: Nullable<T>) -> Nullable<T>;
    /// Returns a number for a text, the same in every session.
    fn hashtext(text: Text) -> Integer;
    /// Takes a lock for the transaction if it is free; returns whether it was.
    fn pg_try_advisory_xact_lock(key: Integer) -> Bool;
    /// Returns the schema in which tables are created.
    fn current_schema() -> Text;
    /// Returns the current time, not that of the transaction's start.
    fn clock_timestamp() -> Timestamptz;
    /// Returns the greater of the two.
    fn greatest<T: SingleValue>(one: T, other: T) -> T;
    /// Sets a parameter, until the end of the transaction if `local`; returns its new value.
    fn set_config(name: Text, value: Text, local: Bool) -> Text;
    /// Returns one row per element.
    fn unnest<T: SingleValue>(array: Array<T>) -> T;
}

diesel::infix_operator!(Plus, " + ", Timestamptz, backend: Pg);
diesel::infix_operator!(Minus, " - ", Timestamptz, backend: Pg);

/// Holds for every row, and lets the transaction commit without waiting for the disk. A crash of the
/// server may lose the transaction; a crash of its client may not. Only a row that is found evaluates
/// it, so it belongs to statements that change one row.
#[diesel::dsl::auto_type(no_type_alias)]
pub(super) fn not_durably() -> _ {
    let off: &'static str = "off";
    set_config("synchronous_commit", off, true).eq(off)
}

type Now = AsExprOf<now, Timestamptz>;
type Span = AsExprOf<PgInterval, Interval>;

/// Returns the time this long from now.
pub(super) fn from_now(duration: Duration) -> Plus<Now, Span> {
    Plus::new(now.into_sql::<Timestamptz>(), span(duration))
}

/// Returns the time this long ago.
pub(super) fn ago(duration: Duration) -> Minus<Now, Span> {
    Minus::new(now.into_sql::<Timestamptz>(), span(duration))
}

fn span(duration: Duration) -> Span {
    let microseconds = i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
    PgInterval::from_microseconds(microseconds).into_sql::<Interval>()
}
