//! Whom to call, in words and in a form that a client can make a link of.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Which service it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ContactKind {
    Emergency,
    CrisisLine,
    PoisonCentre,
    UrgentAdviceLine,
}

/// A service that helps at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Contact {
    pub kind: ContactKind,
    /// How a sentence names it: "your local emergency number".
    pub label: String,
    /// As the organisation writes it; its digits and a leading plus are what to dial.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
}
