//! The rules, one of the two witnesses of the emergency gate.
//!
//! A rule names groups of patterns ("chest"; "crush*", "tight*") that must occur near each other in
//! one sentence. [`text`] folds what people type differently, [`words`] forgives typing errors,
//! [`patterns`] finds sequences of words, [`languages`] tells whose rules read a message, [`frames`]
//! cancel what is denied, past, fiction or a question for information, and [`readings`] judge
//! numbers. The words stand in `config/triage/`; an organisation adds files of the same shape. The
//! time is linear in the length of the message: no pattern looks further than a fixed number of
//! words.

mod compile;
mod file;
mod frames;
mod languages;
mod limits;
mod patterns;
mod readings;
mod text;
mod words;

use std::cmp::Reverse;
use std::sync::OnceLock;

use crate::domain::emergency::{Category, Level};
use compile::{Language, Rule};
use file::RuleFile;
pub use file::RulesError;
use frames::Masks;
use patterns::{GroupId, Patterns, Place, Places};
use readings::Numbers;
use text::Text;

/// The strongest sign of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sign<'a> {
    pub category: Category,
    pub level: Level,
    /// The stable id of the rule that found it.
    pub rule: &'a str,
    /// Whether the level stands though the classifier is sure of the contrary.
    pub firm: bool,
}

/// The rules' reading of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Testimony<'a> {
    pub sign: Option<Sign<'a>>,
    /// Whether the message names signs, and says of each that it is absent, past or a story.
    pub cancelled: bool,
}

/// The rules of all languages.
#[derive(Clone, Debug)]
pub struct Rules {
    patterns: Patterns,
    languages: Vec<Language>,
}

/// The files that are compiled in, with their names.
const BUILT_IN: [(&str, &str); 9] = [
    ("ar.toml", include_str!("../../../../config/triage/ar.toml")),
    ("de.toml", include_str!("../../../../config/triage/de.toml")),
    ("en.toml", include_str!("../../../../config/triage/en.toml")),
    ("es.toml", include_str!("../../../../config/triage/es.toml")),
    ("fr.toml", include_str!("../../../../config/triage/fr.toml")),
    ("hi.toml", include_str!("../../../../config/triage/hi.toml")),
    ("ja.toml", include_str!("../../../../config/triage/ja.toml")),
    ("pt.toml", include_str!("../../../../config/triage/pt.toml")),
    ("zh.toml", include_str!("../../../../config/triage/zh.toml")),
];

static RULES: OnceLock<Rules> = OnceLock::new();

impl Rules {
    /// The rules by which this process triages: those of the product, unless others were installed.
    pub fn installed() -> &'static Self {
        RULES.get_or_init(|| {
            Self::extended([]).unwrap_or_else(|problem| {
                // A test reads the same files, so this never leaves the building.
                tracing::error!(error = %problem, "the built-in triage rules cannot be read");
                Self {
                    patterns: Patterns::default(),
                    languages: Vec::new(),
                }
            })
        })
    }

    /// Triages by these rules from now on. Returns whether the process had none before.
    pub fn install(self) -> bool {
        RULES.set(self).is_ok()
    }

    /// The rules of the product and those of further files, each given as its name and its text.
    pub fn extended<'a>(
        files: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, RulesError> {
        Self::of(BUILT_IN.into_iter().chain(files))
    }

    /// The rules of these files alone, each given as its name and its text.
    pub fn of<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, RulesError> {
        let files = files.into_iter();
        let files = files.map(|(name, text)| Ok((name, RuleFile::parse(name, text)?)));
        let (patterns, languages) = compile::languages(&files.collect::<Result<Vec<_>, _>>()?)?;
        Ok(Self {
            patterns,
            languages,
        })
    }

    /// Returns the strongest sign of an emergency in a message, the first of several alike.
    #[cfg(test)]
    pub fn witness(&self, message: &str) -> Option<Sign<'_>> {
        self.testimony(message).sign
    }

    /// Returns the strongest sign, or tells that every sign is cancelled.
    pub fn testimony(&self, message: &str) -> Testimony<'_> {
        let mut text = Text::of(message);
        self.value_number_words(&mut text);
        let reads = languages::that_read(&self.languages, &text);
        let places = self.patterns.find(&text.tokens, &reads);
        let mut strongest: Option<(usize, Sign)> = None;
        let mut masked = false;
        let read = self
            .languages
            .iter()
            .zip(&reads)
            .filter(|(_, reads)| **reads);
        for (language, _) in read {
            let scene = Scene::of(language, &text, &places);
            for (at, sign) in scene.signs() {
                let rank = (sign.level, Reverse(at));
                if strongest.is_none_or(|(at, other)| (other.level, Reverse(at)) < rank) {
                    strongest = Some((at, sign));
                }
            }
            masked |= strongest.is_none() && scene.unmasked().signs().next().is_some();
        }
        Testimony {
            sign: strongest.map(|(_, sign)| sign),
            cancelled: masked && strongest.is_none(),
        }
    }

    fn value_number_words(&self, text: &mut Text) {
        for token in text
            .tokens
            .iter_mut()
            .filter(|token| token.number.is_none())
        {
            let mut languages = self.languages.iter();
            token.number =
                languages.find_map(|language| language.numbers.get(&token.text).copied());
        }
    }
}

/// A message as one language reads it.
struct Scene<'r, 't> {
    language: &'r Language,
    text: &'t Text,
    places: &'t Places,
    masks: Masks,
    age_months: Option<f64>,
}

impl<'r, 't> Scene<'r, 't> {
    fn of(language: &'r Language, text: &'t Text, places: &'t Places) -> Self {
        Self {
            masks: Masks::of(&language.frames, language.joins, text, places),
            age_months: numbers(language, text, places).age_months(),
            language,
            text,
            places,
        }
    }

    /// The same message, if nothing in it cancelled a sign.
    fn unmasked(self) -> Self {
        Self {
            masks: Masks::default(),
            ..self
        }
    }

    /// Every sign, with the token at which it begins.
    fn signs(&self) -> impl Iterator<Item = (usize, Sign<'r>)> {
        let rules = self.language.rules.iter();
        let rules = rules.filter_map(|rule| {
            let sign = Sign {
                category: rule.category,
                level: rule.level,
                rule: rule.id.as_str(),
                firm: rule.firm,
            };
            Some((self.raised_at(rule)?, sign))
        });
        let readings = numbers(self.language, self.text, self.places).signs();
        let readings = readings.into_iter().filter_map(|reading| {
            let place = Place {
                first: reading.token,
                last: reading.token,
            };
            let sign = Sign {
                category: reading.category,
                level: reading.level,
                rule: reading.rule,
                firm: false,
            };
            (!self.masks.cancel(place, 0)).then_some((reading.token, sign))
        });
        rules.chain(readings)
    }

    /// The token at which a rule's sign begins, if the message shows it.
    fn raised_at(&self, rule: &Rule) -> Option<usize> {
        let (first, others) = rule.signs.split_first()?;
        let of_age = rule
            .age_below_months
            .is_none_or(|limit| self.age_months.is_some_and(|age| age < limit));
        let mut context = rule.context.iter();
        if !of_age || context.any(|group| self.places.of(*group).is_empty()) {
            return None;
        }
        let mut places = self.places.of(*first).iter();
        let shown = places.find(|place| {
            let mut others = others.iter();
            !self.masks.cancel(**place, rule.despite)
                && others.all(|group| self.is_beside(*group, **place, rule))
                && !rule
                    .unless
                    .is_some_and(|group| self.in_sentence(group, **place))
        });
        shown.map(|place| place.first)
    }

    /// Whether a sign of the group stands near a place, in the same sentence.
    fn is_beside(&self, group: GroupId, place: Place, rule: &Rule) -> bool {
        let from = (place.first + 1).saturating_sub(rule.within);
        let to = place.last + rule.within - 1;
        self.places.within(group, from, to).iter().any(|other| {
            self.sentence(*other) == self.sentence(place)
                && !self.masks.cancel(*other, rule.despite)
        })
    }

    fn in_sentence(&self, group: GroupId, place: Place) -> bool {
        let mut places = self.places.of(group).iter();
        places.any(|other| self.sentence(*other) == self.sentence(place))
    }

    fn sentence(&self, place: Place) -> Option<usize> {
        self.text
            .tokens
            .get(place.first)
            .map(|token| token.sentence)
    }
}

fn numbers<'a>(language: &'a Language, text: &'a Text, places: &'a Places) -> Numbers<'a> {
    Numbers {
        text,
        places,
        cues: &language.cues,
    }
}

#[cfg(test)]
mod tests;
