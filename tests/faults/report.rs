//! A line for each scenario, for people and for the picture that `just faults` draws.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::time::Duration;

use serde_json::{Value, json};

use super::check::Findings;
use super::samples::Series;

/// Prints what was found and, if `CHATBOT_FAULT_REPORT` names a file, appends it as JSON.
pub fn report(scenario: &str, faults: usize, findings: &Findings) {
    print(&line(scenario, faults, findings));
}

/// The same of a soak, with when which fault came, and memory and open files over time.
pub fn report_soak(findings: &Findings, faults: &[(f64, String)], series: &[Series]) {
    let mut line = line("soak", faults.len(), findings);
    line["provoked"] = json!(faults);
    line["series"] = json!(series);
    print(&line);
}

fn line(scenario: &str, faults: usize, findings: &Findings) -> Value {
    let at = |percent: usize| findings.recovery(percent).as_secs_f64();
    json!({
        "scenario": scenario,
        "faults": faults,
        "chats": findings.chats,
        "ends": findings.ends,
        "reasons": findings.reasons,
        "restarts": findings.restarts,
        "failures": findings.failures,
        "interrupted": findings.recoveries.len(),
        "recovery_p50_s": at(50),
        "recovery_p99_s": at(99),
        "recoveries_s": findings.recoveries.iter().map(Duration::as_secs_f64).collect::<Vec<_>>(),
    })
}

/// Long lists are for the file only.
fn print(line: &Value) {
    let mut short = line.clone();
    for list in ["recoveries_s", "provoked", "series"] {
        short.as_object_mut().unwrap().remove(list);
    }
    println!("{short}");
    if let Some(path) = std::env::var_os("CHATBOT_FAULT_REPORT") {
        let mut file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(path)
            .unwrap();
        writeln!(file, "{line}").unwrap();
    }
}
