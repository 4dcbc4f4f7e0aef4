//! A bucket of a test's own on a real S3-compatible server.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use super::ports::free_port;
use super::{service, until};

pub const IDENTITY: &str = "identity-of-a-test";
pub const CREDENTIAL: &str = "credential-of-a-test";

/// `S3Proxy` on a folder, with one bucket; it checks signatures. It ends when this is dropped.
pub struct BucketServer {
    pub endpoint: String,
    pub bucket: &'static str,
    folder: TempDir,
    server: Child,
}

impl BucketServer {
    pub async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let bucket = "leaflets";
        std::fs::create_dir_all(folder.path().join("data").join(bucket)).unwrap();
        let endpoint = format!("http://127.0.0.1:{}", free_port());
        let settings = folder.path().join("s3proxy.properties");
        let lines = [
            "s3proxy.authorization=aws-v4".to_owned(),
            format!("s3proxy.endpoint={endpoint}"),
            format!("s3proxy.identity={IDENTITY}"),
            format!("s3proxy.credential={CREDENTIAL}"),
            "jclouds.provider=filesystem".to_owned(),
            "jclouds.identity=x".to_owned(),
            "jclouds.credential=x".to_owned(),
            format!(
                "jclouds.filesystem.basedir={}",
                folder.path().join("data").display()
            ),
        ];
        std::fs::write(&settings, lines.join("\n")).unwrap();
        let server = Command::new(service("CHATBOT_TEST_JAVA"))
            .args(["-Xmx256m", "-XX:TieredStopAtLevel=1", "-DLOG_LEVEL=warn"])
            .args(["-cp", &service("CHATBOT_TEST_S3_CLASSES")])
            .args(["org.gaul.s3proxy.Main", "--properties"])
            .arg(&settings)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let started = Self {
            endpoint,
            bucket,
            folder,
            server,
        };
        let http = reqwest::Client::new();
        until("the bucket's server answers", || {
            let request = http.get(&started.endpoint).send();
            async { request.await.is_ok() }
        })
        .await;
        started
    }

    fn path(&self, key: &str) -> PathBuf {
        self.folder.path().join("data").join(self.bucket).join(key)
    }

    pub fn put(&self, key: &str, bytes: &str) {
        let path = self.path(key);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }

    pub fn delete(&self, key: &str) {
        std::fs::remove_file(self.path(key)).unwrap();
    }
}

impl Drop for BucketServer {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}
