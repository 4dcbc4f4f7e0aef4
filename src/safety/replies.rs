//! The replies that need no document: to a greeting, to thanks, to a question about the assistant, and
//! the sentences around an answer. They stand in `config/replies`, one file a language, and an
//! organisation may replace each of them in files of its own.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::OnceLock;

use super::texts::filled;
use crate::domain::understanding::MessageKind;
use crate::language::{Tongue, by_tongue};

/// The names of the replies; every language has each of them.
const NAMES: [&str; 16] = [
    "greeting",
    "thanks",
    "goodbye",
    "identity",
    "capabilities",
    "capabilities_empty",
    "doctor",
    "privacy",
    "complaint",
    "statement",
    "nothing_said",
    "explain",
    "which_one",
    "near",
    "unanswered",
    "corrected",
];

/// The most bytes of a reply of an organisation.
const MOST: usize = 4_000;

static REPLIES: OnceLock<Replies> = OnceLock::new();

/// The replies of all languages, by language and name.
#[derive(Debug, Default)]
pub struct Replies(BTreeMap<(Tongue, String), String>);

/// The reason why a file of replies cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RepliesError {
    #[error("{0}: the name of the file must be the code of a language, such as en.toml")]
    Language(String),
    #[error("{file}: {problem}")]
    Unreadable { file: String, problem: String },
    #[error("{file}: there is no reply `{name}`; the replies are {known}")]
    Unknown {
        file: String,
        name: String,
        known: String,
    },
    #[error("{file}: `{name}` must have 1 to {MOST} bytes")]
    Length { file: String, name: String },
}

impl Replies {
    /// The replies of the product, and those of further files, which replace them. Each file is
    /// given as its path and its text.
    pub fn extended<'a>(
        files: impl IntoIterator<Item = (&'a Path, &'a str)>,
    ) -> Result<Self, RepliesError> {
        let mut all = Self::default();
        for (tongue, text) in by_tongue!("replies") {
            all.read(Path::new(&format!("{}.toml", tongue.code())), text)?;
        }
        for (path, text) in files {
            all.read(path, text)?;
        }
        Ok(all)
    }

    fn read(&mut self, path: &Path, text: &str) -> Result<(), RepliesError> {
        let file = path.display().to_string();
        let code = path.file_stem().and_then(|stem| stem.to_str());
        let Some(tongue) = code.and_then(Tongue::parse) else {
            return Err(RepliesError::Language(file));
        };
        let read: BTreeMap<String, String> = match toml::from_str(text) {
            Ok(read) => read,
            Err(problem) => {
                let problem = problem.to_string();
                return Err(RepliesError::Unreadable { file, problem });
            }
        };
        for (name, text) in read {
            if !NAMES.contains(&name.as_str()) {
                let known = NAMES.join(", ");
                return Err(RepliesError::Unknown { file, name, known });
            }
            if text.trim().is_empty() || text.len() > MOST {
                return Err(RepliesError::Length { file, name });
            }
            self.0.insert((tongue, name), text);
        }
        Ok(())
    }

    /// The replies of this process: those of the product, unless others were installed.
    pub fn installed() -> &'static Self {
        REPLIES.get_or_init(|| {
            Self::extended([]).unwrap_or_else(|problem| {
                // A test reads the same files, so this never leaves the building.
                tracing::error!(error = %problem, "the built-in replies cannot be read");
                Self::default()
            })
        })
    }

    /// Replies with these texts from now on. Returns whether the process had none before.
    pub fn install(self) -> bool {
        REPLIES.set(self).is_ok()
    }

    fn get(&self, name: &str, tongue: Tongue) -> &str {
        let text = |tongue| self.0.get(&(tongue, name.to_owned()));
        text(tongue)
            .or_else(|| text(Tongue::English))
            .map_or("", String::as_str)
    }
}

fn reply(name: &str, tongue: Tongue, values: &[(&str, String)]) -> String {
    filled(Replies::installed().get(name, tongue), values)
}

/// Returns the reply to a message that asks the documents nothing; `topics` are titles of documents
/// that the person may read.
pub fn manners(kind: MessageKind, topics: &[String], tongue: Tongue) -> String {
    let name = match kind {
        MessageKind::Capabilities if topics.is_empty() => "capabilities_empty",
        kind => kind.as_str(),
    };
    reply(name, tongue, &[("{topics}", listed(topics, tongue))])
}

/// Returns the question which of several documents is meant.
pub fn which(tongue: Tongue) -> String {
    reply("which_one", tongue, &[])
}

/// Returns the sentence that names the nearest documents.
pub fn near(titles: &[String], tongue: Tongue) -> String {
    reply("near", tongue, &[("{titles}", listed(titles, tongue))])
}

/// Returns the sentence that names a part of the message that is not answered.
pub fn unanswered(question: &str, tongue: Tongue) -> String {
    reply("unanswered", tongue, &[("{question}", question.to_owned())])
}

/// Returns the sentence that tells of a word that was read as another one.
pub fn corrected(typed: &str, meant: &str, tongue: Tongue) -> String {
    let values = [("{typed}", typed.to_owned()), ("{meant}", meant.to_owned())];
    reply("corrected", tongue, &values)
}

/// Returns the reply to a request to repeat an answer that there is not.
pub fn nothing_said(tongue: Tongue) -> String {
    reply("nothing_said", tongue, &[])
}

/// Returns the sentence before an answer that was to be explained.
pub fn explain(tongue: Tongue) -> String {
    reply("explain", tongue, &[])
}

/// Joins names as the language writes them.
fn listed(names: &[String], tongue: Tongue) -> String {
    let (between, open, close) = match tongue {
        Tongue::Chinese => ("、", "《", "》"),
        Tongue::Arabic => ("، ", "«", "»"),
        Tongue::Japanese => ("、", "「", "」"),
        _ => (", ", "“", "”"),
    };
    let quoted = names.iter().map(|name| format!("{open}{name}{close}"));
    quoted.collect::<Vec<_>>().join(between)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_has_every_reply() {
        let all = Replies::extended([]).unwrap();
        for tongue in Tongue::ALL {
            for name in NAMES {
                let text = all.0.get(&(tongue, name.to_owned()));
                let text = text.unwrap_or_else(|| panic!("{tongue:?} has no {name}"));
                assert_eq!(text.trim(), text, "{tongue:?} {name}");
            }
        }
    }

    #[test]
    fn a_file_of_an_organisation_replaces_what_it_contains() {
        let file = (Path::new("our/en.toml"), "greeting = \"Hi from us\"");
        let all = Replies::extended([file]).unwrap();
        assert_eq!(all.get("greeting", Tongue::English), "Hi from us");
        assert!(all.get("thanks", Tongue::English).contains("welcome"));
        for (path, text, problem) in [
            ("our/xx.toml", "", "code of a language"),
            ("our/en.toml", "greting = \"Hi\"", "no reply `greting`"),
            ("our/en.toml", "greeting = \"\"", "`greeting` must have"),
            ("our/en.toml", "greeting =", "en.toml: "),
        ] {
            let error = Replies::extended([(Path::new(path), text)]).unwrap_err();
            assert!(error.to_string().contains(problem), "{error}");
        }
    }

    #[test]
    fn the_reply_to_what_can_you_do_names_topics() {
        let topics = ["Visiting hours".to_owned(), "Parking".to_owned()];
        let text = manners(MessageKind::Capabilities, &topics, Tongue::English);
        assert!(text.contains("“Visiting hours”, “Parking”"), "{text}");
        let none = manners(MessageKind::Capabilities, &[], Tongue::German);
        assert!(none.contains("noch gibt es keine"), "{none}");
    }
}
