//! Triage: does this message describe an emergency that happens now?
//!
//! The message is cut into clauses. A clause counts if it holds a red flag and is not negated,
//! not history and not a plain question for information. In doubt it counts: a needless "call
//! emergency services" costs little, a missed one may cost a life. Time is linear in the message.

use super::rules_en::{HISTORY, INFORMATION, NEGATIONS, PRESENT, PREVENTION, RULES, Rule};

/// Whether the person should be told to call emergency services.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    None,
    Emergency,
}

/// What kind of emergency.
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

    /// The prepared reply.
    pub fn text(self) -> &'static str {
        match self {
            Self::ChestPain => {
                "This may be a heart attack. Call your local emergency number (for example 112, 911 or 999) now. Sit down and rest while you wait. Do not drive yourself to hospital."
            }
            Self::Stroke => {
                "These can be signs of a stroke. Call your local emergency number (for example 112, 911 or 999) now. Note the time when the signs began. Give nothing to eat or drink."
            }
            Self::Breathing => {
                "Trouble breathing can be life-threatening. Call your local emergency number (for example 112, 911 or 999) now. Sit upright and loosen tight clothing. Stay on the line."
            }
            Self::SevereBleeding => {
                "Severe bleeding is an emergency. Call your local emergency number (for example 112, 911 or 999) now. Press firmly on the wound with a clean cloth and do not let go."
            }
            Self::Unconsciousness => {
                "A person who cannot be woken needs help at once. Call your local emergency number (for example 112, 911 or 999) now. Check whether the person breathes, and follow what the emergency service tells you."
            }
            Self::Anaphylaxis => {
                "This may be a severe allergic reaction. Call your local emergency number (for example 112, 911 or 999) now. Use an adrenaline auto-injector if one was prescribed."
            }
            Self::Overdose => {
                "This may be a poisoning. Call your local emergency number (for example 112, 911 or 999) now, even if there are no symptoms yet. Keep the package at hand. Do not make the person vomit."
            }
            Self::SuicidalIntent => {
                "I am glad that you wrote this, and you do not have to be alone with it. If you may act on these thoughts, call your local emergency number (for example 112, 911 or 999) or a crisis line now (in the US and Canada: 988). Go to someone you trust, and move away from anything you could use to hurt yourself."
            }
        }
    }
}

/// The outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Triage {
    pub level: Level,
    pub category: Option<Category>,
    /// The prepared reply of an emergency.
    pub text: Option<&'static str>,
}

/// Triages a message.
pub fn triage(message: &str) -> Triage {
    let found = clauses(message)
        .iter()
        .find_map(|clause| RULES.iter().find(|rule| applies(rule, clause)));
    Triage {
        level: if found.is_some() {
            Level::Emergency
        } else {
            Level::None
        },
        category: found.map(|rule| rule.category),
        text: found.map(|rule| rule.category.text()),
    }
}

/// Lower-case clauses of single-spaced words, with a space at either end so that whole words
/// can be looked for.
fn clauses(message: &str) -> Vec<String> {
    let mut clauses = Vec::new();
    let mut clause = String::from(" ");
    for c in message.chars().chain(['.']) {
        match c {
            '.' | '!' | '?' | ';' | ':' | '\n' => {
                if clause.len() > 1 {
                    if !clause.ends_with(' ') {
                        clause.push(' ');
                    }
                    clauses.push(std::mem::replace(&mut clause, String::from(" ")));
                }
            }
            '\'' | '’' | 'ʼ' | '`' => clause.push('\''),
            c if c.is_alphanumeric() => clause.extend(c.to_lowercase()),
            _ if clause.ends_with(' ') => {}
            _ => clause.push(' '),
        }
    }
    clauses
}

fn applies(rule: &Rule, clause: &str) -> bool {
    let holds = |phrases: &[&str]| phrases.iter().any(|phrase| clause.contains(phrase));
    if !rule.groups.iter().all(|group| holds(group)) || holds(HISTORY) {
        return false;
    }
    if !rule.negation_is_a_sign && holds(NEGATIONS) {
        return false;
    }
    let asks = INFORMATION.iter().any(|start| clause.starts_with(start));
    !asks || (holds(PRESENT) && !holds(PREVENTION))
}

#[cfg(test)]
mod tests {
    use super::*;

    const EMERGENCIES: &[(&str, Category)] = &[
        (
            "my dad's face is drooping and he can't lift his arm",
            Category::Stroke,
        ),
        ("My mum suddenly has slurred speech", Category::Stroke),
        ("I think I am having a stroke", Category::Stroke),
        ("One side of her face has dropped", Category::Stroke),
        (
            "crushing pain in my chest going down my left arm",
            Category::ChestPain,
        ),
        ("I have chest pain", Category::ChestPain),
        ("my husband is having a heart attack!", Category::ChestPain),
        (
            "What should I do, my chest feels tight and I am sweating",
            Category::ChestPain,
        ),
        ("I can't breathe", Category::Breathing),
        ("I can’t breathe", Category::Breathing),
        ("My son is struggling to breathe.", Category::Breathing),
        ("She is choking on a grape", Category::Breathing),
        ("the baby is not breathing", Category::Breathing),
        ("the bleeding won't stop", Category::SevereBleeding),
        (
            "He is bleeding heavily from his leg",
            Category::SevereBleeding,
        ),
        ("I am vomiting blood", Category::SevereBleeding),
        (
            "she's unconscious and not waking up",
            Category::Unconsciousness,
        ),
        (
            "My grandfather collapsed and does not respond",
            Category::Unconsciousness,
        ),
        ("I can't wake my wife", Category::Unconsciousness),
        ("throat swelling after a bee sting", Category::Anaphylaxis),
        (
            "My tongue is swelling up after eating nuts",
            Category::Anaphylaxis,
        ),
        (
            "I think she is in anaphylactic shock",
            Category::Anaphylaxis,
        ),
        (
            "my child swallowed a whole bottle of pills",
            Category::Overdose,
        ),
        ("I took too many tablets", Category::Overdose),
        ("My friend has overdosed", Category::Overdose),
        ("My toddler drank bleach", Category::Overdose),
        ("I want to kill myself", Category::SuicidalIntent),
        ("I don't want to live any more", Category::SuicidalIntent),
        (
            "I am going to end my life tonight",
            Category::SuicidalIntent,
        ),
        ("I feel suicidal", Category::SuicidalIntent),
    ];

    const OTHERS: &[&str] = &[
        "what can I do to prevent a stroke?",
        "How can I lower my risk of having a stroke?",
        "what are my chances of having a heart attack?",
        "what are the symptoms of anaphylaxis?",
        "is chest pain common after surgery?",
        "my father had a stroke in 2010",
        "I have no chest pain",
        "he doesn't have trouble breathing",
        "When are visiting hours?",
        "How do I use my inhaler?",
        "What is an overdose of paracetamol?",
        "How long after a heart attack can people drive?",
        "I had chest pain years ago",
        "Can I have an appointment for my eyes?",
        "What are the warning signs of a stroke?",
        "How is bleeding stopped after an operation?",
        "Does warfarin cause bleeding?",
        "My wound is a little red, what should I do?",
        "What is the suicide prevention policy for staff?",
        "He has a history of stroke and needs an appointment",
        "How should staff report a needlestick injury?",
        "Do I need to stop eating before surgery?",
        "I have a fever of 38",
        "",
        "???",
        "What is the capital of Mongolia?",
        "How can I prevent falls at home?",
        "I did not lose consciousness",
        "Which breathing exercises help with asthma?",
        "Is it normal to bleed after a blood test?",
        "What causes unconsciousness?",
        "I never felt suicidal",
    ];

    #[test]
    fn emergencies_are_recognised() {
        for (message, category) in EMERGENCIES {
            assert_eq!(triage(message).category, Some(*category), "{message}");
        }
    }

    #[test]
    fn other_messages_are_not() {
        for message in OTHERS {
            assert_eq!(triage(message).category, None, "{message}");
        }
    }

    #[test]
    fn case_and_spacing_do_not_matter() {
        for (message, category) in EMERGENCIES {
            let changed = format!("  {}  ", message.to_uppercase().replace(' ', "\t  "));
            assert_eq!(triage(&changed).category, Some(*category), "{message}");
        }
    }
}
