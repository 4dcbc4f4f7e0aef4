//! A statement whose prepared form the connection keeps, whatever it is made of.
//!
//! diesel keeps a SELECT, but prepares every UPDATE, every `ON CONFLICT DO UPDATE` and every text of
//! SQL anew: it cannot know whether their texts are a few or ever so many. Ours are few and fixed,
//! because values are bound, and lists are bound as arrays. So each connection parses each of them
//! once; PostgreSQL goes on choosing plans by the values until a plan for all values is as good.

use diesel::QueryResult;
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};

/// A statement that is parsed once a connection.
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
