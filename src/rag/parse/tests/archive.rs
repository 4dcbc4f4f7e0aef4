//! ZIP archives of texts.

use std::io::{Cursor, Write as _};

use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// Packs the parts, each with its name.
pub(crate) fn archive(parts: &[(impl AsRef<str>, impl AsRef<str>)]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in parts {
        zip.start_file(name.as_ref(), SimpleFileOptions::default())
            .unwrap();
        zip.write_all(content.as_ref().as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}
