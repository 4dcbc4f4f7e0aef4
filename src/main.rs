//! The `chatbot` binary: everything is in the library.

use std::process::ExitCode;

use tikv_jemallocator::Jemalloc;

/// A thread of its own gives pages back that nobody used for ten seconds.
#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;

fn main() -> ExitCode {
    chatbot::cli::main()
}
