//! How good a ranking of documents is.

use std::collections::HashMap;
use std::path::Path;

use anyhow::Context;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The grade of each judged document of a query.
pub(super) type Grades = HashMap<String, u8>;

/// The ranks that count, and the lowest grade that counts as relevant for MAP, MRR and recall.
#[derive(Clone, Copy)]
pub(super) struct Measure {
    pub depth: usize,
    pub relevant: u8,
}

/// The scores of one ranking, or their sums or means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub(super) struct Scores {
    pub ndcg: f64,
    pub map: f64,
    pub mrr: f64,
    pub recall: f64,
}

impl Scores {
    /// Scores the best documents of a ranking; gains are `2^grade - 1` (Burges et al. 2005).
    #[expect(clippy::cast_precision_loss, reason = "ranks and counts are small")]
    pub fn of(ranking: &[String], grades: &Grades, Measure { depth, relevant }: Measure) -> Self {
        let discount = |rank: usize| ((rank + 2) as f64).log2();
        let sum = |grades: &[u8]| -> f64 {
            let terms = grades.iter().take(depth).enumerate();
            terms
                .map(|(rank, grade)| gain(*grade) / discount(rank))
                .sum()
        };
        let ranked: Vec<u8> = ranking
            .iter()
            .take(depth)
            .map(|id| grades.get(id).copied().unwrap_or(0))
            .collect();
        let mut ideal: Vec<u8> = grades.values().copied().collect();
        ideal.sort_unstable_by(|a, b| b.cmp(a));
        let best = sum(&ideal);
        let mut scores = Self::default();
        if best > 0.0 {
            scores.ndcg = sum(&ranked) / best;
        }
        let wanted = ideal.iter().filter(|grade| **grade >= relevant).count();
        if wanted == 0 {
            return scores;
        }
        let (mut found, mut precision) = (0.0, 0.0);
        let hits = ranked.iter().enumerate();
        for (rank, _) in hits.filter(|(_, grade)| **grade >= relevant) {
            let place = (rank + 1) as f64;
            if found == 0.0 {
                scores.mrr = 1.0 / place;
            }
            found += 1.0;
            precision += found / place;
        }
        scores.map = precision / wanted.min(depth) as f64;
        scores.recall = found / wanted as f64;
        scores
    }

    /// Returns the means; zeros without any scores.
    #[expect(clippy::cast_precision_loss, reason = "counts are small")]
    pub fn mean(all: &[Self]) -> Self {
        let count = all.len().max(1) as f64;
        let mean = |of: fn(&Self) -> f64| all.iter().map(of).sum::<f64>() / count;
        Self {
            ndcg: mean(|scores| scores.ndcg),
            map: mean(|scores| scores.map),
            mrr: mean(|scores| scores.mrr),
            recall: mean(|scores| scores.recall),
        }
    }
}

fn gain(grade: u8) -> f64 {
    f64::from((1_u32 << grade.min(31)) - 1)
}

/// Reads judgments: a header, then query, document and grade, with tabs between them.
pub(super) fn read_judgments(path: &Path) -> anyhow::Result<HashMap<String, Grades>> {
    let mut judgments: HashMap<String, Grades> = HashMap::new();
    for line in read(path)?.lines().skip(1) {
        let mut fields = line.split('\t');
        let (Some(query), Some(document), Some(grade)) =
            (fields.next(), fields.next(), fields.next())
        else {
            anyhow::bail!("{}: expected query-id, corpus-id, score", path.display());
        };
        let grades = judgments.entry(query.to_owned()).or_default();
        grades.insert(document.to_owned(), grade.trim().parse()?);
    }
    Ok(judgments)
}

/// Reads a file with a JSON value in each line.
pub(super) fn read_lines<T: DeserializeOwned>(path: &Path) -> anyhow::Result<Vec<T>> {
    let text = read(path)?;
    let parsed = text.lines().map(serde_json::from_str);
    parsed
        .collect::<Result<Vec<T>, _>>()
        .with_context(|| path.display().to_string())
}

fn read(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ranking_is_scored_by_the_grades_of_its_best_documents() {
        let grades: Grades = [("a", 3), ("b", 2), ("c", 1)]
            .map(|(id, grade)| (id.to_owned(), grade))
            .into();
        let of = |ids: &[&str], depth| {
            let ids: Vec<String> = ids.iter().map(|id| (*id).to_owned()).collect();
            let relevant = 2;
            Scores::of(&ids, &grades, Measure { depth, relevant })
        };
        let best = of(&["a", "b", "c"], 3);
        assert!((best.ndcg - 1.0).abs() < 1e-9 && (best.map - 1.0).abs() < 1e-9);
        let later = of(&["x", "a", "b"], 2);
        assert!((later.mrr - 0.5).abs() < 1e-9 && (later.recall - 0.5).abs() < 1e-9);
        // 7 / log2(3), of 7 + 3 / log2(3).
        assert!((later.ndcg - 0.4966).abs() < 1e-3, "{later:?}");
        assert_eq!(of(&["x"], 3), Scores::default());
        assert!((Scores::mean(&[best, of(&[], 3)]).ndcg - 0.5).abs() < 1e-9);
    }
}
