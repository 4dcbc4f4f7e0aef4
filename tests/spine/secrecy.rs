//! No log says what people write, whatever it is asked to say.

use std::fs::File;
use std::path::Path;

use crate::support::canary::{holds, word};
use crate::support::system::{Setup, System};

/// All that a process has printed.
fn printed(log: &Path) -> String {
    String::from_utf8_lossy(&std::fs::read(log).unwrap()).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn at_trace_neither_role_spells_what_people_write() {
    let logs = tempfile::tempdir().unwrap();
    let setup = Setup::new().await.with("CHATBOT__LOG__FILTER", "trace");
    let folder = logs.path().to_owned();
    let setup = setup.printing(move |role| File::create(folder.join(role)).unwrap());
    let system = System::start_with(setup).await;
    let (question, document, title) = (word("quest"), word("docu"), word("titl"));
    let text = format!("The garden is open all day. Its oldest tree is called {document}.\n");
    let titled = format!("title={title}");
    let name = word("naam");
    // An id in another script is percent-encoded in the URL.
    let address = format!("%E5%BA%AD%2F{name}.txt");
    let garden = system.document(&address).text(text).query(&titled);
    garden.indexed().await;
    let asked = format!("When is the garden open, {question}?");
    system.ask(&asked).json().await;
    for role in ["orchestrator", "rag"] {
        let said = printed(&logs.path().join(role));
        assert!(said.contains("TRACE") || said.contains("DEBUG"), "{said}");
        for word in [&question, &document, &title, &name] {
            assert!(!holds(&said, word), "the log of {role} holds {word}");
        }
    }
}
