//! The safety case as Markdown.

use std::fmt::{self, Write};

use super::case::Hazard;
use super::figures::Figure;
use super::rendered::Rendered;
use super::risk::{Likelihood, Risk, Severity, required};

/// Renders the whole safety case.
pub(super) fn render(rendered: &Rendered<'_>) -> Result<String, fmt::Error> {
    let mut out = String::new();
    let about = &rendered.case.about;
    writeln!(out, "# {}\n", about.title)?;
    writeln!(
        out,
        "Version {} of the product. {}\n",
        env!("CARGO_PKG_VERSION"),
        about.status
    )?;
    writeln!(
        out,
        "* Scope: {}\n* Standard: {}\n* Owner: {}\n",
        about.scope, about.standard, about.owner
    )?;
    writeln!(out, "## Decisions that only a clinician can sign\n")?;
    for decision in &about.clinician_only {
        writeln!(out, "* [ ] {decision}")?;
    }
    writeln!(
        out,
        "\n| | name | registration | date | signature |\n| --- | --- | --- | --- | --- |"
    )?;
    writeln!(
        out,
        "| Clinical safety officer | | | | |\n| Second clinician | | | | |\n"
    )?;
    matrix(
        &mut out,
        rendered,
        "Initial risk, before the controls",
        |hazard| hazard.initial,
    )?;
    matrix(
        &mut out,
        rendered,
        "Residual risk, with the controls",
        |hazard| hazard.residual,
    )?;
    ratings(&mut out)?;
    summary(&mut out, rendered)?;
    for hazard in &rendered.case.hazards {
        details(&mut out, rendered, hazard)?;
    }
    writeln!(out, "## Measured figures\n")?;
    table(&mut out, rendered.figures.iter())?;
    Ok(out)
}

fn matrix(
    out: &mut String,
    rendered: &Rendered<'_>,
    title: &str,
    risk: impl Fn(&Hazard) -> Risk,
) -> fmt::Result {
    let columns = Severity::ALL.map(Severity::as_str).join(" | ");
    writeln!(out, "## {title}\n")?;
    writeln!(out, "Each cell begins with its rating.\n")?;
    writeln!(
        out,
        "| likelihood | {columns} |\n| --- | --- | --- | --- | --- | --- |"
    )?;
    for likelihood in Likelihood::ALL.into_iter().rev() {
        write!(out, "| {} |", likelihood.as_str())?;
        for severity in Severity::ALL {
            let cell = Risk {
                severity,
                likelihood,
            };
            write!(out, " **{}**", cell.rating())?;
            for hazard in rendered.case.hazards.iter().filter(|one| risk(one) == cell) {
                write!(out, " {}", hazard.text.id)?;
            }
            out.push_str(" |");
        }
        out.push('\n');
    }
    out.push('\n');
    Ok(())
}

fn ratings(out: &mut String) -> fmt::Result {
    writeln!(out, "| rating | what it asks for |\n| --- | --- |")?;
    for rating in (1..=5).rev() {
        writeln!(out, "| {rating} | {} |", required(rating))?;
    }
    writeln!(
        out,
        "\n| severity | meaning for one person |\n| --- | --- |"
    )?;
    for severity in Severity::ALL {
        writeln!(out, "| {} | {} |", severity.as_str(), severity.meaning())?;
    }
    out.push('\n');
    Ok(())
}

fn summary(out: &mut String, rendered: &Rendered<'_>) -> fmt::Result {
    writeln!(out, "## Hazards\n")?;
    writeln!(
        out,
        "| id | hazard | initial | residual | controls | status |"
    )?;
    writeln!(out, "| --- | --- | ---: | ---: | ---: | --- |")?;
    for hazard in &rendered.case.hazards {
        let text = &hazard.text;
        writeln!(
            out,
            "| {} | {} | {} | {} | {} | {} |",
            text.id,
            cell(&text.title),
            hazard.initial.rating(),
            hazard.residual.rating(),
            text.controls.len(),
            text.status.as_str()
        )?;
    }
    out.push('\n');
    Ok(())
}

fn shown(risk: Risk) -> String {
    format!(
        "{} × {} = {} ({})",
        risk.severity.as_str(),
        risk.likelihood.as_str(),
        risk.rating(),
        required(risk.rating())
    )
}

fn details(out: &mut String, rendered: &Rendered<'_>, hazard: &Hazard) -> fmt::Result {
    let text = &hazard.text;
    writeln!(out, "### {}: {}\n\n{}\n", text.id, text.title, text.hazard)?;
    writeln!(out, "* Causes:")?;
    for cause in &text.causes {
        writeln!(out, "  * {cause}")?;
    }
    writeln!(out, "* Harm: {}", text.harm)?;
    writeln!(out, "* Initial risk: {}", shown(hazard.initial))?;
    writeln!(out, "* Residual risk: {}", shown(hazard.residual))?;
    writeln!(out, "* What remains: {}", text.remains)?;
    writeln!(
        out,
        "* Owner: {}; status: {}",
        text.owner,
        text.status.as_str()
    )?;
    if let Some(name) = &text.accepted_by {
        writeln!(out, "* Accepted by: {name}")?;
    }
    writeln!(out, "* Only a clinician can sign: {}", text.clinician)?;
    for duty in &text.organisation {
        writeln!(out, "* The organisation: {duty}")?;
    }
    writeln!(out, "\n| control | tests |\n| --- | --- |")?;
    for control in &text.controls {
        let tests: Vec<String> = control
            .tests
            .iter()
            .map(|test| match rendered.results {
                Some(results) => format!("`{test}` ({})", results.outcome(test).as_str()),
                None => format!("`{test}`"),
            })
            .collect();
        writeln!(
            out,
            "| {} | {} |",
            cell(&control.control),
            tests.join("<br>")
        )?;
    }
    out.push('\n');
    if rendered.figures_of(&text.id).next().is_some() {
        table(out, rendered.figures_of(&text.id))?;
    }
    Ok(())
}

fn table<'a>(out: &mut String, figures: impl Iterator<Item = &'a Figure>) -> fmt::Result {
    writeln!(
        out,
        "| figure | measured on | value | 95 % interval | date | command |"
    )?;
    writeln!(out, "| --- | --- | --- | --- | --- | --- |")?;
    for figure in figures {
        writeln!(
            out,
            "| {} | {} | {} | {} | {} | `{}` |",
            cell(&figure.name),
            cell(&figure.set),
            figure.shown(),
            figure.interval_shown(),
            figure.date,
            cell(&figure.command)
        )?;
    }
    out.push('\n');
    Ok(())
}

/// Text that stays inside its cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}
