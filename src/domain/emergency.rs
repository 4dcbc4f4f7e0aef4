//! How urgent a message is, and the kinds of emergency that are told apart.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::contact::Contact;

/// The kind of an emergency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Category {
    ChestPain,
    Stroke,
    Breathing,
    Choking,
    Anaphylaxis,
    SevereBleeding,
    /// Seizures, too.
    Unconsciousness,
    /// Self-harm, too.
    SuicidalIntent,
    /// Poisoning, too.
    Overdose,
    /// Meningitis, too.
    Sepsis,
    /// Birth, too.
    Pregnancy,
    /// A sign that is dangerous at this age only.
    Infant,
    HeadInjury,
    Burns,
    /// A dangerous glucose, low or high.
    Diabetic,
    /// Violence and abuse by another person.
    Violence,
    /// Heat and cold.
    Exposure,
    /// Torsion, too.
    AcuteAbdomen,
}

impl Category {
    /// Every kind there is.
    pub const ALL: [Self; 18] = [
        Self::ChestPain,
        Self::Stroke,
        Self::Breathing,
        Self::Choking,
        Self::Anaphylaxis,
        Self::SevereBleeding,
        Self::Unconsciousness,
        Self::SuicidalIntent,
        Self::Overdose,
        Self::Sepsis,
        Self::Pregnancy,
        Self::Infant,
        Self::HeadInjury,
        Self::Burns,
        Self::Diabetic,
        Self::Violence,
        Self::Exposure,
        Self::AcuteAbdomen,
    ];

    /// The stable name in events and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ChestPain => "chest_pain",
            Self::Stroke => "stroke",
            Self::Breathing => "breathing",
            Self::Choking => "choking",
            Self::Anaphylaxis => "anaphylaxis",
            Self::SevereBleeding => "severe_bleeding",
            Self::Unconsciousness => "unconsciousness",
            Self::SuicidalIntent => "suicidal_intent",
            Self::Overdose => "overdose",
            Self::Sepsis => "sepsis",
            Self::Pregnancy => "pregnancy",
            Self::Infant => "infant",
            Self::HeadInjury => "head_injury",
            Self::Burns => "burns",
            Self::Diabetic => "diabetic",
            Self::Violence => "violence",
            Self::Exposure => "exposure",
            Self::AcuteAbdomen => "acute_abdomen",
        }
    }

    /// The kind of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|category| category.as_str() == name)
    }
}

/// How urgent a message is, in rising order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    None,
    /// The person is told to contact a doctor, a nurse or a crisis line today.
    Urgent,
    /// The person is told to call the emergency services.
    Emergency,
}

/// The part of triage that recognised a sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Witness {
    /// A written rule.
    Rules,
    /// The model that was fitted on labelled messages.
    Classifier,
    Both,
}

/// The outcome of triage as the client sees it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct TriageNotice {
    pub level: Level,
    pub category: Option<String>,
    /// The part that recognised the sign; nothing for an ordinary message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub witness: Option<Witness>,
    pub text: Option<String>,
    /// The language of the text (BCP 47).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// Whom the text has people call.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contacts: Vec<Contact>,
}
