//! A long history: conversations of many people, and the cost of reading one's own.

use std::time::Instant;

use crate::client::{Answer, Client};
use crate::side::Running;
use crate::work::{Round, add_costs, add_latencies};

/// How often a page is read.
const READS: usize = 100;

impl Round<'_> {
    /// The list of a person's conversations, and one of them.
    pub async fn history(&mut self) {
        let client = Client::of(self.running);
        let path = "/v1/conversations";
        for question in self.questions(4) {
            let conversation = client.conversation().await;
            client.send(&conversation, &question, Answer::Json).await;
        }
        let listed = client.read(path).await;
        let listed = listed["conversations"].as_array().unwrap();
        let ids = listed.iter().map(|one| one["id"].as_str().unwrap());
        let opened: Vec<String> = ids.map(|id| format!("{path}/{id}")).collect();
        let opened: Vec<&str> = opened
            .iter()
            .map(String::as_str)
            .cycle()
            .take(READS)
            .collect();
        self.read("list of conversations", &[path; READS]).await;
        self.read("a conversation", &opened).await;
    }

    async fn read(&mut self, work: &'static str, paths: &[&str]) {
        let client = Client::of(self.running);
        let before = self.usage().await;
        let mut took = Vec::new();
        for path in paths {
            let begun = Instant::now();
            client.read(path).await;
            took.push(begun.elapsed());
        }
        let spent = self.spent(before).await;
        add_costs(self.figures, work, &spent, took.len() as f64, "a read");
        add_latencies(self.figures, work, ["p50, ms", "p99, ms"], took);
    }
}

/// Stores so many conversations of two turns each, copies of a turn that was answered. The reader of
/// the rounds has one in a hundred.
pub async fn fill(running: &Running<'_>, question: &str, conversations: usize) {
    let client = Client::of(running);
    let first = client.conversation().await;
    let response = client.send(&first, question, Answer::Json).await;
    assert_eq!(response.status(), 200);
    let database = &running.side.setup.database;
    for statement in [
        made(conversations),
        "INSERT INTO conversations (id, owner_id, title)
         SELECT DISTINCT conversation, owner_id, 'A question' FROM made"
            .to_owned(),
        copies(
            "turns",
            "id, conversation_id, owner_id, question_id, idempotency_key",
            "m.turn, m.conversation, m.owner_id, m.question, NULL",
            "status = 'completed'",
        ),
        copies(
            "messages",
            "id, conversation_id, owner_id, turn_id",
            "m.question, m.conversation, m.owner_id, m.turn",
            "role = 'user'",
        ),
        copies(
            "messages",
            "id, conversation_id, owner_id, turn_id",
            "m.answer, m.conversation, m.owner_id, m.turn",
            "role = 'assistant'",
        ),
        copies("turn_attempts", "turn_id", "m.turn", "true"),
        "INSERT INTO citations (turn_id, message_id, owner_id, source_id, document_id, version_id,
             quote, start_offset, end_offset, answer_start, answer_end)
         SELECT m.turn, m.answer, m.owner_id, c.source_id, c.document_id, c.version_id, c.quote,
             c.start_offset, c.end_offset, c.answer_start, c.answer_end
         FROM made m, citations c WHERE c.turn_id = (SELECT turn_id FROM citations LIMIT 1)"
            .to_owned(),
        "DROP TABLE made".to_owned(),
        "VACUUM ANALYZE".to_owned(),
    ] {
        database.execute(&statement).await;
    }
}

/// The ids of what is made.
fn made(conversations: usize) -> String {
    format!(
        "CREATE TABLE made AS
             SELECT c.id AS conversation, c.owner_id, uuidv7() AS turn, uuidv7() AS question,
                 uuidv7() AS answer
             FROM (
                 SELECT uuidv7() AS id,
                     CASE WHEN n % 100 = 0 THEN 'anna' ELSE 'owner-' || n % 1000 END AS owner_id
                 FROM generate_series(1, {conversations}) n
             ) c, generate_series(1, 2)"
    )
}

/// A row like the first that meets the condition, for each made turn, with other values in these
/// columns.
fn copies(name: &str, columns: &str, values: &str, condition: &str) -> String {
    let pairs: Vec<String> = columns
        .split(", ")
        .zip(values.split(", "))
        .map(|(column, value)| format!("'{column}', {value}"))
        .collect();
    format!(
        "INSERT INTO {name}
         SELECT (r).* FROM (
             SELECT jsonb_populate_record(t, jsonb_build_object({})) AS r
             FROM made m, (SELECT t FROM {name} t WHERE {condition} LIMIT 1) AS one (t)
             OFFSET 0
         ) all_made",
        pairs.join(", ")
    )
}
