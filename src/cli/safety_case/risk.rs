//! The risk matrix of DCB0129: severity and likelihood give a rating from 1 to 5.

/// How bad the harm is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    Minor,
    Significant,
    Considerable,
    Major,
    Catastrophic,
}

/// How often the harm is expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Likelihood {
    VeryLow,
    Low,
    Medium,
    High,
    VeryHigh,
}

impl Severity {
    pub const ALL: [Self; 5] = [
        Self::Minor,
        Self::Significant,
        Self::Considerable,
        Self::Major,
        Self::Catastrophic,
    ];

    /// The name as written in the hazard log.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Minor => "minor",
            Self::Significant => "significant",
            Self::Considerable => "considerable",
            Self::Major => "major",
            Self::Catastrophic => "catastrophic",
        }
    }

    /// The meaning of the level for one patient, in the words of this project.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Minor => "a short discomfort, or no harm",
            Self::Significant => "an injury that heals without treatment, or much distress",
            Self::Considerable => "an injury that needs treatment, or a serious trauma of mind",
            Self::Major => "a lasting injury or illness that changes a life",
            Self::Catastrophic => "death",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.as_str() == name)
    }
}

impl Likelihood {
    pub const ALL: [Self; 5] = [
        Self::VeryLow,
        Self::Low,
        Self::Medium,
        Self::High,
        Self::VeryHigh,
    ];

    /// The name as written in the hazard log.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::VeryLow => "very low",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::VeryHigh => "very high",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.as_str() == name)
    }
}

/// A point of the matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Risk {
    pub severity: Severity,
    pub likelihood: Likelihood,
}

impl Risk {
    /// The rating, from 1 (acceptable) to 5 (unacceptable).
    pub fn rating(self) -> u8 {
        let row = match self.likelihood {
            Likelihood::VeryLow => [1, 1, 2, 2, 3],
            Likelihood::Low => [1, 2, 2, 3, 4],
            Likelihood::Medium => [2, 2, 3, 3, 4],
            Likelihood::High => [2, 3, 3, 4, 5],
            Likelihood::VeryHigh => [3, 4, 4, 5, 5],
        };
        let at = Severity::ALL
            .iter()
            .position(|level| *level == self.severity);
        at.and_then(|at| row.get(at)).copied().unwrap_or(5)
    }
}

/// The action that a rating asks for.
pub fn required(rating: u8) -> &'static str {
    match rating {
        1 => "acceptable; no further action",
        2 => "acceptable where more reduction costs more than it gains",
        3 => "undesirable; acceptable only where more reduction is impractical",
        4 => "mandatory elimination or reduction",
        _ => "unacceptable",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_severe_or_more_likely_is_never_a_lower_risk() {
        let rating = |severity, likelihood| {
            Risk {
                severity,
                likelihood,
            }
            .rating()
        };
        for (severity, worse) in Severity::ALL.into_iter().zip(&Severity::ALL[1..]) {
            for likelihood in Likelihood::ALL {
                assert!(rating(severity, likelihood) <= rating(*worse, likelihood));
            }
        }
        for (likelihood, more) in Likelihood::ALL.into_iter().zip(&Likelihood::ALL[1..]) {
            for severity in Severity::ALL {
                assert!(rating(severity, likelihood) <= rating(severity, *more));
            }
        }
        assert_eq!(rating(Severity::Minor, Likelihood::VeryLow), 1);
        assert_eq!(rating(Severity::Catastrophic, Likelihood::VeryLow), 3);
        assert_eq!(rating(Severity::Catastrophic, Likelihood::High), 5);
    }
}
