//! The data of the changes.

use std::sync::LazyLock;

use serde::Deserialize;

/// The replacements of a kind.
#[derive(Deserialize)]
pub struct Swap {
    pub kind: String,
    pub pairs: Vec<(String, String)>,
}

/// Names of which one replaces another.
#[derive(Deserialize)]
pub struct Group {
    pub kind: String,
    pub members: Vec<String>,
}

/// Pieces that a passage does not hold.
#[derive(Deserialize)]
pub struct Inventions {
    pub appended: Vec<String>,
    pub inserted: Vec<String>,
    pub words: Vec<String>,
    pub reasons: Vec<String>,
    pub purposes: Vec<String>,
    pub conditions: Vec<String>,
    pub exceptions: Vec<String>,
    pub figures: Vec<String>,
}

#[derive(Deserialize)]
pub struct Frames {
    pub doubts: Vec<String>,
}

#[derive(Deserialize)]
pub struct Changes {
    pub swap: Vec<Swap>,
    pub group: Vec<Group>,
    pub inventions: Inventions,
    pub frames: Frames,
}

#[derive(Deserialize)]
pub struct Paraphrases {
    pub swap: Vec<Swap>,
}

/// True sentences of a language without rules.
#[derive(Deserialize)]
pub struct OtherLanguage {
    pub name: String,
    pub sentences: Vec<String>,
}

#[derive(Deserialize)]
struct OtherLanguages {
    language: Vec<OtherLanguage>,
}

/// Reads the sentences of languages without rules.
pub fn other_languages() -> anyhow::Result<Vec<OtherLanguage>> {
    let file: OtherLanguages = read(include_str!("data/other_languages.toml"))?;
    Ok(file.language)
}

fn read<T: for<'a> Deserialize<'a>>(text: &str) -> anyhow::Result<T> {
    use figment::providers::{Format, Toml};
    Ok(Toml::from_str(text)?)
}

/// Reads the replacements that change the meaning.
pub fn changes() -> anyhow::Result<Changes> {
    read(include_str!("data/changes.toml"))
}

/// Reads the replacements that keep the meaning.
pub fn paraphrases() -> anyhow::Result<Paraphrases> {
    read(include_str!("data/paraphrases.toml"))
}

/// Pairs of opposites: the antonyms of `WordNet` 3.1 among everyday words. Its licence is in
/// `src/language/en/words/LICENSE-WordNet.txt`.
pub static ANTONYMS: LazyLock<Vec<(&str, &str)>> = LazyLock::new(|| {
    let lines = include_str!("data/antonyms.txt").lines();
    lines.filter_map(|line| line.split_once(' ')).collect()
});
