//! Words and expressions of one meaning, as a reviewed list says.
//!
//! A line of the list is one meaning. `contact | get in touch with | reach` makes its members equal.
//! `medicine < tablet | syrup` lets a claim say the left where the passage has one on the right, and
//! not the reverse. `= must not | is not allowed to` reads the expressions as the words on the left.
//! A word may have several meanings, and two words are equal if they share one. In an expression,
//! `~` stands for one to four words, and `your` for any article or possessive pronoun. Words are
//! listed in one form; a single word on the right of `=` is read in just this form.

#[cfg(test)]
mod tests;

use super::lists::{Table, Words};
use super::words::Vocabulary;

/// The most words for which a `~` stands.
const GAP: usize = 4;

/// The number of a meaning.
pub type Sense = u16;

/// A word of an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Lemma(String),
    /// A single word in just this form: "mainly" is not "main".
    Exact(String),
    /// Any article or possessive pronoun.
    Determiner,
    Gap,
}

/// An expression of several words, and the words as which it is read.
struct Expression {
    pieces: Vec<Piece>,
    read_as: String,
}

/// The senses of a word: those for which it may stand in a claim, and those that it supports in a
/// passage.
#[derive(Default)]
struct Senses {
    asked: Vec<Sense>,
    given: Vec<Sense>,
}

/// A list of meanings.
pub struct Lexicon {
    irregular: Table<&'static str, &'static str>,
    determiners: Words,
    /// Words without a meaning of their own within an expression.
    empty: Words,
    /// Words that deny the others of their expression.
    denials: Words,
    /// The expressions by the lemma of their first word, longest first.
    expressions: Table<String, Vec<Expression>>,
    senses: Table<String, Senses>,
    /// The lemmas of the words of expressions that are read as one word.
    parts: Table<String, Vec<String>>,
}

impl Lexicon {
    pub(super) fn of(
        lines: &'static str,
        irregular: &'static str,
        [determiners, empty, denials]: [Words; 3],
        words: &Vocabulary,
    ) -> Self {
        let forms = irregular.lines().flat_map(|line| {
            let mut forms = line.split_whitespace();
            let base = forms.next().unwrap_or_default();
            forms.map(move |form| (form, base))
        });
        let mut lexicon = Self {
            irregular: forms.collect(),
            determiners,
            empty,
            denials,
            expressions: Table::default(),
            senses: Table::default(),
            parts: Table::default(),
        };
        let lines = lines.lines().map(str::trim);
        let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
        for (sense, line) in (0..).zip(lines) {
            lexicon.add(sense, line, words);
        }
        lexicon.add_senses_of_parts();
        for expressions in lexicon.expressions.values_mut() {
            expressions.sort_by_key(|expression| std::cmp::Reverse(expression.pieces.len()));
        }
        lexicon
    }

    fn add(&mut self, sense: Sense, line: &str, words: &Vocabulary) {
        if let Some(line) = line.strip_prefix('=') {
            let mut members = members(line);
            let read_as = members.next().unwrap_or_default();
            return members.for_each(|member| self.express(member, read_as));
        }
        let (equal, narrow) = line.split_once('<').unwrap_or((line, ""));
        for member in members(equal) {
            let senses = self.senses_of(member, words);
            senses.asked.push(sense);
            senses.given.push(sense);
        }
        for member in members(narrow) {
            self.senses_of(member, words).given.push(sense);
        }
    }

    /// Returns the senses of a word, or of an expression, which is read as one word.
    fn senses_of(&mut self, member: &str, words: &Vocabulary) -> &mut Senses {
        let pieces = member.split([' ', '-']).filter(|piece| !piece.is_empty());
        let lemma = if pieces.clone().count() > 1 {
            let one: String = pieces.clone().filter(|piece| *piece != "~").collect();
            self.express(member, &one);
            let lemma = words.stem(&one);
            // "Does not work" does not say "work".
            if !pieces.clone().any(|piece| self.denials.contains(piece)) {
                let told = pieces.filter(|piece| *piece != "~" && !self.empty.contains(piece));
                let parts = told.map(|piece| self.lemma(piece, words)).collect();
                self.parts.insert(lemma.clone(), parts);
            }
            lemma
        } else {
            self.lemma(member, words)
        };
        self.senses.entry(lemma).or_default()
    }

    /// A passage with an expression says its words too.
    fn add_senses_of_parts(&mut self) {
        for (lemma, parts) in &self.parts {
            let given = parts.iter().flat_map(|part| self.given(part));
            let given: Vec<Sense> = given.copied().collect();
            if let Some(senses) = self.senses.get_mut(lemma) {
                senses.given.extend(given);
            }
        }
    }

    /// Whether a lemma is an expression of words without a meaning of their own.
    pub fn is_empty(&self, lemma: &str) -> bool {
        self.parts.get(lemma).is_some_and(Vec::is_empty)
    }

    /// Returns the lemmas of the words with a meaning of an expression that is read as one word.
    pub fn parts(&self, lemma: &str) -> &[String] {
        self.parts.get(lemma).map_or(&[], Vec::as_slice)
    }

    fn express(&mut self, expression: &str, read_as: &str) {
        let pieces: Vec<Piece> = expression
            .split([' ', '-'])
            .filter(|word| !word.is_empty())
            .map(|word| match word {
                "~" => Piece::Gap,
                "your" => Piece::Determiner,
                word => Piece::Lemma(self.base(word)),
            })
            .collect();
        let first = match pieces.as_slice() {
            [Piece::Lemma(lemma), ..] => lemma.clone(),
            _ => return,
        };
        let pieces = match pieces.len() {
            1 => vec![Piece::Exact(expression.to_owned())],
            _ => pieces,
        };
        let expressions = self.expressions.entry(first).or_default();
        // The same expression in another meaning is the same word.
        if !expressions.iter().any(|other| other.pieces == pieces) {
            expressions.push(Expression {
                pieces,
                read_as: read_as.to_owned(),
            });
        }
    }

    /// Returns the form that represents all inflected forms of a lower-case word.
    pub fn lemma(&self, word: &str, words: &Vocabulary) -> String {
        words.stem(self.irregular.get(word).copied().unwrap_or(word))
    }

    /// Returns the base of an inflected form, roughly: "useful" is no form of "use".
    fn base(&self, word: &str) -> String {
        if let Some(base) = self.irregular.get(word) {
            return (*base).to_owned();
        }
        let endings = [
            ("ies", "y"),
            ("ied", "y"),
            ("ing", ""),
            ("ed", ""),
            ("es", ""),
            ("s", ""),
        ];
        let has_vowel = |stem: &str| stem.contains(['a', 'e', 'i', 'o', 'u', 'y']);
        let cut = endings.iter().find_map(|(ending, new)| {
            let stem = word.strip_suffix(ending)?;
            (stem.len() >= 2 && has_vowel(stem) && !stem.ends_with('s') && !stem.ends_with('u'))
                .then(|| format!("{stem}{new}"))
        });
        let mut stem = cut.unwrap_or_else(|| word.to_owned());
        if stem.len() > 3 && stem.ends_with('e') {
            stem.pop();
        }
        let mut letters = stem.chars().rev();
        if let (Some(last), Some(before)) = (letters.next(), letters.next())
            && last == before
            && stem.len() > 3
        {
            stem.pop();
        }
        stem
    }

    /// Whether the list has this lemma.
    pub fn knows(&self, lemma: &str) -> bool {
        self.senses.contains_key(lemma)
    }

    /// Returns the senses for which a lemma may stand in a claim.
    pub fn asked(&self, lemma: &str) -> &[Sense] {
        self.senses.get(lemma).map_or(&[], |senses| &senses.asked)
    }

    /// Returns the senses that a lemma supports in a passage.
    pub fn given(&self, lemma: &str) -> &[Sense] {
        self.senses.get(lemma).map_or(&[], |senses| &senses.given)
    }

    /// Returns a lower-case text with each expression replaced by the words as which it is read.
    pub fn read(&self, text: &str) -> String {
        let pieces: Vec<(&str, &str)> = text
            .split_inclusive(|c: char| !c.is_alphanumeric())
            .map(|piece| {
                let word = piece.trim_end_matches(|c: char| !c.is_alphanumeric());
                piece.split_at(word.len())
            })
            .collect();
        let lemmas: Vec<String> = pieces.iter().map(|(word, _)| self.base(word)).collect();
        let mut read = String::with_capacity(text.len());
        let mut at = 0;
        while let (Some((word, gap)), Some(lemma)) = (pieces.get(at), lemmas.get(at)) {
            let rest = (
                pieces.get(at..).unwrap_or_default(),
                lemmas.get(at..).unwrap_or_default(),
            );
            let expressions = self.expressions.get(lemma).into_iter().flatten();
            let found = expressions.filter_map(|expression| {
                let held = self.matches(&expression.pieces, rest)?;
                Some((expression, held))
            });
            let Some((expression, (length, held))) = found.into_iter().next() else {
                read.push_str(word);
                read.push_str(gap);
                at += 1;
                continue;
            };
            read.push_str(&expression.read_as);
            let inside = pieces.get(at + held.0..at + held.1).unwrap_or_default();
            if !inside.is_empty() {
                let inside: Vec<&str> = inside.iter().map(|(word, _)| *word).collect();
                read.push(' ');
                read.push_str(&self.read(&inside.join(" ")));
            }
            at += length;
            read.push_str(pieces.get(at - 1).map_or("", |(_, gap)| gap));
        }
        read
    }

    /// Returns how many words an expression takes, and the words in its gap.
    fn matches(
        &self,
        pieces: &[Piece],
        (words, lemmas): (&[(&str, &str)], &[String]),
    ) -> Option<(usize, (usize, usize))> {
        let mut at = 0;
        let mut held = (0, 0);
        for (index, piece) in pieces.iter().enumerate() {
            let joined = at == 0
                || words
                    .get(at - 1)
                    .is_some_and(|(_, gap)| matches!(*gap, " " | "-"));
            if !joined {
                return None;
            }
            match piece {
                Piece::Lemma(lemma) => {
                    (lemmas.get(at)? == lemma).then_some(())?;
                    at += 1;
                }
                Piece::Exact(exact) => {
                    let (word, _) = words.get(at)?;
                    (word == exact).then_some(())?;
                    at += 1;
                }
                Piece::Determiner => {
                    let (word, _) = words.get(at)?;
                    self.determiners.contains(word).then_some(())?;
                    at += 1;
                }
                Piece::Gap => {
                    let Some(Piece::Lemma(next)) = pieces.get(index + 1) else {
                        return None;
                    };
                    let length = (1..=GAP).find(|length| {
                        let inside = words.get(at..at + length).unwrap_or_default();
                        inside.len() == *length
                            && inside.iter().all(|(_, gap)| matches!(*gap, " " | "-"))
                            && lemmas.get(at + length) == Some(next)
                    })?;
                    held = (at, at + length);
                    at += length;
                }
            }
        }
        Some((at, held))
    }
}

fn members(line: &str) -> impl Iterator<Item = &str> {
    line.split('|')
        .map(str::trim)
        .filter(|member| !member.is_empty())
}
