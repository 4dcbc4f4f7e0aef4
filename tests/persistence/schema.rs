//! `src/persistence/schema.rs` says what the migrations make.

use std::collections::{BTreeSet, HashMap};

use chatbot::persistence::schema;
use diesel::pg::{Pg, PgMetadataLookup, PgTypeMetadata};
use diesel::sql_types::{Bool, HasSqlType, Oid, SqlType, Text, is_nullable};
use diesel::{Column, Expression, QueryableByName, Table};
use diesel_async::RunQueryDsl;

use crate::support::TestDatabase;

/// A column: its table and name, the number PostgreSQL knows its type by, and whether it may be null.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, QueryableByName)]
struct Declared {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Oid)]
    type_oid: u32,
    #[diesel(sql_type = Bool)]
    nullable: bool,
}

#[derive(QueryableByName)]
struct Type {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Oid)]
    oid: u32,
}

/// Types whose numbers differ from one database to the next.
struct Types(HashMap<String, u32>);

impl PgMetadataLookup for Types {
    fn lookup_type(&mut self, name: &str, _schema: Option<&str>) -> PgTypeMetadata {
        PgTypeMetadata::new(self.0[name], 0)
    }
}

trait Nullability {
    const NULLABLE: bool;
}

impl Nullability for is_nullable::NotNull {
    const NULLABLE: bool = false;
}

impl Nullability for is_nullable::IsNullable {
    const NULLABLE: bool = true;
}

/// One column of diesel's, or several.
trait Columns {
    fn declare(table: &str, types: &mut Types, declared: &mut BTreeSet<Declared>);
}

/// Tells a column from a tuple.
struct One<C>(std::marker::PhantomData<C>);

impl<C> Columns for One<C>
where
    C: Column + Expression,
    C::SqlType: SqlType<IsNull: Nullability>,
    Pg: HasSqlType<C::SqlType>,
{
    fn declare(table: &str, types: &mut Types, declared: &mut BTreeSet<Declared>) {
        let metadata = <Pg as HasSqlType<C::SqlType>>::metadata(types);
        declared.insert(Declared {
            name: format!("{table}.{}", C::NAME),
            type_oid: metadata.oid().unwrap(),
            nullable: <C::SqlType as SqlType>::IsNull::NULLABLE,
        });
    }
}

macro_rules! tuples {
    ($first:ident $($other:ident)*) => {
        impl<$first, $($other),*> Columns for ($first, $($other,)*)
        where
            One<$first>: Columns,
            $(One<$other>: Columns),*
        {
            fn declare(table: &str, types: &mut Types, declared: &mut BTreeSet<Declared>) {
                One::<$first>::declare(table, types, declared);
                $(One::<$other>::declare(table, types, declared);)*
            }
        }
        tuples!($($other)*);
    };
    () => {};
}
tuples!(A B C D E F G H I J K L M N O P Q R S T U V W X Y Z AA AB AC AD AE AF);

/// Everything that `schema.rs` declares of these tables.
macro_rules! declared {
    ($types:expr; $($table:ident),+ $(,)?) => {{
        let mut declared = BTreeSet::new();
        $(<schema::$table::table as Table>::AllColumns::declare(
            stringify!($table), $types, &mut declared,
        );)+
        declared
    }};
}

fn all(types: &mut Types) -> BTreeSet<Declared> {
    declared!(types;
        api_keys, audit_log, chunk_embeddings, chunks, citations, collections, consumer_members,
        conversations, dead_letters, document_conflicts, document_versions, documents, embedding_generations, feedback,
        inbox, index_changes, lexical_postings, lexical_stats, lexical_terms, messages, outbox, partition_leases,
        turn_attempts, turns,
    )
}

#[tokio::test]
async fn the_declared_schema_is_the_migrated_one() {
    let database = TestDatabase::new().await;
    let mut connection = database.connection().await;
    let types: Vec<Type> = diesel::sql_query(
        "SELECT typname::text AS name, oid FROM pg_type
         WHERE typnamespace <> 'pg_catalog'::regnamespace AND pg_type_is_visible(oid)",
    )
    .load(&mut connection)
    .await
    .unwrap();
    let types = types.into_iter().map(|t| (t.name, t.oid)).collect();
    let migrated: Vec<Declared> = diesel::sql_query(
        "SELECT c.relname || '.' || a.attname AS name, a.atttypid AS type_oid,
             NOT a.attnotnull AS nullable
         FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
         WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p')
             AND c.relname <> '__diesel_schema_migrations'
             AND a.attnum > 0 AND NOT a.attisdropped",
    )
    .load(&mut connection)
    .await
    .unwrap();
    let migrated: BTreeSet<Declared> = migrated.into_iter().collect();
    let declared = all(&mut Types(types));
    let only = |these: &BTreeSet<Declared>, those: &BTreeSet<Declared>| -> Vec<String> {
        let rest = these.difference(those);
        rest.map(|column| format!("{column:?}")).collect()
    };
    assert!(migrated.len() > 100, "{} columns", migrated.len());
    assert_eq!(
        (only(&migrated, &declared), only(&declared, &migrated)),
        (vec![], vec![]),
        "only in the database, and only in schema.rs"
    );
}
