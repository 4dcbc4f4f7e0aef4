//! A question, and the checks of its parts.

use serde_json::json;
use sha2::{Digest, Sha256};

use crate::domain::access::Principal;
use crate::domain::chat::Utterance;
use crate::domain::ids::ConversationId;
use crate::http::problem::Problem;

/// The most collections that one question may name, and the longest name in characters.
const MAX_COLLECTIONS: usize = 50;
const MAX_NAME: usize = 128;

/// A valid question.
pub(super) struct Question {
    pub principal: Principal,
    pub conversation: ConversationId,
    pub content: String,
    /// The history that a client keeps itself; `None` means the stored one.
    pub history: Option<Vec<Utterance>>,
    /// The collections that the client names; `None` means every one that the principal may read.
    pub collections: Option<Vec<String>>,
    pub idempotency_key: Option<String>,
    pub request_id: String,
}

impl Question {
    /// Returns the collections to search: the named ones that the principal may read.
    pub fn searched(&self) -> Option<Vec<String>> {
        self.principal
            .effective_collections(self.collections.as_deref())
    }

    /// Returns the SHA-256 of the parts that make two requests with one idempotency key equal.
    pub fn hash(&self) -> [u8; 32] {
        let body = json!([self.conversation, self.content, self.collections]);
        Sha256::digest(body.to_string()).into()
    }
}

/// Returns the text without surrounding space and without NUL, which PostgreSQL cannot store.
pub(super) fn checked_content(content: &str, max_chars: usize) -> Result<String, Problem> {
    let content = content.replace('\0', " ").trim().to_owned();
    if content.is_empty() {
        return Err(Problem::unprocessable(
            "`content` is empty: write a question.",
        ));
    }
    if content.chars().count() > max_chars {
        return Err(Problem::unprocessable(format!(
            "`content` is longer than {max_chars} characters: shorten the question."
        )));
    }
    Ok(content)
}

/// Checks the names of collections.
pub(super) fn checked_collections(
    names: Option<Vec<String>>,
) -> Result<Option<Vec<String>>, Problem> {
    let bad = |name: &String| {
        name.is_empty() || name.chars().count() > MAX_NAME || name.contains(char::is_control)
    };
    match names {
        Some(names) if names.len() > MAX_COLLECTIONS || names.iter().any(bad) => {
            Err(Problem::unprocessable(format!(
                "`collections` must be at most {MAX_COLLECTIONS} names of 1 to {MAX_NAME} characters."
            )))
        }
        names => Ok(names),
    }
}
