//! How programs on this machine find a running demo and its token.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::net::IpAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use url::{Host, Url};

use crate::config;

/// The name of a file in the demo's data directory that only its user may read.
const FILE: &str = "demo.json";

/// The addresses of a demo, and its token.
#[derive(Serialize, Deserialize)]
pub struct RunningDemo {
    /// The addresses of the page and of the documents API.
    pub urls: [String; 2],
    pub token: String,
}

/// Removes the file when it is dropped.
pub struct Published(PathBuf);

impl Drop for Published {
    fn drop(&mut self) {
        // A file that stays behind is harmless: its token opens nothing any more.
        let _ = fs::remove_file(&self.0);
    }
}

impl RunningDemo {
    /// Lets the same user's programs find this demo.
    pub fn publish(&self, data_dir: &Path) -> io::Result<Published> {
        let (path, new) = (data_dir.join(FILE), data_dir.join("demo.json.new"));
        let _ = fs::remove_file(&new);
        let mut options = OpenOptions::new();
        let mut file: File = options
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&new)?;
        file.write_all(serde_json::to_string(self)?.as_bytes())?;
        fs::rename(&new, &path)?;
        Ok(Published(path))
    }

    fn opens(&self, url: &str) -> bool {
        let Some(asked) = loopback_port(url) else {
            return false;
        };
        let mut ports = self.urls.iter().filter_map(|own| loopback_port(own));
        ports.any(|port| port == asked)
    }
}

/// Returns the key for the server at this URL: the given one, or the token of a demo that runs
/// there. No other server receives a demo's token.
pub fn key_for(url: &str, key: Option<&String>) -> Option<String> {
    key.cloned().or_else(|| {
        let text = fs::read_to_string(config::data_dir().join(FILE)).ok()?;
        let demo: RunningDemo = serde_json::from_str(&text).ok()?;
        demo.opens(url).then_some(demo.token)
    })
}

/// The port, if the URL points to this machine.
fn loopback_port(url: &str) -> Option<u16> {
    let url = Url::parse(url).ok()?;
    let local = match url.host()? {
        Host::Domain(name) => name == "localhost",
        Host::Ipv4(address) => IpAddr::from(address).is_loopback(),
        Host::Ipv6(address) => IpAddr::from(address).is_loopback(),
    };
    local.then(|| url.port_or_known_default())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_demo_receives_its_token() {
        let demo = RunningDemo {
            urls: ["http://127.0.0.1:8000", "http://127.0.0.1:8001"].map(str::to_owned),
            token: "t".into(),
        };
        for (url, opens) in [
            ("http://127.0.0.1:8000", true),
            ("http://localhost:8001/", true),
            ("http://[::1]:8000", true),
            ("http://127.0.0.1:8002", false),
            ("http://127.0.0.1", false),
            ("http://chat.example:8000", false),
            ("http://localhost.example:8000", false),
            ("8000", false),
        ] {
            assert_eq!(demo.opens(url), opens, "{url}");
        }
    }
}
