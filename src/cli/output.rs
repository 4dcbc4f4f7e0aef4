//! Text for people on the terminal.

use std::io::{self, Write};

use crate::domain::causes;

/// Prints a line on standard output.
pub fn line(text: &str) -> io::Result<()> {
    writeln!(io::stdout().lock(), "{text}")
}

/// Prints text on standard output without a line end, and shows it at once.
pub fn text(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}

/// Prints an error with its causes. A failure to print is ignored, because the terminal is gone.
pub fn error(error: &anyhow::Error) {
    let text = causes::sentence(&causes::joined(error.as_ref()));
    let _ = writeln!(io::stderr().lock(), "error: {text}");
}

/// Prints a notice for people while standard output carries something else.
pub fn notice(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}
