//! A content owner who uploads, replaces and withdraws, and what must be searchable in the end.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use reqwest::{RequestBuilder, StatusCode};
use tokio::task::JoinSet;

use super::rig::Rig;
use crate::support::system::Setup;
use crate::support::until_within;

/// An upload or withdrawal that nobody answers for so long is lost.
const PATIENCE: Duration = Duration::from_mins(2);
/// Longer than the server takes to give up a statement: a request that is repeated has ended.
const REQUEST_LIMIT: Duration = Duration::from_secs(15);

/// The searchable content: a hash over every chunk of every current version, in any order.
const INDEX: &str =
    "SELECT md5(string_agg(md5(d.external_id || k.ordinal || k.text || k.start_offset), ','
        ORDER BY d.external_id, k.ordinal)) AS t
    FROM documents d JOIN chunks k ON k.version_id = d.current_version_id";

/// Keeps on until the server has answered, as an import does.
#[derive(Clone)]
pub struct Owner {
    http: reqwest::Client,
    front: String,
    key: String,
    planted: String,
}

impl Owner {
    pub fn of(rig: &Rig) -> Self {
        Self {
            http: reqwest::Client::new(),
            front: rig.rags.front(),
            key: rig.key.clone(),
            planted: rig.planted.document.clone(),
        }
    }

    fn url(&self, number: usize) -> String {
        format!("{}/v1/documents/load/doc-{number}.md", self.front)
    }

    /// Stores this edition of a document; the same edition has the same bytes in every system.
    pub async fn upload(&self, number: usize, edition: usize) {
        let text = format!(
            "# Leaflet {number}\n\nRoom {number} is open. Ask for nurse {edition}, {planted}.\n\n\
            ## Parking\n\nCar park {number} is free after {number} o'clock.",
            planted = self.planted
        );
        let url = format!("{}?title=Leaflet%20{}", self.url(number), self.planted);
        let put = self.http.put(url).body(text);
        self.send(put.header("content-type", "text/markdown")).await;
    }

    pub async fn withdraw(&self, number: usize) {
        let url = format!("{}/withdraw", self.url(number));
        self.send(self.http.post(url)).await;
    }

    async fn send(&self, request: RequestBuilder) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let attempt = request.try_clone().unwrap().bearer_auth(&self.key);
            match attempt.timeout(REQUEST_LIMIT).send().await {
                Ok(answer) if answer.status().is_success() => return,
                Ok(answer) => assert!(
                    answer.status().is_server_error()
                        || matches!(
                            answer.status(),
                            // A replica that stood still saw only half of a request in time.
                            StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT
                        ),
                    "{}",
                    answer.status()
                ),
                Err(_) => {}
            }
            assert!(Instant::now() < deadline, "a document was lost");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }
}

/// The editions that stand, by document.
pub type Editions = BTreeMap<usize, usize>;

/// An owner at work until told to stop.
pub struct Changes {
    stop: Arc<AtomicBool>,
    made: Arc<AtomicUsize>,
    tasks: JoinSet<Editions>,
}

impl Changes {
    /// Goes round `documents` documents with a pause after each change. One time in four the
    /// change is a withdrawal.
    pub fn start(rig: &mut Rig, documents: usize, pause: Duration) -> Self {
        let owner = Owner::of(rig);
        let mut random = rig.random.fork();
        let stop = Arc::new(AtomicBool::new(false));
        let made = Arc::new(AtomicUsize::new(0));
        let (stopped, counted) = (Arc::clone(&stop), Arc::clone(&made));
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut editions = Editions::new();
            for change in 0.. {
                if stopped.load(Ordering::Relaxed) {
                    break;
                }
                let number = change % documents;
                if editions.contains_key(&number) && random.below(4) == 0 {
                    owner.withdraw(number).await;
                    editions.remove(&number);
                } else {
                    owner.upload(number, change).await;
                    editions.insert(number, change);
                }
                counted.fetch_add(1, Ordering::Relaxed);
                tokio::time::sleep(pause).await;
            }
            editions
        });
        Self { stop, made, tasks }
    }

    /// How many changes were accepted.
    pub fn made(&self) -> usize {
        self.made.load(Ordering::Relaxed)
    }

    /// The documents that should be searchable now.
    pub async fn finish(mut self) -> Editions {
        self.stop.store(true, Ordering::Relaxed);
        let editions = self.tasks.join_next().await.expect("one owner");
        editions.expect("the owner does not fail")
    }
}

/// Waits until no version of a document in use waits for a worker, and nothing is left in the index
/// of those that are not.
pub async fn until_indexed(rig: &Rig) {
    let query = "SELECT (SELECT count(*) FROM document_versions v
            JOIN documents d ON d.id = v.document_id
            WHERE v.status = 'received' AND d.status = 'active')
        + (SELECT count(*) FROM chunks k JOIN documents d ON d.id = k.document_id
            WHERE d.status <> 'active') AS n";
    until_within(Duration::from_mins(5), "all is indexed", || async {
        rig.setup.database.number(query).await == 0
    })
    .await;
}

/// The hash of what is searchable.
pub async fn index(rig: &Rig) -> Vec<String> {
    rig.setup.database.texts(INDEX).await
}

/// The hash of what a system without faults makes of the same documents.
pub async fn clean(rig: &Rig, editions: &Editions) -> Vec<String> {
    let clean = Rig::planting("clean run", 0, 2, Setup::new().await, &rig.planted).await;
    let owner = Owner::of(&clean);
    for (number, edition) in editions {
        owner.upload(*number, *edition).await;
    }
    until_indexed(&clean).await;
    index(&clean).await
}

/// The searchable content equals that of a system without faults over the same documents.
pub async fn check_clean(rig: &Rig, editions: &Editions) {
    assert_eq!(
        index(rig).await,
        clean(rig, editions).await,
        "other chunks than those of a clean run"
    );
}

/// Each document is indexed once: nothing given up, nothing left over, nothing counted twice.
pub async fn check(rig: &Rig) {
    for (broken, query) in [
        (
            "nothing was given up",
            "SELECT count(*) AS n FROM dead_letters",
        ),
        (
            "nothing failed",
            "SELECT count(*) AS n FROM document_versions WHERE status = 'failed'",
        ),
        (
            "only current versions have chunks",
            "SELECT count(*) AS n FROM chunks k JOIN documents d ON d.id = k.document_id
             WHERE k.version_id IS DISTINCT FROM d.current_version_id",
        ),
        (
            "each version was announced as indexed once",
            "SELECT count(*) AS n FROM (SELECT FROM outbox
                 WHERE envelope ->> 'kind' = 'document.indexed'
                 GROUP BY envelope -> 'payload' ->> 'version_id' HAVING count(*) > 1) doubled",
        ),
        (
            "the statistics are those of the chunks",
            "SELECT abs(s.chunks - (SELECT count(*) FROM chunks))
                 + abs(s.total_length - (SELECT sum(lexical_length) FROM chunks))::bigint AS n
             FROM lexical_stats s",
        ),
        (
            "document frequencies are those of the postings",
            "SELECT count(*) AS n FROM lexical_terms t
             WHERE df <> (SELECT count(*) FROM lexical_postings p WHERE p.term_id = t.id)",
        ),
    ] {
        assert_eq!(rig.setup.database.number(query).await, 0, "{broken}");
    }
}

/// So many documents are indexed, and each was announced.
pub async fn check_all(rig: &Rig, count: usize) {
    let number = |query| rig.setup.database.number(query);
    let indexed = "SELECT count(*) AS n FROM document_versions WHERE status = 'indexed'";
    let indexed = usize::try_from(number(indexed).await).unwrap();
    assert_eq!(indexed, count, "every document is indexed");
    let unannounced = "SELECT count(*) AS n FROM document_versions v WHERE NOT EXISTS (
        SELECT FROM outbox WHERE envelope ->> 'kind' = 'document.indexed'
            AND envelope -> 'payload' ->> 'version_id' = v.id::text)";
    assert_eq!(number(unannounced).await, 0, "every document is announced");
    check(rig).await;
}
