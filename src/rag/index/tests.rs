//! The index against a plain list of chunks, over random histories.

use std::collections::{BTreeMap, HashSet};

use proptest::collection::vec;
use proptest::prelude::*;
use uuid::Uuid;

use super::Index;
use crate::persistence::index_changes::{ListedChunk, LoadedChunk};
use crate::persistence::retrieval::Hit;

const DIMENSION: usize = 40;

/// A chunk from a few numbers: vectors and words that are alike now and then.
fn chunk(id: i64, collection: i32, seed: u32, embedded: bool) -> LoadedChunk {
    let angle = |at: usize| {
        let at = f32::from(u16::try_from(at).unwrap());
        (f32::from(u16::try_from(seed % 997).unwrap()) * 0.37 + at * 1.7).sin()
    };
    let terms: Vec<i32> = (0..8)
        .filter(|term| (seed >> term) & 1 == 1)
        .map(|term| term * 3)
        .collect();
    let impacts = terms.iter().map(|term| {
        let term = u32::try_from(*term).unwrap();
        f32::from(u8::try_from((seed + term) % 7).unwrap()) / 4.0 + 0.25
    });
    LoadedChunk {
        id,
        version_id: version(id),
        collection_id: collection,
        ordinal: i32::try_from(id % 5).unwrap(),
        embedding: embedded.then(|| (0..DIMENSION).map(angle).collect()),
        impacts: impacts.collect(),
        terms,
        title_terms: vec![3, 4],
        title_counts: vec![1, 2],
        text: "A chunk of text".to_owned(),
    }
}

/// Five chunks share a version.
fn version(id: i64) -> Uuid {
    Uuid::from_u128(u128::try_from(id / 5).unwrap())
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Put(i64, i32, u32, bool),
    /// Keeps those chunks of the version whose bit is set.
    Retain(i64, u8),
    Compact,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => (0_i64..60, 1_i32..4, 0_u32..5_000, prop::bool::weighted(0.9))
            .prop_map(|(id, collection, seed, embedded)| Step::Put(id, collection, seed, embedded)),
        2 => (0_i64..12, any::<u8>()).prop_map(|(version, kept)| Step::Retain(version, kept)),
        1 => Just(Step::Compact),
    ];
    vec(step, 1..120)
}

/// The plain list.
#[derive(Default)]
struct Model(BTreeMap<i64, LoadedChunk>);

impl Model {
    fn reached(&self, collections: &[i32]) -> impl Iterator<Item = &LoadedChunk> {
        let chunks = self.0.values();
        chunks.filter(|chunk| collections.contains(&chunk.collection_id))
    }

    fn lexical(&self, terms: &[(i32, f64)], collections: &[i32]) -> Vec<(i64, f64)> {
        let scored = self.reached(collections).filter_map(|chunk| {
            let own = || chunk.terms.iter().zip(&chunk.impacts);
            let score = terms.iter().flat_map(|(term, idf)| {
                own()
                    .filter(move |(own, _)| *own == term)
                    .map(move |(_, impact)| f64::from(*impact) * idf)
            });
            let score: f64 = score.sum();
            (score > 0.0).then_some((chunk.id, score))
        });
        ranked(scored.collect())
    }

    fn dense(&self, query: &[f32], collections: &[i32]) -> Vec<(i64, f64)> {
        let scored = self.reached(collections).filter_map(|chunk| {
            let vector = chunk.embedding.as_deref()?;
            Some((chunk.id, cosine(vector, query)))
        });
        ranked(scored.collect())
    }
}

fn cosine(a: &[f32], b: &[f32]) -> f64 {
    let dot = |a: &[f32], b: &[f32]| -> f64 {
        let pairs = a.iter().zip(b);
        pairs.map(|(x, y)| f64::from(*x) * f64::from(*y)).sum()
    };
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}

fn ranked(mut hits: Vec<(i64, f64)>) -> Vec<(i64, f64)> {
    hits.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    hits
}

fn apply(index: &mut Index, model: &mut Model, step: Step) {
    match step {
        Step::Put(id, collection, seed, embedded) => {
            let chunk = chunk(id, collection, seed, embedded);
            index.insert(&chunk);
            model.0.insert(id, chunk);
        }
        Step::Retain(version, kept) => {
            let ids = version * 5..version * 5 + 5;
            let kept: HashSet<i64> = ids
                .clone()
                .filter(|id| kept & (1 << (id % 5)) != 0)
                .collect();
            index.retain(self::version(version * 5), &kept);
            model
                .0
                .retain(|id, _| !ids.contains(id) || kept.contains(id));
        }
        Step::Compact => {
            let copies = index.parts.iter();
            let copies = copies.map(|(id, part)| (*id, part.compacted()));
            let copies = super::Compacted(copies.collect());
            index.replace(copies);
        }
    }
}

/// Each rank has a score that the model gives that chunk and that rank.
fn same(
    hits: &[Hit],
    expected: &[(i64, f64)],
    limit: usize,
    tolerance: f64,
) -> Result<(), TestCaseError> {
    prop_assert_eq!(hits.len(), expected.len().min(limit));
    let scores: BTreeMap<i64, f64> = expected.iter().copied().collect();
    for (hit, (_, score)) in hits.iter().zip(expected) {
        prop_assert!((f64::from(hit.score) - score).abs() < tolerance);
        let own = scores.get(&hit.chunk_id);
        prop_assert!(own.is_some_and(|own| (own - score).abs() < 2.0 * tolerance));
    }
    Ok(())
}

proptest! {
    #[test]
    fn any_history_gives_what_a_plain_list_gives(
        steps in steps(),
        collections in prop::sample::subsequence(vec![1, 2, 3], 0..=3),
        weights in vec(0.01_f64..9.0, 4),
        limit in 1_usize..30,
    ) {
        let mut index = Index::new(DIMENSION);
        let mut model = Model::default();
        for step in steps {
            apply(&mut index, &mut model, step);
        }
        prop_assert_eq!(index.len(), model.0.len());
        for held in model.0.values() {
            let listed = |collection_id, embedded| ListedChunk {
                id: held.id, version_id: held.version_id, collection_id, embedded,
            };
            prop_assert!(index.holds(&listed(held.collection_id, held.embedding.is_some())));
            prop_assert!(!index.holds(&listed(held.collection_id + 1, false)));
            prop_assert_eq!(index.holds(&listed(held.collection_id, true)), held.embedding.is_some());
        }
        let terms: Vec<(i32, f64)> = [0, 3, 9, 21].into_iter().zip(weights).collect();
        let hits = index.search_lexical(&terms, &collections, limit);
        let expected = model.lexical(&terms, &collections);
        // Sums of the same numbers in another order may differ in the last bit, before rounding.
        same(&hits, &expected, limit, 1e-5)?;
        let query: Vec<f32> = (0..40_u8).map(|at| (f32::from(at) * 0.9).cos()).collect();
        let hits = index.search_dense(&query, &collections, limit);
        let expected = model.dense(&query, &collections);
        let distinct: HashSet<i64> = hits.iter().map(|hit| hit.chunk_id).collect();
        prop_assert_eq!(distinct.len(), hits.len());
        let all = index.search_dense(&query, &collections, 100);
        prop_assert_eq!(all.len(), expected.len());
        same(&hits, &expected, limit, 1e-3)?;
    }
}

#[test]
fn equal_scores_are_in_the_order_of_ids() {
    let mut index = Index::new(DIMENSION);
    for id in [7, 3, 9, 1, 5] {
        index.insert(&chunk(id, 1, 255, true));
    }
    let hits = index.search_lexical(&[(0, 1.0)], &[1], 3);
    let ids: Vec<i64> = hits.iter().map(|hit| hit.chunk_id).collect();
    assert_eq!(ids, [1, 3, 5]);
    let hits = index.search_dense(&[1.0; DIMENSION], &[1], 3);
    let ids: Vec<i64> = hits.iter().map(|hit| hit.chunk_id).collect();
    assert_eq!(ids, [1, 3, 5]);
}

#[test]
fn scores_and_order_are_those_of_the_exact_cosine() {
    let (mut index, mut model) = (Index::new(DIMENSION), Model::default());
    for id in 0..900 {
        let chunk = chunk(id, 1, u32::try_from(id).unwrap(), true);
        index.insert(&chunk);
        model.0.insert(id, chunk);
    }
    for turn in 0..20_u8 {
        let angle = |at: u8| (f32::from(at) * 0.9 + f32::from(turn)).cos();
        let query: Vec<f32> = (0..40_u8).map(angle).collect();
        let hits = index.search_dense(&query, &[1], 10);
        let expected = model.dense(&query, &[1]);
        for (hit, (_, score)) in hits.iter().zip(&expected) {
            assert!((f64::from(hit.score) - score).abs() < 3e-4);
        }
    }
}

#[test]
fn a_vector_without_direction_finds_nothing() {
    let mut index = Index::new(DIMENSION);
    index.insert(&chunk(1, 1, 1, true));
    assert!(index.search_dense(&[0.0; DIMENSION], &[1], 3).is_empty());
    assert!(index.search_dense(&[1.0; DIMENSION], &[1], 0).is_empty());
}

#[test]
fn many_removals_are_compacted() {
    let mut index = Index::new(DIMENSION);
    for id in 0..2_000 {
        index.insert(&chunk(id, 1, 85, true));
    }
    let full = index.bytes();
    for id in (0..1_500).step_by(5) {
        index.retain(version(id), &HashSet::new());
    }
    let copies = index.compact_copies();
    assert!(!copies.is_empty());
    index.replace(copies);
    assert_eq!(index.len(), 500);
    assert!(index.bytes() < full / 3, "{} of {full}", index.bytes());
    assert!(index.compact_copies().is_empty());
    assert_eq!(index.search_dense(&[1.0; DIMENSION], &[1], 9).len(), 9);
}
