//! Authentication of callers, and the credential that orchestrator and rag share.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use super::Secret;

/// The `auth` section.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AuthConfig {
    pub enabled: bool,
    pub internal_token: Secret,
    /// The previous `internal_token`; during a rotation both are accepted.
    pub internal_token_previous: Secret,
    pub allow_weak_secrets: bool,
}

impl Default for AuthConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            internal_token: Secret::default(),
            internal_token_previous: Secret::default(),
            allow_weak_secrets: false,
        }
    }
}

/// The fewest characters of a shared secret, and the fewest different ones among them. Of 32 random
/// hexadecimal digits, one in twenty million has fewer than eight different ones.
const FEWEST_CHARACTERS: usize = 32;
const FEWEST_DIFFERENT: usize = 8;

impl AuthConfig {
    /// Returns the reason why a role must not start with these secrets.
    pub fn check_secrets(&self) -> Result<(), String> {
        if self.internal_token.is_empty() {
            return Err(format!(
                "auth.internal_token is not set: {}",
                how_to_make("INTERNAL_TOKEN")
            ));
        }
        for (key, variable, secret) in [
            ("internal_token", "INTERNAL_TOKEN", &self.internal_token),
            (
                "internal_token_previous",
                "INTERNAL_TOKEN_PREVIOUS",
                &self.internal_token_previous,
            ),
        ] {
            let weakness = weakness(secret.expose()).filter(|_| !secret.is_empty());
            if let Some(weakness) = weakness.filter(|_| !self.allow_weak_secrets) {
                return Err(format!(
                    "auth.{key} can be guessed: {weakness}. {}",
                    how_to_make(variable)
                ));
            }
        }
        Ok(())
    }
}

fn how_to_make(variable: &str) -> String {
    format!(
        "Make one with `openssl rand -hex 32`, and give orchestrator and rag the same in {variable}."
    )
}

/// Explains how somebody could guess this secret.
fn weakness(secret: &str) -> Option<String> {
    let characters: Vec<char> = secret.chars().collect();
    if characters.len() < FEWEST_CHARACTERS {
        return Some(format!(
            "it has {} characters, fewer than {FEWEST_CHARACTERS}",
            characters.len()
        ));
    }
    let different = characters.iter().collect::<HashSet<_>>().len();
    if different < FEWEST_DIFFERENT {
        return Some(format!(
            "it has {different} different characters, fewer than {FEWEST_DIFFERENT}"
        ));
    }
    repeats(&characters).then(|| "it repeats itself".to_owned())
}

/// Whether the text repeats a piece of at most half its length.
fn repeats(characters: &[char]) -> bool {
    (1..=characters.len() / 2).any(|period| {
        let later = characters.iter().skip(period);
        later.zip(characters).all(|(one, other)| one == other)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_that_can_be_guessed_are_refused() {
        let refusal = |current: &str, previous: &str, allowed| {
            let config = AuthConfig {
                internal_token: Secret::new(current),
                internal_token_previous: Secret::new(previous),
                allow_weak_secrets: allowed,
                ..AuthConfig::default()
            };
            config.check_secrets().err().unwrap_or_default()
        };
        let strong = "9b1f7c30a2e84d5660c7f1a3958e2d4b";
        assert_eq!(refusal(strong, "", false), "");
        assert_eq!(refusal(strong, strong, false), "");
        for (weak, reason) in [
            ("x", "1 characters"),
            ("a-word-and-another-word", "23 characters"),
            (&"0".repeat(64), "1 different"),
            (&"12345678".repeat(5), "repeats"),
            (&"correct-horse-7,".repeat(2), "repeats"),
        ] {
            let said = refusal(weak, "", false);
            assert!(said.starts_with("auth.internal_token can"), "{said}");
            assert!(said.contains(reason), "{said}");
            assert!(said.contains("`openssl rand -hex 32`"), "{said}");
            assert!(!said.contains(weak) || weak == "x", "{said}");
            let said = refusal(strong, weak, false);
            assert!(said.starts_with("auth.internal_token_previous"), "{said}");
            assert_eq!(refusal(weak, weak, true), "");
        }
        assert!(refusal("", strong, true).contains("is not set"));
    }
}
