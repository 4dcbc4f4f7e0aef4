//! Every snapshot stands in the test that compares it, so that none is left behind when a test goes.

use std::path::{Path, PathBuf};

/// The files below a directory.
fn files(directory: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    paths
        .flat_map(|path| {
            if path.is_dir() {
                files(&path)
            } else {
                vec![path]
            }
        })
        .collect()
}

#[test]
fn no_snapshot_lies_in_a_file_of_its_own() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let all = [root.join("src"), root.join("tests")];
    let mut found = all.iter().flat_map(|directory| files(directory));
    let snapshot = found.find(|path| path.extension().is_some_and(|kind| kind == "snap"));
    assert_eq!(snapshot, None, "write it into its test: `@\"…\"`");
}
