//! Times that people write about their documents.

use serde_json::Value;

use crate::support::system::System;

/// The status and the reason of an upload with this query.
async fn put(system: &System, query: &str) -> (u16, String) {
    let upload = system
        .document("hours.txt")
        .text("Open at seven.")
        .query(query);
    let answer = upload.put().send().await.unwrap();
    let status = answer.status().as_u16();
    let body: Value = answer.json().await.unwrap();
    let kinds = [(400, "bad-request"), (422, "unprocessable")];
    for (_, kind) in kinds.iter().filter(|(refusal, _)| *refusal == status) {
        assert_eq!(
            body["type"],
            format!("urn:chatbot:problem:{kind}"),
            "{body}"
        );
    }
    (
        status,
        body["detail"].as_str().unwrap_or_default().to_owned(),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_has_expired_is_refused_with_that_reason() {
    let system = System::start().await;
    for past in [
        "2020-01-01T00:00:00Z",
        "2025-12-31T23:59:59%2B14:00",
        "1999-06-30T12:00:00-05:00",
    ] {
        let (status, told) = put(&system, &format!("expires_at={past}")).await;
        assert_eq!(status, 422, "{past}: {told}");
        assert!(told.contains("`expires_at` has passed"), "{told}");
    }
    assert_eq!(system.database().count("documents").await, 0);
    let (status, _) = put(&system, "expires_at=2999-01-01T00:00:00Z").await;
    assert_eq!(status, 202);
    // A review that is overdue is the owner's business; the document answers.
    let (status, _) = put(&system, "review_by=2020-01-01T00:00:00Z").await;
    assert_eq!(status, 202);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_date_says_what_a_good_one_looks_like() {
    let system = System::start().await;
    for field in ["effective_from", "review_by", "expires_at"] {
        for bad in [
            "01/02/2027",
            "2027-02-30T00:00:00Z",
            "2027-06-30",
            "soon",
            "",
        ] {
            let (status, told) = put(&system, &format!("{field}={bad}")).await;
            assert_eq!(status, 400, "{field}={bad}: {told}");
            assert!(told.contains(&format!("`{field}`")), "{told}");
            assert!(told.contains("2027-06-30T00:00:00Z"), "{told}");
            assert!(told.contains("RFC 3339"), "{told}");
        }
    }
    assert_eq!(system.database().count("documents").await, 0);
    // A plus sign that was not encoded is one all the same.
    let (status, told) = put(&system, "effective_from=2020-06-30T00:00:00+02:00").await;
    assert_eq!(status, 202, "{told}");
    let view = system.document("hours.txt").view().await;
    assert_eq!(view["effective_from"], "2020-06-29T22:00:00Z");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_says_the_same() {
    let system = System::start().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("hours.md");
    std::fs::write(&file, "Open at seven.").unwrap();
    for option in ["--effective-from", "--review-by", "--expires-at"] {
        let mut ingest = system.setup.chatbot();
        ingest.args([
            "ingest",
            "--collection",
            "patients",
            "--url",
            &system.rag.url,
        ]);
        ingest.args([option, "01/02/2027"]).arg(&file);
        let output = ingest.output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success());
        assert!(
            told.contains(option) && told.contains("2027-06-30T00:00:00Z"),
            "{told}"
        );
    }
}
