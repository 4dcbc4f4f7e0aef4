use std::os::unix::fs::symlink;
use std::sync::Mutex;
use std::time::Duration;

use url::Url;

use super::*;
use crate::embedding::test_server::{Reply, TestServer};

/// The content of `model.onnx` in these tests.
const MODEL_TEXT: &[u8] = b"the weights of a very small model";
const TOKENIZER_TEXT: &[u8] = b"{\"vocabulary\": []}";

static SMALL: Manifest = Manifest {
    model: "small",
    files: &[
        ModelFile {
            name: "model.onnx",
            bytes: 33,
            sha256: "8848f57c7a09430cd55ebd8cf562c1e5109a16efff8585bf56ced24aaa0d6e32",
            package: "no-such-package-for-a-small-model==0.0.0",
            member: "model.onnx",
        },
        ModelFile {
            name: "tokenizer.json",
            bytes: 18,
            sha256: "112eb422e5400397d72c4c965c81e32b49145790662140a52da7b2376aaca733",
            package: "no-such-package-for-a-small-model==0.0.0",
            member: "tokenizer.json",
        },
    ],
};

#[derive(Default)]
struct Recorded(Mutex<Vec<String>>);

impl PullProgress for Recorded {
    fn step(&self, message: &str) {
        self.0.lock().unwrap().push(message.to_owned());
    }
}

struct Fixture {
    root: tempfile::TempDir,
}

impl Fixture {
    fn new() -> Self {
        Self {
            root: tempfile::tempdir().unwrap(),
        }
    }

    /// A directory source with all files.
    fn mirror(&self) -> ModelSource {
        let path = self.root.path().join("mirror");
        fs::create_dir_all(path.join("small")).unwrap();
        fs::write(path.join("small/model.onnx"), MODEL_TEXT).unwrap();
        fs::write(path.join("small/tokenizer.json"), TOKENIZER_TEXT).unwrap();
        ModelSource::Directory { path }
    }

    fn cache(&self, sources: Vec<ModelSource>) -> ModelCache {
        ModelCache::with_manifest(&SMALL, &self.root.path().join("cache"), sources)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.root.path().join("cache/small").join(name)
    }
}

fn http(server: &TestServer) -> ModelSource {
    ModelSource::Http {
        base_url: Url::parse(&format!("{}/models/", server.url())).unwrap(),
    }
}

#[test]
fn an_empty_cache_is_filled_from_a_directory_and_then_kept() {
    let fixture = Fixture::new();
    let cache = fixture.cache(vec![fixture.mirror()]);
    assert!(matches!(cache.open(), Err(CacheError::Empty { .. })));
    let report = cache.pull(&Recorded::default()).unwrap();
    assert_eq!(report.fetched.len(), 2);
    assert_eq!(fs::read(cache.open().unwrap().model).unwrap(), MODEL_TEXT);
    assert!(cache.list().iter().all(|status| status.verified));
    assert_eq!(
        cache.pull(&Recorded::default()).unwrap().kept,
        ["model.onnx", "tokenizer.json"]
    );
    assert!(!fixture.file("model.onnx.part").exists());
}

#[test]
fn a_damaged_file_is_set_aside_and_downloaded_again() {
    let fixture = Fixture::new();
    let cache = fixture.cache(vec![fixture.mirror()]);
    cache.pull(&Recorded::default()).unwrap();
    cache.open().unwrap();
    for damage in [&b"THE weights of a very small model"[..], b"the weig", b""] {
        fs::write(fixture.file("model.onnx"), damage).unwrap();
        let error = cache.open().unwrap_err();
        assert!(matches!(error, CacheError::Corrupt { .. }), "{error}");
        assert!(error.to_string().contains("chatbot models pull"));
        assert!(!cache.list()[0].verified);
        cache.ensure(&Recorded::default()).unwrap();
        assert_eq!(fs::read(fixture.file("model.onnx")).unwrap(), MODEL_TEXT);
        assert_eq!(
            fs::read(fixture.file("model.onnx.corrupt")).unwrap(),
            damage
        );
    }
}

#[test]
fn an_intact_file_is_read_completely_once() {
    let fixture = Fixture::new();
    let cache = fixture.cache(vec![fixture.mirror()]);
    cache.ensure(&Recorded::default()).unwrap();
    let path = fixture.file("model.onnx");
    let modified = fs::metadata(&path).unwrap().modified().unwrap();
    fs::write(&path, b"THE weights of a very small model").unwrap();
    let file = fs::File::options().write(true).open(&path).unwrap();
    file.set_modified(modified).unwrap();
    assert!(cache.open().is_ok(), "size and time are trusted");
    file.set_modified(modified + Duration::from_secs(1))
        .unwrap();
    assert!(matches!(cache.open(), Err(CacheError::Corrupt { .. })));
}

#[test]
fn a_wrong_file_from_one_source_leads_to_the_next() {
    let fixture = Fixture::new();
    let good = fixture.mirror();
    let path = fixture.root.path().join("wrong");
    fs::create_dir_all(path.join("small")).unwrap();
    fs::write(path.join("small/model.onnx"), b"x".repeat(33)).unwrap();
    fs::write(path.join("small/tokenizer.json"), b"y".repeat(100)).unwrap();
    let wrong = ModelSource::Directory { path };
    let cache = fixture.cache(vec![wrong.clone(), good]);
    assert_eq!(cache.pull(&Recorded::default()).unwrap().fetched.len(), 2);
    cache.open().unwrap();

    fs::remove_file(fixture.file("model.onnx")).unwrap();
    let error = fixture.cache(vec![wrong]).pull(&Recorded::default());
    let error = error.unwrap_err().to_string();
    assert!(error.contains("expected SHA-256"), "{error}");
    assert!(!fixture.file("model.onnx").exists() && !fixture.file("model.onnx.part").exists());
}

#[test]
fn without_a_source_the_error_lists_the_attempts() {
    let fixture = Fixture::new();
    let nowhere = ModelSource::Directory {
        path: fixture.root.path().join("nowhere"),
    };
    let error = fixture.cache(vec![nowhere]).pull(&Recorded::default());
    let CacheError::NoSource { tried, .. } = error.unwrap_err() else {
        panic!("another error");
    };
    assert!(tried[0].source.contains("nowhere") && tried[0].reason.contains("not found"));
    let error = fixture.cache(vec![]).pull(&Recorded::default());
    assert!(
        error
            .unwrap_err()
            .to_string()
            .contains("embedding.sources is empty")
    );
}

#[test]
fn a_cache_that_cannot_be_written_says_so() {
    let fixture = Fixture::new();
    // Below a regular file not even root can create a folder.
    fs::write(fixture.root.path().join("cache"), "a file").unwrap();
    let error = fixture
        .cache(vec![fixture.mirror()])
        .ensure(&Recorded::default());
    let error = error.unwrap_err();
    assert!(matches!(error, CacheError::ReadOnly { .. }), "{error}");
    assert!(error.to_string().contains("make it writable"));
}

#[test]
fn a_full_disk_says_so_and_asks_no_other_source() {
    let fixture = Fixture::new();
    let cache = fixture.cache(vec![fixture.mirror(), fixture.mirror()]);
    fs::create_dir_all(fixture.file("")).unwrap();
    // A device that is always full.
    symlink("/dev/full", fixture.file("model.onnx.part")).unwrap();
    let progress = Recorded::default();
    let error = cache.pull(&progress).unwrap_err();
    assert!(matches!(error, CacheError::Full { .. }), "{error}");
    assert_eq!(progress.0.lock().unwrap().len(), 1);
    assert!(!fixture.file("model.onnx.part").is_symlink());
}

#[test]
fn a_broken_download_resumes() {
    let fixture = Fixture::new();
    let rest = Reply::status(206)
        .header("Content-Range", "bytes 10-32/33")
        .body(&MODEL_TEXT[10..]);
    let server = TestServer::start(vec![
        Reply::status(200).body(MODEL_TEXT).cut_at(10),
        rest,
        Reply::status(200).body(TOKENIZER_TEXT),
    ]);
    let cache = fixture.cache(vec![http(&server)]);
    let error = cache.pull(&Recorded::default()).unwrap_err();
    assert!(matches!(error, CacheError::NoSource { .. }), "{error}");
    assert_eq!(
        fs::read(fixture.file("model.onnx.part")).unwrap(),
        &MODEL_TEXT[..10]
    );
    cache.ensure(&Recorded::default()).unwrap();
    let requests = server.requests();
    assert!(requests[0].starts_with("GET /models/small/model.onnx HTTP/1.1"));
    assert!(requests[1].to_lowercase().contains("range: bytes=10-\r\n"));
    assert!(!requests[2].to_lowercase().contains("range:"));
}

#[test]
fn a_download_that_cannot_go_on_begins_anew() {
    for first in [
        // The server does not support ranges.
        vec![Reply::status(200).body(MODEL_TEXT)],
        vec![Reply::status(416), Reply::status(200).body(MODEL_TEXT)],
        // The partial file belongs to another file.
        vec![
            Reply::status(206)
                .header("Content-Range", "bytes 4-32/33")
                .body(&MODEL_TEXT[4..]),
            Reply::status(200).body(MODEL_TEXT),
        ],
    ] {
        let fixture = Fixture::new();
        fs::create_dir_all(fixture.file("")).unwrap();
        fs::write(fixture.file("model.onnx.part"), "????").unwrap();
        let mut replies = first;
        replies.push(Reply::status(200).body(TOKENIZER_TEXT));
        let server = TestServer::start(replies);
        fixture
            .cache(vec![http(&server)])
            .ensure(&Recorded::default())
            .unwrap();
    }
}

#[test]
fn a_server_that_fails_is_reported_without_its_password() {
    let fixture = Fixture::new();
    let server = TestServer::start(vec![Reply::status(404)]);
    let url = server.url().replace("http://", "http://user:secret@");
    let source = ModelSource::Http {
        base_url: Url::parse(&url).unwrap(),
    };
    let error = fixture.cache(vec![source]).pull(&Recorded::default());
    let error = error.unwrap_err().to_string();
    assert!(
        error.contains("status 404") && !error.contains("secret"),
        "{error}"
    );
}

#[test]
fn one_process_at_a_time() {
    let fixture = Fixture::new();
    fs::create_dir_all(fixture.file("")).unwrap();
    let dir = fixture.file("");
    let progress = Recorded::default();
    let held = CacheLock::acquire(&dir, &progress).unwrap();
    let wait = Duration::from_millis(150);
    let error = CacheLock::acquire_within(&dir, &progress, wait)
        .err()
        .unwrap();
    assert!(matches!(error, CacheError::Locked { .. }), "{error}");
    assert_eq!(progress.0.lock().unwrap().len(), 1);
    drop(held);
    assert!(CacheLock::acquire_within(&dir, &progress, wait).is_ok());
}

#[test]
fn pulls_at_the_same_time_fetch_once() {
    let fixture = Fixture::new();
    let cache = fixture.cache(vec![fixture.mirror()]);
    let fetched: usize = std::thread::scope(|scope| {
        let pulls: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| cache.pull(&Recorded::default()).unwrap().fetched.len()))
            .collect();
        pulls.into_iter().map(|pull| pull.join().unwrap()).sum()
    });
    assert_eq!(fetched, 2);
}

#[test]
fn the_real_files_are_those_of_the_manifest() {
    let Some(dir) = std::env::var_os("CHATBOT_TEST_MODEL_DIR") else {
        eprintln!("skipped: CHATBOT_TEST_MODEL_DIR is not set");
        return;
    };
    let fixture = Fixture::new();
    let config = EmbeddingConfig {
        cache_dir: fixture.root.path().join("cache"),
        sources: vec![ModelSource::Directory { path: dir.into() }],
        ..EmbeddingConfig::default()
    };
    assert_eq!(
        pull(&config, &BarProgress::default())
            .unwrap()
            .fetched
            .len(),
        2
    );
    assert!(open(&config).is_ok());
    assert!(list(&config).iter().all(|status| status.verified));
}
