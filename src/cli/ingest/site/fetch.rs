//! The requests to a web site: slow, on one host, and as its robots.txt allows.

use std::time::Duration;

use actix_web::web::Bytes;
use futures::StreamExt;
use reqwest::header::{CONTENT_TYPE, ETAG, HeaderMap, HeaderName, LAST_MODIFIED, LOCATION};
use reqwest::{Response, StatusCode, redirect};
use texting_robots::Robot;
use tokio::time::{Instant, sleep, sleep_until};
use url::Url;

use super::host::is_same_site;
use crate::cli::ingest::client::retry_after;
use crate::rag::parse::MediaType;

/// The name by which a robots.txt addresses this program.
const ROBOT: &str = "chatbot-ingest";
const USER_AGENT: &str = concat!("chatbot-ingest/", env!("CARGO_PKG_VERSION"));
/// How often a request is sent before it fails.
const ATTEMPTS: u32 = 4;
/// The pause after the first failure; it doubles with each further one.
const PAUSE: Duration = Duration::from_secs(1);
/// The largest robots.txt that is read, in bytes; RFC 9309 asks for at least 500 KiB.
const LARGEST_ROBOTS: usize = 512 * 1024;
/// The longest pause that a robots.txt may ask for.
const LONGEST_DELAY: Duration = Duration::from_mins(1);

/// The answer to a request.
pub enum Answer {
    Page(Page),
    /// It is as it was when this validator was given.
    NotModified,
    /// It is at another address of the site.
    Moved(Url),
    /// There is no such page, or it is nothing to read; the reason.
    Absent(String),
    /// It is at another host; the reason.
    Elsewhere(String),
    /// It is there, but not for us; the reason.
    Refused(String),
    /// It cannot be read now; the reason.
    Failed(String),
}

/// The answers whose bytes are read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    Documents,
    Anything,
}

/// A page or a file.
pub struct Page {
    pub content_type: String,
    pub validator: Option<String>,
    pub bytes: Bytes,
}

/// One web site.
pub struct Fetcher {
    http: reqwest::Client,
    start: Url,
    robots: Option<Robot>,
    pause: Duration,
    next: Instant,
    largest: usize,
}

impl Fetcher {
    /// Reads the rules of the site.
    pub async fn new(start: &Url, rate: f64, largest: usize) -> Result<Self, String> {
        let http = reqwest::Client::builder()
            .user_agent(USER_AGENT)
            .connect_timeout(Duration::from_secs(10))
            .timeout(Duration::from_mins(2))
            .redirect(redirect::Policy::none())
            .build();
        let mut fetcher = Self {
            http: http.map_err(|error| error.to_string())?,
            start: start.clone(),
            robots: None,
            pause: Duration::from_secs_f64(rate.recip()),
            next: Instant::now(),
            largest,
        };
        fetcher.read_robots().await?;
        Ok(fetcher)
    }

    /// A site without a robots.txt allows everything, one that cannot say so nothing (RFC 9309).
    async fn read_robots(&mut self) -> Result<(), String> {
        let Ok(mut url) = self.start.join("/robots.txt") else {
            return Err("the site has no robots.txt address".to_owned());
        };
        for _ in 0..5 {
            match self.get(&url, None, Wanted::Anything).await {
                Answer::Page(page) => {
                    let end = page.bytes.len().min(LARGEST_ROBOTS);
                    let text = page.bytes.slice(..end);
                    let robots = Robot::new(ROBOT, &text);
                    let robots = robots.map_err(|_| "its robots.txt cannot be understood")?;
                    let delay = robots.delay.unwrap_or(0.0);
                    let delay = delay.clamp(0.0, LONGEST_DELAY.as_secs_f32());
                    self.pause = self.pause.max(Duration::from_secs_f32(delay));
                    self.robots = Some(robots);
                    return Ok(());
                }
                Answer::Moved(to) => url = to,
                Answer::Absent(_) | Answer::Refused(_) | Answer::NotModified => return Ok(()),
                Answer::Failed(reason) | Answer::Elsewhere(reason) => {
                    return Err(format!("its robots.txt cannot be read: {reason}"));
                }
            }
        }
        Err("its robots.txt leads from address to address".to_owned())
    }

    /// The site maps that the site's robots.txt names.
    pub fn site_maps(&self) -> Vec<Url> {
        let named = self.robots.iter().flat_map(|robots| &robots.sitemaps);
        named
            .filter_map(|named| self.start.join(named).ok())
            .collect()
    }

    pub fn allows(&self, url: &Url) -> bool {
        let robots = self.robots.as_ref();
        robots.is_none_or(|robots| robots.allowed(url.as_str()))
    }

    /// Asks for a page, unless it is as it was when it had this validator.
    pub async fn get(&mut self, url: &Url, validator: Option<&str>, wanted: Wanted) -> Answer {
        let mut pause = PAUSE;
        let mut reason = String::new();
        for attempt in 0..ATTEMPTS {
            if attempt > 0 {
                sleep(pause).await;
                pause *= 2;
            }
            sleep_until(self.next).await;
            self.next = Instant::now() + self.pause;
            let mut request = self.http.get(url.clone());
            if let Some(validator) = validator {
                request = request.header(condition(validator), validator);
            }
            match request.send().await {
                Ok(answer) if is_passing(answer.status()) => {
                    reason = format!("the site answers {}", answer.status());
                    pause = retry_after(&answer).unwrap_or(pause);
                }
                Ok(answer) => match self.read(url, answer, wanted).await {
                    Ok(answer) => return answer,
                    Err(cut) => reason = cut,
                },
                Err(error) => reason = words(&error),
            }
        }
        Answer::Failed(reason)
    }

    /// Reads an answer; an error is one that may pass.
    async fn read(&self, url: &Url, answer: Response, wanted: Wanted) -> Result<Answer, String> {
        let status = answer.status();
        if status == StatusCode::NOT_MODIFIED {
            return Ok(Answer::NotModified);
        }
        if status.is_redirection() {
            return Ok(self.moved(url, answer.headers()));
        }
        if status.is_client_error() {
            return Ok(match status {
                StatusCode::NOT_FOUND | StatusCode::GONE => Answer::Absent(status.to_string()),
                _ => Answer::Refused(format!("the site answers {status}")),
            });
        }
        if !status.is_success() {
            return Ok(Answer::Failed(format!("the site answers {status}")));
        }
        let headers = answer.headers();
        let (content_type, validator) = (header(headers, &CONTENT_TYPE), validator(headers));
        let kind = content_type.as_deref().unwrap_or_default();
        if wanted == Wanted::Documents && media_type(kind, url).is_none() {
            return Ok(Answer::Absent(format!(
                "documents of type {kind} are not read"
            )));
        }
        let mut bytes = Vec::new();
        let mut parts = answer.bytes_stream();
        while let Some(part) = parts.next().await {
            bytes.extend_from_slice(&part.map_err(|error| words(&error))?);
            if bytes.len() > self.largest {
                let limit = self.largest;
                let reason =
                    format!("it is larger than {limit} bytes (rag.ingestion.max_document_bytes)");
                return Ok(Answer::Failed(reason));
            }
        }
        Ok(Answer::Page(Page {
            content_type: content_type.unwrap_or_default(),
            validator,
            bytes: bytes.into(),
        }))
    }

    fn moved(&self, url: &Url, headers: &HeaderMap) -> Answer {
        let to = header(headers, &LOCATION).and_then(|to| url.join(&to).ok());
        match to {
            Some(to) if is_same_site(&self.start, &to) => Answer::Moved(to),
            Some(to) => Answer::Elsewhere(format!(
                "it leads to another host, {}",
                to.host_str().unwrap_or_default()
            )),
            None => Answer::Failed("it leads nowhere".to_owned()),
        }
    }
}

/// The format of an answer; the name decides where the server does not know it.
pub fn media_type(content_type: &str, url: &Url) -> Option<MediaType> {
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    if !essence.is_empty() && !essence.eq_ignore_ascii_case("application/octet-stream") {
        return MediaType::from_mime(essence);
    }
    let (_, extension) = url.path().rsplit_once('.')?;
    MediaType::from_extension(extension)
}

fn is_passing(status: StatusCode) -> bool {
    matches!(status.as_u16(), 408 | 429 | 500 | 502 | 503 | 504)
}

/// A failure without the address, which the report names anyway.
fn words(error: &reqwest::Error) -> String {
    let cause = if error.is_timeout() {
        "does not answer in time"
    } else if error.is_connect() {
        "cannot be reached"
    } else {
        "ends its answer early"
    };
    format!("the site {cause}")
}

fn header(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    Some(headers.get(name)?.to_str().ok()?.trim().to_owned())
}

/// Prefers the `ETag`, as RFC 9110 does.
fn validator(headers: &HeaderMap) -> Option<String> {
    header(headers, &ETAG).or_else(|| header(headers, &LAST_MODIFIED))
}

/// The header that asks for news since a validator: entity tags are quoted.
fn condition(validator: &str) -> &'static str {
    if validator.starts_with('"') || validator.starts_with("W/") {
        "if-none-match"
    } else {
        "if-modified-since"
    }
}
