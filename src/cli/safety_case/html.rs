//! The safety case as one HTML file that needs nothing else, and that prints.

use std::fmt::{self, Write};

use super::case::Hazard;
use super::figures::Figure;
use super::rendered::Rendered;
use super::risk::{Likelihood, Risk, Severity, required};

/// Colours have a contrast of at least 4.5 to 1 with their text, and each cell names its rating.
const STYLE: &str = include_str!("style.css");

/// Renders the whole safety case.
pub(super) fn render(rendered: &Rendered<'_>) -> Result<String, fmt::Error> {
    let mut out = String::new();
    let about = &rendered.case.about;
    let title = escaped(&about.title);
    write!(
        out,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
         <header>\n<h1>{title}</h1>\n<p>Version {} of the product. {}</p>\n<dl>\n",
        env!("CARGO_PKG_VERSION"),
        escaped(&about.status)
    )?;
    for (name, text) in [
        ("Scope", &about.scope),
        ("Standard", &about.standard),
        ("Owner", &about.owner),
    ] {
        entry(&mut out, name, &escaped(text))?;
    }
    out.push_str("</dl>\n");
    contents(&mut out, rendered)?;
    out.push_str("</header>\n<main>\n");
    signatures(&mut out, rendered)?;
    writeln!(
        out,
        "<section aria-labelledby=\"risks\">\n<h2 id=\"risks\">Risk matrix</h2>"
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
    legend(&mut out)?;
    out.push_str("</section>\n");
    summary(&mut out, rendered)?;
    for hazard in &rendered.case.hazards {
        details(&mut out, rendered, hazard)?;
    }
    writeln!(
        out,
        "<section aria-labelledby=\"figures\">\n<h2 id=\"figures\">Measured figures</h2>"
    )?;
    table(
        &mut out,
        "Every figure, with the command that measures it again",
        rendered.figures.iter(),
    )?;
    out.push_str("</section>\n</main>\n</body>\n</html>\n");
    Ok(out)
}

fn contents(out: &mut String, rendered: &Rendered<'_>) -> fmt::Result {
    out.push_str("<nav aria-label=\"Contents\">\n<ul>\n");
    for (id, name) in [
        ("sign", "Decisions that only a clinician can sign"),
        ("risks", "Risk matrix"),
        ("hazards", "Hazards"),
        ("figures", "Measured figures"),
    ] {
        writeln!(out, "<li><a href=\"#{id}\">{name}</a></li>")?;
    }
    out.push_str("</ul>\n<ol>\n");
    for hazard in &rendered.case.hazards {
        writeln!(
            out,
            "<li>{} {}</li>",
            link(hazard),
            escaped(&hazard.text.title)
        )?;
    }
    out.push_str("</ol>\n</nav>\n");
    Ok(())
}

fn signatures(out: &mut String, rendered: &Rendered<'_>) -> fmt::Result {
    out.push_str(
        "<section aria-labelledby=\"sign\">\n\
         <h2 id=\"sign\">Decisions that only a clinician can sign</h2>\n<ul class=\"decisions\">\n",
    );
    for decision in &rendered.case.about.clinician_only {
        writeln!(out, "<li>{}</li>", escaped(decision))?;
    }
    out.push_str(
        "</ul>\n<table>\n<caption>Signatures</caption>\n<thead><tr><th scope=\"col\">Role</th>\
         <th scope=\"col\">Name</th><th scope=\"col\">Registration</th><th scope=\"col\">Date</th>\
         <th scope=\"col\">Signature</th></tr></thead>\n<tbody>\n",
    );
    for role in ["Clinical safety officer", "Second clinician"] {
        writeln!(
            out,
            "<tr class=\"sign\"><th scope=\"row\">{role}</th><td></td><td></td><td></td><td></td></tr>"
        )?;
    }
    out.push_str("</tbody>\n</table>\n</section>\n");
    Ok(())
}

fn matrix(
    out: &mut String,
    rendered: &Rendered<'_>,
    title: &str,
    risk: impl Fn(&Hazard) -> Risk,
) -> fmt::Result {
    writeln!(
        out,
        "<table class=\"matrix\">\n<caption>{title}</caption>\n<thead><tr>"
    )?;
    out.push_str("<th scope=\"col\">Likelihood</th>");
    for severity in Severity::ALL {
        write!(out, "<th scope=\"col\">{}</th>", severity.as_str())?;
    }
    out.push_str("</tr></thead>\n<tbody>\n");
    for likelihood in Likelihood::ALL.into_iter().rev() {
        write!(out, "<tr><th scope=\"row\">{}</th>", likelihood.as_str())?;
        for severity in Severity::ALL {
            let cell = Risk {
                severity,
                likelihood,
            };
            let rating = cell.rating();
            write!(out, "<td class=\"r{rating}\"><b>{rating}</b>")?;
            for hazard in rendered.case.hazards.iter().filter(|one| risk(one) == cell) {
                write!(out, " {}", link(hazard))?;
            }
            out.push_str("</td>");
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody>\n</table>\n");
    Ok(())
}

fn legend(out: &mut String) -> fmt::Result {
    out.push_str("<dl class=\"legend\">\n");
    for rating in (1..=5).rev() {
        entry(out, &format!("Rating {rating}"), required(rating))?;
    }
    for severity in Severity::ALL {
        entry(out, severity.as_str(), severity.meaning())?;
    }
    out.push_str("</dl>\n");
    Ok(())
}

fn summary(out: &mut String, rendered: &Rendered<'_>) -> fmt::Result {
    out.push_str(
        "<section aria-labelledby=\"hazards\">\n<h2 id=\"hazards\">Hazards</h2>\n<table>\n\
         <caption>Every hazard with its ratings</caption>\n<thead><tr><th scope=\"col\">Id</th>\
         <th scope=\"col\">Hazard</th><th scope=\"col\">Initial</th><th scope=\"col\">Residual</th>\
         <th scope=\"col\">Controls</th><th scope=\"col\">Status</th></tr></thead>\n<tbody>\n",
    );
    for hazard in &rendered.case.hazards {
        let (initial, residual) = (hazard.initial.rating(), hazard.residual.rating());
        writeln!(
            out,
            "<tr><th scope=\"row\">{}</th><td>{}</td><td class=\"r{initial}\">{initial}</td>\
             <td class=\"r{residual}\">{residual}</td><td>{}</td><td>{}</td></tr>",
            link(hazard),
            escaped(&hazard.text.title),
            hazard.text.controls.len(),
            hazard.text.status.as_str()
        )?;
    }
    out.push_str("</tbody>\n</table>\n</section>\n");
    Ok(())
}

fn details(out: &mut String, rendered: &Rendered<'_>, hazard: &Hazard) -> fmt::Result {
    let text = &hazard.text;
    let id = escaped(&text.id);
    writeln!(
        out,
        "<section class=\"hazard\" aria-labelledby=\"{id}\">\n<h3 id=\"{id}\">{id}: {}</h3>\n<p>{}</p>\n<dl>",
        escaped(&text.title),
        escaped(&text.hazard)
    )?;
    let causes: Vec<String> = text.causes.iter().map(|cause| escaped(cause)).collect();
    entry(out, "Causes", &list(&causes))?;
    entry(out, "Harm", &escaped(&text.harm))?;
    for (name, risk) in [
        ("Initial risk", hazard.initial),
        ("Residual risk", hazard.residual),
    ] {
        let rating = risk.rating();
        let shown = format!(
            "{} × {} = <span class=\"r{rating}\">{rating}</span> ({})",
            risk.severity.as_str(),
            risk.likelihood.as_str(),
            required(rating)
        );
        entry(out, name, &shown)?;
    }
    entry(out, "What remains", &escaped(&text.remains))?;
    entry(out, "Owner", &escaped(&text.owner))?;
    entry(out, "Status", text.status.as_str())?;
    if let Some(name) = &text.accepted_by {
        entry(out, "Accepted by", &escaped(name))?;
    }
    entry(out, "Only a clinician can sign", &escaped(&text.clinician))?;
    if !text.organisation.is_empty() {
        let duties: Vec<String> = text.organisation.iter().map(|duty| escaped(duty)).collect();
        entry(out, "The organisation", &list(&duties))?;
    }
    out.push_str("</dl>\n");
    controls(out, rendered, hazard)?;
    if rendered.figures_of(&text.id).next().is_some() {
        table(
            out,
            &format!("Figures of {id}"),
            rendered.figures_of(&text.id),
        )?;
    }
    out.push_str("</section>\n");
    Ok(())
}

fn controls(out: &mut String, rendered: &Rendered<'_>, hazard: &Hazard) -> fmt::Result {
    writeln!(
        out,
        "<table>\n<caption>Controls of {}</caption>\n<thead><tr><th scope=\"col\">Control</th>\
         <th scope=\"col\">Tests</th></tr></thead>\n<tbody>",
        escaped(&hazard.text.id)
    )?;
    for control in &hazard.text.controls {
        let tests: Vec<String> = control
            .tests
            .iter()
            .map(|test| {
                let outcome = rendered.results.map(|results| results.outcome(test));
                let outcome = outcome.map_or_else(String::new, |one| format!(" {}", one.as_str()));
                format!("<code>{}</code>{outcome}", escaped(test))
            })
            .collect();
        writeln!(
            out,
            "<tr><td>{}</td><td>{}</td></tr>",
            escaped(&control.control),
            list(&tests)
        )?;
    }
    out.push_str("</tbody>\n</table>\n");
    Ok(())
}

fn table<'a>(
    out: &mut String,
    caption: &str,
    figures: impl Iterator<Item = &'a Figure>,
) -> fmt::Result {
    writeln!(
        out,
        "<table>\n<caption>{caption}</caption>\n<thead><tr><th scope=\"col\">Figure</th>\
         <th scope=\"col\">Measured on</th><th scope=\"col\">Value</th>\
         <th scope=\"col\">95 % interval</th><th scope=\"col\">Date</th>\
         <th scope=\"col\">Command</th></tr></thead>\n<tbody>"
    )?;
    for figure in figures {
        writeln!(
            out,
            "<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td><td>{}</td><td>{}</td>\
             <td><code>{}</code></td></tr>",
            escaped(&figure.name),
            escaped(&figure.set),
            escaped(&figure.shown()),
            figure.interval_shown(),
            escaped(&figure.date),
            escaped(&figure.command)
        )?;
    }
    out.push_str("</tbody>\n</table>\n");
    Ok(())
}

fn entry(out: &mut String, name: &str, markup: &str) -> fmt::Result {
    writeln!(out, "<dt>{name}</dt><dd>{markup}</dd>")
}

fn list(items: &[String]) -> String {
    format!("<ul><li>{}</li></ul>", items.join("</li><li>"))
}

fn link(hazard: &Hazard) -> String {
    let id = escaped(&hazard.text.id);
    format!("<a href=\"#{id}\">{id}</a>")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
