//! The contacts that people are told to call.

use crate::config::{ContactConfig, SafetyConfig};
use crate::domain::contact::{Contact, ContactKind};
use crate::safety::Contacts;

/// Builds the configured contacts. A number without a label gets a common one.
pub fn contacts(config: &SafetyConfig) -> Contacts {
    let default = Contacts::default();
    let of = |contact: &ContactConfig, kind, label: &str| {
        let set = |text: &str| (!text.trim().is_empty()).then(|| text.trim().to_owned());
        let (given, number) = (set(&contact.label), set(&contact.number));
        (given.is_some() || number.is_some()).then(|| Contact {
            kind,
            label: given.unwrap_or_else(|| label.to_owned()),
            number,
        })
    };
    let emergency = of(
        &config.emergency,
        ContactKind::Emergency,
        &default.emergency.label,
    );
    Contacts {
        emergency: emergency.unwrap_or(default.emergency),
        crisis_line: of(
            &config.crisis_line,
            ContactKind::CrisisLine,
            "the crisis line",
        ),
        poison_centre: of(
            &config.poison_centre,
            ContactKind::PoisonCentre,
            "the poison centre",
        ),
        urgent_advice_line: of(
            &config.urgent_advice_line,
            ContactKind::UrgentAdviceLine,
            "the urgent advice line",
        ),
    }
}
