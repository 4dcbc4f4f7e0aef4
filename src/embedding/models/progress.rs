//! Reports the progress of a download to people.

use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// Receives the progress of a download.
pub trait PullProgress: Send + Sync {
    /// A step begins.
    fn step(&self, message: &str);
    /// Reports the bytes of a file (or of its package) so far, and the total if it is known.
    fn advance(&self, _file: &str, _done: u64, _total: Option<u64>) {}
    /// The file is complete, or its source failed.
    fn finish(&self, _file: &str) {}
}

/// Reports steps as log lines, for servers.
pub struct LogProgress;

impl PullProgress for LogProgress {
    fn step(&self, message: &str) {
        tracing::info!(model.step = message, "model cache");
    }
}

/// Shows a bar on the terminal's standard error; without a terminal it prints steps as lines.
#[derive(Default)]
pub struct BarProgress {
    bar: Mutex<Option<ProgressBar>>,
}

impl PullProgress for BarProgress {
    fn step(&self, message: &str) {
        self.finish("");
        // Ignores errors, because a closed terminal must not stop the download.
        let _ = writeln!(io::stderr(), "{message}");
    }

    fn advance(&self, file: &str, done: u64, total: Option<u64>) {
        let mut bar = self.bar.lock().unwrap_or_else(PoisonError::into_inner);
        let bar = bar.get_or_insert_with(|| new_bar(file));
        if total.is_some() && bar.length() != total {
            bar.set_style(style("{msg} {bar:30} {bytes}/{total_bytes}"));
            bar.set_length(total.unwrap_or_default());
        }
        bar.set_position(done);
    }

    fn finish(&self, _file: &str) {
        let bar = self
            .bar
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(bar) = bar {
            bar.finish_and_clear();
        }
    }
}

fn new_bar(file: &str) -> ProgressBar {
    let bar = ProgressBar::no_length();
    bar.set_style(style("{spinner} {msg} {bytes} of the package"));
    bar.set_message(file.to_owned());
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
