//! The handbook's dump and restore, typed as it says, as the user that it prescribes; and databases
//! that are not whole.

use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

use serde_json::Value;

use crate::support::servers::{Server, postgres_program};
use crate::support::system::{Setup, System};
use crate::support::{TestDatabase, execute, until_within};

/// Owns its databases and may do nothing else: no superuser, as with every managed service.
const USER: &str = "CREATE ROLE keeper LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE";
const TEXT: &str =
    "# Plaster casts\n\nKeep the cast dry. Come back at once if your fingers turn blue.\n";
/// Shares no word with the text.
const QUERY: &str = "How do I look after a broken arm?";
/// Between a probe and the next.
const TRUTH: Duration = Duration::from_secs(5);

/// A server with databases of a user who is no superuser.
struct Servers {
    server: Server,
}

impl Servers {
    async fn start() -> Self {
        let server = Server::postgres().await;
        let mut admin = TestDatabase::whole(&server.url()).connection().await;
        execute(&mut admin, USER).await;
        Self { server }
    }

    /// A new, empty database: its URL for an administrator, and for its owner.
    async fn database(&self, name: &str) -> (String, String) {
        let mut admin = TestDatabase::whole(&self.server.url()).connection().await;
        execute(&mut admin, &format!("CREATE DATABASE {name} OWNER keeper")).await;
        let url = |user: &str| format!("postgres://{user}@{}/{name}", self.server.address());
        (url("chatbot"), url("keeper"))
    }
}

/// The handbook's lines that begin with this program, under this heading.
fn documented(heading: &str, program: &str) -> Vec<String> {
    let text = include_str!("../../docs/operations.md").replace("\\\n", " ");
    let section = text.split(&format!("\n## {heading}\n")).nth(1).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let lines = section.lines().filter(|line| line.starts_with(program));
    lines.map(str::to_owned).collect()
}

/// A shell with PostgreSQL's programs at hand, which stops at the first error.
fn shell(script: &str) -> Command {
    let programs = postgres_program("pg_dump");
    let path = format!("{}:/usr/bin:/bin", programs.parent().unwrap().display());
    let mut command = Command::new("sh");
    command.args(["-euc", script]).env("PATH", path);
    command
}

/// Types a line into a shell.
fn typed(line: &str, folder: &Path, admin: &str, url: &str) -> Output {
    shell(line)
        .current_dir(folder)
        .env("ADMIN_URL", admin)
        .env("DATABASE_URL", url)
        .output()
        .unwrap()
}

async fn run(setup: &Setup, arguments: &[&str]) -> Output {
    let mut command = setup.chatbot();
    command.args(arguments);
    tokio::task::spawn_blocking(move || command.output().unwrap())
        .await
        .unwrap()
}

/// A system on a database of its own instead of a schema.
async fn system(url: &str) -> System {
    let setup = Setup::of(TestDatabase::whole(url));
    let migrated = run(&setup, &["migrate"]).await;
    assert!(migrated.status.success(), "{migrated:?}");
    System::start_with(setup).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_documented_restore_brings_everything_back() {
    let servers = Servers::start().await;
    let (admin, url) = servers.database("original").await;
    let folder = tempfile::tempdir().unwrap();
    let restore = ["psql ", "pg_restore "].map(|program| documented("Backup and restore", program));
    let [extension, restore] =
        restore.map(|lines| <[String; 1]>::try_from(lines).unwrap()[0].clone());
    let dump = documented("Backup and restore", "pg_dump ").remove(0);

    assert!(
        typed(&extension, folder.path(), &admin, &url)
            .status
            .success()
    );
    let before = system(&url).await;
    before.document("cast.md").text(TEXT).indexed().await;
    let found = before.search(QUERY).await;
    assert_eq!(found["results"].as_array().unwrap().len(), 1, "{found}");
    let key = before.key.clone();
    drop(before);
    let dumped = typed(&dump, folder.path(), &admin, &url);
    assert!(dumped.status.success(), "{dumped:?}");

    let (admin, url) = servers.database("restored").await;
    // Without the extension nothing is restored, instead of everything but the vectors.
    let refused = typed(&restore, folder.path(), &admin, &url);
    assert!(!refused.status.success());
    let left = TestDatabase::whole(&url);
    let tables = "SELECT count(*) AS n FROM pg_tables WHERE schemaname = 'public'";
    assert_eq!(left.number(tables).await, 0);
    for line in [&extension, &restore] {
        let output = typed(line, folder.path(), &admin, &url);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success() && !said.contains("error"),
            "{line}: {said}"
        );
    }
    let mut after = system(&url).await;
    let status = run(&after.setup, &["migrate", "--status"]).await;
    assert!(status.status.success(), "{status:?}");
    after.key = key;
    assert_eq!(
        passages(&after.search(QUERY).await),
        passages(&found),
        "{found}"
    );
}

/// The passages of a search without their scores, which the index in memory and the tables round
/// differently.
fn passages(found: &Value) -> Vec<Value> {
    let results = found["results"].as_array().unwrap().iter().cloned();
    let plain = results.map(|mut passage| {
        let fields = passage.as_object_mut().unwrap();
        fields.remove("score");
        fields.remove("scores");
        passage
    });
    plain.collect()
}

/// The script that the component `backup` gives to its shell.
fn backup_script() -> String {
    let text = include_str!("../../k8s/components/backup/cron-job.yaml");
    let (_, rest) = text.split_once("- |\n").unwrap();
    let indent = rest.len() - rest.trim_start().len();
    let lines = rest.lines().take_while(|line| line.len() > indent);
    let lines = lines.map(|line| line.get(indent..).unwrap());
    lines
        .take_while(|line| !line.starts_with("env:"))
        .collect::<Vec<_>>()
        .join("\n")
}

fn files(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_is_whole_or_absent_and_the_newest_seven_stay() {
    let servers = Servers::start().await;
    let (admin, url) = servers.database("kept").await;
    let owner = Setup::of(TestDatabase::whole(&url));
    let admin = TestDatabase::whole(&admin);
    admin.execute("CREATE EXTENSION vector").await;
    assert!(run(&owner, &["migrate"]).await.status.success());
    let folder = tempfile::tempdir().unwrap();
    let backups = folder.path().join("backups");
    std::fs::create_dir(&backups).unwrap();
    for day in 1..=8 {
        let dump = backups.join(format!("chatbot-2020010{day}T021700Z.dump"));
        std::fs::write(dump, "old").unwrap();
    }
    let secret = folder.path().join("DATABASE_URL");
    let back_up = |url: &str| {
        std::fs::write(&secret, url).unwrap();
        shell(&backup_script())
            .env("DATABASE_URL_FILE", &secret)
            .env("BACKUP_DIR", &backups)
            .output()
            .unwrap()
    };
    let failed = back_up("postgres://keeper@127.0.0.1:1/kept");
    assert!(!failed.status.success());
    let dumps = files(&backups);
    let dumps = dumps.iter().filter(|name| name.contains(".dump"));
    assert_eq!(dumps.count(), 8);

    let made = back_up(&url);
    assert!(made.status.success(), "{made:?}");
    let kept = files(&backups);
    assert_eq!(kept.len(), 7, "{kept:?}");
    assert_eq!(kept[0], "chatbot-20200103T021700Z.dump");
    let newest = backups.join(&kept[6]);
    std::fs::copy(newest, folder.path().join("chatbot.dump")).unwrap();
    let (admin, url) = servers.database("again").await;
    for program in ["psql ", "pg_restore "] {
        let line = documented("Backup and restore", program).remove(0);
        let output = typed(&line, folder.path(), &admin, &url);
        assert!(output.status.success(), "{output:?}");
    }
    let again = Setup::of(TestDatabase::whole(&url));
    assert!(run(&again, &["migrate", "--status"]).await.status.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_not_whole_stops_the_start_and_is_named() {
    let setup = Setup::new().await;
    setup.database.execute("DROP TABLE chunk_embeddings").await;
    let both = |output: &Output| {
        let said = [&output.stdout[..], &output.stderr[..]].concat();
        String::from_utf8(said).unwrap()
    };
    for (arguments, code) in [
        (["migrate", "--status"].as_slice(), 1),
        // Trying again cannot help: the migration's Job gives up.
        (&["migrate"], 3),
        (&["serve", "rag"], 1),
        (&["serve", "orchestrator"], 1),
    ] {
        let output = run(&setup, arguments).await;
        let said = both(&output);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
        assert!(
            said.contains("tables are missing: chunk_embeddings"),
            "{said}"
        );
        assert!(said.contains("restore again"), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_of_another_user_are_told_from_missing_ones() {
    let servers = Servers::start().await;
    let (admin, url) = servers.database("others").await;
    let admin = Setup::of(TestDatabase::whole(&admin));
    // As a restore does that an administrator made.
    assert!(run(&admin, &["migrate"]).await.status.success());
    for right in [
        "SELECT, INSERT, UPDATE, DELETE ON ALL TABLES",
        "USAGE ON ALL SEQUENCES",
    ] {
        let grant = format!("GRANT {right} IN SCHEMA public TO keeper");
        admin.database.execute(&grant).await;
    }
    admin
        .database
        .execute("REVOKE ALL ON messages FROM keeper")
        .await;
    let owner = Setup::of(TestDatabase::whole(&url));
    let output = run(&owner, &["migrate", "--status"]).await;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        said.contains("tables belong to another user: messages"),
        "{said}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn readiness_names_a_missing_table_in_time() {
    let system = System::start().await;
    let database = system.database();
    let pods = [
        format!("{}/health/ready", system.orchestrator.url),
        format!("{}/v1/health/ready", system.rag.url),
    ];
    let readiness = async |url: &str| -> Value {
        let answer = system.http.get(url).send().await.unwrap();
        answer.json().await.unwrap()
    };
    database
        .execute("ALTER TABLE chunk_embeddings RENAME TO elsewhere")
        .await;
    for url in &pods {
        until_within(TRUTH, "it is named", async || {
            readiness(url).await["reasons"]["postgresql"] == "tables are missing: chunk_embeddings"
        })
        .await;
        let body = readiness(url).await;
        assert_eq!(body["status"], "unavailable", "{body}");
        assert_eq!(body["dependencies"]["postgresql"], "incomplete", "{body}");
    }
    database
        .execute("ALTER TABLE elsewhere RENAME TO chunk_embeddings")
        .await;
    for url in &pods {
        until_within(TRUTH, "it is back", async || {
            readiness(url).await["status"] == "ready"
        })
        .await;
    }
}

/// A migration that adds a table adds it to the list, too.
#[tokio::test(flavor = "multi_thread")]
async fn every_table_of_the_migrations_is_looked_for() {
    let test = TestDatabase::new().await;
    let made = "SELECT tablename::text AS t FROM pg_tables WHERE schemaname = current_schema()
        AND tablename <> '__diesel_schema_migrations' ORDER BY t";
    let made = test.texts(made).await;
    for name in &made {
        test.execute(&format!("DROP TABLE {name} CASCADE")).await;
    }
    let looked_for = chatbot::persistence::catalogue::list_unusable_tables(&test.database).await;
    let looked_for: Vec<String> = looked_for
        .unwrap()
        .into_iter()
        .map(|table| table.name)
        .collect();
    assert_eq!(looked_for, made);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_migration_is_told_from_an_unavailable_database() {
    let setup = Setup::new().await;
    // The changes of a migration that adds columns exist already.
    let forget = "DELETE FROM __diesel_schema_migrations WHERE version = '00000000000017'";
    setup.database.execute(forget).await;
    let broken = run(&setup, &["migrate"]).await;
    let said = String::from_utf8_lossy(&broken.stderr).into_owned();
    assert_eq!(broken.status.code(), Some(3), "{said}");
    assert!(
        said.contains("a migration failed") && said.contains("already exists"),
        "{said}"
    );

    let away = Setup::new()
        .await
        .with("DATABASE_URL", "postgres://chatbot@127.0.0.1:1/chatbot");
    let away = run(&away, &["migrate"]).await;
    assert_eq!(away.status.code(), Some(1), "{away:?}");
}
