//! The parts of a language that other modules use: data that a new language provides anew.

pub use super::demands::Demands;
use super::lexicon::Lexicon;
use super::lists::{Phrases, Replacements, Set, Stems, Table, Words};
use super::words::Vocabulary;

/// A language, as far as this product reads and writes it.
pub struct Language {
    pub words: Vocabulary,
    pub abbreviations: Abbreviations,
    pub denial: Denial,
    pub conditions: Conditions,
    pub questions: Questions,
    pub names: Names,
    pub amounts: Amounts,
    pub aspects: Vec<Aspect>,
    pub claims: Claims,
    /// Words and expressions of one meaning, for sentences that say a passage in other words.
    pub lexicon: Lexicon,
    pub phrasing: Phrasing,
    pub texts: Texts,
}

/// Words whose full stop does not end a sentence.
pub struct Abbreviations {
    /// The full stop never ends a sentence.
    pub always: Words,
    /// The full stop does not end a sentence if a number follows.
    pub before_numbers: Words,
}

/// The words that deny, forbid and make exceptions.
pub struct Denial {
    /// Words that deny what follows.
    pub negations: Words,
    /// The plainest word for "not".
    pub not: &'static str,
    /// The word that denies a question.
    pub no_answer: &'static str,
    /// Words directly before the word that they deny.
    pub before_a_word: Words,
    /// Words that deny their object. They differ from a "not": "do not stop" is the opposite of
    /// "stop", and "stop and call us" does not mean "do not call us".
    pub refusals: Words,
    /// Words that make an exception.
    pub exceptions: Words,
    /// Words that forbid or warn.
    pub restrictions: Words,
    /// The beginning of further words that forbid or warn.
    pub contraindication: &'static str,
    /// Words that turn a question into one about who must not.
    pub exclusions: Words,
    /// Phrases that must not be lost beside an answer.
    pub warnings: Phrases,
    /// Short forms, and the words for which they stand.
    pub contractions: Replacements,
}

/// The words that set conditions.
pub struct Conditions {
    /// Words that open a condition of a statement.
    pub openers: Words,
    /// Words that make a statement conditional.
    pub marks: Words,
    /// Words that open a condition of a question.
    pub in_questions: Words,
    /// Words that end the clause of a question.
    pub clause_ends: Words,
    /// The word "first", and words that may follow it when something has to be done first.
    pub first: &'static str,
    pub after_first: Words,
    /// Words between people and the number that limits them: "children under 12".
    pub limits: Words,
    /// The word that joins alternatives.
    pub or: &'static str,
    /// The word after which the text belongs to the statement again.
    pub without: &'static str,
}

/// The form of the answer to a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// A time, a number or a duration: "when", "how often", "how many".
    Quantity,
    /// "where".
    Place,
    /// An instruction: "how do I", "what should I do".
    Steps,
    /// A permission: "can I", "is it safe".
    Permission,
    /// "what is".
    Definition,
    /// "why".
    Reason,
    Anything,
}

/// The words that ask.
pub struct Questions {
    /// Words that ask for more than a yes or a no.
    pub open: Words,
    /// Words that may stand before the first word of a question.
    pub before_a_question: Words,
    /// Phrases that ask for information without a question.
    pub requests: Phrases,
    /// Words in a question about who or what must not.
    pub of_whom: Words,
    /// Words in a question about a way or a reason.
    pub of_manner: Words,
    /// Words in a question about whether.
    pub of_whether: Words,
    /// First words of a question for a yes or a no.
    pub yes_or_no: Words,
    /// "How", and the words after it that make it a question of how much.
    pub how: &'static str,
    pub much: Words,
    /// The words by which a question demands something of its answer.
    pub demands: Demands,
    /// Words of a question after a number.
    pub of_figures: Words,
    /// Verbs for taking or giving.
    pub taking: Words,
    pub doses: Words,
    /// Units that only doses have.
    pub dose_units: Words,
    /// "To", which turns the rest of a question into an aim: "what should I do to avoid falls".
    pub to: &'static str,
    /// Words that compare things.
    pub comparing: Words,
    pub articles: Words,
    /// Words between things of which one is enough, and between things that are compared.
    pub or: Words,
    pub and: Words,
    /// Words between the parts of one thing: "aspirin and caffeine".
    pub joints: Words,
    /// Phrases that decide what is wanted, most specific first.
    pub wanted: Vec<(Wanted, Phrases)>,
    /// Words that express a time, a number or a duration.
    pub times: Words,
    pub places: Words,
    pub rules: Words,
    pub reasons: Words,
    pub definitions: Phrases,
    /// The word before the thing that is asked about ("symptoms of shingles"), unless it follows one
    /// of the others.
    pub of: &'static str,
    pub not_of: Words,
    /// Words of a cell that say yes or no.
    pub yes: Words,
    pub no: Words,
    /// Units of an age with their months, and the words after one: "a 7 year old".
    pub ages: &'static [(&'static str, u32)],
    pub old: Words,
    /// Words that limit an age from above and from below.
    pub below: Words,
    pub above: Words,
}

/// The words that name something, and those that mean the same.
pub struct Names {
    /// Everyday words, without names of illnesses, medicines, animals and foods.
    pub everyday: Words,
    /// Their stems.
    pub everyday_stems: Stems,
    /// Names, and their stems, that a spelling mistake could turn into another word.
    pub exact: Set<String>,
    /// Beginnings and endings that form another word from an everyday one; endings longest first.
    pub beginnings: &'static [&'static str],
    pub endings: &'static [&'static str],
    /// Places with names: the word before one says which, unless it is one of these.
    pub places: Words,
    pub any_place: Words,
    /// Treatments that the word before them distinguishes, unless it is one of these.
    pub procedures: Words,
    pub any_procedure: Words,
    /// Words before a number that measure or count, so the number does not say which.
    pub before_amounts: Words,
    /// Words after a number that make it an amount.
    pub after_amounts: Words,
    /// Things of one kind that leaflets distinguish: if a question names one and a heading another,
    /// the heading is about something else.
    pub rivals: &'static [&'static [&'static str]],
    /// Names that have other names.
    pub aliases: &'static [(&'static str, &'static str)],
    /// Spellings of other countries.
    pub spellings: Replacements,
    /// Endings after the root in forms of one word: "asthma", "asthmatic", "allergy", "allergies".
    pub forms: &'static [&'static str],
}

/// Quantities and frequencies.
pub struct Amounts {
    pub numbers: Table<&'static str, u32>,
    /// Units that must not be exchanged, in the singular.
    pub units: Words,
    /// Units that other words may separate from their number: "two paracetamol tablets".
    pub forms: Words,
    pub percent: &'static str,
    /// Adverbs of frequency, each with its period.
    pub rates: &'static [(&'static str, &'static str)],
    /// Fractions, and the words between them and the whole.
    pub shares: &'static [(&'static str, &'static str)],
    pub fillers: Words,
    /// Words for how many times.
    pub times: &'static [(&'static str, &'static str)],
    pub once: &'static str,
    /// Words before "once" that make it a count.
    pub before_once: Words,
    /// The word before "once" that makes it no count: "at once".
    pub at: &'static str,
    /// Words before a period that make it a rate.
    pub each: Words,
    pub every: &'static str,
    /// Words after "every" that make it every second one.
    pub other: Words,
    /// Words before "a week" that make it a duration instead of a rate.
    pub lasting: Words,
    /// "One", and the words before and after it with which it counts nothing.
    pub one: &'static str,
    pub of: &'static str,
    pub before_pronoun: Words,
    pub after_pronoun: Words,
    /// Words between the ends of a range; the last only after "between".
    pub to: &'static str,
    pub and: &'static str,
    pub between: &'static str,
    /// Words before one end of a range that mark it as an end.
    pub open: Words,
    /// Words for doses, small numbers and frequencies.
    pub measures: Words,
    pub few: Words,
    pub often: Words,
}

/// The respect in which a claim may differ from the words that support it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Facet {
    Polarity,
    Modality,
    Quantifier,
    Condition,
    Relation,
    Framing,
}

/// A word that changes what the words after it say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operator {
    pub facet: Facet,
    /// Words with one sense may stand for each other.
    pub sense: &'static str,
    /// Whether a claim may leave it out and still say no more than the quote.
    pub may_go: bool,
}

/// The words by which a claim and the words that support it are compared.
pub struct Claims {
    pub operators: Table<&'static str, Operator>,
    /// Prepositions with their senses.
    pub prepositions: Table<&'static str, &'static str>,
    /// The sense of the prepositions that only say where or whose.
    pub plain_preposition: &'static str,
    /// Senses of prepositions without which a word says something else.
    pub binding: Words,
    /// The senses of an operator that obliges, one that leaves a choice, and one for everything.
    pub duty: &'static str,
    pub choice: &'static str,
    pub every: &'static str,
    /// The preposition before the subject of a passive.
    pub by: &'static str,
    /// The word that makes what follows the content of what precedes.
    pub that: &'static str,
    /// Prepositions and conjunctions whose phrase limits a statement.
    pub limiting: Words,
    /// Words without a meaning of their own.
    pub function: Words,
    pub articles: Words,
    /// Verbs that need another one.
    pub auxiliaries: Words,
    /// Auxiliaries that may begin an order.
    pub ordering: Words,
    /// Words that join the members of a list.
    pub lists: Words,
    /// Words that begin a subordinate clause.
    pub subordinate: Words,
    pub pronouns: Words,
    /// Words for the reader and the writer.
    pub addressed: Words,
    /// Words that may stand before the verb of an order.
    pub before_orders: Words,
    /// Stems of verbs that a claim may add.
    pub slight: Set<String>,
    /// Stems that claim nothing on their own.
    pub discourse: Set<String>,
    /// Stems that stand in front of statements without limiting them.
    pub asides: Set<String>,
    /// Stems of verbs that say little without their object.
    pub light: Set<String>,
    /// Words that a restatement may add or leave out.
    pub particles: Words,
    /// The sense of the preposition after a comparison, and the word for a case that is included.
    pub than: &'static str,
    pub even: &'static str,
    /// The verb before an effect, and expressions before a cause, read as one word.
    pub cause: &'static str,
    pub caused: Words,
    /// The stem of the word before the most that is allowed.
    pub most: &'static str,
    /// The stem of the word for what happens often.
    pub common: &'static str,
    /// Stems that say that a statement is doubted, reported or not yet known.
    pub doubts: Set<String>,
    /// The stem that represents all words of one meaning.
    pub meanings: Table<String, String>,
    /// Phrases of one meaning, each with the form that represents it.
    pub phrases: Replacements,
    /// Endings of derived words.
    pub endings: &'static [&'static str],
    /// Words with the ending of an adverb that are none.
    pub no_adverbs: Words,
    /// Words for periods.
    pub periods: Words,
    pub yes: &'static str,
}

/// The structure of sentences, and a model's phrases about its passages.
pub struct Phrasing {
    /// The joints between parts, and whether a new statement begins there.
    pub joints: &'static [(&'static str, bool)],
    /// Those of them that join whole statements.
    pub statement_joints: &'static [(&'static str, bool)],
    /// The ends of a clause within a lead-in.
    pub clause_ends: &'static [&'static str],
    /// Words that begin a statement of their own.
    pub contrasts: Words,
    /// Words at the beginning of a sentence that refer to the previous one.
    pub pointing: Words,
    /// Phrases with which a model says that the passages do not answer; the prompt asks for the
    /// first.
    pub declining: &'static [&'static str],
    /// Words before the number of a passage.
    pub labels: Words,
    /// Words between the numbers of passages, and between the ends of a range.
    pub and: &'static str,
    pub to: &'static str,
    /// Words for a street, and endings of street names.
    pub streets: Words,
    pub street_endings: &'static [&'static str],
}

/// The prepared texts. None contains a number of its own: `{…}` stands for a contact.
pub struct Texts {
    /// The contact in an emergency if no number is configured.
    pub emergency_number: &'static str,
    /// The text for `{call}`.
    pub call: &'static str,
    pub emergency: &'static str,
    pub chest_pain: &'static str,
    pub stroke: &'static str,
    pub breathing: &'static str,
    pub severe_bleeding: &'static str,
    pub unconsciousness: &'static str,
    pub anaphylaxis: &'static str,
    pub overdose: &'static str,
    /// The text for `{centre}`, if there is one.
    pub poison_centre: &'static str,
    pub suicidal_intent: &'static str,
    /// The text for `{line}`, if there is none.
    pub any_crisis_line: &'static str,
    pub urgent_call: &'static str,
    pub urgent_line: &'static str,
    pub abstained: &'static str,
}

/// Beginnings of words that tell an aspect; a space at the end asks for the whole word.
#[derive(Clone, Debug)]
pub struct Aspect {
    pub name: &'static str,
    /// In a question.
    pub asked: Vec<&'static str>,
    /// In a heading or a title.
    pub headed: Vec<&'static str>,
    /// Whether a line that answers may stand under any other heading as well.
    pub anywhere: bool,
    /// In a line that answers.
    pub said: Vec<&'static str>,
}
