//! `chatbot demo` as people start it, with what is installed already.

use std::io::{BufRead, BufReader};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use super::ports::free_port;
use super::service;
use super::system::Role;

/// A demo that runs; killed when it is dropped.
pub struct Demo {
    role: Role,
    /// The address of the page.
    pub url: String,
    /// The address of the documents API.
    pub documents: String,
    pub token: String,
    pub data: TempDir,
}

/// `chatbot` on this machine's models, without a language model's key.
pub fn chatbot(data: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_chatbot"));
    for name in ["GEMINI_API_KEY", "ANTHROPIC_API_KEY", "OPENAI_API_KEY"] {
        command.env_remove(name);
    }
    command
        .env_remove("OPENAI_BASE_URL")
        .env("CHATBOT_DATA_DIR", data)
        .env(
            "CHATBOT__EMBEDDING__CACHE_DIR",
            service("CHATBOT_TEST_MODEL_DIR"),
        );
    command
}

impl Demo {
    /// Starts one, and waits until it says how to open it. Blocks.
    pub fn start() -> Self {
        let data = tempfile::tempdir().unwrap();
        let programs = service("CHATBOT_TEST_POSTGRES_BIN");
        let wheel = Path::new(&programs).ancestors().nth(3).unwrap();
        symlink(wheel, data.path().join("postgresql")).unwrap();
        let child = chatbot(data.path())
            .args(["demo", "--port", &free_port().to_string()])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut role = Role {
            child,
            url: String::new(),
        };
        let (mut documents, mut said) = (None, String::new());
        for line in lines(&mut role.child) {
            documents = documents.or_else(|| named(&line, "documents API: "));
            if let (Some(opened), Some(documents)) = (named(&line, "open "), &documents) {
                let (url, token) = opened.split_once("/?token=").unwrap();
                url.clone_into(&mut role.url);
                return Self {
                    url: url.to_owned(),
                    documents: documents.clone(),
                    token: token.to_owned(),
                    role,
                    data,
                };
            }
            said.push_str(&line);
        }
        panic!("the demo ended: {said}");
    }

    /// Sends SIGTERM and waits; `None` if it still runs after `limit`.
    pub fn terminate(&mut self, limit: Duration) -> Option<ExitStatus> {
        self.role.terminate(limit)
    }
}

fn lines(child: &mut Child) -> impl Iterator<Item = String> + use<> {
    let stdout = child.stdout.take().unwrap();
    BufReader::new(stdout).lines().map(Result::unwrap)
}

/// The word after these.
fn named(line: &str, before: &str) -> Option<String> {
    let (_, rest) = line.split_once(before)?;
    rest.split_whitespace().next().map(str::to_owned)
}
