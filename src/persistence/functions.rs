//! Functions of PostgreSQL that diesel does not know, and times by the database's clock, which is the
//! only one that decides anything.

use std::time::Duration;

use diesel::IntoSql;
use diesel::data_types::{PgInterval, PgTimestamp};
use diesel::dsl::{AsExprOf, now};
use diesel::pg::Pg;
use diesel::sql_types::{Array, Integer, Interval, Nullable, SingleValue, Text, Timestamptz};

/// Before every other time.
pub(super) const LONG_AGO: PgTimestamp = PgTimestamp(i64::MIN);

#[diesel::declare_sql_function]
extern "SQL" {
    /// The first of the two that is not null.
    fn coalesce<T: SingleValue>(first: Nullable<T>, second: Nullable<T>) -> Nullable<T>;
    /// A number of a text, the same in every session.
    fn hashtext(text: Text) -> Integer;
    /// Whether a lock was free, and now is the transaction's.
    fn pg_try_advisory_xact_lock(key: Integer) -> Bool;
    /// Where tables are made.
    fn current_schema() -> Text;
    /// The time now, and not when the transaction began.
    fn clock_timestamp() -> Timestamptz;
    /// The greater of the two.
    fn greatest<T: SingleValue>(one: T, other: T) -> T;
    /// One row an element.
    fn unnest<T: SingleValue>(array: Array<T>) -> T;
}

diesel::infix_operator!(Plus, " + ", Timestamptz, backend: Pg);
diesel::infix_operator!(Minus, " - ", Timestamptz, backend: Pg);

type Now = AsExprOf<now, Timestamptz>;
type Span = AsExprOf<PgInterval, Interval>;

/// The time so long from now.
pub(super) fn from_now(duration: Duration) -> Plus<Now, Span> {
    Plus::new(now.into_sql::<Timestamptz>(), span(duration))
}

/// The time so long ago.
pub(super) fn ago(duration: Duration) -> Minus<Now, Span> {
    Minus::new(now.into_sql::<Timestamptz>(), span(duration))
}

fn span(duration: Duration) -> Span {
    let microseconds = i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
    PgInterval::from_microseconds(microseconds).into_sql::<Interval>()
}
