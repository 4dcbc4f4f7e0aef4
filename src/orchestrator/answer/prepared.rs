//! Answers that are written beforehand, with the contacts of this organisation.

use crate::domain::chat::TriageNotice;
use crate::domain::contact::Contact;
use crate::http::problem::Problem;
use crate::orchestrator::Orchestrator;
use crate::safety::{Contacts, Level, Triage, texts};

/// An answer that no document and no model has a part in.
pub(in crate::orchestrator) struct Prepared {
    pub rung: &'static str,
    pub text: String,
    /// Whom the text has people call.
    pub contacts: Vec<Contact>,
}

impl Orchestrator {
    /// The outcome of triage, for the client and for the record.
    pub(in crate::orchestrator) fn notice(&self, triage: Triage) -> TriageNotice {
        let emergency = triage.level == Level::Emergency;
        let contacts = || self.contacts.for_emergency(triage.category);
        TriageNotice {
            level: if emergency { "emergency" } else { "none" }.into(),
            category: triage.category.map(|category| category.as_str().into()),
            text: emergency.then(|| texts::emergency(triage.category, &self.contacts)),
            contacts: emergency.then(contacts).unwrap_or_default(),
        }
    }

    /// The answer to an emergency: what the client was told when it was noticed.
    pub(in crate::orchestrator) fn advice(&self, notice: &TriageNotice) -> Option<Prepared> {
        let text = || texts::emergency(None, &self.contacts);
        (notice.level == "emergency").then(|| Prepared {
            rung: "triage",
            text: notice.text.clone().unwrap_or_else(text),
            contacts: notice.contacts.clone(),
        })
    }

    /// The answer if the documents have none.
    pub(in crate::orchestrator) fn abstention(&self) -> Prepared {
        Prepared {
            rung: "abstain",
            text: texts::abstained(&self.contacts),
            contacts: self.contacts.for_urgent_case(),
        }
    }
}

/// A question gets no answer for this reason: it says what to do if the matter cannot wait.
pub(in crate::orchestrator) fn unanswered(problem: Problem, contacts: &Contacts) -> Problem {
    problem.followed_by(&texts::urgent_case(contacts), contacts.for_urgent_case())
}
