//! Telling people how a pull goes on.

use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// Told what a pull does.
pub trait PullProgress: Send + Sync {
    /// Something begins.
    fn step(&self, message: &str);
    /// Bytes of a file (or of the package around it) so far; the total if it is known.
    fn advance(&self, _file: &str, _done: u64, _total: Option<u64>) {}
    /// The file is there, or its source failed.
    fn finish(&self, _file: &str) {}
}

/// Steps as log lines, for servers.
pub struct LogProgress;

impl PullProgress for LogProgress {
    fn step(&self, message: &str) {
        tracing::info!(model.step = message, "model cache");
    }
}

/// A bar on the terminal's standard error; without a terminal only the steps, as lines.
#[derive(Default)]
pub struct BarProgress {
    bar: Mutex<Option<ProgressBar>>,
}

impl PullProgress for BarProgress {
    fn step(&self, message: &str) {
        self.finish("");
        // Progress is a courtesy: a closed terminal must not stop the download.
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
