//! A line for each scenario, for people and for the picture that `just faults` draws.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::time::Duration;

use serde_json::json;

use super::check::Findings;

/// Prints what was found and, if `CHATBOT_FAULT_REPORT` names a file, appends it as JSON.
pub fn report(scenario: &str, faults: usize, findings: &Findings) {
    let at = |percent: usize| {
        let times = &findings.recoveries;
        let index = (times.len() * percent / 100).min(times.len().saturating_sub(1));
        times.get(index).copied().unwrap_or_default().as_secs_f64()
    };
    let line = json!({
        "scenario": scenario,
        "faults": faults,
        "chats": findings.chats,
        "ends": findings.ends,
        "reasons": findings.reasons,
        "restarts": findings.restarts,
        "interrupted": findings.recoveries.len(),
        "recovery_p50_s": at(50),
        "recovery_p99_s": at(99),
        "recoveries_s": findings.recoveries.iter().map(Duration::as_secs_f64).collect::<Vec<_>>(),
    });
    let mut short = line.clone();
    short.as_object_mut().unwrap().remove("recoveries_s");
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
