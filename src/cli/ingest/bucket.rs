//! An S3-compatible bucket as a source.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use anyhow::Context;
use async_trait::async_trait;
use clap::Args;
use futures::TryStreamExt;
use http_body_util::BodyExt;
use object_store::aws::{AmazonS3, AmazonS3Builder, AmazonS3ConfigKey};
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse,
    HttpResponseBody, HttpService,
};
use object_store::path::Path;
use object_store::{ClientOptions, GetOptions, ObjectMeta, ObjectStore, RetryConfig};

use super::before::Before;
use super::client::text;
use super::files::unknown;
use super::found::{Content, Document, Findings, Found, Origin, external_id, too_large};
use crate::rag::parse::MediaType;

/// The objects of a bucket whose keys are below a prefix.
#[derive(Clone, Debug, PartialEq)]
pub struct Bucket {
    name: String,
    /// Without a slash at its ends.
    prefix: String,
}

impl FromStr for Bucket {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let rest = text.strip_prefix("s3://").unwrap_or_default();
        let (name, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        if name.is_empty() {
            return Err("expected s3://BUCKET or s3://BUCKET/PREFIX".to_owned());
        }
        Ok(Self {
            name: name.to_owned(),
            prefix: prefix.trim_matches('/').to_owned(),
        })
    }
}

/// The beginning of the sources of its documents.
impl fmt::Display for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s3://{}/", self.name)?;
        if self.prefix.is_empty() {
            return Ok(());
        }
        write!(f, "{}/", self.prefix)
    }
}

/// The service that holds buckets. Credentials come from the variables of AWS.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Buckets")]
pub struct BucketArgs {
    /// The S3-compatible service; without it AWS, or what `AWS_ENDPOINT_URL` names. The credentials
    /// are `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`.
    #[arg(long)]
    endpoint: Option<url::Url>,
    /// The region; without it what `AWS_REGION` names, or us-east-1.
    #[arg(long)]
    region: Option<String>,
    /// Read a public bucket without credentials.
    #[arg(long)]
    anonymous: bool,
}

/// Finds the documents of a bucket.
pub async fn list(
    bucket: &Bucket,
    options: &BucketArgs,
    variables: Vec<(String, String)>,
    before: Before<'_>,
    findings: &Findings,
) {
    let store = match open(bucket, options, variables) {
        Ok(store) => store,
        Err(error) => {
            return findings
                .fail(bucket.to_string(), format!("{error:#}"))
                .await;
        }
    };
    let below = match Path::parse(&bucket.prefix) {
        Ok(below) => below,
        Err(error) => return findings.fail(bucket.to_string(), error.to_string()).await,
    };
    let mut objects = store.list((!bucket.prefix.is_empty()).then_some(&below));
    loop {
        match objects.try_next().await {
            Ok(Some(object)) => {
                let found = find(&store, bucket, &object, before).await;
                findings.add(found).await;
            }
            Ok(None) => return,
            Err(error) => return findings.fail(bucket.to_string(), words(&error)).await,
        }
    }
}

fn open(
    bucket: &Bucket,
    options: &BucketArgs,
    variables: Vec<(String, String)>,
) -> anyhow::Result<AmazonS3> {
    let named = |name: &str| variables.iter().any(|(key, _)| key == name);
    if options.endpoint.is_some() && !options.anonymous && !named("AWS_ACCESS_KEY_ID") {
        anyhow::bail!(
            "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give --anonymous for a public bucket"
        );
    }
    let mut builder = AmazonS3Builder::new()
        .with_region("us-east-1")
        .with_bucket_name(&bucket.name)
        .with_http_connector(Connector)
        .with_retry(RetryConfig {
            max_retries: 6,
            retry_timeout: Duration::from_mins(1),
            ..RetryConfig::default()
        });
    for (name, value) in variables {
        if let Ok(key) = name.to_ascii_lowercase().parse::<AmazonS3ConfigKey>() {
            builder = builder.with_config(key, value);
        }
    }
    if let Some(endpoint) = &options.endpoint {
        builder = builder
            .with_endpoint(endpoint.as_str().trim_end_matches('/'))
            .with_allow_http(endpoint.scheme() == "http");
    }
    if let Some(region) = &options.region {
        builder = builder.with_region(region);
    }
    if options.anonymous {
        builder = builder.with_skip_signature(true);
    }
    builder.build().context("the bucket cannot be opened")
}

/// Reads an object, unless it is no document or the server has it already.
async fn find(store: &AmazonS3, bucket: &Bucket, object: &ObjectMeta, before: Before<'_>) -> Found {
    let key = object.location.as_ref();
    let name = format!("s3://{}/{key}", bucket.name);
    let below = key.strip_prefix(&bucket.prefix).unwrap_or(key);
    let id = external_id(before.prefix, below.trim_start_matches('/'));
    let file = key.rsplit('/').next().unwrap_or_default();
    let extension = file.rsplit_once('.').map_or("", |(_, extension)| extension);
    let Some(media_type) = MediaType::from_extension(extension) else {
        let reason = unknown(extension);
        return Found::Skipped { name, reason };
    };
    if usize::try_from(object.size).map_or(true, |size| size > before.largest) {
        let reason = too_large(object.size, before.largest);
        return Found::Failed { name, reason };
    }
    let validator = object.e_tag.clone();
    if let Some(tag) = &validator
        && let Some(view) = before.standing(&id, &name)
        && text(view, "source_validator") == *tag
    {
        return Found::Unchanged {
            external_id: id,
            name,
        };
    }
    match read(store, object).await {
        Ok(bytes) => Found::Document(Box::new(Document {
            external_id: id,
            title: None,
            content_type: media_type.as_mime().to_owned(),
            origin: Some(Origin {
                source: name.clone(),
                validator,
            }),
            content: Content::Bytes(bytes),
            name,
        })),
        Err(error) => Found::Failed {
            name,
            reason: words(&error),
        },
    }
}

/// Reads the state of an object that the list named.
async fn read(store: &AmazonS3, object: &ObjectMeta) -> object_store::Result<bytes::Bytes> {
    let options = GetOptions {
        if_match: object.e_tag.clone(),
        ..GetOptions::default()
    };
    let answer = store.get_opts(&object.location, options).await?;
    answer.bytes().await
}

/// The failure for people: its first line; the rest is the server's XML.
fn words(error: &object_store::Error) -> String {
    match error {
        object_store::Error::Precondition { .. } => "it changed while it was read".to_owned(),
        error => {
            let said = error.to_string();
            let line = said.lines().next().unwrap_or_default();
            line.chars().take(300).collect()
        }
    }
}

/// Sends the requests with the client that everything else uses.
#[derive(Debug)]
struct Connector;

impl HttpConnector for Connector {
    fn connect(&self, options: &ClientOptions) -> object_store::Result<HttpClient> {
        let http = options.get_config_value(&object_store::ClientConfigKey::AllowHttp);
        let client = reqwest::Client::builder()
            .https_only(http.as_deref() != Some("true"))
            .connect_timeout(Duration::from_secs(10))
            .timeout(Duration::from_mins(2))
            .build();
        let client = client.map_err(|error| object_store::Error::Generic {
            store: "S3",
            source: Box::new(error),
        })?;
        Ok(HttpClient::new(Http(client)))
    }
}

#[derive(Debug)]
struct Http(reqwest::Client);

#[async_trait]
impl HttpService for Http {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let (parts, body) = request.into_parts();
        let url = parts.uri.to_string();
        let request = self
            .0
            .request(parts.method, url)
            .headers(parts.headers)
            .body(reqwest::Body::wrap(body));
        let answer = request.send().await.map_err(failure)?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        let body = reqwest::Body::from(answer).map_err(failure);
        let mut answer = HttpResponse::new(HttpResponseBody::new(body));
        *answer.status_mut() = status;
        *answer.headers_mut() = headers;
        Ok(answer)
    }
}

fn failure(error: reqwest::Error) -> HttpError {
    let kind = if error.is_timeout() {
        HttpErrorKind::Timeout
    } else if error.is_connect() {
        HttpErrorKind::Connect
    } else if error.is_decode() {
        HttpErrorKind::Decode
    } else {
        HttpErrorKind::Interrupted
    };
    // The address may hold a signature.
    HttpError::new(kind, error.without_url())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_is_named_by_its_address() {
        for (address, name, prefix, shown) in [
            ("s3://leaflets", "leaflets", "", "s3://leaflets/"),
            ("s3://leaflets/", "leaflets", "", "s3://leaflets/"),
            ("s3://a/b/c/", "a", "b/c", "s3://a/b/c/"),
        ] {
            let bucket: Bucket = address.parse().unwrap();
            assert_eq!(
                (bucket.name.as_str(), bucket.prefix.as_str()),
                (name, prefix)
            );
            assert_eq!(bucket.to_string(), shown);
        }
        assert!("s3://".parse::<Bucket>().is_err());
        assert!("s3:///a".parse::<Bucket>().is_err());
    }
}
