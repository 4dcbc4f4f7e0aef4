//! Documents that the questions are about, and the sample leaflets.

use std::path::Path;

use figment::Figment;
use figment::providers::{Format, Toml};
use serde::Deserialize;
use serde_json::Value;

use crate::support::system::System;
use crate::support::until;

const MANIFEST: &str = include_str!("../../samples/manifest.toml");

/// The collections of the sample leaflets.
pub const SAMPLE_COLLECTIONS: [&str; 2] = ["patients", "staff"];

#[derive(Deserialize)]
struct Manifest {
    document: Vec<Sample>,
}

#[derive(Deserialize)]
struct Sample {
    file: String,
    external_id: String,
    title: String,
    collection: String,
    media_type: String,
}

/// A document to upload.
pub struct Document<'a> {
    pub collection: &'a str,
    pub name: &'a str,
    pub title: Option<&'a str>,
    pub media_type: &'a str,
}

impl Document<'_> {
    fn url(&self, system: &System) -> url::Url {
        let mut url = url::Url::parse(&system.rag.url).unwrap();
        let path = ["v1", "documents", self.collection, self.name];
        url.path_segments_mut().unwrap().extend(path);
        url
    }

    /// Uploads the document and waits until it is indexed.
    pub async fn upload(&self, system: &System, bytes: Vec<u8>) {
        let mut url = self.url(system);
        let view = url.to_string();
        if let Some(title) = self.title {
            url.query_pairs_mut().append_pair("title", title);
        }
        let request = system
            .http
            .put(url)
            .header("content-type", self.media_type)
            .bearer_auth(&system.key)
            .body(bytes);
        let answer = request.send().await.unwrap();
        let status = answer.status();
        assert!(status.is_success(), "{view}: {status}");
        until(&format!("{view} is indexed"), || async {
            let request = system.http.get(&view).bearer_auth(&system.key);
            let document: Value = request.send().await.unwrap().json().await.unwrap();
            assert_ne!(document["version_status"], "failed", "{document}");
            document["version_status"] == "indexed"
        })
        .await;
    }

    /// Takes the document back.
    pub async fn delete(&self, system: &System) {
        let request = system.http.delete(self.url(system));
        let answer = request.bearer_auth(&system.key).send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.status());
    }
}

/// Uploads the sample leaflets to their collections.
pub async fn upload_samples(system: &System) {
    let manifest: Manifest = Figment::from(Toml::string(MANIFEST)).extract().unwrap();
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples");
    for sample in manifest.document {
        let document = Document {
            collection: &sample.collection,
            name: &sample.external_id,
            title: Some(&sample.title),
            media_type: &sample.media_type,
        };
        let bytes = std::fs::read(samples.join(&sample.file)).unwrap();
        document.upload(system, bytes).await;
    }
}
