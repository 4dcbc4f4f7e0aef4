//! Remarks for the uploader about how a document was read.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A remark about how a document was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Note {
    /// The document does not say its encoding.
    Guessed { encoding: String },
    /// The bytes are not in the encoding that was declared for them.
    Contradicted {
        declared: String,
        encoding: String,
        guessed: bool,
    },
    /// Characters were lost before the upload.
    Damaged { characters: usize },
    /// Slides that a presentation does not show.
    HiddenSlides { slides: usize },
    /// Parts of a workbook that it does not show.
    HiddenCells {
        sheets: usize,
        rows: usize,
        columns: usize,
    },
    /// Formulas whose result is not stored.
    Formulas { cells: usize },
    /// Files that an e-mail carries.
    Attachments { names: Vec<String> },
}

/// Counts things: "1 sheet", "2 sheets".
fn count(number: usize, thing: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {thing}{plural}")
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const GUESS: &str = "which was guessed: check the letters, or save the file as UTF-8.";
        match self {
            Self::Guessed { encoding } => write!(
                f,
                "The file does not say its encoding. It is read as {encoding}, {GUESS}"
            ),
            Self::Contradicted {
                declared,
                encoding,
                guessed,
            } => {
                write!(
                    f,
                    "The file was declared to be {declared}, but its bytes are not. It is read as \
                     {encoding}"
                )?;
                if *guessed {
                    write!(f, ", {GUESS}")
                } else {
                    f.write_str(".")
                }
            }
            Self::Damaged { characters } => write!(
                f,
                "Left out because the file is damaged there: {}, shown as \u{FFFD} in the text.",
                count(*characters, "character")
            ),
            Self::HiddenSlides { slides } => {
                write!(f, "Left out because hidden: {}.", count(*slides, "slide"))
            }
            Self::HiddenCells {
                sheets,
                rows,
                columns,
            } => {
                let parts = [(*sheets, "sheet"), (*rows, "row"), (*columns, "column")];
                let parts = parts.iter().filter(|(number, _)| *number > 0);
                let parts: Vec<String> = parts.map(|(n, thing)| count(*n, thing)).collect();
                write!(f, "Left out because hidden: {}.", parts.join(", "))
            }
            Self::Formulas { cells } => write!(
                f,
                "Left out because the file holds no results: {}. Open it in the program it was \
                 written with, save it and upload it again.",
                count(*cells, "formula")
            ),
            Self::Attachments { names } => write!(
                f,
                "Left out, because an attachment is a document of its own: {}.",
                names.join(", ")
            ),
        }
    }
}
