//! `chatbot eval retrieval` measures each leg and their fusion, on a BEIR dataset or on questions
//! inside conversations.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use serde::{Deserialize, Serialize};

use super::ranking::{Grades, Measure, Scores, read_judgments, read_lines};
use super::{retriever, tasks};
use crate::cli::output;
use crate::config::Config;
use crate::persistence::retrieval::{self, Hit};
use crate::rag::fuse::{Ranked, fuse, join};
use crate::rag::retrieve::Retriever;

/// The dataset and where its corpus is.
///
/// A folder with `queries.jsonl` and `qrels/dev.tsv` is read like BEIR: each query has `_id`, `text` and
/// optionally `metadata.summary`, a second form that is measured on its own. A folder with `tasks.jsonl`
/// and `qrels.tsv` is read like MTRAG-UN: the answerable follow-ups are searched with the last message
/// of the person, with the last two as one text, and with both as two forms of one question. Ingest the
/// corpus first.
#[derive(Args)]
pub struct RetrievalArgs {
    /// The folder of the dataset.
    #[arg(long)]
    dataset: PathBuf,
    /// The collection that holds the corpus.
    #[arg(long, default_value = "liveqa")]
    collection: String,
    /// Print JSON, with the fused nDCG of each query for paired tests.
    #[arg(long)]
    json: bool,
}

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

/// The questions of a dataset in one form.
struct Form {
    name: &'static str,
    questions: Vec<Question>,
}

struct Question {
    id: String,
    /// The texts to search, the person's own words first.
    texts: Vec<String>,
    grades: Grades,
}

/// The measures of one form.
#[derive(Serialize)]
struct Measured {
    query: &'static str,
    legs: BTreeMap<&'static str, Scores>,
    /// The fused nDCG of each query.
    ndcg: BTreeMap<String, f64>,
}

/// The legs in the order of the table.
const LEGS: [&str; 3] = ["lexical", "dense", "fused"];

/// Prints the scores of every leg over the queries of the dataset.
pub async fn run(args: &RetrievalArgs, config: &Config) -> anyhow::Result<()> {
    let (forms, asked, measure) = read(&args.dataset)?;
    let retriever = retriever::open(config).await?;
    let names = [args.collection.clone()];
    let mut all = Vec::new();
    for form in &forms {
        all.push(measured(&retriever, form, &names, measure).await?);
    }
    if args.json {
        output::line(&serde_json::to_string_pretty(&all)?)?;
        return Ok(());
    }
    let count = forms.first().map_or(0, |form| form.questions.len());
    output::line(&format!(
        "means over {count} of {asked} queries: no ranking can score on the others, for which no \
         passage was judged relevant, or which are no follow-ups\n"
    ))?;
    output::text(&table(&all, measure.depth))?;
    Ok(())
}

fn table(all: &[Measured], depth: usize) -> String {
    let mut text = format!(
        "| query | leg | nDCG@{depth} | MAP@{depth} | MRR@{depth} | recall@{depth} |\n\
         | --- | --- | --- | --- | --- | --- |\n"
    );
    for form in all {
        for (leg, scores) in LEGS.iter().filter_map(|leg| form.legs.get_key_value(leg)) {
            let _ = writeln!(
                text,
                "| {} | {leg} | {:.3} | {:.3} | {:.3} | {:.3} |",
                form.query, scores.ndcg, scores.map, scores.mrr, scores.recall
            );
        }
    }
    text
}

/// Reads a folder in either layout; returns the number of all its questions too.
fn read(folder: &Path) -> anyhow::Result<(Vec<Form>, usize, Measure)> {
    if tasks::are_in(folder) {
        let all = tasks::read_tasks(folder)?;
        let forms = [
            ("last turn", [1, 1]),
            ("last two", [2, 2]),
            ("both", [1, 2]),
        ];
        let forms = forms.map(|(name, messages)| Form {
            name,
            questions: all
                .iter()
                .filter(|task| task.is_judged())
                .map(|task| of_task(task, messages))
                .collect(),
        });
        let measure = Measure {
            depth: 5,
            relevant: 1,
        };
        return Ok((forms.into(), all.len(), measure));
    }
    let judgments = read_judgments(&folder.join("qrels/dev.tsv"))?;
    let queries: Vec<Query> = read_lines(&folder.join("queries.jsonl"))?;
    let form = |name: &'static str, text: fn(&Query) -> &str| Form {
        name,
        questions: queries
            .iter()
            .filter_map(|query| of_query(query, text(query), &judgments))
            .collect(),
    };
    let forms = vec![
        form("text", |query| &query.text),
        form("summary", |query| &query.metadata.summary),
    ];
    let measure = Measure {
        depth: 10,
        relevant: 2,
    };
    Ok((forms, queries.len(), measure))
}

fn of_task(task: &tasks::Task, messages: [usize; 2]) -> Question {
    let mut texts: Vec<String> = messages.map(|number| task.asked(number)).into();
    texts.dedup();
    Question {
        id: task.id.clone(),
        texts,
        grades: task.grades.clone(),
    }
}

/// Evaluation tools leave out the queries without any relevant passage.
fn of_query(query: &Query, text: &str, judgments: &HashMap<String, Grades>) -> Option<Question> {
    let grades = judgments.get(&query.id)?;
    let is_answerable = grades.values().any(|grade| *grade > 0);
    (is_answerable && !text.is_empty()).then(|| Question {
        id: query.id.clone(),
        texts: vec![text.to_owned()],
        grades: grades.clone(),
    })
}

async fn measured(
    retriever: &Retriever,
    form: &Form,
    names: &[String],
    measure: Measure,
) -> anyhow::Result<Measured> {
    let mut scores: [Vec<Scores>; 3] = Default::default();
    let mut ndcg = BTreeMap::new();
    for question in &form.questions {
        let ranked = rankings(retriever, &question.texts, names, measure.depth).await?;
        for (scores, ranking) in scores.iter_mut().zip(&ranked) {
            scores.push(Scores::of(ranking, &question.grades, measure));
        }
        let fused = scores.last().and_then(|scores| scores.last());
        ndcg.insert(question.id.clone(), fused.map_or(0.0, |fused| fused.ndcg));
    }
    let means = LEGS.into_iter().zip(scores);
    Ok(Measured {
        query: form.name,
        legs: means.map(|(leg, all)| (leg, Scores::mean(&all))).collect(),
        ndcg,
    })
}

/// External ids in rank order for lexical, dense and fused; a document's best chunk counts. The legs
/// are those of the last form.
async fn rankings(
    retriever: &Retriever,
    texts: &[String],
    names: &[String],
    depth: usize,
) -> anyhow::Result<[Vec<String>; 3]> {
    let forms = retriever.search_all(texts, Some(names)).await?.0;
    let fused = join(forms.iter().map(|legs| fuse(legs, &retriever.config)));
    let last = forms.last();
    let ids = |hits: &[Hit]| hits.iter().map(|hit| hit.chunk_id).collect::<Vec<i64>>();
    let lexical = last.map(|legs| ids(&legs.lexical));
    let dense = last.and_then(|legs| legs.dense.as_deref()).map(ids);
    let fused = fused.iter().map(|hit: &Ranked| hit.chunk_id).collect();
    let orders = [
        lexical.unwrap_or_default(),
        dense.unwrap_or_default(),
        fused,
    ];
    let all: HashSet<i64> = orders.iter().flatten().copied().collect();
    let all: Vec<i64> = all.into_iter().collect();
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
            .take(depth)
            .cloned()
            .collect()
    }))
}
