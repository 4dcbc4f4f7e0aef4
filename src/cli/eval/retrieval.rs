//! `chatbot eval retrieval` measures each leg and their fusion on a BEIR dataset.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use anyhow::Context;
use serde::Deserialize;

use super::retriever;
use crate::cli::output;
use crate::config::Config;
use crate::persistence::retrieval;
use crate::rag::retrieve::{Legs, Retriever, fuse};

#[derive(Deserialize)]
struct Query {
    #[serde(rename = "_id")]
    id: String,
    text: String,
    #[serde(default)]
    metadata: Metadata,
}

#[derive(Default, Deserialize)]
struct Metadata {
    #[serde(default)]
    summary: String,
}

type Judgments = HashMap<String, HashMap<String, u8>>;

/// The number of ranks that count.
const DEPTH: usize = 10;
/// The lowest grade that counts as relevant for MAP, MRR and recall.
const RELEVANT: u8 = 2;

/// The means over the queries.
#[derive(Clone, Copy, Default)]
struct Scores {
    ndcg: f64,
    map: f64,
    mrr: f64,
    recall: f64,
}

/// Prints the scores of every leg over the queries of `dataset`.
pub async fn run(dataset: &Path, collection: &str, config: &Config) -> anyhow::Result<()> {
    let judgments = read_judgments(&dataset.join("qrels/dev.tsv"))?;
    let mut queries = read_queries(&dataset.join("queries.jsonl"))?;
    let asked = queries.len();
    queries.retain(|query| judgments.get(&query.id).is_some_and(is_answerable));
    let retriever = retriever::open(config).await?;
    let names = [collection.to_owned()];
    let count = f64::from(u32::try_from(queries.len().max(1))?);
    output::line(&format!(
        "means over {count} of {asked} queries: no ranking can score on the others, for which \
         no passage was judged relevant"
    ))?;
    output::line("query    leg      nDCG@10  MAP@10  MRR@10  recall@10")?;
    for form in ["text", "summary"] {
        let mut totals = [Scores::default(); 3];
        for query in &queries {
            let text = if form == "text" {
                &query.text
            } else {
                &query.metadata.summary
            };
            let legs = retriever.search_legs(text, Some(&names)).await?;
            let grades = judgments.get(&query.id).context("a judged query")?;
            for (total, ranking) in totals.iter_mut().zip(rankings(&retriever, &legs).await?) {
                add(total, &ranking, grades);
            }
        }
        for (leg, total) in ["lexical", "dense", "fused"].iter().zip(totals) {
            let mean = |sum: f64| sum / count;
            output::line(&format!(
                "{form:8} {leg:8} {:.3}    {:.3}   {:.3}   {:.3}",
                mean(total.ndcg),
                mean(total.map),
                mean(total.mrr),
                mean(total.recall)
            ))?;
        }
    }
    Ok(())
}

/// Whether any passage is relevant. Evaluation tools leave out the other queries.
fn is_answerable(grades: &HashMap<String, u8>) -> bool {
    grades.values().any(|grade| *grade > 0)
}

/// External ids in rank order for lexical, dense and fused; a document's best chunk counts.
async fn rankings(retriever: &Retriever, legs: &Legs) -> anyhow::Result<[Vec<String>; 3]> {
    let dense = legs.dense.as_deref().unwrap_or_default();
    let fused = fuse(legs, &retriever.config);
    let ids = |hits: &[retrieval::Hit]| hits.iter().map(|hit| hit.chunk_id).collect::<Vec<_>>();
    let orders = [
        ids(&legs.lexical),
        ids(dense),
        fused.iter().map(|hit| hit.chunk_id).collect(),
    ];
    let all: Vec<i64> = orders.iter().flatten().copied().collect();
    let names: HashMap<i64, String> = retrieval::load_passages(&retriever.database, &all)
        .await?
        .into_iter()
        .map(|(id, passage)| (id, passage.external_id))
        .collect();
    Ok(orders.map(|order| {
        let mut seen = HashSet::new();
        order
            .iter()
            .filter_map(|id| names.get(id))
            .filter(|name| seen.insert(name.as_str()))
            .take(DEPTH)
            .cloned()
            .collect()
    }))
}

/// Adds one query's scores; gains are `2^grade - 1` (Burges et al. 2005).
#[expect(clippy::cast_precision_loss, reason = "ranks and counts are small")]
fn add(total: &mut Scores, ranking: &[String], grades: &HashMap<String, u8>) {
    let gain = |grade: u8| f64::from((1_u32 << grade.min(31)) - 1);
    let discount = |rank: usize| ((rank + 2) as f64).log2();
    let ranked_grades: Vec<u8> = ranking
        .iter()
        .map(|id| grades.get(id).copied().unwrap_or(0))
        .collect();
    let sum = |grades: &[u8]| -> f64 {
        let terms = grades.iter().take(DEPTH).enumerate();
        terms
            .map(|(rank, grade)| gain(*grade) / discount(rank))
            .sum()
    };
    let mut ideal: Vec<u8> = grades.values().copied().collect();
    ideal.sort_unstable_by(|a, b| b.cmp(a));
    let best = sum(&ideal);
    if best > 0.0 {
        total.ndcg += sum(&ranked_grades) / best;
    }
    let relevant = ideal.iter().filter(|grade| **grade >= RELEVANT).count();
    if relevant == 0 {
        return;
    }
    let mut found = 0;
    let mut precision = 0.0;
    for (rank, _) in ranked_grades
        .iter()
        .enumerate()
        .filter(|(_, grade)| **grade >= RELEVANT)
    {
        if found == 0 {
            total.mrr += 1.0 / (rank + 1) as f64;
        }
        found += 1;
        precision += f64::from(found) / (rank + 1) as f64;
    }
    total.map += precision / relevant.min(DEPTH) as f64;
    total.recall += f64::from(found) / relevant as f64;
}

fn read_queries(path: &Path) -> anyhow::Result<Vec<Query>> {
    read(path)?
        .lines()
        .map(|line| serde_json::from_str(line).with_context(|| path.display().to_string()))
        .collect()
}

fn read_judgments(path: &Path) -> anyhow::Result<Judgments> {
    let mut judgments = Judgments::new();
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

fn read(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}
