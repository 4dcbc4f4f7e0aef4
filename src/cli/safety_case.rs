//! `chatbot safety-case` renders the hazard log with the measured figures, and checks the controls
//! against the results of a test run.

mod case;
mod figures;
mod html;
mod markdown;
mod rendered;
mod results;
mod risk;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;

use super::output;
use case::Case;
use rendered::Rendered;
use results::{Outcome, Results};

/// The name of both renderings, without their ending.
const NAME: &str = "safety-case";

/// The parameters of the command.
#[derive(Args)]
pub struct SafetyCaseArgs {
    /// The folder to write `safety-case.md` and `safety-case.html` to; without it the Markdown goes
    /// to standard output.
    #[arg(long)]
    out: Option<PathBuf>,
    /// The folder with `hazards.toml` and `figures/`.
    #[arg(long, default_value = "docs/safety")]
    from: PathBuf,
    /// The output of a test run (`cargo test`, or TAP of the browser's tests). A control whose tests
    /// did not all pass in it is named, and the command fails.
    #[arg(long)]
    results: Vec<PathBuf>,
}

/// Runs the command.
pub fn run(args: &SafetyCaseArgs) -> anyhow::Result<()> {
    let case = Case::read(&args.from.join("hazards.toml"))?;
    let figures = figures::read(&args.from.join("figures"), &case)?;
    let results = read_results(&args.results)?;
    let rendered = Rendered {
        case: &case,
        figures: &figures,
        results: results.as_ref(),
    };
    match &args.out {
        Some(folder) => write(folder, &rendered)?,
        None if results.is_none() => output::text(&markdown::render(&rendered)?)?,
        None => {}
    }
    if let Some(results) = &results {
        output::line(&verify(&case, results)?)?;
    }
    Ok(())
}

fn read_results(files: &[PathBuf]) -> anyhow::Result<Option<Results>> {
    if files.is_empty() {
        return Ok(None);
    }
    let mut results = Results::default();
    for file in files {
        let bytes = std::fs::read(file)
            .with_context(|| format!("the results {} cannot be read", file.display()))?;
        results.add(&String::from_utf8_lossy(&bytes));
    }
    Ok(Some(results))
}

fn write(folder: &Path, rendered: &Rendered<'_>) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder)
        .with_context(|| format!("the folder {} cannot be made", folder.display()))?;
    for (ending, text) in [
        ("md", markdown::render(rendered)?),
        ("html", html::render(rendered)?),
    ] {
        let file = folder.join(format!("{NAME}.{ending}"));
        std::fs::write(&file, text)
            .with_context(|| format!("{} cannot be written", file.display()))?;
        output::line(&format!("wrote {}", file.display()))?;
    }
    Ok(())
}

/// Fails if a test of a control did not pass, and names its hazard; else says how many passed.
fn verify(case: &Case, results: &Results) -> anyhow::Result<String> {
    let mut unproved = results.unproved(case);
    if results.has_failures() {
        let all = unproved.len();
        unproved.retain(|one| one.outcome != Outcome::Missing);
        if unproved.is_empty() && all > 0 {
            bail!("a test failed, and {all} tests of controls did not run; repair that test first");
        }
    }
    if !unproved.is_empty() {
        bail!("{}", results::report(&unproved)?);
    }
    let hazards = &case.hazards;
    let controls: usize = hazards.iter().map(|one| one.text.controls.len()).sum();
    Ok(format!(
        "{} hazards, {controls} controls: every test of every control passed ({} tests passed in \
         all)",
        hazards.len(),
        results.passed()
    ))
}
