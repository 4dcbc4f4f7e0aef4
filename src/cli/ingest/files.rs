//! Files and folders as sources.

use std::io::{BufRead, BufReader};
use std::path::Path;

use actix_web::web::Bytes;
use serde::Deserialize;
use walkdir::{DirEntry, WalkDir};

use super::found::{Content, Document, Findings, Found, external_id};
use crate::rag::parse::MediaType;

/// The longest line of a `.jsonl` file, in bytes.
const LONGEST_LINE: u64 = 64 << 20;

/// Finds the documents of a file or a folder. A folder's documents are named by their paths below
/// it, a single file by its name.
pub async fn walk(root: &Path, prefix: &str, findings: &Findings) {
    let mut entries = WalkDir::new(root)
        .follow_links(true)
        .sort_by_file_name()
        .into_iter();
    while let Some(entry) = entries.next() {
        match entry {
            Ok(entry) if entry.depth() > 0 && is_hidden(&entry) => {
                findings.skip(shown(entry.path()), "it is hidden").await;
                if entry.file_type().is_dir() {
                    entries.skip_current_dir();
                }
            }
            Ok(entry) if entry.file_type().is_dir() => {}
            Ok(entry) => file(root, &entry, prefix, findings).await,
            Err(error) => {
                let path = error.path().unwrap_or(root);
                match error.loop_ancestor() {
                    Some(ancestor) => {
                        let reason = format!("the link leads back to {}", shown(ancestor));
                        findings.skip(shown(path), reason).await;
                    }
                    None => findings.fail(shown(path), reason(&error)).await,
                }
            }
        }
    }
}

fn reason(error: &walkdir::Error) -> String {
    let cause = error.io_error().map(ToString::to_string);
    format!("it cannot be read: {}", cause.unwrap_or_default())
}

/// The path for people; bytes that are no UTF-8 are replaced.
fn shown(path: &Path) -> String {
    path.display().to_string()
}

fn is_hidden(entry: &DirEntry) -> bool {
    entry.file_name().as_encoded_bytes().starts_with(b".")
}

async fn file(root: &Path, entry: &DirEntry, prefix: &str, findings: &Findings) {
    let path = entry.path();
    let below = if entry.depth() == 0 {
        path.file_name().map(Path::new)
    } else {
        path.strip_prefix(root).ok()
    };
    let Some(below) = below.and_then(Path::to_str) else {
        return findings.fail(shown(path), "its name is not UTF-8").await;
    };
    if !entry.file_type().is_file() {
        return findings.skip(shown(path), "it is no regular file").await;
    }
    if entry.file_name().as_encoded_bytes().starts_with(b"~$") {
        let reason = "an office program has it open: this is its lock";
        return findings.skip(shown(path), reason).await;
    }
    let extension = path.extension().and_then(|extension| extension.to_str());
    let extension = extension.unwrap_or_default();
    if extension.eq_ignore_ascii_case("jsonl") {
        return lines(path, prefix, findings).await;
    }
    match MediaType::from_extension(extension) {
        Some(media_type) => {
            let document = Document {
                external_id: external_id(prefix, below),
                name: shown(path),
                title: None,
                content_type: media_type.as_mime().to_owned(),
                origin: None,
                content: Content::File(path.to_owned()),
            };
            findings.add(Found::Document(Box::new(document))).await;
        }
        // A person who names a file expects that it is read.
        None if entry.depth() == 0 => findings.fail(shown(path), unknown(extension)).await,
        None => findings.skip(shown(path), unknown(extension)).await,
    }
}

/// The reason for which a name's extension keeps it out.
pub fn unknown(extension: &str) -> String {
    if extension.is_empty() {
        "its name has no extension".to_owned()
    } else {
        format!("documents of type .{extension} are not read")
    }
}

#[derive(Deserialize)]
struct Line {
    #[serde(rename = "_id")]
    id: String,
    #[serde(default)]
    title: String,
    text: String,
}

/// Finds the documents of a `.jsonl` file, one a line.
async fn lines(path: &Path, prefix: &str, findings: &Findings) {
    let file = match std::fs::File::open(path) {
        Ok(file) => file,
        Err(error) => {
            let reason = format!("it cannot be read: {error}");
            return findings.fail(shown(path), reason).await;
        }
    };
    let mut reader = BufReader::new(file);
    for number in 1_u64.. {
        let name = format!("{} line {number}", shown(path));
        let mut line = Vec::new();
        let read = std::io::Read::take(&mut reader, LONGEST_LINE).read_until(b'\n', &mut line);
        match read {
            Ok(0) => return,
            Ok(_) => {}
            Err(error) => {
                return findings
                    .fail(name, format!("it cannot be read: {error}"))
                    .await;
            }
        }
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let Ok(line) = serde_json::from_slice::<Line>(&line) else {
            let reason = "expected an object with _id, title and text";
            findings.fail(name, reason).await;
            continue;
        };
        let document = Document {
            external_id: external_id(prefix, &line.id),
            name,
            title: (!line.title.is_empty()).then_some(line.title),
            content_type: MediaType::Text.as_mime().to_owned(),
            origin: None,
            content: Content::Bytes(Bytes::from(line.text)),
        };
        findings.add(Found::Document(Box::new(document))).await;
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::fs;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::symlink;

    use tokio::sync::mpsc;

    use super::*;

    /// Documents by id, skipped and failed things by name.
    async fn found(root: &Path, prefix: &str) -> [Vec<String>; 3] {
        let (sender, mut receiver) = mpsc::channel(100);
        walk(root, prefix, &Findings(sender)).await;
        let mut all = [const { Vec::new() }; 3];
        while let Some(found) = receiver.recv().await {
            match found {
                Found::Document(document) => all[0].push(document.external_id),
                Found::Skipped { name, reason } => all[1].push(format!("{name}: {reason}")),
                Found::Failed { name, reason } => all[2].push(format!("{name}: {reason}")),
                Found::Unchanged { .. } => panic!("a folder knows nothing of the server"),
            }
        }
        all
    }

    #[tokio::test]
    async fn a_folder_keeps_its_paths_and_names_the_rest() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for name in ["cardiology", "renal/deep", ".git", "empty"] {
            fs::create_dir_all(at(name)).unwrap();
        }
        for name in [
            "cardiology/info.md",
            "renal/info.md",
            "renal/deep/A b.TXT",
            "U\u{308}berweisung.md",
            ".git/config.md",
            "photo.heic",
            "README",
            "~$info.docx",
        ] {
            fs::write(at(name), "Text.").unwrap();
        }
        fs::write(
            at("notes.jsonl"),
            "{\"_id\":\"n1\",\"text\":\"A.\"}\n\nnonsense\n",
        )
        .unwrap();
        fs::write(
            folder.path().join(OsStr::from_bytes(b"caf\xe9.md")),
            "Text.",
        )
        .unwrap();
        symlink(folder.path(), at("renal/loop")).unwrap();
        symlink(at("nowhere.md"), at("broken.md")).unwrap();
        let [documents, skipped, failed] = found(folder.path(), "ward/").await;
        let mut documents = documents;
        documents.sort();
        assert_eq!(
            documents,
            [
                "ward/cardiology/info.md",
                "ward/n1",
                "ward/renal/deep/A b.TXT",
                "ward/renal/info.md",
                "ward/\u{dc}berweisung.md",
            ]
        );
        name_each(
            &skipped,
            &[
                ".git: it is hidden",
                "photo.heic: documents of type .heic",
                "README: its name has no extension",
                "~$info.docx: an office",
                "renal/loop: the link leads back",
            ],
        );
        name_each(
            &failed,
            &[
                "caf\u{fffd}.md: its name is not UTF-8",
                "broken.md: it cannot be read",
                "notes.jsonl line 3: expected",
            ],
        );
    }

    /// Checks that each of these parts is in one of the lines, and that there are no others.
    fn name_each(lines: &[String], parts: &[&str]) {
        for part in parts {
            let named = lines.iter().filter(|line| line.contains(part));
            assert_eq!(named.count(), 1, "{part} {lines:?}");
        }
        assert_eq!(lines.len(), parts.len(), "{lines:?}");
    }

    #[tokio::test]
    async fn a_file_that_somebody_names_is_read_or_fails() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["a.md", "b.xyz"] {
            fs::write(folder.path().join(name), "Text.").unwrap();
        }
        let one = found(&folder.path().join("a.md"), "").await;
        assert_eq!(one[0], ["a.md"]);
        for name in ["b.xyz", "nothing.md"] {
            let [documents, skipped, failed] = found(&folder.path().join(name), "").await;
            assert_eq!((documents.len(), skipped.len(), failed.len()), (0, 0, 1));
        }
    }
}
