//! The steps below the best answer, and the words that tell the person of each: another provider
//! answers; the passages answer word for word; nobody answers, and the person is told whom to call.

use super::contacts::Contacts;
use super::texts::{self, Notice};
use crate::domain::chat::{Degraded, Step};
use crate::language::Tongue;

/// The reason why an answer is less than it could be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The first provider did not answer, and another one did.
    OtherProvider,
    /// No provider answered.
    NoProvider,
    /// No sentence of the model has support.
    Unsupported,
}

/// Returns the step of an answer, and its notice in the language of the question.
pub fn degraded(cause: Cause, question: &str) -> Degraded {
    let tongue = Tongue::of(question);
    let (rung, reason, notice) = match cause {
        Cause::OtherProvider => (Step::Fallback, "provider_unavailable", Notice::Fallback),
        Cause::NoProvider => (Step::Verbatim, "provider_unavailable", Notice::Verbatim),
        Cause::Unsupported => (Step::Verbatim, "unsupported", Notice::Unsupported),
    };
    Degraded {
        rung,
        reason: reason.into(),
        notice: texts::notice(notice, tongue).into(),
        language: tongue.code().into(),
    }
}

/// Returns the last step, for a turn that failed for this reason: there is no answer, and the
/// notice says whom to ask and whom to call.
pub fn contacts(reason: &str, question: &str, contacts: &Contacts) -> Degraded {
    contacts_in(Tongue::of(question), reason, contacts)
}

/// Returns the last step with a notice in this language.
pub fn contacts_in(tongue: Tongue, reason: &str, contacts: &Contacts) -> Degraded {
    Degraded {
        rung: Step::Contacts,
        reason: reason.into(),
        notice: texts::unavailable(contacts, tongue),
        language: tongue.code().into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_has_a_notice_of_its_own_in_every_language() {
        for tongue in Tongue::ALL {
            let mut all = vec![texts::unavailable(&Contacts::default(), tongue)];
            for notice in [Notice::Fallback, Notice::Verbatim, Notice::Unsupported] {
                all.push(texts::notice(notice, tongue).to_owned());
            }
            for (index, text) in all.iter().enumerate() {
                assert!(!text.is_empty() && text.trim() == text, "{tongue:?} {text}");
                assert!(
                    !text.contains(char::is_numeric) && !text.contains('{'),
                    "{text}"
                );
                assert!(!all[..index].contains(text), "{text}");
            }
        }
    }

    #[test]
    fn a_notice_is_in_the_language_of_the_question() {
        for (question, tongue) in [
            ("When are visiting hours?", Tongue::English),
            ("¿A qué hora puedo visitar a mi madre?", Tongue::Spanish),
            ("探视时间是什么时候？", Tongue::Chinese),
            ("मिलने का समय क्या है?", Tongue::Hindi),
            ("ما هي ساعات الزيارة؟", Tongue::Arabic),
            ("???", Tongue::English),
        ] {
            let degraded = degraded(Cause::NoProvider, question);
            assert_eq!(degraded.language, tongue.code(), "{question}");
            assert_eq!(degraded.notice, texts::notice(Notice::Verbatim, tongue));
        }
    }

    #[test]
    fn the_last_step_says_whom_to_call() {
        let last = contacts("retrieval", "探视时间是什么时候？", &Contacts::default());
        assert_eq!(
            (last.rung, last.reason.as_str()),
            (Step::Contacts, "retrieval")
        );
        assert!(last.notice.contains("助手现在无法回答"), "{}", last.notice);
        let urgent = texts::urgent_case(&Contacts::default(), Tongue::Chinese);
        assert!(last.notice.ends_with(&urgent), "{}", last.notice);
    }
}
