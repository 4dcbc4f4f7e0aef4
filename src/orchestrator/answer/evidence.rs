//! The second step of an answer: the passages to answer from, for each part of the message.
//!
//! A message that may need its conversation is looked up as it stands and together with the question
//! before it. The gate then judges both readings, and the documents decide: the reading in the
//! conversation counts if its best passage covers the person's own words as well as any.

use super::answers::{Answers, NoAnswer};
use super::governed::{Governed, to_source};
use super::portions::{Portion, corrected, parts_of};
use super::understanding::Heard;
use super::{clarify, gate, tongues};
use crate::domain::evidence::{Passage, RetrieveRequest, RetrieveResponse};
use crate::domain::ids::{TurnId, VersionId};
use crate::domain::understanding::MessageKind;
use crate::language::Tongue;
use crate::language::conversation::Need;
use crate::language::subject::may_mean;
use crate::orchestrator::question::Question;
use crate::orchestrator::stream::draft::Draft;
use crate::safety::hostile;

/// The most further forms in which one message is searched.
const FORMS: usize = 3;
/// The passages that each further form may add.
const MORE: u32 = 4;
/// The least share of the person's own words that a passage must hold to answer in the conversation.
const OWN: f32 = 0.5;
/// The most titles that an abstention names, and the least similarity of their passages.
const NEAR: usize = 3;
const SIMILAR: f32 = 0.35;

/// The passages of an answer.
pub(in crate::orchestrator) struct Evidence {
    /// The questions of the message as they read alone, each with the numbers of its passages.
    pub parts: Vec<Part>,
    pub sources: Vec<Governed>,
    /// The parts that the documents do not answer.
    pub unanswered: Vec<String>,
    /// Words that were read as others: typed, and meant.
    pub corrections: Vec<(String, String)>,
}

/// A question of a message.
pub(in crate::orchestrator) struct Part {
    pub question: String,
    pub sources: Vec<i32>,
}

impl Evidence {
    /// The whole message as it reads alone.
    pub fn question(&self) -> String {
        let parts = self.parts.iter().map(|part| part.question.as_str());
        parts.collect::<Vec<_>>().join(" ")
    }
}

/// A message as it is answered.
pub(super) struct Asked<'a> {
    pub question: &'a Question,
    pub heard: &'a Heard,
    /// The message as it reads without its conversation.
    pub text: String,
}

/// The result of the look-up.
pub(in crate::orchestrator) enum Found {
    Evidence(Evidence),
    /// Several documents could be meant: their titles, and passages of theirs.
    Rivals(Vec<String>, Vec<Governed>),
    /// Nothing answers: the titles of the nearest documents, and passages of theirs.
    Nothing(Vec<String>, Vec<Governed>),
}

/// One reading of the message: its parts, as they were weighed.
struct Weighed {
    text: String,
    parts: Vec<(String, Vec<Passage>)>,
    unanswered: Vec<String>,
}

impl Weighed {
    fn is_enough(&self) -> bool {
        !self.parts.is_empty()
    }

    fn best(&self) -> Option<&Passage> {
        self.parts
            .first()
            .and_then(|(_, passages)| passages.first())
    }
}

impl Answers {
    /// Looks the message up, and decides what it is answered from.
    pub async fn evidence(
        &self,
        question: &Question,
        heard: &Heard,
        draft: &mut Draft<'_>,
    ) -> Result<Found, NoAnswer> {
        let turn = draft.turn();
        let request = self.request(question, heard);
        let retrieve = self.retrieval.retrieve(&request, &question.request_id);
        let found = retrieve.await.map_err(|error| {
            tracing::warn!(turn.id = %turn, error = %error, "retrieval failed");
            NoAnswer::Failed("retrieval")
        })?;
        draft.retrieved();
        let mut found = chosen_only(found, heard.understood.chosen());
        found
            .corrections
            .retain(|word| may_mean(&word.typed, &word.meant));
        let reading = self.reading(heard, &found);
        draft
            .reads_as((reading.text != heard.understood.reading.own).then(|| reading.text.clone()));
        if let Some(titles) = self.unclear(heard, &reading, &found) {
            let passages = titled(&titles, &found.results);
            let verified = self.verified(question, turn, passages).await?;
            return Ok(Found::Rivals(titles, numbered(verified)));
        }
        if !reading.is_enough() {
            return self.nearest(question, heard.tongue(), turn, &found).await;
        }
        let corrections = found.corrections.into_iter();
        let corrections = corrections.map(|word| (word.typed, word.meant)).collect();
        let evidence = self.assemble(question, turn, reading, corrections).await?;
        if evidence.sources.is_empty() {
            return Ok(Found::Nothing(Vec::new(), Vec::new()));
        }
        Ok(Found::Evidence(evidence))
    }

    /// Returns the request: the person's own words, and the other forms of the question.
    fn request(&self, question: &Question, heard: &Heard) -> RetrieveRequest {
        let understood = &heard.understood;
        let own = &understood.reading.own;
        let says_nothing = understood.goes_back() || heard.kind() == MessageKind::Choice;
        let query = says_nothing.then(|| understood.standalone(&[])).flatten();
        let query = query.unwrap_or_else(|| own.clone());
        let mut rephrased: Vec<String> = understood.both().into_iter().collect();
        rephrased.extend(
            parts_of(&query, heard.tongue())
                .into_iter()
                .map(|part| part.text),
        );
        rephrased.retain(|form| *form != query);
        rephrased.truncate(FORMS);
        let more = u32::try_from(rephrased.len()).unwrap_or_default() * MORE;
        RetrieveRequest {
            query,
            rephrased,
            collections: question.searched(),
            limit: Some(self.config.evidence_limit + more),
        }
    }

    /// Weighs the readings of the message, and returns the one that counts.
    fn reading(&self, heard: &Heard, found: &RetrieveResponse) -> Weighed {
        let understood = &heard.understood;
        let titles: Vec<&str> = found
            .results
            .iter()
            .map(|passage| passage.title.as_str())
            .collect();
        let own = corrected(&understood.reading.own, &found.corrections);
        let weigh = |text: &str| self.weigh(text, heard.tongue(), found);
        let Some(standalone) = understood.standalone(&titles) else {
            return weigh(&own);
        };
        let together = weigh(&corrected(&standalone, &found.corrections));
        if understood.reading.need == Need::Conversation {
            return together;
        }
        let alone = weigh(&own);
        // The same passage answers both: the conversation adds nothing.
        let same = alone.best().map(key) == together.best().map(key);
        let covered = |weighed: &Weighed| {
            let best = weighed.best();
            best.map_or(0.0, |passage| tongues::covered(&own, passage))
        };
        let (by_both, by_own) = (covered(&together), covered(&alone));
        let counts = by_both >= by_own && (alone.is_enough() || by_both >= OWN);
        if together.is_enough() && counts && !(alone.is_enough() && same) {
            together
        } else {
            alone
        }
    }

    fn weigh(&self, text: &str, tongue: Tongue, found: &RetrieveResponse) -> Weighed {
        let mut portions = parts_of(text, tongue);
        if portions.is_empty() {
            portions.push(Portion::whole(text));
        }
        let mut weighed = Weighed {
            text: text.to_owned(),
            parts: Vec::new(),
            unanswered: Vec::new(),
        };
        let mut best = 0.0_f32;
        for portion in portions {
            let least = self.config.min_support * portion.share;
            let own = portion.own_passages(found);
            let (decision, kept) = tongues::weigh(&portion.text, own, least);
            tracing::debug!(
                gate.enough = decision.enough,
                gate.basis = decision.basis,
                gate.best = decision.best,
                gate.least = decision.least,
                "evidence weighed"
            );
            if decision.enough {
                best = best.max(decision.best / decision.least * portion.share);
                weighed.parts.push((portion.text, kept.results));
            } else {
                weighed.unanswered.push(portion.text);
            }
        }
        // One side of a comparison must be answered in full.
        if best < 1.0 {
            let parts = std::mem::take(&mut weighed.parts).into_iter();
            weighed.unanswered.extend(parts.map(|(text, _)| text));
        }
        weighed
    }

    /// Returns the titles of the documents that could be meant, if the message does not say which.
    /// Nobody is asked twice in a row.
    fn unclear(
        &self,
        heard: &Heard,
        reading: &Weighed,
        found: &RetrieveResponse,
    ) -> Option<Vec<String>> {
        let understood = &heard.understood;
        if understood.asked_back {
            return None;
        }
        let titles = match reading.parts.as_slice() {
            [(text, passages)] if reading.unanswered.is_empty() => {
                let rivals = clarify::rivals(text, passages);
                let best = passages.first().map(|passage| passage.title.as_str());
                let names_nothing = best.is_some_and(|title| clarify::names_nothing(text, title));
                if rivals.is_empty() && names_nothing && heard.tongue() == Tongue::English {
                    let (_, ranked) = gate::supports(text, found, self.config.min_support);
                    let ranked = ranked.into_iter();
                    let ranked =
                        ranked.filter_map(|(support, at)| Some((support, found.results.get(at)?)));
                    clarify::unnamed(text, &ranked.collect::<Vec<_>>())
                } else {
                    rivals
                }
            }
            [] if understood.reading.need == Need::Conversation && !understood.has_before() => {
                clarify::candidates(&understood.reading.own, &found.results)
            }
            _ => Vec::new(),
        };
        (!titles.is_empty()).then_some(titles)
    }

    /// Returns the documents that come nearest to a question that nothing answers.
    async fn nearest(
        &self,
        question: &Question,
        tongue: Tongue,
        turn: TurnId,
        found: &RetrieveResponse,
    ) -> Result<Found, NoAnswer> {
        let mut titles: Vec<String> = Vec::new();
        let is_near = |passage: &&Passage| match passage.scores.dense {
            Some(similarity) => similarity >= SIMILAR,
            None => passage.scores.lexical.is_some(),
        };
        let near = found.results.iter().filter(is_near);
        // The documents of a third language are near by chance.
        let near = near.filter(|passage| tongues::may_be_read(tongue, passage));
        let near = near.cloned().collect();
        let verified = self.verified(question, turn, near).await?;
        for passage in &verified {
            if titles.len() < NEAR && !titles.contains(&passage.title) {
                titles.push(passage.title.clone());
            }
        }
        Ok(Found::Nothing(titles, numbered(verified)))
    }

    /// Verifies the passages of all parts, and numbers them.
    async fn assemble(
        &self,
        question: &Question,
        turn: TurnId,
        reading: Weighed,
        corrections: Vec<(String, String)>,
    ) -> Result<Evidence, NoAnswer> {
        let mut all: Vec<Passage> = Vec::new();
        for passage in reading.parts.iter().flat_map(|(_, passages)| passages) {
            if !all.iter().any(|known| key(known) == key(passage)) {
                all.push(passage.clone());
            }
        }
        let mut verified = self.verified(question, turn, all).await?;
        // A passage of a document that was not inspected, or not as strictly as today.
        let retrieved = verified.len();
        verified.retain(|passage| hostile::inspect(&passage.text).is_empty());
        if verified.len() < retrieved {
            let passages = retrieved - verified.len();
            tracing::warn!(turn.id = %turn, passages, "hostile passages were left out");
            self.metrics.withheld(passages);
        }
        let number = |passage: &Passage| {
            let at = verified
                .iter()
                .position(|other| key(other) == key(passage))?;
            i32::try_from(at + 1).ok()
        };
        let parts = reading.parts.iter().map(|(question, passages)| Part {
            question: question.clone(),
            sources: passages.iter().filter_map(number).collect(),
        });
        Ok(Evidence {
            parts: parts.collect(),
            unanswered: reading.unanswered,
            sources: numbered(verified),
            corrections,
        })
    }
}

/// Keeps the passages of the document that the person chose, if there is one with that title.
fn chosen_only(mut found: RetrieveResponse, chosen: Option<&str>) -> RetrieveResponse {
    if let Some(title) = chosen
        && found.results.iter().any(|passage| passage.title == title)
    {
        found.results.retain(|passage| passage.title == title);
    }
    found
}

/// Returns the first passage of each title.
fn titled(titles: &[String], passages: &[Passage]) -> Vec<Passage> {
    let first = |title: &String| passages.iter().find(|passage| passage.title == *title);
    titles.iter().filter_map(first).cloned().collect()
}

/// The place of a passage, which no other has.
fn key(passage: &Passage) -> (VersionId, i32) {
    (passage.version_id, passage.start)
}

fn numbered(passages: Vec<Passage>) -> Vec<Governed> {
    (1..).zip(passages).map(to_source).collect()
}
