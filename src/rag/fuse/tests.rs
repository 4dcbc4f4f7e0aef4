use super::*;

fn hit(chunk_id: i64, score: f32) -> Hit {
    Hit { chunk_id, score }
}

fn legs(dense: Option<&[Hit]>, lexical: &[Hit]) -> Legs {
    Legs {
        reached: None,
        dense: dense.map(<[Hit]>::to_vec),
        lexical: lexical.to_vec(),
        surroundings: HashMap::new(),
    }
}

fn order(legs: &Legs) -> Vec<i64> {
    let ranked = fuse(legs, &RetrievalConfig::default());
    ranked.iter().map(|hit| hit.chunk_id).collect()
}

#[test]
fn a_chunk_found_by_both_legs_wins() {
    let dense = [hit(1, 0.9), hit(2, 0.85), hit(4, 0.3)];
    let legs = legs(Some(&dense), &[hit(2, 7.0), hit(3, 6.0)]);
    assert_eq!(order(&legs), [2, 1, 3, 4]);
}

#[test]
fn the_lexical_leg_answers_alone() {
    let legs = legs(None, &[hit(3, 6.0), hit(4, 5.0)]);
    let ranked = fuse(&legs, &RetrievalConfig::default());
    assert_eq!(order(&legs), [3, 4]);
    assert_eq!(ranked[0].legs.dense, None);
    assert_eq!(ranked[0].legs.lexical, Some(6.0));
}

#[test]
fn what_stands_around_a_chunk_and_above_it_decides_between_equals() {
    let dense = [hit(1, 0.8), hit(2, 0.8), hit(3, 0.8), hit(4, 0.2)];
    let mut legs = legs(Some(&dense), &[]);
    for (id, near, share) in [(1, 0.4, 0.0), (2, 0.7, 0.0), (3, 0.4, 0.5)] {
        let around = Surroundings {
            cosine: Some(0.8),
            near: Some(near),
            title: TitleFit { score: 0.0, share },
        };
        legs.surroundings.insert(id, around);
    }
    assert_eq!(order(&legs), [2, 3, 1, 4]);
}

#[test]
fn a_chunk_that_a_full_leg_lacks_scores_like_its_last() {
    let config = RetrievalConfig {
        candidates: 2,
        ..RetrievalConfig::default()
    };
    let dense = [hit(1, 0.9), hit(2, 0.88)];
    let close = legs(Some(&dense), &[hit(2, 7.0), hit(3, 6.9)]);
    let of = |ranked: &[Ranked], id| {
        let found = ranked.iter().find(|hit| hit.chunk_id == id);
        found.map(|hit| hit.score).unwrap()
    };
    let ranked = fuse(&close, &config);
    assert!((of(&ranked, 1) - of(&ranked, 3) - 1.0).abs() < 1e-5);
}

#[test]
fn a_chunk_that_one_form_finds_is_kept_with_the_best_scores_of_all() {
    let ranked = |chunk_id, score, dense, lexical| Ranked {
        chunk_id,
        score,
        legs: LegScores { dense, lexical },
    };
    let own = vec![
        ranked(1, 0.5, Some(0.6), None),
        ranked(2, 0.4, Some(0.5), Some(3.0)),
    ];
    let other = vec![
        ranked(3, 0.5, Some(0.7), None),
        ranked(2, 0.3, Some(0.4), Some(5.0)),
    ];
    let joined = join([own.clone(), other]);
    let order: Vec<i64> = joined.iter().map(|hit| hit.chunk_id).collect();
    assert_eq!(order, [2, 3, 1]);
    assert_eq!(joined[0].legs.dense, Some(0.5));
    assert_eq!(joined[0].legs.lexical, Some(5.0));
    assert_eq!(join([own.clone()]), own);
    assert!(join([]).is_empty());
}
