//! Rules of triage that an organisation adds.

use std::process::Output;

use crate::support::system::{Setup, System};

/// No rule of the product knows the device, and the classifier takes the message for a question.
const ALARM: &str = "The pump controller shows a red heart";
const RULES: &str = r#"
language = "en"

[[rule]]
id = "ward.pump.alarm"
category = "chest_pain"
signs = [["controller"], ["red heart"]]
firm = true
"#;

async fn with_rules(rules: &str) -> (Setup, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ward.toml");
    std::fs::write(&file, rules).unwrap();
    let setup = Setup::new().await;
    let setup = setup.with(
        "CHATBOT__SAFETY__TRIAGE_RULES",
        format!("[\"{}\"]", file.display()),
    );
    (setup, folder)
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_of_the_organisation_raise_the_alarm() {
    let without = System::start().await;
    without.ask(ALARM).ends("abstained").await;
    let (setup, _folder) = with_rules(RULES).await;
    let system = System::start_with(setup).await;
    let done = system.ask(ALARM).ends("escalated").await;
    assert_eq!(done["triage"]["witness"], "rules");
    // The rules of the product go on counting.
    system.ask("I can't breathe").ends("escalated").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mistake_in_a_rule_is_named() {
    for (rules, expected) in [
        (
            RULES.replace("chest_pain", "pump"),
            "ward.toml: not a file of triage rules: ",
        ),
        (
            RULES.replace("ward.pump.alarm", "en.suicide.intent"),
            "ward.toml: rule en.suicide.intent: the id is taken",
        ),
    ] {
        let (setup, _folder) = with_rules(&rules).await;
        let Output { status, stderr, .. } = tokio::process::Command::from(setup.chatbot())
            .args(["config", "check"])
            .output()
            .await
            .unwrap();
        let said = String::from_utf8(stderr).unwrap();
        assert!(!status.success() && said.contains(expected), "{said}");
    }
}
