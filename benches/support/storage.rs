//! The bytes that tables and indexes take.

use crate::support::TestDatabase;

/// A markdown table of the tables that have rows and of their indexes. The bytes of a table are those
/// of its long values, too.
pub async fn storage(database: &TestDatabase) -> String {
    database.execute("VACUUM ANALYZE").await;
    let lines = database
        .texts(
            "SELECT format('| %s | %s | %s | %s | %s |', c.relname, c.reltuples::bigint,
                 round(pg_table_size(c.oid) / c.reltuples), round(pg_indexes_size(c.oid) / c.reltuples),
                 round(pg_total_relation_size(c.oid) / 1048576.0, 1)) AS t
             FROM pg_class c
             WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r'
                 AND c.reltuples > 50
             ORDER BY pg_total_relation_size(c.oid) DESC",
        )
        .await;
    format!(
        "| table | rows | bytes a row | bytes of its indexes a row | MiB |\n\
         | --- | ---: | ---: | ---: | ---: |\n{}",
        lines.join("\n")
    )
}
