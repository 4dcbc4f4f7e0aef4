//! The languages in which people write, and how they are told apart.
//!
//! The script tells most of them. A fitted model tells those in Latin letters, romanised Hindi and
//! Arabic included.

use std::sync::LazyLock;

use super::grams::Grams;
use super::linear::{Linear, softmax};
use super::script::{Counts, Script};

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
    Japanese,
}

/// The files of a folder below `config`, one for each language, with the text of each.
macro_rules! by_tongue {
    ($folder:literal) => {
        by_tongue!($folder, English "en", Spanish "es", French "fr", German "de",
            Portuguese "pt", Chinese "zh", Hindi "hi", Arabic "ar", Japanese "ja")
    };
    ($folder:literal, $($tongue:ident $code:literal),*) => {
        [$((
            $crate::language::Tongue::$tongue,
            include_str!(concat!(
                env!("CARGO_MANIFEST_DIR"), "/config/", $folder, "/", $code, ".toml"
            )),
        )),*]
    };
}
pub(crate) use by_tongue;

static MODEL: LazyLock<Linear> = LazyLock::new(|| Linear::read(include_str!("tongues.tsv")));

/// The least probability with which a text in Latin letters is one language. Two misspelt words say
/// little.
const SURE: f32 = 0.5;
/// A text in ideographs alone of at most so many letters may be Chinese or Japanese.
const SHORT: usize = 8;

impl Tongue {
    /// Every language there is.
    pub const ALL: [Self; 9] = [
        Self::English,
        Self::Spanish,
        Self::French,
        Self::German,
        Self::Portuguese,
        Self::Chinese,
        Self::Hindi,
        Self::Arabic,
        Self::Japanese,
    ];

    /// Returns the language of a text; English in doubt.
    pub fn of(text: &str) -> Self {
        Self::guess(text).unwrap_or(Self::English)
    }

    /// Returns the language of a text, or none if the text says too little. `scripts/fit-triage`
    /// fits the model.
    pub fn guess(text: &str) -> Option<Self> {
        let counts = Counts::of(text);
        match counts.main()? {
            Script::Kana => Some(Self::Japanese),
            Script::Han => Some(Self::Chinese),
            Script::Devanagari => Some(Self::Hindi),
            Script::Arabic => Some(Self::Arabic),
            Script::Latin => Self::in_latin(text),
        }
    }

    /// Returns the language of a message of a conversation in the language `before`: that of the
    /// conversation if the message says too little. A few ideographs are Japanese where Japanese is
    /// spoken.
    pub fn in_conversation(text: &str, before: Option<Self>) -> Self {
        let guess = Self::guess(text);
        let both = guess == Some(Self::Chinese) && Counts::of(text).total() <= SHORT;
        match before {
            Some(Self::Japanese) if both => Self::Japanese,
            _ => guess.or(before).unwrap_or(Self::English),
        }
    }

    fn in_latin(text: &str) -> Option<Self> {
        let chances = softmax(&MODEL.scores(&Grams::of(text)));
        let best = MODEL.outputs().iter().zip(chances);
        let best = best.max_by(|(_, a), (_, b)| a.total_cmp(b));
        best.filter(|(_, chance)| *chance >= SURE)
            .and_then(|(code, _)| Self::parse(code))
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
            Self::Japanese => "ja",
        }
    }

    /// The language of that code.
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tongue| tongue.code() == code)
    }

    /// The direction in which the language is written, as the attribute `dir` of a page names it.
    pub fn direction(self) -> &'static str {
        if self == Self::Arabic { "rtl" } else { "ltr" }
    }

    /// Whether the language writes spaces between words.
    pub fn has_spaces(self) -> bool {
        !matches!(self, Self::Chinese | Self::Japanese)
    }
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
            ("面会時間は何時ですか", Tongue::Japanese),
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

    #[test]
    fn short_sentences_are_told_apart_and_misspelt_english_is_english() {
        let lines = include_str!("../../tests/languages/short.tsv").lines();
        let mut wrong = Vec::new();
        for line in lines {
            let (code, text) = line.split_once('\t').unwrap();
            let guess = Tongue::guess(text).map(Tongue::code);
            assert!(
                code != "en" || guess.is_none_or(|guess| guess == "en"),
                "{text}"
            );
            if guess != Some(code) {
                wrong.push((code, text, guess));
            }
        }
        assert!(wrong.len() <= 4, "{wrong:?}");
    }

    #[test]
    fn a_message_that_says_little_has_the_language_of_its_conversation() {
        let said = |text, before| Tongue::in_conversation(text, Some(before));
        assert_eq!(said("500 mg?", Tongue::German), Tongue::German);
        assert_eq!(said("手術", Tongue::Japanese), Tongue::Japanese);
        assert_eq!(said("手術", Tongue::English), Tongue::Chinese);
        assert_eq!(
            said("When are visiting hours?", Tongue::German),
            Tongue::English
        );
        assert_eq!(Tongue::guess("2"), None);
    }
}
