//! The things that a source offers.

use std::path::PathBuf;

use actix_web::web::Bytes;
use tokio::sync::mpsc;
use unicode_normalization::UnicodeNormalization;

/// A document at its source.
pub struct Document {
    pub external_id: String,
    /// The name that people know: a path, an address or a key.
    pub name: String,
    /// Absent where the document has a title of its own.
    pub title: Option<String>,
    /// With the charset, where the source states one.
    pub content_type: String,
    pub origin: Option<Origin>,
    pub content: Content,
}

/// The address of a document, and its `ETag` or `Last-Modified` there.
#[derive(Clone)]
pub struct Origin {
    pub source: String,
    pub validator: Option<String>,
}

/// The bytes of a document, or the place where they are.
pub enum Content {
    Bytes(Bytes),
    File(PathBuf),
}

/// A finding of a source.
pub enum Found {
    Document(Box<Document>),
    /// The source says that the document is as it was when it was uploaded.
    Unchanged {
        external_id: String,
        name: String,
    },
    /// Something that is no document.
    Skipped {
        name: String,
        reason: String,
    },
    /// A document that cannot be read: the source is not known completely.
    Failed {
        name: String,
        reason: String,
    },
}

/// The way from a source to the uploads.
#[derive(Clone)]
pub struct Findings(pub mpsc::Sender<Found>);

impl Findings {
    /// Hands a finding over. Nobody listens any more when the run has ended early; the source ends
    /// with it.
    pub async fn add(&self, found: Found) {
        let _ = self.0.send(found).await;
    }

    pub async fn skip(&self, name: impl Into<String>, reason: impl Into<String>) {
        let (name, reason) = (name.into(), reason.into());
        self.add(Found::Skipped { name, reason }).await;
    }

    pub async fn fail(&self, name: impl Into<String>, reason: impl Into<String>) {
        let (name, reason) = (name.into(), reason.into());
        self.add(Found::Failed { name, reason }).await;
    }
}

/// The reason for which a document of so many bytes is not read.
pub fn too_large(size: u64, largest: usize) -> String {
    format!("it has {size} bytes, and the limit is {largest} (rag.ingestion.max_document_bytes)")
}

/// The external id of a path below a source, in the composed form of Unicode: file systems that
/// decompose names give the same id as others.
pub fn external_id(prefix: &str, path: &str) -> String {
    prefix.nfc().chain(path.nfc()).collect()
}
