//! What people read on the terminal.

use std::io::{self, Write};

use crate::domain::causes;

/// A line on standard output.
pub fn line(text: &str) -> io::Result<()> {
    writeln!(io::stdout().lock(), "{text}")
}

/// Text on standard output without a line end, shown at once.
pub fn text(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}

/// An error for people, with its causes; nothing can be done if the terminal is gone.
pub fn error(error: &anyhow::Error) {
    let text = causes::sentence(&causes::joined(error.as_ref()));
    let _ = writeln!(io::stderr().lock(), "error: {text}");
}

/// Something that people must read though standard output is for something else.
pub fn notice(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}
