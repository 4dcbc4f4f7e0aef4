//! Bytes to records, or to what the dead letters keep of them.

use serde_json::json;

use crate::domain::ids::EventId;
use crate::domain::messaging::Envelope;
use crate::domain::time;

/// How much of an undecodable record the dead-letter table keeps, in bytes.
const KEPT_BYTES: usize = 64 * 1024;

/// The envelope; or what stands for it, and why there is none.
pub(super) fn decode(value: &[u8]) -> (Envelope, Option<String>) {
    match serde_json::from_slice(value) {
        Ok(envelope) => (envelope, None),
        // The category only: the parser's message may quote the record.
        Err(error) => {
            let cause = format!("undecodable record: {:?}", error.classify());
            (placeholder(value), Some(cause))
        }
    }
}

/// Stands for a record that is no envelope, so that the dead letters can keep its bytes.
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
