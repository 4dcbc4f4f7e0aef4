//! Cases, as the data files beside this one hold them.

use std::collections::HashSet;
use std::path::Path;

use figment::Figment;
use figment::providers::{Format, Toml};
use serde::Deserialize;

/// Cases that a change may be tuned on, and cases that only tell whether it helped.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Half {
    Development,
    HeldOut,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    half: Half,
    /// Documents that several cases of the file name.
    #[serde(rename = "leaflet", default)]
    leaflets: Vec<Leaflet>,
    #[serde(rename = "case")]
    cases: Vec<Case>,
}

/// A question, the documents it is asked about, and what its answer must and must not show.
/// Texts are compared without regard to case and to the kind of white space.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    pub id: String,
    pub kind: String,
    #[serde(rename = "document", default)]
    pub documents: Vec<Leaflet>,
    /// Names of the file's leaflets that are there, too.
    #[serde(default)]
    leaflets: Vec<String>,
    /// The sample leaflets are asked, too.
    #[serde(default)]
    pub with_samples: bool,
    pub ask: String,
    /// The pieces in which the language model answers; without them there is no model.
    pub model: Option<Vec<String>>,
    /// The states in which the turn may end; any if empty.
    #[serde(default)]
    pub status: Vec<String>,
    /// Each must be in the answer; of a list, one.
    #[serde(default)]
    pub holds: Vec<OneOf>,
    /// None may be in the answer or in any text that was shown before it.
    #[serde(default)]
    pub lacks: Vec<String>,
    /// None may be in anything that a client sees, sources and quotes included.
    #[serde(default)]
    pub lacks_anywhere: Vec<String>,
    /// The last of each list only stands in the answer after one of the others.
    #[serde(default)]
    pub after: Vec<Vec<String>>,
    /// An answer that says "I don't know" is right as well.
    #[serde(default = "yes")]
    pub safe_if_abstained: bool,
    /// Each must be in the answer and be covered by a citation; of a list, the first, and the
    /// others must be in the quote.
    #[serde(default)]
    pub cited: Vec<OneOf>,
}

impl Case {
    fn add_leaflets(&mut self, shared: &[Leaflet]) {
        for name in &self.leaflets {
            let leaflet = shared.iter().find(|leaflet| leaflet.name == *name);
            let leaflet = leaflet.unwrap_or_else(|| panic!("{}: no leaflet {name}", self.id));
            self.documents.push(leaflet.clone());
        }
    }
}

/// A document of a case.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Leaflet {
    pub name: String,
    pub title: Option<String>,
    media_type: Option<String>,
    pub text: String,
}

impl Leaflet {
    /// The media type; the name tells it if nothing else does.
    pub fn media_type(&self) -> &str {
        let by_name = || match Path::new(&self.name).extension()?.to_str()? {
            "md" => Some("text/markdown"),
            "html" => Some("text/html"),
            "txt" => Some("text/plain"),
            _ => None,
        };
        let stated = self.media_type.as_deref();
        stated.or_else(by_name).expect("a media type")
    }
}

/// A text, or a list of them.
#[derive(Deserialize)]
#[serde(untagged)]
pub enum OneOf {
    One(String),
    Several(Vec<String>),
}

impl OneOf {
    pub fn texts(&self) -> &[String] {
        match self {
            Self::One(text) => std::slice::from_ref(text),
            Self::Several(texts) => texts,
        }
    }
}

fn yes() -> bool {
    true
}

/// The cases of one half. `CHATBOT_TEST_CASES` limits them to those whose id or kind contains it.
pub fn load(half: Half) -> Vec<Case> {
    let wanted = std::env::var("CHATBOT_TEST_CASES").unwrap_or_default();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/answers/safety");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "toml"))
        .collect();
    files.sort();
    let mut ids = HashSet::new();
    let mut cases = Vec::new();
    for path in files {
        let file: Figment = Figment::from(Toml::file_exact(&path));
        let file: File = file
            .extract()
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        for mut case in file.cases {
            case.add_leaflets(&file.leaflets);
            assert!(ids.insert(case.id.clone()), "{} is there twice", case.id);
            if file.half == half && (case.id.contains(&wanted) || case.kind.contains(&wanted)) {
                cases.push(case);
            }
        }
    }
    cases
}
