//! The organisation's own rules of triage.

use std::fs;

use anyhow::{Context, ensure};

use crate::config::SafetyConfig;
use crate::safety::Rules;

/// Reads the rules of the product and those of the configured files.
pub fn triage_rules(config: &SafetyConfig) -> anyhow::Result<Rules> {
    let read = config.triage_rules.iter().map(|path| {
        let name = path.display().to_string();
        let text = fs::read_to_string(path)
            .with_context(|| format!("safety.triage_rules names {name}, which cannot be read"))?;
        Ok((name, text))
    });
    let files = read.collect::<anyhow::Result<Vec<_>>>()?;
    let named = files.iter();
    let named = named.map(|(name, text)| (name.as_str(), text.as_str()));
    Ok(Rules::extended(named)?)
}

/// Triages by the rules of the configured files too, from now on.
pub(super) fn install(config: &SafetyConfig) -> anyhow::Result<()> {
    if config.triage_rules.is_empty() {
        // The product's rules are read in the background: they cannot fail, and a start is short.
        return Ok(());
    }
    let installed = triage_rules(config)?.install();
    ensure!(installed, "the rules of triage are in use already");
    Ok(())
}
