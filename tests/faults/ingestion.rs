//! Workers die while documents are indexed: each document once, or a reason.

use std::time::{Duration, Instant};

use super::check::{Findings, documents_once};
use super::faults;
use super::report::report;
use super::rig::Rig;
use crate::support::system::Setup;
use crate::support::until_within;

/// Documents uploaded for each fault.
const DOCUMENTS: usize = 60;

/// What is searchable: a hash over every chunk of every current version, in no order.
const INDEX: &str =
    "SELECT md5(string_agg(md5(d.external_id || k.ordinal || k.text || k.start_offset), ','
        ORDER BY d.external_id, k.ordinal)) AS t
    FROM documents d JOIN chunks k ON k.version_id = d.current_version_id";

async fn upload(rig: &Rig, from: usize, to: usize) {
    for number in from..to {
        let url = format!("{}/v1/documents/load/doc-{number}.md", rig.rags.url(1));
        let text = format!(
            "# Leaflet {number}\n\nRoom {number} is open. Ask for nurse {number}.\n\n\
            ## Parking\n\nCar park {number} is free after {number} o'clock."
        );
        let put = rig.http.put(url).bearer_auth(&rig.key);
        let put = put.header("content-type", "text/markdown").body(text);
        assert!(put.send().await.unwrap().status().is_success());
    }
}

async fn until_indexed(rig: &Rig, count: usize) {
    let query = "SELECT count(*) AS n FROM document_versions WHERE status = 'indexed'";
    let expected = i64::try_from(count).unwrap();
    until_within(Duration::from_mins(3), "all is indexed", || async {
        rig.setup.database.number(query).await == expected
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn workers_killed_while_they_index() {
    let count = faults(1);
    let total = DOCUMENTS * count;
    let clean = Rig::start("clean ingestion", 0, 2, Setup::new().await).await;
    upload(&clean, 0, total).await;
    until_indexed(&clean, total + 1).await;
    let expected = clean.setup.database.texts(INDEX).await;

    let mut rig = Rig::start("rag killed", 0, 2, Setup::new().await).await;
    let mut findings = Findings::default();
    for round in 0..count {
        let moment = rig
            .random
            .between(Duration::from_millis(50), Duration::from_millis(1_500));
        // Uploads go to the second one; both work.
        let kill = async {
            tokio::time::sleep(moment).await;
            rig.rags.kill(0);
            rig.rags.start(&rig.setup, 0);
            Instant::now()
        };
        let (died, ()) = tokio::join!(
            kill,
            upload(&rig, round * DOCUMENTS, (round + 1) * DOCUMENTS)
        );
        until_indexed(&rig, (round + 1) * DOCUMENTS + 1).await;
        findings.recoveries.push(died.elapsed());
        rig.until_ready().await;
    }
    findings.recoveries.sort();
    report(
        "rag worker killed (SIGKILL) while it indexes",
        count,
        &findings,
    );
    assert_eq!(rig.setup.database.texts(INDEX).await, expected);
    documents_once(&rig, total + 1).await;
}
