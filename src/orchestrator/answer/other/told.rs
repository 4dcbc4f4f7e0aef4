//! The language of a passage.

use crate::language::Tongue;

/// The characters that tell the language of a passage.
const TELLING: usize = 600;

/// Returns the language of a passage, if it tells one.
pub(in crate::orchestrator::answer) fn tongue_of(title: &str, text: &str) -> Option<Tongue> {
    let told: String = text.chars().take(TELLING).collect();
    Tongue::guess(&told).or_else(|| Tongue::guess(title))
}
