//! The contacts that this organisation wants people to call.

use crate::domain::contact::{Contact, ContactKind};
use crate::domain::emergency::Category;
use crate::language::spoken;

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
                label: spoken().texts.emergency_number.into(),
                number: None,
            },
            crisis_line: None,
            poison_centre: None,
            urgent_advice_line: None,
        }
    }
}

impl Contacts {
    /// Returns the contacts for an emergency of this kind, the most important first.
    pub fn for_emergency(&self, category: Option<Category>) -> Vec<Contact> {
        let special = match category {
            Some(Category::SuicidalIntent) => &self.crisis_line,
            Some(Category::Overdose) => &self.poison_centre,
            _ => &None,
        };
        std::iter::once(&self.emergency)
            .chain(special)
            .cloned()
            .collect()
    }

    /// Returns the contacts for a question without an answer that cannot wait.
    pub fn for_urgent_case(&self) -> Vec<Contact> {
        self.urgent_advice_line
            .iter()
            .chain(Some(&self.emergency))
            .cloned()
            .collect()
    }
}
