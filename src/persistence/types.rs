//! The stored form of ids and states of the domain: ids are `uuid`, states are `text` with their
//! names.
//!
//! Queries, rows and bound values take them like any other value.

use diesel::deserialize::{self, FromSql, Queryable};
use diesel::expression::AsExpression;
use diesel::pg::{Pg, PgValue};
use diesel::serialize::{self, Output, ToSql};
use diesel::sql_types::{Nullable, Text, Uuid as SqlUuid};
use uuid::Uuid;

use crate::domain::access::Scope;
use crate::domain::chat::{Role, SourcesStatus, TurnStatus};
use crate::domain::document::{DocumentStatus, VersionStatus};
use crate::domain::ids::{
    ApiKeyId, ConversationId, DocumentId, EventId, MessageId, TurnId, VersionId,
};

/// Lets a query take the type wherever it takes the plain value.
macro_rules! expression {
    ($value:ty, $sql:ty, $plain:ty, $to_plain:expr) => {
        impl AsExpression<$sql> for $value {
            type Expression = <$plain as AsExpression<$sql>>::Expression;

            fn as_expression(self) -> Self::Expression {
                <$plain as AsExpression<$sql>>::as_expression($to_plain(&self))
            }
        }
    };
}

/// Stores a type of the domain under an SQL type: its plain value, and the way back from there.
macro_rules! stored {
    ($value:ty as $sql:ty: $plain:ty, $to_plain:expr, $from_plain:expr) => {
        expression!($value, $sql, $plain, $to_plain);
        expression!($value, Nullable<$sql>, $plain, $to_plain);
        expression!(&$value, $sql, $plain, |value: &&$value| $to_plain(*value));
        expression!(&$value, Nullable<$sql>, $plain, |value: &&$value| {
            $to_plain(*value)
        });

        impl ToSql<$sql, Pg> for $value {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
                ToSql::<$sql, Pg>::to_sql(&$to_plain(self), &mut out.reborrow())
            }
        }

        impl FromSql<$sql, Pg> for $value {
            fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
                $from_plain(FromSql::<$sql, Pg>::from_sql(value)?)
            }
        }

        impl Queryable<$sql, Pg> for $value {
            type Row = Self;

            fn build(value: Self) -> deserialize::Result<Self> {
                Ok(value)
            }
        }
    };
}

macro_rules! ids {
    ($($id:ident),+) => {$(
        stored!($id as SqlUuid: Uuid, |id: &$id| id.0, |id| Ok($id(id)));
    )+};
}

macro_rules! states {
    ($($state:ident),+) => {$(
        stored!($state as Text: String, |state: &$state| state.as_str().to_owned(), |name: String| {
            $state::parse(&name).ok_or_else(|| concat!("no ", stringify!($state)).into())
        });
    )+};
}

ids!(
    ApiKeyId,
    ConversationId,
    DocumentId,
    EventId,
    MessageId,
    TurnId,
    VersionId
);
states!(
    DocumentStatus,
    Role,
    Scope,
    SourcesStatus,
    TurnStatus,
    VersionStatus
);
