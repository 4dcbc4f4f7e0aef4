//! The `chatbot` binary: everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    chatbot::cli::main()
}
