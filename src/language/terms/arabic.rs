//! The light stemmer of Larkey, Ballesteros and Connell, "Light stemming for Arabic information
//! retrieval" (2007), known as light10.

const ARTICLES: [&str; 6] = ["وال", "بال", "كال", "فال", "ال", "لل"];
const ENDINGS: [&str; 9] = ["ها", "ان", "ات", "ون", "ين", "يه", "ه", "ي", "ا"];

/// Returns the stem of a folded word; what remains has at least two letters.
pub(super) fn stem(word: &str) -> String {
    let letters = |word: &str| word.chars().count();
    let mut stem = word;
    if let Some(rest) = stem.strip_prefix('و').filter(|rest| letters(rest) >= 3) {
        stem = rest;
    }
    let bare = ARTICLES
        .iter()
        .find_map(|article| stem.strip_prefix(article));
    stem = bare.filter(|rest| letters(rest) >= 2).unwrap_or(stem);
    for ending in ENDINGS {
        if let Some(rest) = stem.strip_suffix(ending).filter(|rest| letters(rest) >= 2) {
            stem = rest;
        }
    }
    stem.to_owned()
}
