//! Two releases at once: for the length of a roll-out this one meets the next one's schema. Its records
//! are met in `messaging::records`.

use std::time::Duration;

use chatbot::persistence::migrations;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::support::conversation::Conversation;
use crate::support::system::System;
use crate::support::{TestDatabase, execute, until};

/// Adds to every table, one at a time.
const EXPANSIONS: &str = "SELECT format('ALTER TABLE %I ADD COLUMN next_note text,
        ADD COLUMN next_count integer NOT NULL DEFAULT 1', tablename) AS t
    FROM pg_tables WHERE schemaname = current_schema()
        AND tablename <> '__diesel_schema_migrations'";
/// The other changes that the next release's migrations may make, and proof that they ran.
const NEXT_MIGRATION: [&str; 2] = [
    "CREATE TABLE next_table (id bigint PRIMARY KEY, turn_id uuid REFERENCES turns ON DELETE CASCADE)",
    "INSERT INTO __diesel_schema_migrations (version) VALUES ('99999999999999')",
];

/// A document is indexed and a question answered from it; what was asked before can be read.
async fn works(system: &System, name: &str, conversation: &str) {
    let text = format!("# Room {name}\n\nThe {name} room is open from 9 am to 5 pm every day.");
    let document = system.document(name).media_type("text/markdown").text(text);
    document.indexed().await;
    let conversation = Conversation::known(system, conversation);
    let question = format!("When is the {name} room open?");
    conversation.ask(&question).ends("completed").await;
    let read = conversation.read().await;
    let texts = read["messages"].as_array().unwrap();
    assert!(texts.iter().any(|message| message["content"] == *question));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_releases_schema_is_served() {
    let mut system = System::start().await;
    let conversation = system.conversation().await.id;
    works(&system, "music", &conversation).await;
    // Under running processes, whose statements are prepared.
    let expansions = system.database().texts(EXPANSIONS).await;
    assert!(expansions.len() > 15, "{expansions:?}");
    for statement in expansions.iter().map(String::as_str).chain(NEXT_MIGRATION) {
        system.database().execute(statement).await;
    }
    works(&system, "prayer", &conversation).await;
    // After a way back: the older release starts on the newer schema.
    system.replace_rag().await;
    works(&system, "play", &conversation).await;
}

/// A document that is being stored keeps a migration from its table for a while, but the migration
/// does not keep the heartbeats from it.
#[tokio::test(flavor = "multi_thread")]
async fn a_migration_that_waits_keeps_nobody_waiting() {
    let test = TestDatabase::new().await;
    for statement in [
        "ALTER TABLE partition_leases DROP COLUMN attempts, DROP COLUMN attempted_offset",
        "DELETE FROM __diesel_schema_migrations WHERE version = '00000000000004'",
    ] {
        test.execute(statement).await;
    }
    let pending = migrations::list_pending(&test.database).await.unwrap();
    assert_eq!(pending.len(), 1, "{pending:?}");
    let mut writer = test.connection().await;
    execute(&mut writer, "BEGIN").await;
    execute(
        &mut writer,
        "LOCK TABLE partition_leases IN ROW EXCLUSIVE MODE",
    )
    .await;
    let url = test.url.clone();
    let mut migrating = JoinSet::new();
    migrating.spawn(async move { migrations::run(&url).await });
    let waits = "SELECT count(*) AS n FROM pg_locks WHERE NOT granted
        AND relation = 'partition_leases'::regclass";
    until("it waits", async || test.number(waits).await == 1).await;
    // Behind it in the queue.
    let beat = test.execute("UPDATE partition_leases SET epoch = epoch");
    let beat = timeout(Duration::from_secs(20), beat).await;
    beat.expect("nobody waits for as long as the writer writes");
    execute(&mut writer, "ROLLBACK").await;
    let applied = migrating.join_next().await.unwrap().unwrap();
    assert_eq!(applied.unwrap(), ["00000000000004"]);
    assert!(
        migrations::list_pending(&test.database)
            .await
            .unwrap()
            .is_empty()
    );
}
