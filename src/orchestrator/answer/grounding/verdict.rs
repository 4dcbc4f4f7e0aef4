//! Decides whether a unit supports a claim, and gives the reason if not.

use crate::language::lists::Set;
use std::sync::OnceLock;

use super::alignment::{Alignment, Gists, Surroundings};
use super::claim::{Claim, Written, plain};
use super::columns::{Column, columns};
use super::condition::held;
use super::difference::difference;
use super::gist::{Around, Gist};
use super::quantity::Quantities;
use super::reason::Reason;
use super::restated::{Beside, Laid, is_copy};
use super::units::{Kind, Unit, last_clause};
use super::vocabulary::holds;
use crate::language::recognised;

/// The score of a sentence that is quoted word for word.
const VERBATIM: f32 = 2.0;
/// The share of a claim's words that the unit itself must hold; its context may hold the others.
const LEAST: f32 = 0.5;
/// Claims with fewer meaningful words say too little to be supported.
const MIN_WORDS: usize = 2;
/// The fewest words of a sentence that takes over the order of a unit and not its words.
const MIN_REPEATED: usize = 4;

/// The claim of a sentence, in the context that the model gave it.
pub(super) struct Asserted {
    /// The sentence; for an item or a row, together with its lead-in.
    pub claim: Claim,
    /// The sentence by itself, as [`Claim::plain`].
    pub own: String,
    /// Its lead-in; empty if it has none.
    pub lead: String,
    /// Its headings and table header.
    pub frame: Option<Claim>,
    /// The words that make the claim, as [`Claim::core`].
    told: Set<String>,
}

impl Asserted {
    pub fn of(claim: Claim, own: String, lead: String, frame: Option<Claim>) -> Self {
        Self {
            told: claim.core().cloned().collect(),
            claim,
            own,
            lead,
            frame,
        }
    }
}

/// A unit prepared for comparison. Most units share no words with a sentence, so all but the words is
/// read when a sentence first asks for it.
pub(super) struct Evidence {
    kind: Kind,
    is_orphan: bool,
    own: String,
    /// Its lead-in, as [`Claim::plain`].
    lead: String,
    /// Every word with a meaning of the unit together with its lead-in.
    words: Set<String>,
    /// The unit together with its lead-in.
    full: Written,
    texts: Texts,
    read: OnceLock<Read>,
    gist: OnceLock<Gist>,
    around: OnceLock<Around>,
}

/// The texts of a unit and of the lines above it.
struct Texts {
    /// The unit together with its lead-in.
    full: String,
    /// The unit itself, if it is a row.
    row: String,
    header: String,
    /// Title, heading and header.
    heads: String,
    /// The same with the lead-in and the sentence before, which may name things.
    above: String,
}

/// The statements of a unit's texts.
struct Read {
    /// Whether there are rules for its language.
    has_rules: bool,
    /// The unit together with its lead-in.
    full: Claim,
    /// The words of its heading, header and title.
    above: Set<String>,
    /// The senses of the operators in its heading, header and title.
    senses: Set<&'static str>,
    /// The figures there; those of the previous sentence are its own.
    above_quantities: Quantities,
    columns: Vec<Column>,
    /// The words of a row's first cell, which names the subject of the row.
    key: Set<String>,
}

impl Evidence {
    pub fn of(unit: &Unit, title: &str) -> Self {
        let frame = |frame: &Option<super::units::Frame>| {
            frame
                .as_ref()
                .map_or(String::new(), |frame| frame.text.clone())
        };
        let (heading, header, lead) =
            (frame(&unit.heading), frame(&unit.header), frame(&unit.lead));
        let own = bare(&plain(&unit.text)).to_owned();
        let leads = last_clause(&lead).trim_end_matches([':', '：']);
        let full = match unit.kind {
            // The lead-in, or else the heading, gives a fragment its meaning.
            Kind::Item | Kind::Row if !lead.is_empty() => format!("{leads} {}", unit.text),
            Kind::Item if governs(&heading) => format!("{heading} {}", unit.text),
            _ => unit.text.clone(),
        };
        let written = Written::of(&full);
        Self {
            kind: unit.kind,
            is_orphan: unit.is_orphan,
            own,
            lead: plain(leads),
            words: written.words(),
            full: written,
            texts: Texts {
                above: format!("{title}. {heading}. {header}. {lead} {}", unit.before),
                heads: format!("{title}. {heading}. {header}"),
                row: if unit.kind == Kind::Row {
                    unit.text.clone()
                } else {
                    String::new()
                },
                header,
                full,
            },
            read: OnceLock::new(),
            gist: OnceLock::new(),
            around: OnceLock::new(),
        }
    }

    fn read(&self) -> &Read {
        self.read.get_or_init(|| {
            let Texts {
                full,
                header,
                heads,
                above,
                row,
            } = &self.texts;
            let heads = Claim::of(heads);
            let (columns, key) = if self.kind == Kind::Row {
                columns(header, row)
            } else {
                (Vec::new(), Set::default())
            };
            Read {
                has_rules: recognised::are_spoken(&format!("{full} {header}")),
                full: self.full.claim(self.words.clone()),
                above: Claim::words_of(above),
                senses: heads.statement.senses().collect(),
                above_quantities: heads.quantities,
                columns,
                key,
            }
        })
    }

    fn gist(&self) -> &Gist {
        self.gist.get_or_init(|| Gist::of(&self.texts.full))
    }

    fn around(&self) -> &Around {
        self.around.get_or_init(|| {
            let mut around = Around::default();
            around.add(&Gist::of(&self.texts.above));
            around
        })
    }

    /// Whether the unit has these exact words, in the form of [`Claim::plain`].
    pub fn has_words(&self, plain: &str) -> bool {
        self.own == bare(plain)
    }

    /// Returns the share of the claim's words that the unit itself has.
    pub fn share(&self, asserted: &Asserted) -> f32 {
        held(&asserted.told, &self.words)
    }

    /// Returns how well this covers the claim. `question` may already have named a condition.
    pub fn judge(&self, asserted: &Asserted, question: &Set<String>) -> Result<f32, Reason> {
        let claim = &asserted.claim;
        let told = &asserted.told;
        let is_verbatim = self.has_words(&asserted.own);
        if told.len() < MIN_WORDS && !(is_verbatim && told.iter().any(|word| is_phrase(word))) {
            return Err(Reason::Empty);
        }
        let covered = held(told, &self.words);
        if self.kind == Kind::Frame || (covered < LEAST && !is_verbatim) {
            return Err(Reason::Unrelated);
        }
        let read = self.read();
        if !read.has_rules || !recognised::are_spoken(&claim.plain) {
            let is_led = self.kind != Kind::Item || plain(&asserted.lead) == self.lead;
            return match is_verbatim && is_led {
                true => Ok(VERBATIM),
                false if covered < LEAST => Err(Reason::Unrelated),
                false => Err(Reason::Language),
            };
        }
        let is_row = self.kind == Kind::Row;
        let around = Surroundings {
            above: &read.above,
            senses: &read.senses,
            question,
            is_row,
            gists: None,
        };
        let alignment = Alignment::of(&claim.statement, &read.full.statement, &around);
        if covered < LEAST || !(is_row || alignment.is_about_the_same()) {
            return Err(Reason::Unrelated);
        }
        if self.is_orphan {
            return Err(Reason::Context);
        }
        let mut framing = asserted.frame.iter().flat_map(Claim::core);
        if framing.any(|word| self.lacks(word)) {
            return Err(Reason::Name);
        }
        let mut said = claim.words.clone();
        said.extend(asserted.frame.iter().flat_map(|frame| frame.words.clone()));
        let mut figures = [Some(claim), asserted.frame.as_ref()].into_iter().flatten();
        if figures.any(|claim| self.differs(claim))
            || read
                .columns
                .iter()
                .any(|column| column.is_crossed_by(&said))
        {
            return Err(Reason::Number);
        }
        if is_verbatim && self.kind == Kind::Sentence && asserted.lead.is_empty() {
            return Ok(VERBATIM);
        }
        if let Some(reason) = difference(&alignment) {
            return Err(reason);
        }
        if !self.is_applied_by(&said, claim.statement.is_conditional(), question) {
            return Err(Reason::Condition);
        }
        Ok(if is_verbatim { VERBATIM } else { covered })
    }

    /// Whether a glance shows that this may say the sentence.
    pub fn may_say(&self, gist: &Gist) -> bool {
        self.kind != Kind::Frame && self.gist().may_say(gist) && self.read().has_rules
    }

    /// Whether the sentence repeats this, so that each difference counts.
    pub fn is_copied_by(&self, gist: &Gist) -> bool {
        is_copy(gist, self.gist())
    }

    /// Returns how many words of the sentence this says in other words, in the same order or, if they
    /// may move, in any; otherwise also the first difference.
    pub fn restates(
        &self,
        asserted: &Asserted,
        gist: &Gist,
        question: &Set<String>,
        may_move: bool,
    ) -> Result<usize, (usize, Reason)> {
        let whole = matches!(self.kind, Kind::Sentence | Kind::Item) && !self.is_orphan;
        if !whole || !self.read().has_rules || !recognised::are_spoken(&asserted.claim.plain) {
            return Err((0, Reason::Unrelated));
        }
        let mut framing = asserted.frame.iter().flat_map(Claim::core);
        if framing.any(|word| self.lacks(word)) {
            return Err((0, Reason::Name));
        }
        let own = self.gist();
        let beside = Beside {
            above: self.around(),
            quantities: &self.read().above_quantities,
            question,
        };
        let laid = Laid::of(gist, own, &beside);
        let verdict = laid.is_about_the_same().and_then(|()| {
            if may_move {
                laid.verdict()
            } else {
                self.repeats(asserted, gist, &laid, question)
            }
        });
        let held = laid.held();
        verdict.map(|()| held).map_err(|reason| (held, reason))
    }

    /// Whether this says the sentence in the same order, with other words here and there.
    fn repeats(
        &self,
        asserted: &Asserted,
        gist: &Gist,
        laid: &Laid<'_>,
        question: &Set<String>,
    ) -> Result<(), Reason> {
        // A few words may stand in many units, each of which says more.
        if gist.words.len() < MIN_REPEATED {
            return Err(Reason::Unrelated);
        }
        // Other words than the unit's are the one thing that the list of meanings explains.
        match self.judge(asserted, question) {
            Err(Reason::Name | Reason::Unrelated | Reason::Modality) => {}
            other => return other.map(|_| ()),
        }
        let own = self.gist();
        let read = self.read();
        let around = Surroundings {
            above: &read.above,
            senses: &read.senses,
            question,
            is_row: false,
            gists: Some(Gists {
                claim: gist,
                unit: own,
            }),
        };
        let alignment = Alignment::of(&gist.claim.statement, &own.claim.statement, &around);
        laid.figures()?;
        if let Some(reason) = difference(&alignment) {
            return Err(reason);
        }
        let conditional = asserted.claim.statement.is_conditional();
        if !self.is_applied_by(&asserted.claim.words, conditional, question) {
            return Err(Reason::Condition);
        }
        laid.conditions()
    }

    /// Whether a word of a heading is a suspect.
    fn lacks(&self, word: &str) -> bool {
        let is_figure = word.starts_with(|c: char| c.is_ascii_digit());
        !is_figure && !holds(&self.words, word) && !holds(&self.read().above, word)
    }

    fn differs(&self, claim: &Claim) -> bool {
        let read = self.read();
        !claim
            .quantities
            .are_in(&read.full.quantities, &read.above_quantities)
            || read
                .full
                .ranges
                .iter()
                .any(|range| range.is_halved_by(&claim.plain, &claim.quantities))
    }

    /// Whether the sentence keeps the conditions of the unit.
    fn is_applied_by(&self, said: &Set<String>, conditional: bool, question: &Set<String>) -> bool {
        let asked: Set<String> = said.union(question).cloned().collect();
        let read = self.read();
        let condition = read.full.condition.as_ref();
        let whole = !conditional;
        condition.is_none_or(|condition| {
            (condition.is_kept_by(said, whole) || condition.is_asked_by(question))
                && condition.is_applied_by(said)
        }) && !read
            .full
            .thresholds
            .iter()
            .any(|threshold| threshold.is_dropped_by(said))
            && (read.key.is_empty() || held(&read.key, &asked) >= LEAST)
    }
}

/// Returns a text without the marks at its end.
fn bare(plain: &str) -> &str {
    plain.trim_end_matches(['.', ';', '。', '।', ' '])
}

/// Whether a heading says something of the items below it: "Never", "You must not use it".
fn governs(heading: &str) -> bool {
    let statement = Claim::of(heading).statement;
    let denies = statement.denials().next().is_some();
    denies || (!heading.ends_with('?') && !statement.operators.is_empty())
}

/// Whether a word is a whole phrase of a script without spaces between words.
fn is_phrase(word: &str) -> bool {
    word.chars().count() >= 5 && !word.contains(|c: char| c.is_ascii() || c < '\u{0e00}')
}
