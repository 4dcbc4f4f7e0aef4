//! Identifiers. All are `UUIDv7`, so they sort by creation time.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Creates a time-ordered UUID.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the one place that makes ids"
)]
pub fn new_uuid() -> Uuid {
    Uuid::now_v7()
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
            utoipa::ToSchema,
        )]
        #[serde(transparent)]
        #[schema(value_type = Uuid)]
        pub struct $name(pub Uuid);

        impl $name {
            /// Creates a time-ordered id.
            #[expect(clippy::new_without_default, reason = "a new id differs each time")]
            pub fn new() -> Self {
                Self(new_uuid())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::from_str(text).map(Self)
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }
    };
}

id!(
    /// A conversation of one person.
    ConversationId
);
id!(
    /// One message of a conversation: a question or an answer.
    MessageId
);
id!(
    /// The processing of one question up to its answer.
    TurnId
);
id!(
    /// A document, across all its versions.
    DocumentId
);
id!(
    /// One version of a document.
    VersionId
);
id!(
    /// One event on the bus, by which consumers de-duplicate.
    EventId
);
id!(
    /// An API key, but not its secret.
    ApiKeyId
);
