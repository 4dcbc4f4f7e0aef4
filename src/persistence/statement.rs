//! SQL text whose prepared form is kept.
//!
//! diesel prepares `sql_query` again each time, because it cannot know whether the number of
//! different texts is bounded. The program's texts are few and fixed, so each connection parses
//! each of them once. PostgreSQL chooses plans by the values until a generic plan is as good.

use std::borrow::Cow;
use std::marker::PhantomData;

use diesel::QueryResult;
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::serialize::ToSql;
use diesel::sql_types::{HasSqlType, Untyped};

/// Creates a statement with placeholders `$1`, `$2`, … for the bound values, in this order.
pub(super) fn statement(sql: impl Into<Cow<'static, str>>) -> Statement {
    Statement { sql: sql.into() }
}

/// See [`statement`]. Text that is put together must come from a small, fixed set.
pub(super) struct Statement {
    sql: Cow<'static, str>,
}

/// A statement with one more value.
pub(super) struct Bound<Q, Type, Value> {
    statement: Q,
    value: Value,
    sql_type: PhantomData<Type>,
}

impl Statement {
    /// Adds the first value.
    pub fn bind<Type, Value>(self, value: Value) -> Bound<Self, Type, Value> {
        Bound {
            statement: self,
            value,
            sql_type: PhantomData,
        }
    }
}

impl<Q, T, V> Bound<Q, T, V> {
    /// Adds the next value.
    pub fn bind<Type, Value>(self, value: Value) -> Bound<Self, Type, Value> {
        Bound {
            statement: self,
            value,
            sql_type: PhantomData,
        }
    }
}

impl QueryFragment<Pg> for Statement {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(&self.sql);
        Ok(())
    }
}

impl<Q, Type, Value> QueryFragment<Pg> for Bound<Q, Type, Value>
where
    Pg: HasSqlType<Type>,
    Q: QueryFragment<Pg>,
    Value: ToSql<Type, Pg>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.statement.walk_ast(out.reborrow())?;
        out.push_bind_param_value_only(&self.value)?;
        Ok(())
    }
}

impl QueryId for Statement {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Q, Type, Value> QueryId for Bound<Q, Type, Value> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for Statement {
    type SqlType = Untyped;
}

impl<Q, Type, Value> Query for Bound<Q, Type, Value> {
    type SqlType = Untyped;
}
