//! S3-compatible buckets.

use super::{ingest, listed};
use crate::support::bucket::BucketServer;
use crate::support::system::System;

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_is_read_once_and_then_only_what_changed() {
    let system = System::start().await;
    let bucket = BucketServer::start().await;
    bucket.put(
        "ward/heart/info.md",
        "# Heart\n\nThe heart clinic opens at eight.\n",
    );
    bucket.put(
        "ward/kidney/info.md",
        "# Kidney\n\nThe kidney clinic opens at nine.\n",
    );
    bucket.put("ward/photo.png", "x");
    bucket.put("warden/other.md", "# Other\n\nAnother folder.\n");
    let source = format!("s3://{}/ward", bucket.bucket);
    let arguments = [source.as_str(), "--endpoint", &bucket.endpoint, "--json"];
    let first = ingest(&system, &arguments).await;
    assert_eq!(first.code, Some(0), "{} {}", first.said, first.errors);
    assert_eq!(first.with("indexed"), ["heart/info.md", "kidney/info.md"]);
    assert!(first.reason("ward/photo.png").contains(".png"));
    let second = ingest(&system, &arguments).await;
    assert_eq!(
        second.with("unchanged"),
        ["heart/info.md", "kidney/info.md"]
    );
    bucket.put(
        "ward/heart/info.md",
        "# Heart\n\nThe heart clinic opens at ten.\n",
    );
    bucket.delete("ward/kidney/info.md");
    let mirror = [&arguments[..], &["--delete-missing", "--yes"]].concat();
    let third = ingest(&system, &mirror).await;
    assert_eq!(third.with("indexed"), ["heart/info.md"], "{}", third.said);
    assert_eq!(third.with("removed"), ["kidney/info.md"]);
    assert_eq!(listed(&system).await, ["heart/info.md"]);
    assert_eq!(system.database().count("document_versions").await, 3);
    let missing = format!("s3://nowhere-{}", bucket.bucket);
    let failed = ingest(
        &system,
        &[&missing, "--endpoint", &bucket.endpoint, "--json"],
    )
    .await;
    assert_eq!((failed.code, failed.with("failed").len()), (Some(1), 1));
}
