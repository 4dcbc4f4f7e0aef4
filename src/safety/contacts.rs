//! The contacts that this organisation wants people to call.

use crate::domain::contact::{Contact, ContactKind};

/// The services that prepared texts name. Only an emergency always has a contact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contacts {
    pub emergency: Contact,
    pub crisis_line: Option<Contact>,
    pub poison_centre: Option<Contact>,
    pub urgent_advice_line: Option<Contact>,
}

impl Default for Contacts {
    fn default() -> Self {
        Self {
            emergency: Contact {
                kind: ContactKind::Emergency,
                label: "your local emergency number".into(),
                number: None,
            },
            crisis_line: None,
            poison_centre: None,
            urgent_advice_line: None,
        }
    }
}
