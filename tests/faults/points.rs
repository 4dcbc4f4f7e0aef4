//! Processes die at chosen points: inside a transaction, and between its commit and the news of it.
//!
//! A point is a trigger in the test's own schema that waits for a lock which the test holds. So the
//! product knows nothing of it, and dies exactly there.

use std::cell::Cell;
use std::fs;
use std::time::{Duration, Instant};

use super::chat::Load;
use super::check::check;
use super::documents::{self, Changes};
use super::report::report;
use super::rig::{Replicas, Rig};
use super::{at_length, faults};
use crate::support::system::Setup;
use crate::support::{execute, until};

const DOCUMENTS: usize = 60;
/// Between two changes: seldom enough that a busy machine indexes a document before its next edition.
const CHANGE: Duration = Duration::from_millis(250);

/// The moment in a transaction.
#[derive(Clone, Copy)]
enum Moment {
    /// At the statement: the transaction is lost.
    Statement,
    /// At the commit: it succeeds, and the process that asked for it never knows.
    Commit,
}

/// The place where a process dies: a change of rows that meet a condition.
struct Point {
    what: &'static str,
    moment: Moment,
    change: &'static str,
    table: &'static str,
    only: &'static str,
    /// Comes of the death at the point before: whoever died is away until everything is laid out
    /// here, since it might be over before that one is back.
    takeover: bool,
}

const fn point(
    what: &'static str,
    moment: Moment,
    change: &'static str,
    table: &'static str,
    only: &'static str,
) -> Point {
    Point {
        what,
        moment,
        change,
        table,
        only,
        takeover: false,
    }
}

const POINTS: &[Point] = {
    use Moment::{Commit, Statement};
    const QUESTION: &str = "NEW.role = 'user'";
    const ANSWER: &str = "NEW.role = 'assistant'";
    &[
        point("question stored", Statement, "INSERT", "messages", QUESTION),
        point("question stored", Commit, "INSERT", "messages", QUESTION),
        point(
            "sources stored",
            Statement,
            "UPDATE OF sources",
            "turns",
            "NEW.status = 'answering'",
        ),
        point(
            "sources stored",
            Commit,
            "UPDATE OF sources",
            "turns",
            "NEW.status = 'answering'",
        ),
        point("model called", Statement, "INSERT", "turn_attempts", "true"),
        point("model called", Commit, "INSERT", "turn_attempts", "true"),
        // A replica that died at the call of a model surely left a turn behind. At the end of an answer
        // the victim's statement may still be carried out, and there is nothing to take over.
        point(
            "turn taken over",
            Statement,
            "UPDATE OF generation",
            "turns",
            "true",
        )
        .of_a_death(),
        point(
            "turn taken over",
            Commit,
            "UPDATE OF generation",
            "turns",
            "true",
        )
        .of_a_death(),
        point("answer stored", Statement, "INSERT", "citations", "true"),
        point("answer stored", Commit, "INSERT", "messages", ANSWER),
        point(
            "events published",
            Statement,
            "UPDATE OF published_at",
            "outbox",
            "true",
        ),
        point(
            "events published",
            Commit,
            "UPDATE OF published_at",
            "outbox",
            "true",
        ),
        point(
            "document uploaded",
            Commit,
            "INSERT",
            "document_versions",
            "true",
        ),
        point("chunks stored", Statement, "INSERT", "chunks", "true"),
        point(
            "version switched",
            Statement,
            "UPDATE OF current_version_id",
            "documents",
            "NEW.current_version_id IS NOT NULL",
        ),
        point("version switched", Commit, "INSERT", "inbox", "true"),
        point(
            "partitions taken",
            Statement,
            "UPDATE OF epoch",
            "partition_leases",
            "NEW.epoch > OLD.epoch",
        )
        .of_a_death(),
        point(
            "partitions taken",
            Commit,
            "UPDATE OF epoch",
            "partition_leases",
            "NEW.epoch > OLD.epoch",
        )
        .of_a_death(),
    ]
};

impl Point {
    const fn of_a_death(self) -> Self {
        Self {
            takeover: true,
            ..self
        }
    }

    /// Everybody who comes here waits until the lock with this number is free.
    fn trigger(&self, lock: i64) -> String {
        let Self {
            change,
            table,
            only,
            ..
        } = self;
        let run = format!("FOR EACH ROW WHEN ({only}) EXECUTE FUNCTION wait_here({lock})");
        match self.moment {
            Moment::Statement => format!("CREATE TRIGGER point BEFORE {change} ON {table} {run}"),
            Moment::Commit => format!(
                "CREATE CONSTRAINT TRIGGER point AFTER {change} ON {table}
                 DEFERRABLE INITIALLY DEFERRED {run}"
            ),
        }
    }
}

const WAIT_HERE: &str = "CREATE FUNCTION wait_here() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM pg_advisory_xact_lock_shared(TG_ARGV[0]::bigint);
        RETURN NEW;
    END $$";

/// One of the replicas of a role.
type Replica<'a> = (&'a Replicas, usize);

/// Kills the first process that comes to the point. Starts the one that died before, first or when
/// the point waits for somebody.
async fn kill_at<'a>(
    rig: &'a Rig,
    point: &Point,
    lock: i64,
    mut dead: Option<Replica<'a>>,
) -> Replica<'a> {
    if !point.takeover {
        revive(rig, dead.take()).await;
    }
    let database = &rig.setup.database;
    let mut holder = database.connection().await;
    execute(&mut holder, &format!("SELECT pg_advisory_lock({lock})")).await;
    database.execute(&point.trigger(lock)).await;
    revive(rig, dead).await;
    let waiting = format!(
        "SELECT a.client_port::text AS t FROM pg_locks l JOIN pg_stat_activity a USING (pid)
         WHERE l.locktype = 'advisory' AND l.objid = {lock} AND NOT l.granted
         ORDER BY l.waitstart"
    );
    // The statement of an earlier victim may come here, too, with no process left to kill.
    let found = Cell::new(None);
    let somebody = || async {
        let ports = database.texts(&waiting).await;
        let mut alive = ports
            .iter()
            .filter_map(|port| victim(rig, port.parse().ok()?));
        found.set(alive.next());
        found.get().is_some()
    };
    until(point.what, somebody).await;
    let (replicas, index) = found.get().expect("a replica waits");
    replicas.kill(index);
    execute(&mut holder, &format!("SELECT pg_advisory_unlock({lock})")).await;
    let gone = format!("DROP TRIGGER point ON {}", point.table);
    database.execute(&gone).await;
    (replicas, index)
}

async fn revive(rig: &Rig, dead: Option<Replica<'_>>) {
    if let Some((replicas, index)) = dead {
        replicas.start(&rig.setup, index);
        rig.until_ready().await;
    }
}

/// The replica whose connection to the database has this port.
fn victim(rig: &Rig, port: u16) -> Option<Replica<'_>> {
    let local = format!("0100007F:{port:04X}");
    let connections = fs::read_to_string("/proc/net/tcp").unwrap();
    let inode = connections.lines().find_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        (fields[1] == local).then(|| fields[9].to_owned())
    })?;
    let socket = format!("socket:[{inode}]");
    [&rig.orchestrators, &rig.rags]
        .into_iter()
        .flat_map(|replicas| (0..replicas.len()).map(move |index| (replicas, index)))
        .find(|(replicas, index)| {
            let files = format!("/proc/{}/fd", replicas.process(*index));
            fs::read_dir(files).unwrap().flatten().any(|file| {
                fs::read_link(file.path()).is_ok_and(|link| link.to_string_lossy() == socket)
            })
        })
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_chosen_points() {
    let rounds = faults(1);
    let setup = Setup::new()
        .await
        .with("CHATBOT__MESSAGING__LEASE_TTL_MS", "4000")
        .with("CHATBOT__MESSAGING__HEARTBEAT_MS", "800");
    let mut rig = Rig::start("killed at chosen points", 2, 2, setup).await;
    rig.setup.database.execute(WAIT_HERE).await;
    let load = Load::start(&mut rig, if at_length() { 50 } else { 10 });
    let changes = Changes::start(&mut rig, DOCUMENTS, CHANGE);
    let mut random = rig.random.fork();
    let mut dead = None;
    for _ in 0..rounds {
        for point in POINTS {
            let begun = Instant::now();
            let lock = i64::try_from(random.below(1 << 30)).unwrap();
            let (replicas, index) = kill_at(&rig, point, lock, dead).await;
            dead = Some((replicas, index));
            let moment = match point.moment {
                Moment::Statement => "at",
                Moment::Commit => "after",
            };
            let took = begun.elapsed().as_secs_f32();
            println!(
                "{} killed {moment}: {} ({took:.1} s)",
                replicas.role, point.what
            );
        }
    }
    revive(&rig, dead).await;
    let chats = load.finish().await;
    let editions = changes.finish().await;
    documents::until_indexed(&rig).await;
    let found = check(&rig, &chats).await;
    documents::check(&rig).await;
    report(
        "killed at chosen points (SIGKILL)",
        rounds * POINTS.len(),
        &found,
    );
    documents::check_clean(&rig, &editions).await;
    assert_eq!(
        found.ended("completed"),
        found.chats,
        "{:?} {:?}",
        found.ends,
        found.reasons
    );
}
