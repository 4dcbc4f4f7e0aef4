//! The directories that the environment names.

use std::path::PathBuf;

/// `XDG_CACHE_HOME`, or `~/.cache`, or the system's cache for a process without a home.
pub(super) fn cache_home() -> PathBuf {
    home_of("XDG_CACHE_HOME", ".cache").unwrap_or_else(|| PathBuf::from("/var/cache"))
}

/// The data directory of `demo`: `CHATBOT_DATA_DIR`, or `/var/lib/chatbot` for root, or
/// `XDG_DATA_HOME`, or `~/.local/share`.
pub fn data_dir() -> PathBuf {
    if let Some(dir) = std::env::var_os("CHATBOT_DATA_DIR") {
        return PathBuf::from(dir);
    }
    if rustix::process::geteuid().is_root() {
        return PathBuf::from("/var/lib/chatbot");
    }
    home_of("XDG_DATA_HOME", ".local/share").map_or_else(
        || PathBuf::from("/var/lib/chatbot"),
        |home| home.join("chatbot"),
    )
}

fn home_of(variable: &str, below_home: &str) -> Option<PathBuf> {
    std::env::var_os(variable)
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(below_home)))
}
