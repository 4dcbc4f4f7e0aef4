//! The organisation's own replies.

use std::fs;

use anyhow::{Context, ensure};

use crate::config::SafetyConfig;
use crate::safety::replies::Replies;

/// Reads the replies of the product and those of the configured files.
pub fn replies(config: &SafetyConfig) -> anyhow::Result<Replies> {
    let read = config.replies.iter().map(|path| {
        let text = fs::read_to_string(path).with_context(|| {
            let name = path.display();
            format!("safety.replies names {name}, which cannot be read")
        })?;
        Ok((path.as_path(), text))
    });
    let files = read.collect::<anyhow::Result<Vec<_>>>()?;
    let named = files.iter().map(|(path, text)| (*path, text.as_str()));
    Ok(Replies::extended(named)?)
}

/// Replies with the texts of the configured files from now on.
pub(super) fn install(config: &SafetyConfig) -> anyhow::Result<()> {
    if config.replies.is_empty() {
        return Ok(());
    }
    let installed = replies(config)?.install();
    ensure!(installed, "the replies are in use already");
    Ok(())
}
