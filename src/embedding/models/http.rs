//! Downloads a file from a web server, and resumes an earlier attempt.

use std::time::Duration;

use reqwest::header::{CONTENT_RANGE, HeaderMap, RANGE};
use reqwest::{Client, StatusCode};
use url::Url;

use super::error::FetchError;
use super::part::Part;
use super::target::Target;
use crate::domain::causes;

/// The deadline for one file; the larger file has 23 MB.
const DEADLINE: Duration = Duration::from_mins(10);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const READ_TIMEOUT: Duration = Duration::from_secs(30);

/// Downloads `{base_url}/{model}/{file}`. The call blocks, on a runtime of its own.
pub(super) fn fetch(target: &Target<'_>, base_url: &Url) -> Result<(), FetchError> {
    let url = address(target, base_url)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| FetchError::Source(error.to_string()))?;
    runtime.block_on(async {
        tokio::time::timeout(DEADLINE, fetch_resuming(target, url))
            .await
            .map_err(|_| FetchError::Source("the download did not end in time".into()))?
    })
}

fn address(target: &Target<'_>, base_url: &Url) -> Result<Url, FetchError> {
    let mut url = base_url.clone();
    url.path_segments_mut()
        .map_err(|()| FetchError::Source("base_url cannot have a path".into()))?
        .pop_if_empty()
        .push(target.model)
        .push(target.file.name);
    Ok(url)
}

async fn fetch_resuming(target: &Target<'_>, url: Url) -> Result<(), FetchError> {
    let client = Client::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .read_timeout(READ_TIMEOUT)
        .build()
        .map_err(reason)?;
    let part = Part::resume(target)?;
    let resumed = part.written() > 0;
    match download(&client, &url, target, part).await {
        // The partial file may have been the beginning of another file.
        Err(FetchError::Source(_)) if resumed && !target.part_path().exists() => {
            download(&client, &url, target, Part::create(target)?).await
        }
        outcome => outcome,
    }
}

async fn download<'a>(
    client: &Client,
    url: &Url,
    target: &'a Target<'a>,
    mut part: Part<'a>,
) -> Result<(), FetchError> {
    let mut request = client.get(url.clone());
    if part.written() > 0 {
        request = request.header(RANGE, format!("bytes={}-", part.written()));
    }
    let mut response = request.send().await.map_err(reason)?;
    match response.status() {
        StatusCode::PARTIAL_CONTENT if continues(response.headers(), part.written()) => {}
        // The server does not support ranges or sends another range, so the download starts again.
        StatusCode::OK if part.written() > 0 => part = Part::create(target)?,
        StatusCode::OK => {}
        status => {
            if [
                StatusCode::RANGE_NOT_SATISFIABLE,
                StatusCode::PARTIAL_CONTENT,
            ]
            .contains(&status)
            {
                // Nothing can be resumed, so the caller starts again.
                let _ = std::fs::remove_file(target.part_path());
            }
            return Err(FetchError::Source(format!("status {}", status.as_u16())));
        }
    }
    while let Some(bytes) = response.chunk().await.map_err(reason)? {
        part.append(&bytes)?;
    }
    part.commit()
}

fn continues(headers: &HeaderMap, written: u64) -> bool {
    headers
        .get(CONTENT_RANGE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|range| range.starts_with(&format!("bytes {written}-")))
}

/// Returns the reason without the address, which the report already contains and which may carry a
/// password.
fn reason(error: reqwest::Error) -> FetchError {
    FetchError::Source(causes::joined(&error.without_url()))
}
