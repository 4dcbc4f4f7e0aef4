//! Authorities and certificates of a test's own.

use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

use super::service;

/// `NAME.pem` and `NAME.key` in a directory: the authorities `ca` and `other-ca`, and by `ca` a `server` at
/// 127.0.0.1 and a `client`.
pub struct Certificates(TempDir);

impl Certificates {
    pub fn new() -> Self {
        let files = Self(tempfile::tempdir().unwrap());
        for authority in ["ca", "other-ca"] {
            files.certificate(authority, &format!("CN={authority}"), None);
        }
        files.certificate("server", "CN=server", Some("subjectAltName=IP:127.0.0.1"));
        files.certificate("client", "CN=client", Some("extendedKeyUsage=clientAuth"));
        files
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    /// `name.pem` and `name.key`: an authority, or with an extension a leaf signed by `ca`.
    fn certificate(&self, name: &str, subject: &str, leaf: Option<&str>) {
        let mut command = Command::new(service("CHATBOT_TEST_OPENSSL"));
        command
            .current_dir(self.0.path())
            .args(["req", "-x509", "-newkey", "ec", "-noenc", "-days", "2"])
            .args(["-pkeyopt", "ec_paramgen_curve:prime256v1"])
            .args(["-subj", &format!("/{subject}")])
            .args(["-keyout", &format!("{name}.key")])
            .args(["-out", &format!("{name}.pem")]);
        if let Some(extension) = leaf {
            command
                .args(["-CA", "ca.pem", "-CAkey", "ca.key"])
                .args(["-addext", "basicConstraints=critical,CA:FALSE"])
                .args(["-addext", extension]);
        }
        let output = command.output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{errors}");
    }
}
