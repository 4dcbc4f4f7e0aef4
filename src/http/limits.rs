//! The table of rate limits: how often the owner of an API key may send each kind of request.

use std::sync::Arc;
use std::time::Duration;

use actix_web::{HttpRequest, web};
use futures::future::BoxFuture;

use super::credential::hash_secret;
use super::problem::Problem;

/// The kinds of requests, each with a counter of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Budget {
    Questions,
    Conversations,
    Feedback,
    Searches,
    Uploads,
}

/// Method, route, and kind of a request. Other routes have no limit of their own. The table in
/// docs/operations.md has the same rows.
const TABLE: [(&str, &str, Budget); 6] = [
    ("POST", "/v1/conversations/{id}/messages", Budget::Questions),
    ("POST", "/v1/chat/completions", Budget::Questions),
    ("POST", "/v1/conversations", Budget::Conversations),
    ("POST", "/v1/messages/{id}/feedback", Budget::Feedback),
    ("POST", "/v1/search", Budget::Searches),
    (
        "PUT",
        "/v1/documents/{collection}/{external_id:.+}",
        Budget::Uploads,
    ),
];

/// The factor by which more emergencies than other messages may come. Their advice costs little,
/// and even a refused emergency gets it.
const EMERGENCIES: u32 = 10;

impl Budget {
    /// The kind of a request.
    fn of(request: &HttpRequest) -> Option<Self> {
        let route = request.match_pattern()?;
        let mut rows = TABLE.iter();
        let row =
            rows.find(|(method, pattern, _)| request.method() == *method && route == *pattern);
        row.map(|(_, _, budget)| *budget)
    }

    /// The suffix of the counter's key, after the owner's hash.
    fn suffix(self) -> &'static str {
        match self {
            Self::Questions => "",
            Self::Conversations => ":conversations",
            Self::Feedback => ":feedback",
            Self::Searches => ":searches",
            Self::Uploads => ":uploads",
        }
    }
}

/// Counts a request under a key against a number per minute; returns how long to wait, or `None` to
/// go on. A counter that fails lets every request pass.
pub type Count = Arc<dyn Fn(String, u32) -> BoxFuture<'static, Option<Duration>> + Send + Sync>;

/// The limits of a role; part of the application's data.
#[derive(Clone)]
pub struct Limits {
    pub count: Count,
    /// Requests per owner and kind.
    pub per_minute: u32,
}

/// Counts a request of an owner; returns 429 after too many of its kind.
pub async fn check(request: &HttpRequest, owner: &str, emergency: bool) -> Result<(), Problem> {
    let limits = request.app_data::<web::Data<Limits>>();
    let Some((limits, budget)) = limits.zip(Budget::of(request)) else {
        return Ok(());
    };
    let mut key = format!("{}{}", hex::encode(hash_secret(owner)), budget.suffix());
    let mut per_minute = limits.per_minute;
    if emergency {
        key.push_str(":emergencies");
        per_minute = per_minute.saturating_mul(EMERGENCIES);
    }
    match (limits.count)(key, per_minute).await {
        Some(wait) => Err(Problem::too_many_requests(wait)),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_handbook_has_every_row() {
        let handbook = include_str!("../../docs/operations.md");
        let rows = |text: &str| {
            let lines = handbook.lines().filter(|line| line.starts_with(text));
            lines.count()
        };
        for (method, route, _) in TABLE {
            let route = route.replace(":.+", "");
            assert_eq!(rows(&format!("| `{method} {route}` |")), 1, "{route}");
        }
    }

    #[test]
    fn no_two_kinds_are_counted_together() {
        let suffixes = TABLE.iter().map(|(_, _, budget)| budget.suffix());
        let different: std::collections::HashSet<_> = suffixes.collect();
        assert_eq!(different.len(), 5);
    }
}
