//! A statement whose prepared form the connection keeps, whatever kind of query it is.
//!
//! diesel keeps a prepared SELECT, but prepares every UPDATE, every `ON CONFLICT DO UPDATE` and
//! every SQL text again, because it cannot know whether the number of different texts is bounded.
//! The program's texts are few and fixed: values are bound, and lists are bound as arrays. So each
//! connection parses each of them once, and PostgreSQL chooses plans by the values until a generic
//! plan is as good.

use diesel::QueryResult;
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};

/// A statement that is parsed once per connection.
pub(super) struct Prepared<Q>(pub Q);

impl<Q: QueryFragment<Pg>> QueryFragment<Pg> for Prepared<Q> {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.0.walk_ast(out)
    }

    fn is_safe_to_cache_prepared(&self, _backend: &Pg) -> QueryResult<bool> {
        Ok(true)
    }
}

impl<Q: QueryId> QueryId for Prepared<Q> {
    type QueryId = Q::QueryId;
    const HAS_STATIC_QUERY_ID: bool = Q::HAS_STATIC_QUERY_ID;
}

impl<Q: Query> Query for Prepared<Q> {
    type SqlType = Q::SqlType;
}
