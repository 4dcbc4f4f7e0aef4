//! The caller of a request, and the caller's rights.

use serde::{Deserialize, Serialize};

use super::ids::ApiKeyId;

/// A right of an API key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Ask questions, and read one's own conversations.
    Chat,
    /// Search documents, and list them.
    Search,
    /// List, upload, replace, withdraw and delete documents, and see which answers cite them.
    Documents,
    /// Approve versions, take an approval back, and release versions from quarantine.
    Approve,
}

impl Scope {
    /// Every scope, in the order of the documentation.
    pub const ALL: [Self; 4] = [Self::Chat, Self::Search, Self::Documents, Self::Approve];

    /// Returns the name that is stored and typed on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::Search => "search",
            Self::Documents => "documents",
            Self::Approve => "approve",
        }
    }

    /// Returns the scope of a name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == name)
    }
}

/// An authenticated caller. Every query for a person's data takes `owner_id`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// The person or service that owns the conversations.
    pub owner_id: String,
    /// The key that acts for the caller, checked again while a turn runs; `None` in an open demo.
    pub key: Option<ApiKeyId>,
    pub scopes: Vec<Scope>,
    /// The collections this caller may read; `None` means all.
    pub collections: Option<Vec<String>>,
}

impl Principal {
    /// A caller that owns nothing and may read nothing.
    pub fn nobody() -> Self {
        Self {
            owner_id: String::new(),
            key: None,
            scopes: Vec::new(),
            collections: Some(Vec::new()),
        }
    }

    /// Whether the caller holds this scope.
    pub fn allows(&self, scope: Scope) -> bool {
        self.scopes.contains(&scope)
    }

    /// Whether the caller may read this collection.
    pub fn may_read(&self, collection: &str) -> bool {
        self.collections
            .as_ref()
            .is_none_or(|allowed| allowed.iter().any(|name| name == collection))
    }

    /// Returns the collections that a request reaches: the requested ones that the caller may read.
    /// `None` means every collection; an empty list means none.
    pub fn effective_collections(&self, asked: Option<&[String]>) -> Option<Vec<String>> {
        match (asked, &self.collections) {
            (None, allowed) => allowed.clone(),
            (Some(asked), _) => Some(
                asked
                    .iter()
                    .filter(|name| self.may_read(name))
                    .cloned()
                    .collect(),
            ),
        }
    }
}
