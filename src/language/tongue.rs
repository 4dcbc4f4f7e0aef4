//! The languages in which people write, and how they are told apart.

use std::sync::LazyLock;

use super::grams::Grams;
use super::linear::{Linear, softmax};

/// A language in which prepared texts exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tongue {
    English,
    Spanish,
    French,
    German,
    Portuguese,
    Chinese,
    Hindi,
    Arabic,
}

static MODEL: LazyLock<Linear> = LazyLock::new(|| Linear::read(include_str!("tongues.tsv")));

/// The least probability with which a text is another language than English. Two misspelt words
/// say little.
const SURE: f32 = 0.5;

impl Tongue {
    /// Every language there is.
    pub const ALL: [Self; 8] = [
        Self::English,
        Self::Spanish,
        Self::French,
        Self::German,
        Self::Portuguese,
        Self::Chinese,
        Self::Hindi,
        Self::Arabic,
    ];

    /// Returns the language of a text, also when Hindi or Arabic is written in Latin letters;
    /// English in doubt. The model is fitted by `scripts/fit-triage`.
    pub fn of(text: &str) -> Self {
        let grams = Grams::of(text);
        if grams.is_empty() {
            return Self::English;
        }
        let chances = softmax(&MODEL.scores(&grams));
        let best = MODEL.outputs().iter().zip(chances);
        let best = best.max_by(|(_, a), (_, b)| a.total_cmp(b));
        best.filter(|(_, chance)| *chance >= SURE)
            .and_then(|(code, _)| Self::parse(code))
            .filter(|tongue| *tongue != Self::Chinese || text.chars().any(is_han))
            .unwrap_or(Self::English)
    }

    /// The code of the language (BCP 47).
    pub fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Spanish => "es",
            Self::French => "fr",
            Self::German => "de",
            Self::Portuguese => "pt",
            Self::Chinese => "zh",
            Self::Hindi => "hi",
            Self::Arabic => "ar",
        }
    }

    /// The language of that code.
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tongue| tongue.code() == code)
    }
}

/// Whether a character is a Chinese one.
fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_are_told_apart() {
        for (text, tongue) in [
            ("When are visiting hours?", Tongue::English),
            ("¿A qué hora puedo visitar a mi madre?", Tongue::Spanish),
            (
                "A quelle heure ouvre la pharmacie de l'hopital",
                Tongue::French,
            ),
            ("Wann kann ich meinen Vater besuchen?", Tongue::German),
            (
                "Qual o horário de visita da enfermaria?",
                Tongue::Portuguese,
            ),
            ("探视时间是几点？", Tongue::Chinese),
            ("मिलने का समय क्या है?", Tongue::Hindi),
            ("milne ka time kya hai doctor se", Tongue::Hindi),
            ("ما هي مواعيد الزيارة؟", Tongue::Arabic),
        ] {
            assert_eq!(Tongue::of(text), tongue, "{text}");
        }
    }

    #[test]
    fn a_text_that_says_little_is_english() {
        for text in ["?", "", "parcetmol pregnacy", "xqz", "Zolvitan"] {
            assert_eq!(Tongue::of(text), Tongue::English, "{text}");
        }
    }
}
