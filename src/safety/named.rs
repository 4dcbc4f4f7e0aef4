//! The contacts that an advice names, in the language of the person.

use super::contacts::Contacts;
use super::texts::in_tongue;
use crate::domain::contact::Contact;
use crate::domain::emergency::{Category, Level};
use crate::language::Tongue;

impl Contacts {
    /// Returns the contacts that the advice names, the most important first.
    pub fn for_advice(
        &self,
        level: Level,
        category: Option<Category>,
        tongue: Tongue,
    ) -> Vec<Contact> {
        let special = match (level, category) {
            (Level::None, _) => return Vec::new(),
            (Level::Urgent, Some(Category::SuicidalIntent)) => {
                self.crisis_line.clone().or(self.urgent_advice_line.clone())
            }
            (_, Some(Category::SuicidalIntent)) => self.crisis_line.clone(),
            (Level::Urgent, _) => self.urgent_advice_line.clone(),
            (Level::Emergency, Some(Category::Overdose)) => self.poison_centre.clone(),
            (Level::Emergency, _) => None,
        };
        let emergency = Some(in_tongue(self.emergency.clone(), tongue));
        let ordered = match level {
            Level::Urgent => [special, emergency],
            _ => [emergency, special],
        };
        ordered.into_iter().flatten().collect()
    }

    /// Returns the contacts for a question without an answer that cannot wait.
    pub fn for_urgent_case(&self, tongue: Tongue) -> Vec<Contact> {
        let emergency = in_tongue(self.emergency.clone(), tongue);
        self.urgent_advice_line
            .clone()
            .into_iter()
            .chain([emergency])
            .collect()
    }
}
