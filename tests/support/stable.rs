//! Stable values for snapshots: the same names for ids, times and measurements in every run.

use chrono::DateTime;
use serde_json::{Map, Value, json};
use uuid::Uuid;

const UUID_LENGTH: usize = 36;

/// Gives each id a number in the order of appearance, so that a snapshot shows which are the same.
#[derive(Default)]
pub struct Stable {
    ids: Vec<String>,
}

/// A body as a snapshot holds it.
pub fn stable(body: &Value) -> Value {
    Stable::default().value(body)
}

impl Stable {
    pub fn value(&mut self, value: &Value) -> Value {
        match value {
            Value::String(text) if DateTime::parse_from_rfc3339(text).is_ok() => json!("[time]"),
            Value::String(text) => Value::String(self.text(text)),
            Value::Number(number) if number.is_f64() => json!("[score]"),
            Value::Array(values) => values.iter().map(|value| self.value(value)).collect(),
            Value::Object(fields) => Value::Object(self.fields(fields)),
            other => other.clone(),
        }
    }

    fn fields(&mut self, fields: &Map<String, Value>) -> Map<String, Value> {
        let fields = fields.iter().map(|(name, value)| {
            let measured = value.is_u64() && (name.ends_with("_ms") || name == "created");
            let value = match value {
                _ if measured => json!("[measured]"),
                value => self.value(value),
            };
            (name.clone(), value)
        });
        fields.collect()
    }

    /// A text with its ids replaced.
    pub fn text(&mut self, text: &str) -> String {
        let mut rest = text;
        let mut shown = String::new();
        while let Some(first) = rest.chars().next() {
            if let Some(id) = rest.get(..UUID_LENGTH).filter(|id| is_hyphenated(id)) {
                shown.push_str(&self.name(id));
                rest = &rest[UUID_LENGTH..];
            } else {
                shown.push(first);
                rest = &rest[first.len_utf8()..];
            }
        }
        shown
    }

    fn name(&mut self, id: &str) -> String {
        let at = self.ids.iter().position(|known| known == id);
        let at = at.unwrap_or_else(|| {
            self.ids.push(id.to_owned());
            self.ids.len() - 1
        });
        format!("[id {}]", at + 1)
    }
}

fn is_hyphenated(text: &str) -> bool {
    text.contains('-') && Uuid::try_parse(text).is_ok()
}

#[test]
fn the_same_id_has_the_same_name() {
    let (one, two) = (Uuid::from_u128(1), Uuid::from_u128(2));
    let body = json!({ "a": one, "b": format!("{two}:7 {one}"), "took_ms": 9, "at": "2026-11-27T12:00:00Z" });
    insta::assert_snapshot!(
        stable(&body),
        @r#"{"a":"[id 1]","at":"[time]","b":"[id 2]:7 [id 1]","took_ms":"[measured]"}"#
    );
}
