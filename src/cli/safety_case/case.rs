//! The hazard log, read from `hazards.toml` and checked.

use std::collections::BTreeSet;
use std::path::Path;

use figment::providers::{Format, Toml};
use serde::Deserialize;
use thiserror::Error;

use super::risk::{Likelihood, Risk, Severity};

/// The reason why the hazard log or a file of figures cannot be used.
#[derive(Debug, Error)]
pub enum CaseError {
    #[error("{file}: {reason}")]
    Unreadable { file: String, reason: String },
    #[error("hazard {hazard}: \"{level}\" is no {scale}; use one of {known}")]
    UnknownLevel {
        hazard: String,
        scale: &'static str,
        level: String,
        known: String,
    },
    #[error("{kind} {id} is there twice; give one of them another id")]
    Duplicate { kind: &'static str, id: String },
    #[error("hazard {hazard}: \"{field}\" is empty")]
    Empty { hazard: String, field: &'static str },
    #[error("hazard {hazard} has no control")]
    NoControl { hazard: String },
    #[error(
        "hazard {hazard}: the control \"{control}\" names no test; name the test that fails \
         without it, or move it to `organisation` if people apply it"
    )]
    NoTest { hazard: String, control: String },
    #[error(
        "hazard {hazard}: the residual rating {residual} is above the initial rating {initial}"
    )]
    RiskGrows {
        hazard: String,
        initial: u8,
        residual: u8,
    },
    #[error(
        "hazard {hazard}: a residual rating of {residual} needs more reduction, so the status \
         stays \"open\""
    )]
    StillTooHigh { hazard: String, residual: u8 },
    #[error(
        "hazard {hazard}: \"accepted\" needs `accepted_by`, with the clinician's name, \
         registration and date; nothing else may have it"
    )]
    Signature { hazard: String },
    #[error("figure {figure}: {reason}")]
    Figure { figure: String, reason: String },
}

/// The whole hazard log.
#[derive(Debug)]
pub struct Case {
    pub about: About,
    pub hazards: Vec<Hazard>,
}

/// The subject of the safety case.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct About {
    pub title: String,
    pub standard: String,
    pub scope: String,
    pub owner: String,
    pub status: String,
    /// The decisions that no test and no engineer can make.
    pub clinician_only: Vec<String>,
}

/// A hazard with its controls.
#[derive(Debug)]
pub struct Hazard {
    pub text: HazardText,
    pub initial: Risk,
    pub residual: Risk,
}

/// A hazard as written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HazardText {
    pub id: String,
    pub title: String,
    pub hazard: String,
    pub causes: Vec<String>,
    pub harm: String,
    initial: Levels,
    residual: Levels,
    /// Why the residual risk is what it is, and what stays.
    pub remains: String,
    pub owner: String,
    pub status: Status,
    #[serde(default)]
    pub accepted_by: Option<String>,
    /// The part that only a clinician can sign.
    pub clinician: String,
    /// The duties of the organisation that runs the product (DCB0160).
    #[serde(default)]
    pub organisation: Vec<String>,
    #[serde(default, rename = "control")]
    pub controls: Vec<Control>,
}

/// A measure in the product that reduces the risk.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Control {
    pub control: String,
    /// The tests that fail without the control, as `cargo test` prints them, or `browser: name`.
    #[serde(default)]
    pub tests: Vec<String>,
}

/// How far a hazard has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// More reduction is needed.
    Open,
    /// The controls stand and are tested; no clinician has accepted the residual risk.
    Controlled,
    /// A clinician has accepted the residual risk.
    Accepted,
}

impl Status {
    /// The name as written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Controlled => "controlled",
            Self::Accepted => "accepted",
        }
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Levels {
    severity: String,
    likelihood: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    case: About,
    hazard: Vec<HazardText>,
}

impl Case {
    /// Reads and checks the hazard log.
    pub fn read(file: &Path) -> Result<Self, CaseError> {
        Self::parse(&text(file)?, &file.display().to_string())
    }

    /// Parses and checks the text of a hazard log.
    pub fn parse(text: &str, file: &str) -> Result<Self, CaseError> {
        let File { case, hazard } = parsed(text, file)?;
        let mut ids = BTreeSet::new();
        let mut hazards = Vec::new();
        for text in hazard {
            if !ids.insert(text.id.clone()) {
                let id = text.id;
                return Err(CaseError::Duplicate { kind: "hazard", id });
            }
            hazards.push(Hazard::checked(text)?);
        }
        Ok(Self {
            about: case,
            hazards,
        })
    }
}

impl Hazard {
    fn checked(text: HazardText) -> Result<Self, CaseError> {
        let hazard = || text.id.clone();
        let empty = [
            ("id", text.id.is_empty()),
            ("title", text.title.is_empty()),
            ("hazard", text.hazard.is_empty()),
            ("causes", text.causes.is_empty()),
            ("harm", text.harm.is_empty()),
            ("remains", text.remains.is_empty()),
            ("owner", text.owner.is_empty()),
            ("clinician", text.clinician.is_empty()),
        ];
        if let Some((field, _)) = empty.into_iter().find(|(_, empty)| *empty) {
            return Err(CaseError::Empty {
                hazard: hazard(),
                field,
            });
        }
        if text.controls.is_empty() {
            return Err(CaseError::NoControl { hazard: hazard() });
        }
        if let Some(control) = text.controls.iter().find(|one| one.tests.is_empty()) {
            return Err(CaseError::NoTest {
                hazard: hazard(),
                control: control.control.clone(),
            });
        }
        let (initial, residual) = (text.initial.risk(&text.id)?, text.residual.risk(&text.id)?);
        if residual.rating() > initial.rating() {
            return Err(CaseError::RiskGrows {
                hazard: hazard(),
                initial: initial.rating(),
                residual: residual.rating(),
            });
        }
        if residual.rating() > 3 && text.status != Status::Open {
            return Err(CaseError::StillTooHigh {
                hazard: hazard(),
                residual: residual.rating(),
            });
        }
        if (text.status == Status::Accepted) != text.accepted_by.is_some() {
            return Err(CaseError::Signature { hazard: hazard() });
        }
        Ok(Self {
            text,
            initial,
            residual,
        })
    }
}

impl Levels {
    fn risk(&self, hazard: &str) -> Result<Risk, CaseError> {
        let unknown = |scale, level: &str, known: [&str; 5]| CaseError::UnknownLevel {
            hazard: hazard.to_owned(),
            scale,
            level: level.to_owned(),
            known: known.join(", "),
        };
        Ok(Risk {
            severity: Severity::parse(&self.severity).ok_or_else(|| {
                let known = Severity::ALL.map(Severity::as_str);
                unknown("severity", &self.severity, known)
            })?,
            likelihood: Likelihood::parse(&self.likelihood).ok_or_else(|| {
                let known = Likelihood::ALL.map(Likelihood::as_str);
                unknown("likelihood", &self.likelihood, known)
            })?,
        })
    }
}

/// Reads a file as text.
pub fn text(file: &Path) -> Result<String, CaseError> {
    std::fs::read_to_string(file).map_err(|error| CaseError::Unreadable {
        file: file.display().to_string(),
        reason: format!("{error}; `--from` names the folder"),
    })
}

/// Parses TOML into its type.
pub fn parsed<T: serde::de::DeserializeOwned>(text: &str, file: &str) -> Result<T, CaseError> {
    Toml::from_str(text).map_err(|error| CaseError::Unreadable {
        file: file.to_owned(),
        reason: error.to_string(),
    })
}
