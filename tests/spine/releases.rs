//! Two releases at once: for the length of a roll-out this one meets what the next one leaves behind.

use std::time::Duration;

use chatbot::domain::messaging::topics::DOCUMENT_COMMANDS;
use chatbot::messaging::{Log, Record};
use chatbot::persistence::migrations;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::messaging::records::{log, quick};
use crate::support::system::System;
use crate::support::{TestDatabase, execute, until};

/// What the next release's migrations may do to any table, and that they ran: they only add.
const NEXT_MIGRATION: [&str; 3] = [
    "DO $$ DECLARE name text; BEGIN
         FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = current_schema()
             AND tablename <> '__diesel_schema_migrations'
         LOOP
             EXECUTE format('ALTER TABLE %I ADD COLUMN next_note text', name);
             EXECUTE format('ALTER TABLE %I ADD COLUMN next_count integer NOT NULL DEFAULT 1', name);
         END LOOP;
     END $$",
    "CREATE TABLE next_table (id bigint PRIMARY KEY, turn_id uuid REFERENCES turns ON DELETE CASCADE)",
    "INSERT INTO __diesel_schema_migrations (version) VALUES ('99999999999999')",
];

/// A document is indexed and a question answered from it; what was asked before can be read.
async fn works(system: &System, name: &str, conversation: &str) {
    let text = format!("# Room {name}\n\nThe {name} room is open from 9 am to 5 pm every day.");
    system.put(name, "text/markdown", text).await;
    let view = system.settled(name).await;
    assert_eq!(view["version_status"], "indexed", "{view}");
    let question = format!("When is the {name} room open?");
    let answer = system.ask(conversation, &question).await;
    assert_eq!(answer["status"], "completed", "{answer}");
    let conversation = conversation.trim_end_matches("/messages");
    let url = format!("{}{conversation}", system.orchestrator.url);
    let read = system.http.get(url).bearer_auth(&system.key).send().await;
    let read: Value = read.unwrap().json().await.unwrap();
    let texts = read["messages"].as_array().unwrap();
    assert!(texts.iter().any(|message| message["content"] == *question));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_releases_schema_is_served() {
    let mut system = System::start().await;
    let conversation = system.conversation().await;
    works(&system, "music", &conversation).await;
    // Under running processes, whose statements are prepared.
    for statement in NEXT_MIGRATION {
        system.database().execute(statement).await;
    }
    works(&system, "prayer", &conversation).await;
    // After a way back: the older release starts on the newer schema.
    system.replace_rag().await;
    works(&system, "play", &conversation).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_releases_records_are_read() {
    let system = System::start().await;
    let known = quick();
    let mut next = json!(known);
    next["next_note"] = json!({ "hop": 1 });
    next["payload"]["next_count"] = json!(1);
    let record = Record {
        key: known.key.clone(),
        value: serde_json::to_vec(&next).unwrap(),
    };
    let bus = log(&system.setup);
    bus.append(DOCUMENT_COMMANDS, 0, vec![record])
        .await
        .unwrap();
    let handled = format!(
        "SELECT count(*) AS n FROM inbox WHERE event_id = '{}'",
        known.event_id
    );
    until("it is handled", async || {
        system.database().number(&handled).await == 1
    })
    .await;
    let letters = "SELECT count(*) AS n FROM dead_letters";
    assert_eq!(system.database().number(letters).await, 0);
}

/// A document that is being stored keeps a migration from its table for a while, but the migration
/// does not keep the heartbeats from it.
#[tokio::test(flavor = "multi_thread")]
async fn a_migration_that_waits_keeps_nobody_waiting() {
    let test = TestDatabase::new().await;
    let known = migrations::list_known();
    for statement in [
        "ALTER TABLE partition_leases DROP COLUMN attempts, DROP COLUMN attempted_offset",
        "DELETE FROM __diesel_schema_migrations WHERE version = '00000000000004'",
    ] {
        test.execute(statement).await;
    }
    let pending = migrations::list_pending(&test.database).await.unwrap();
    assert_eq!(pending.len(), 1, "of {known:?}");
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
