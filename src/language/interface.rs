//! The parts of a language that others ask for. Each is data; a language is added by writing its own.

use std::collections::{HashMap, HashSet};

use super::lists::{Phrases, Words};
use super::words::Vocabulary;
use crate::domain::emergency::Category;

/// A language as far as this product reads and writes it.
pub struct Language {
    pub words: Vocabulary,
    pub abbreviations: Abbreviations,
    pub denial: Denial,
    pub conditions: Conditions,
    pub questions: Questions,
    pub names: Names,
    pub amounts: Amounts,
    pub claims: Claims,
    pub phrasing: Phrasing,
    pub emergencies: Emergencies,
    pub texts: Texts,
}

/// Words whose full stop does not end a sentence.
pub struct Abbreviations {
    /// Never.
    pub always: Words,
    /// Not if a number follows.
    pub before_numbers: Words,
}

/// How a text says no.
pub struct Denial {
    /// Words that deny what follows.
    pub negations: Words,
    /// The plainest of them.
    pub not: &'static str,
    /// Those that stand right before the word they deny.
    pub before_a_word: Words,
    /// Words before a sign of an emergency that say that it is absent, or was once.
    pub absence: Words,
    /// Words that may stand between such a word and the sign. Any other ends its reach: "I don't
    /// know why my chest hurts".
    pub between: Words,
    /// Words that deny what they are about. Not the same as a "not": "do not stop" is the opposite
    /// of "stop", and "stop and call us" does not say "do not call us".
    pub refusals: Words,
    /// Words that take something out of what is said.
    pub exceptions: Words,
    /// Words that forbid or warn.
    pub restrictions: Words,
    /// The beginning of words that do, too.
    pub contraindication: &'static str,
    /// Words that make a question one about who must not.
    pub exclusions: Words,
    /// Phrases that must not get lost beside an answer.
    pub warnings: Phrases,
    /// Short forms, and the words that they stand for.
    pub contractions: &'static [(&'static str, &'static str)],
}

impl Denial {
    /// A lower-case text with its contractions written out.
    pub fn spelled_out(&self, text: &str) -> String {
        let contractions = self.contractions.iter();
        contractions.fold(text.to_owned(), |text, (short, long)| {
            text.replace(short, long)
        })
    }
}

/// How a text says on what it depends.
pub struct Conditions {
    /// Words that open a condition of a statement.
    pub openers: Words,
    /// Words that make a statement conditional.
    pub marks: Words,
    /// Words that open a condition of a question.
    pub in_questions: Words,
    /// Words that end the clause of a question.
    pub clause_ends: Words,
    /// The word for what is to be done before, and words that may follow it then.
    pub first: &'static str,
    pub after_first: Words,
    /// Words between the people and the number that limits them: "children under 12".
    pub limits: Words,
    /// Joins alternatives.
    pub or: &'static str,
    /// Begins what belongs to the statement again.
    pub without: &'static str,
}

/// What an answer to a question looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// A time, a number, a duration: "when", "how often", "how many".
    Quantity,
    /// "where".
    Place,
    /// Something to do: "how do I", "what should I do".
    Steps,
    /// Yes, no, may, must not: "can I", "is it safe".
    Permission,
    /// "what is".
    Definition,
    /// "why".
    Reason,
    Anything,
}

/// How a text asks.
pub struct Questions {
    /// Words that ask for more than a yes or a no.
    pub open: Words,
    /// Words in a question of who or what must not.
    pub of_whom: Words,
    /// Words in a question that asks for a way or a reason.
    pub of_manner: Words,
    /// Words in a question of whether.
    pub of_whether: Words,
    /// First words of a question that wants a yes or a no.
    pub yes_or_no: Words,
    /// "How", and the words behind it that make it a question of how much.
    pub how: &'static str,
    pub much: Words,
    /// Words of a question after a figure.
    pub of_figures: Words,
    /// Verbs for taking or giving.
    pub taking: Words,
    pub doses: Words,
    /// Units that only doses have.
    pub dose_units: Words,
    /// "To", which makes what is asked about an aim: "what should I do to avoid falls".
    pub to: &'static str,
    /// Words that set things side by side.
    pub comparing: Words,
    pub articles: Words,
    /// Words between things of which one will do, and between things that are compared.
    pub or: Words,
    pub and: Words,
    /// Phrases that tell what is wanted, most telling first.
    pub wanted: Vec<(Wanted, Phrases)>,
    /// Words that tell a time, a number or a duration.
    pub times: Words,
    pub places: Words,
    pub rules: Words,
    pub reasons: Words,
    pub definitions: Phrases,
}

/// Which words name something, and which of them mean the same.
pub struct Names {
    /// Everyday words; names of illnesses, medicines, animals and foods are none.
    pub everyday: Words,
    /// Their stems.
    pub everyday_stems: HashSet<String>,
    /// Names, and their stems, that a spelling mistake could make of another word.
    pub exact: HashSet<String>,
    /// Beginnings and endings that make another word of an everyday one; endings longest first.
    pub beginnings: &'static [&'static str],
    pub endings: &'static [&'static str],
    /// Places that have names: the word before one tells which, unless it is one of these.
    pub places: Words,
    pub any_place: Words,
    /// Treatments that are told apart by the word before them, unless it is one of these.
    pub procedures: Words,
    pub any_procedure: Words,
    /// Words before a number that measure or count: the number does not tell which.
    pub before_amounts: Words,
    /// Words after a number that make it an amount.
    pub after_amounts: Words,
    /// Things of one kind that leaflets tell apart: if a question names one and a heading another,
    /// the heading is about something else.
    pub rivals: &'static [&'static [&'static str]],
    /// Names that have others.
    pub aliases: &'static [(&'static str, &'static str)],
    /// Spellings of other countries.
    pub spellings: &'static [(&'static str, &'static str)],
    /// What may follow the root in forms of one word: "asthma", "asthmatic", "allergy", "allergies".
    pub forms: &'static [&'static str],
}

/// How much of what, and how often.
pub struct Amounts {
    pub numbers: HashMap<&'static str, u32>,
    /// Units that must not be exchanged, in the singular.
    pub units: Words,
    /// Units that other words may part from their number: "two paracetamol tablets".
    pub forms: Words,
    pub percent: &'static str,
    /// In which time something is done, and the word for it.
    pub rates: &'static [(&'static str, &'static str)],
    /// Parts of one, and the words between them and what they are parts of.
    pub shares: &'static [(&'static str, &'static str)],
    pub fillers: Words,
    /// Words for how many times.
    pub times: &'static [(&'static str, &'static str)],
    pub once: &'static str,
    /// Words before "once" that make it a number.
    pub before_once: Words,
    /// The word before it with which it is none: "at once".
    pub at: &'static str,
    /// Words before the name of a time that make a rate of it.
    pub each: Words,
    pub every: &'static str,
    /// Words behind "every" that make it every second one.
    pub other: Words,
    /// Words before "a week" that make it a length of time, not a rate.
    pub lasting: Words,
    /// "One", and the words before and after it with which it counts nothing.
    pub one: &'static str,
    pub of: &'static str,
    pub before_pronoun: Words,
    pub after_pronoun: Words,
    /// Between the ends of a range; the last only after "between".
    pub to: &'static str,
    pub and: &'static str,
    pub between: &'static str,
    /// Words before one end of a range that say that it is not all.
    pub open: Words,
    /// Words that a dose is counted in, small numbers, and words that tell how often.
    pub measures: Words,
    pub few: Words,
    pub often: Words,
}

/// What may differ between a claim and the words that support it.
pub struct Claims {
    /// Words that leave a choice, and words that leave none.
    pub leaving_open: Words,
    pub obliging: Words,
    pub obliging_phrases: &'static [&'static str],
    /// Words that speak of a part, and words that speak of all.
    pub partial: Words,
    pub sweeping: Words,
    /// The choice that a word makes: the index of the choice and that of the side.
    pub sides: HashMap<&'static str, (usize, usize)>,
    /// Stems that make no claim of their own.
    pub neutral: HashSet<String>,
    /// The stem that stands for all of one meaning.
    pub meanings: HashMap<String, String>,
    /// Words of one meaning: a claim may use one where the passage has another.
    pub synonyms: &'static [&'static str],
    /// Phrases of one meaning, longest first.
    pub phrases: &'static [(&'static str, &'static str)],
    /// Endings of derived words.
    pub endings: &'static [&'static str],
    /// Words for how often.
    pub periods: Words,
    pub yes: &'static str,
}

/// How sentences hang together, and how a model speaks about its passages.
pub struct Phrasing {
    /// Between the parts of a sentence, and whether a new statement begins there.
    pub joints: &'static [(&'static str, bool)],
    /// Ends of a clause within a lead-in.
    pub clause_ends: &'static [&'static str],
    /// Words at the beginning of a sentence for what the one before it names.
    pub pointing: Words,
    /// How a model says that the passages do not answer; the prompt asks for the first.
    pub declining: &'static [&'static str],
    /// Words before the number of a passage.
    pub labels: Words,
    /// Between the numbers of passages, and between the ends of a range of them.
    pub and: &'static str,
    pub to: &'static str,
    /// Words for a street, and how the names of streets end.
    pub streets: Words,
    pub street_endings: &'static [&'static str],
}

/// A flag: a clause raises it if every group has a phrase in it.
pub struct Rule {
    pub category: Category,
    pub groups: Vec<Phrases>,
    /// "cant breathe" is a sign; "no chest pain" is its absence.
    pub negation_is_a_sign: bool,
}

/// How people say that an emergency happens now. Without apostrophes: many people leave them out.
pub struct Emergencies {
    /// The most dangerous first: the first match names the category.
    pub rules: Vec<Rule>,
    /// A clause with one of these, or with a year, speaks of the past
    pub history: Phrases,
    /// but not if one of these is in it too.
    pub now: Phrases,
    /// Before a year.
    pub in_year: &'static str,
    /// Words after which a new thought begins: a denial before them does not reach beyond.
    pub joins: Words,
    /// A question that holds one of these is about what may come, not about what is.
    pub prevention: Phrases,
    /// A clause that starts like this may only ask for information
    pub information: Phrases,
    /// but with one of these it speaks of somebody, now.
    pub present: Phrases,
}

/// Texts that are written beforehand. No text has a number of its own: `{…}` stands for a contact.
pub struct Texts {
    /// Whom to call in an emergency where no number is configured.
    pub emergency_number: &'static str,
    /// What to say in `{call}`.
    pub call: &'static str,
    pub emergency: &'static str,
    pub chest_pain: &'static str,
    pub stroke: &'static str,
    pub breathing: &'static str,
    pub severe_bleeding: &'static str,
    pub unconsciousness: &'static str,
    pub anaphylaxis: &'static str,
    pub overdose: &'static str,
    /// For `{centre}`, if there is one.
    pub poison_centre: &'static str,
    pub suicidal_intent: &'static str,
    /// For `{line}`, if there is none.
    pub any_crisis_line: &'static str,
    pub urgent_call: &'static str,
    pub urgent_line: &'static str,
    pub abstained: &'static str,
}
