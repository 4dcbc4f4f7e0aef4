//! A contact in words, and in a form that a client can turn into a link.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The kind of service.
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
    /// The name in a sentence: "your local emergency number".
    pub label: String,
    /// The number as the organisation writes it; dial its digits and a leading plus.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
}
