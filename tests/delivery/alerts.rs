//! The metrics that alerts and dashboard name are those that both roles serve.

use std::collections::BTreeSet;

use crate::support::system::System;

const ALERTS: &str = include_str!("../../k8s/components/prometheus/rules.yaml");
const DASHBOARD: &str = include_str!("../../k8s/components/grafana/dashboard.json");

/// Words that begin like a metric of ours.
fn names(text: &str) -> BTreeSet<&str> {
    text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_')
        .filter(|word| word.starts_with("chatbot_"))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn alerts_and_dashboard_name_metrics_that_are_served() {
    let system = System::start().await;
    // Turns are counted from the first one on.
    system.ask("When may I visit?").json().await;
    let mut served = String::new();
    for url in [&system.orchestrator.url, &system.rag.url] {
        let answer = system.http.get(format!("{url}/metrics")).send().await;
        served += &answer.unwrap().text().await.unwrap();
    }
    let served = names(&served);
    for named in [names(ALERTS), names(DASHBOARD)] {
        assert!(named.len() > 5, "{named:?}");
        let missing: Vec<_> = named.difference(&served).collect();
        assert!(missing.is_empty(), "nobody serves {missing:?}");
    }
}
