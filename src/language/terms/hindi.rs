//! The light stemmer of Ramanathan and Rao, "A lightweight stemmer for Hindi" (2003): the longest
//! ending of number, gender, case or tense is removed.

const ENDINGS: [&str; 44] = [
    "ाएंगी",
    "ाएंगे",
    "ाऊंगी",
    "ाऊंगा",
    "ाइयां",
    "ाइयों",
    "ाएगी",
    "ाएगा",
    "ाओगी",
    "ाओगे",
    "एंगी",
    "ेंगी",
    "ेंगे",
    "ूंगी",
    "ूंगा",
    "ातीं",
    "नाओं",
    "नाएं",
    "ताओं",
    "ताएं",
    "ियां",
    "ियों",
    "ाओं",
    "ाएं",
    "ुओं",
    "ुएं",
    "ाने",
    "ाना",
    "ाते",
    "ाती",
    "ाता",
    "ेगा",
    "ेगी",
    "तीं",
    "ों",
    "ें",
    "ाई",
    "ाए",
    "ने",
    "ना",
    "ता",
    "ते",
    "ी",
    "े",
];
const VOWELS: [char; 6] = ['ा', 'ि', 'ु', 'ू', 'ो', 'ं'];

/// Returns the stem of a folded word; what remains has at least two characters.
pub(super) fn stem(word: &str) -> String {
    let letters = |word: &str| word.chars().count();
    let without = ENDINGS
        .iter()
        .find_map(|ending| word.strip_suffix(ending).filter(|rest| letters(rest) >= 2));
    let stem = without.unwrap_or(word);
    match stem.strip_suffix(VOWELS).filter(|rest| letters(rest) >= 2) {
        Some(rest) => rest.to_owned(),
        None => stem.to_owned(),
    }
}
