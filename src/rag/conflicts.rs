//! Finds sentences of two documents that say the same with different numbers.
//!
//! Two sentences are compared if their passages are near duplicates, or their documents have the
//! same title. The owner sees both places and both numbers, so each report can be checked at a
//! glance.

use crate::language::differences::differences;
use crate::persistence::conflicts::Neighbour;
use crate::persistence::indexing::{NewChunk, NewConflict};

/// The most passages of a new version that are compared.
pub const MOST_COMPARED: usize = 256;
/// The most conflicts that are kept for a version.
const MOST_KEPT: usize = 100;
/// The least cosine at which passages of documents with the same title are compared.
pub const SAME_TITLE: f32 = 0.7;
/// The passages of a version that can be in conflict with others: those with numbers.
pub fn comparable(chunks: &[NewChunk]) -> Vec<&NewChunk> {
    let with_numbers = |chunk: &&NewChunk| chunk.text.bytes().any(|byte| byte.is_ascii_digit());
    chunks
        .iter()
        .filter(with_numbers)
        .take(MOST_COMPARED)
        .collect()
}

/// Returns the conflicts of these passages with their neighbours. Neighbours less near than
/// `near_duplicate` count only if they belong to a document with this title.
pub fn find(
    title: &str,
    compared: &[&NewChunk],
    neighbours: &[Neighbour],
    near_duplicate: f32,
) -> Vec<NewConflict> {
    let mut found: Vec<NewConflict> = Vec::new();
    for neighbour in neighbours {
        let nth = usize::try_from(neighbour.nth - 1).unwrap_or(usize::MAX);
        let same_title = neighbour.title.trim().to_lowercase() == title.trim().to_lowercase();
        let Some(chunk) = compared
            .get(nth)
            .filter(|_| same_title || neighbour.similarity >= near_duplicate)
        else {
            continue;
        };
        for pair in differences(&chunk.text, &neighbour.text) {
            let conflict = NewConflict {
                start: chunk.start + pair.own.start,
                end: chunk.start + pair.own.end,
                quantities: pair.own_only,
                other: neighbour.version_id,
                other_start: neighbour.start + pair.other.start,
                other_end: neighbour.start + pair.other.end,
                other_quantities: pair.other_only,
                similarity: neighbour.similarity,
            };
            // Overlapping passages find the same pair twice.
            let known = found.iter().any(|known| {
                (known.start, known.other, known.other_start)
                    == (conflict.start, conflict.other, conflict.other_start)
            });
            if !known {
                found.push(conflict);
            }
            if found.len() == MOST_KEPT {
                return found;
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::VersionId;

    #[test]
    fn passages_are_compared_if_they_are_near_or_have_the_same_title() {
        let chunk = NewChunk {
            page: None,
            start: 100,
            end: 140,
            text: "Take 500 mg of paracetamol every 4 hours.".into(),
            context: Vec::new(),
            embedding: Vec::new(),
        };
        let neighbour = |title: &str, similarity| Neighbour {
            nth: 1,
            version_id: VersionId::new(),
            title: title.into(),
            start: 7,
            text: "Take 500 mg of paracetamol every 6 hours.".into(),
            similarity,
        };
        for (title, similarity, expected) in
            [("Other", 0.95, 1), ("Other", 0.8, 0), ("pain ", 0.8, 1)]
        {
            let neighbours = [neighbour(title, similarity), neighbour(title, similarity)];
            let found = find("Pain", &[&chunk], &neighbours[..1], 0.9);
            assert_eq!(found.len(), expected, "{title} {similarity}");
            if let Some(conflict) = found.first() {
                assert_eq!((conflict.start, conflict.other_start), (100, 7));
            }
        }
    }
}
