//! Decodes bytes into records, or into what the dead letters keep of them.

use serde_json::json;

use crate::domain::ids::EventId;
use crate::domain::messaging::Envelope;
use crate::domain::time;

/// The most bytes of an undecodable record that the dead-letter table keeps.
const KEPT_BYTES: usize = 64 * 1024;

/// Returns the envelope, or a placeholder with the reason why there is none.
pub(super) fn decode(value: &[u8]) -> (Envelope, Option<String>) {
    match serde_json::from_slice(value) {
        Ok(envelope) => (envelope, None),
        // Keeps only the category, because the parser's message may quote the record.
        Err(error) => {
            let cause = format!("undecodable record: {:?}", error.classify());
            (placeholder(value), Some(cause))
        }
    }
}

/// A placeholder for a record without an envelope, so that the dead letters can keep its bytes.
fn placeholder(value: &[u8]) -> Envelope {
    let kept = value.get(..KEPT_BYTES).unwrap_or(value);
    Envelope {
        event_id: EventId::new(),
        kind: "undecodable".into(),
        version: 0,
        occurred_at: time::now(),
        key: String::new(),
        payload: json!({ "bytes": value.len(), "hex": hex::encode(kept) }),
    }
}
