//! The kinds of emergency that are told apart.

/// The kind of an emergency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Category {
    ChestPain,
    Stroke,
    Breathing,
    SevereBleeding,
    Unconsciousness,
    Anaphylaxis,
    Overdose,
    SuicidalIntent,
}

impl Category {
    /// Every kind there is.
    pub const ALL: [Self; 8] = [
        Self::ChestPain,
        Self::Stroke,
        Self::Breathing,
        Self::SevereBleeding,
        Self::Unconsciousness,
        Self::Anaphylaxis,
        Self::Overdose,
        Self::SuicidalIntent,
    ];

    /// The stable name in events and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ChestPain => "chest_pain",
            Self::Stroke => "stroke",
            Self::Breathing => "breathing",
            Self::SevereBleeding => "severe_bleeding",
            Self::Unconsciousness => "unconsciousness",
            Self::Anaphylaxis => "anaphylaxis",
            Self::Overdose => "overdose",
            Self::SuicidalIntent => "suicidal_intent",
        }
    }
}
