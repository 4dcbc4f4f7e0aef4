//! The governance of the uploads, as options.

use clap::Args;
use serde_json::Value;

use crate::domain::{name, time};

/// The people who answer for the documents, and the times when these apply. Times are RFC 3339, such as
/// 2027-01-31T00:00:00Z.
#[derive(Args, Default)]
pub struct About {
    /// The person or department that keeps the documents correct.
    #[arg(long)]
    owner: Option<String>,
    /// The area in which they apply.
    #[arg(long)]
    jurisdiction: Option<String>,
    /// The people for whom they are written.
    #[arg(long)]
    audience: Option<String>,
    /// They answer from this time on.
    #[arg(long, value_parser = time)]
    effective_from: Option<String>,
    /// The owner should have read them again by this time.
    #[arg(long, value_parser = time)]
    review_by: Option<String>,
    /// They stop answering at this time.
    #[arg(long, value_parser = time)]
    expires_at: Option<String>,
}

/// A time as the API takes it; clap shows the reason against another one.
fn time(given: &str) -> Result<String, &'static str> {
    match time::parse(given) {
        Some(_) => Ok(given.to_owned()),
        None => Err(time::FORM),
    }
}

impl About {
    fn fields(&self) -> [(&'static str, Option<&str>); 6] {
        [
            ("owner", self.owner.as_deref()),
            ("jurisdiction", self.jurisdiction.as_deref()),
            ("audience", self.audience.as_deref()),
            ("effective_from", self.effective_from.as_deref()),
            ("review_by", self.review_by.as_deref()),
            ("expires_at", self.expires_at.as_deref()),
        ]
    }

    /// The parameters of an upload that were given.
    pub fn parameters(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.fields()
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)))
    }

    /// Whether the server already states the same about a document.
    pub fn is_said_of(&self, document: &Value) -> bool {
        self.fields().into_iter().all(|(name, said)| {
            let stored = document.get(name).and_then(Value::as_str);
            match (stored, said) {
                (None, None) => true,
                (Some(stored), Some(said)) => same(stored, said),
                (None, Some(said)) => name::plain(said).is_empty(),
                (Some(_), None) => false,
            }
        })
    }
}

/// Whether both are the same time or the same words.
fn same(stored: &str, said: &str) -> bool {
    match (time::parse(stored), time::parse(said)) {
        (Some(stored), Some(said)) => stored == said,
        _ => stored == name::plain(said),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_same_time_may_be_written_differently() {
        let about = About {
            owner: Some(" Ward 7\n".into()),
            review_by: Some("2027-01-31T01:00:00+01:00".into()),
            ..About::default()
        };
        let stored = json!({ "owner": "Ward 7", "review_by": "2027-01-31T00:00:00Z" });
        assert!(about.is_said_of(&stored));
        assert!(!About::default().is_said_of(&stored));
        assert!(About::default().is_said_of(&json!({ "owner": null })));
        let later = json!({ "owner": "Ward 7", "review_by": "2027-01-31T00:00:01Z" });
        assert!(!about.is_said_of(&later));
    }
}
