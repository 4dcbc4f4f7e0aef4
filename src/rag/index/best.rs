//! The best hits so far.

use std::cmp::Ordering;

use crate::persistence::retrieval::Hit;

/// Keeps the best hits by score; of equal scores, those with the lowest ids.
pub(super) struct Best {
    limit: usize,
    hits: Vec<Hit>,
    /// No hit with a lower score can be among the best.
    floor: f32,
}

impl Best {
    pub fn new(limit: usize) -> Self {
        Self {
            limit,
            hits: Vec::new(),
            floor: f32::NEG_INFINITY,
        }
    }

    /// Takes a hit into account. A score that is no number is below all others.
    #[inline]
    pub fn offer(&mut self, chunk_id: i64, score: f32) {
        if score >= self.floor {
            self.hits.push(Hit { chunk_id, score });
            if self.hits.len() >= 2 * self.limit {
                self.drop_worst();
            }
        }
    }

    fn drop_worst(&mut self) {
        if self.hits.len() <= self.limit {
            return;
        }
        match self.limit.checked_sub(1) {
            Some(last) => {
                let (_, worst, _) = self.hits.select_nth_unstable_by(last, order);
                self.floor = worst.score;
            }
            None => self.floor = f32::INFINITY,
        }
        self.hits.truncate(self.limit);
    }

    /// Returns the hits, the best one first.
    pub fn into_hits(mut self) -> Vec<Hit> {
        self.drop_worst();
        self.hits.sort_unstable_by(order);
        self.hits
    }
}

fn order(a: &Hit, b: &Hit) -> Ordering {
    b.score
        .total_cmp(&a.score)
        .then(a.chunk_id.cmp(&b.chunk_id))
}
