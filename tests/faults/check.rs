//! Compares what the clients saw with what is stored.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use serde_json::Value;

use super::chat::{Chat, Seen};
use super::planted;
use super::rig::Rig;
use crate::support::until_within;

/// The findings of a scenario.
#[derive(Debug, Default)]
pub struct Findings {
    pub chats: usize,
    /// By the status of the turn.
    pub ends: BTreeMap<String, usize>,
    /// Why turns failed.
    pub reasons: BTreeMap<String, usize>,
    pub restarts: usize,
    /// Requests that failed although another replica would have answered, by how.
    pub failures: BTreeMap<String, usize>,
    pub recoveries: Vec<Duration>,
}

impl Findings {
    /// The recovery that so many per cent do not exceed; zero if there was none.
    pub fn recovery(&self, percent: usize) -> Duration {
        percentile(&self.recoveries, percent)
    }

    pub fn ended(&self, status: &str) -> usize {
        self.ends.get(status).copied().unwrap_or_default()
    }

    /// Checks that every turn which did not complete failed for want of evidence, which has a deadline
    /// of its own. Returns how many.
    pub fn failed_for_evidence_only(&self) -> usize {
        let failed = self.chats - self.ended("completed");
        let evidence = self.reasons.get("retrieval").copied().unwrap_or_default();
        assert_eq!(failed, evidence, "{:?} {:?}", self.ends, self.reasons);
        failed
    }
}

/// Of sorted times; nothing if there are none.
pub fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    let index = (sorted.len() * percent / 100).min(sorted.len().saturating_sub(1));
    sorted.get(index).copied().unwrap_or_default()
}

/// Checks every invariant; fails the test at the first that does not hold.
pub async fn check(rig: &Rig, chats: &[Chat]) -> Findings {
    every_turn_ends(rig).await;
    stored_state(rig).await;
    planted::nothing_leaked(rig).await;
    let answers = stored_answers(rig).await;
    let mut findings = Findings {
        chats: chats.len(),
        ..Findings::default()
    };
    for chat in chats {
        assert!(chat.ended, "a question was lost: {chat:?}");
        let turn = chat.turn.as_ref().expect("a turn");
        history(chat, answers.get(turn));
        let last = chat.seen.last().unwrap();
        *findings.ends.entry(chat.status().to_owned()).or_default() += 1;
        if let Some(reason) = last.data["reason"].as_str() {
            *findings.reasons.entry(reason.to_owned()).or_default() += 1;
        }
        findings.restarts += chat
            .seen
            .iter()
            .filter(|seen| seen.name == "restart")
            .count();
        for failure in &chat.failures {
            *findings.failures.entry(failure.clone()).or_default() += 1;
        }
        findings.recoveries.extend(chat.recovery);
    }
    let turns = number(rig, "SELECT count(*) AS n FROM turns").await;
    assert_eq!(
        usize::try_from(turns).unwrap(),
        chats.len(),
        "one turn a question"
    );
    findings.recoveries.sort();
    findings
}

/// Invariant 1: every accepted turn ends. A turn whose end was announced may still be being stored.
async fn every_turn_ends(rig: &Rig) {
    let open = "SELECT count(*) AS n FROM turns WHERE finished_at IS NULL";
    until_within(Duration::from_mins(1), "every turn ends", || async {
        number(rig, open).await == 0
    })
    .await;
}

async fn number(rig: &Rig, query: &str) -> i64 {
    rig.setup.database.number(query).await
}

/// Invariants 2 and 4, and that events are there for every change.
async fn stored_state(rig: &Rig) {
    for (broken, query) in [
        (
            "an answer for each turn that has one, and for no other",
            "SELECT count(*) AS n FROM turns t WHERE
                 (SELECT count(*) FROM messages m WHERE m.turn_id = t.id AND m.role = 'assistant')
                 <> (t.status IN ('completed', 'abstained', 'clarifying', 'escalated'))::int",
        ),
        (
            "one question a turn",
            "SELECT count(*) AS n FROM turns t WHERE
                 (SELECT count(*) FROM messages m WHERE m.turn_id = t.id AND m.role = 'user') <> 1",
        ),
        (
            "every citation resolves",
            "SELECT count(*) AS n FROM citations c LEFT JOIN document_versions v
                 ON v.id = c.version_id
             WHERE substr(v.text, c.start_offset + 1, c.end_offset - c.start_offset)
                 IS DISTINCT FROM c.quote",
        ),
        (
            "one event of acceptance and one of the end a turn",
            "SELECT count(*) AS n FROM (
                 SELECT t.id FROM turns t LEFT JOIN outbox o
                     ON o.envelope -> 'payload' ->> 'turn_id' = t.id::text
                 GROUP BY t.id HAVING count(*) <> 2) broken",
        ),
    ] {
        assert_eq!(number(rig, query).await, 0, "{broken}");
    }
}

/// The stored `done` objects by turn.
async fn stored_answers(rig: &Rig) -> HashMap<String, Value> {
    let query = "SELECT jsonb_build_object('id', id, 'done', done)::text AS t FROM turns";
    let rows = rig.setup.database.texts(query).await;
    rows.iter()
        .map(|row| {
            let row: Value = serde_json::from_str(row).unwrap();
            (row["id"].as_str().unwrap().to_owned(), row["done"].clone())
        })
        .collect()
}

fn number_of(seen: &Seen) -> u64 {
    seen.id.rsplit_once(':').unwrap().1.parse().unwrap()
}

/// Invariant 3: what was shown is a prefix of what is stored, or its end was announced.
fn history(chat: &Chat, stored: Option<&Value>) {
    let numbers: Vec<u64> = chat.seen.iter().map(number_of).collect();
    assert!(numbers.is_sorted_by(|a, b| a < b), "out of order: {chat:?}");
    let ends = chat
        .seen
        .iter()
        .filter(|seen| matches!(seen.name.as_str(), "done" | "error"));
    assert_eq!(ends.count(), 1, "not one end: {chat:?}");
    let mut text = String::new();
    let mut citations = 0;
    for seen in &chat.seen {
        match seen.name.as_str() {
            "restart" => (text, citations) = (String::new(), 0),
            "delta" => text.push_str(seen.data["text"].as_str().unwrap()),
            "citation" => citations += 1,
            _ => {}
        }
    }
    let stored = stored.expect("the turn is stored");
    let last = chat.seen.last().unwrap();
    if last.name == "done" {
        assert_eq!(
            &last.data, stored,
            "another end than the stored one: {chat:?}"
        );
        let answer = stored["answer"].as_str().unwrap();
        let complete = stored["status"] != "cancelled";
        assert!(
            !complete || text == answer,
            "shown {text:?}, stored {answer:?}"
        );
        let cited = stored["citations"].as_array().unwrap().len();
        assert!(
            !complete || citations == cited,
            "{citations} of {cited} citations"
        );
    } else {
        assert_ne!(
            stored["status"], "completed",
            "an error for a complete answer: {chat:?}"
        );
    }
}
