//! The `chatbot` binary: everything is in the library.

use std::process::ExitCode;

use tikv_jemallocator::Jemalloc;

/// jemalloc's background thread returns pages to the system after ten unused seconds.
#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;

fn main() -> ExitCode {
    chatbot::cli::main()
}
