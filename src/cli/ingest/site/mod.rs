//! A web site as a source: the pages of its site map, or those that its start page leads to.

mod fetch;
mod host;
mod links;
mod map;

use std::collections::{HashSet, VecDeque};

use clap::Args;
use percent_encoding::percent_decode_str;
use serde_json::Value;
use url::Url;

pub use self::host::is_same_site;

use self::fetch::{Answer, Fetcher, Page, Wanted, media_type};
use super::before::Before;
use super::client::text;
use super::found::{Content, Document, Findings, Found, Origin, external_id};
use crate::rag::parse::{ContentType, MediaType, charset_parameter};

/// The most site maps of one site.
const MOST_MAPS: usize = 500;

/// How a web site is read.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Web sites")]
pub struct SiteArgs {
    /// The requests a second; a slower pace in robots.txt counts.
    #[arg(long, default_value_t = 2.0, value_parser = rate)]
    rate: f64,
    /// The most pages of a site; a site with more is reported as failed.
    #[arg(long, default_value_t = 5_000)]
    max_pages: usize,
    /// How many links away from the start page a page may be; no limit by default.
    #[arg(long)]
    depth: Option<u32>,
    /// Only pages whose path begins with this, such as /patients/.
    #[arg(long, default_value = "/")]
    pub within: String,
    /// Follow the links of the start page even if the site has a site map.
    #[arg(long)]
    follow_links: bool,
}

fn rate(text: &str) -> Result<f64, String> {
    let rate = text.parse::<f64>().ok();
    rate.filter(|rate| (0.01..=1_000.0).contains(rate))
        .ok_or_else(|| "expected a number from 0.01 to 1000".to_owned())
}

/// Finds the documents of a site.
pub async fn crawl(start: &Url, options: &SiteArgs, before: Before<'_>, findings: &Findings) {
    let fetcher = match Fetcher::new(start, options.rate, before.largest).await {
        Ok(fetcher) => fetcher,
        Err(reason) => return findings.fail(start.as_str(), reason).await,
    };
    let mut crawl = Crawl {
        fetcher,
        start,
        options,
        before,
        findings,
        queue: VecDeque::new(),
        seen: HashSet::new(),
        deferred: HashSet::new(),
        claimed: HashSet::new(),
        follows: false,
    };
    crawl.begin().await;
    crawl.run().await;
}

struct Crawl<'a> {
    fetcher: Fetcher,
    start: &'a Url,
    options: &'a SiteArgs,
    before: Before<'a>,
    findings: &'a Findings,
    /// Addresses to read, with their distance from the start page.
    queue: VecDeque<(Url, u32)>,
    seen: HashSet<Url>,
    /// Pages that name another address as their canonical one.
    deferred: HashSet<Url>,
    /// The addresses that these pages name.
    claimed: HashSet<Url>,
    /// Whether the links of pages are followed.
    follows: bool,
}

impl Crawl<'_> {
    /// Queues the pages of the site maps, or the start page if there is no site map.
    async fn begin(&mut self) {
        let path = self.start.path();
        let is_map = [".xml", ".xml.gz"].iter().any(|end| path.ends_with(end));
        let mut named = self.fetcher.site_maps();
        if is_map {
            named = vec![self.start.clone()];
        } else if self.options.follow_links {
            named.clear();
        }
        let guessed = named.is_empty() && !self.options.follow_links;
        if guessed {
            named.extend(self.start.join("/sitemap.xml").ok());
        }
        let found = self.read_maps(named, guessed).await;
        if !found && !is_map {
            self.follows = true;
            self.queue(self.start.clone(), 0);
        }
    }

    /// Queues the pages of site maps. Returns whether there were any.
    async fn read_maps(&mut self, named: Vec<Url>, guessed: bool) -> bool {
        let mut maps: VecDeque<Url> = named.into();
        let mut read = HashSet::new();
        let mut found = false;
        while let Some(url) = maps.pop_front() {
            if !is_same_site(self.start, &url) {
                self.findings.skip(url, "it is on another host").await;
                continue;
            }
            if !read.insert(url.clone()) {
                continue;
            }
            if read.len() > MOST_MAPS {
                let reason = format!("the site has more than {MOST_MAPS} site maps");
                self.findings.fail(self.start.as_str(), reason).await;
                break;
            }
            let map = match self.fetcher.get(&url, None, Wanted::Anything).await {
                Answer::Page(page) => map::read(&page.bytes),
                Answer::Moved(to) => {
                    maps.push_back(to);
                    continue;
                }
                Answer::NotModified => continue,
                Answer::Absent(reason)
                | Answer::Elsewhere(reason)
                | Answer::Refused(reason)
                | Answer::Failed(reason) => Err(reason),
            };
            match map {
                Ok(map) => {
                    found |= !map.pages.is_empty();
                    maps.extend(map.maps.iter().filter_map(|map| url.join(map).ok()));
                    for page in map.pages {
                        self.queue_named(&url, &page).await;
                    }
                }
                // Some sites answer with a page to every address.
                Err(_) if guessed && read.len() == 1 => return false,
                Err(reason) => self.findings.fail(url, format!("site map: {reason}")).await,
            }
        }
        found
    }

    async fn queue_named(&mut self, map: &Url, page: &str) {
        match map.join(page) {
            Ok(url) if is_same_site(self.start, &url) => self.queue(url, 0),
            _ => self.findings.skip(page, "it is not on this host").await,
        }
    }

    /// Queues an address of the site once.
    fn queue(&mut self, mut url: Url, distance: u32) {
        url.set_fragment(None);
        if self.is_wanted(&url) && self.seen.insert(url.clone()) {
            self.queue.push_back((url, distance));
        }
    }

    fn is_wanted(&self, url: &Url) -> bool {
        let is_start = url == self.start;
        is_same_site(self.start, url) && (is_start || url.path().starts_with(&self.options.within))
    }

    async fn run(&mut self) {
        let mut read = 0;
        while let Some((url, distance)) = self.queue.pop_front() {
            if !self.fetcher.allows(&url) {
                self.findings
                    .skip(url, "the site's robots.txt forbids it")
                    .await;
                continue;
            }
            if read == self.options.max_pages {
                let reason = format!(
                    "the limit of {read} pages is reached, and {} addresses are not read: raise --max-pages",
                    self.queue.len() + 1
                );
                return self.findings.fail(self.start.as_str(), reason).await;
            }
            read += 1;
            self.visit(url, distance).await;
        }
    }

    async fn visit(&mut self, url: Url, distance: u32) {
        let id = external_id(self.before.prefix, &path_of(&url));
        let validator = self.validator(&id, &url, distance);
        let answer = self
            .fetcher
            .get(&url, validator.as_deref(), Wanted::Documents)
            .await;
        match answer {
            Answer::Page(page) => self.page(url, id, distance, page).await,
            Answer::NotModified => {
                let (external_id, name) = (id, url.into());
                self.findings
                    .add(Found::Unchanged { external_id, name })
                    .await;
            }
            Answer::Moved(to) if self.is_wanted(&to) => {
                self.findings.skip(url, format!("it leads to {to}")).await;
                self.queue(to, distance);
            }
            Answer::Moved(to) => self.findings.skip(url, format!("it leads to {to}")).await,
            Answer::Absent(reason) | Answer::Elsewhere(reason)
                if url != *self.start && !self.claimed.contains(&url) =>
            {
                self.findings.skip(url, reason).await;
            }
            Answer::Absent(reason)
            | Answer::Elsewhere(reason)
            | Answer::Refused(reason)
            | Answer::Failed(reason) => self.findings.fail(url, reason).await,
        }
    }

    /// The validator of a page that need not be read again if it is as it was. Where links are
    /// followed, HTML is read again for its links: one of them may have failed before.
    fn validator(&self, id: &str, url: &Url, distance: u32) -> Option<String> {
        let view = self.before.standing(id, url.as_str())?;
        let is_page = MediaType::from_mime(&text(view, "media_type")) == Some(MediaType::Html);
        let leads_on = self.follows && is_page && self.reaches(distance);
        let validator = view.get("source_validator").and_then(Value::as_str);
        validator.filter(|_| !leads_on).map(str::to_owned)
    }

    /// Whether the links of a page at this distance from the start are read.
    fn reaches(&self, distance: u32) -> bool {
        self.options.depth.is_none_or(|depth| distance < depth)
    }

    async fn page(&mut self, url: Url, id: String, distance: u32, page: Page) {
        let Some(kind) = media_type(&page.content_type, &url) else {
            return;
        };
        if kind == MediaType::Html {
            let links = links::of(&page.bytes, &page.content_type, &url);
            if self.follows && self.reaches(distance) {
                for link in links.pages {
                    self.queue(link, distance + 1);
                }
            }
            if let Some(canonical) = links.canonical
                && canonical != url
                && self.is_wanted(&canonical)
                && !self.deferred.contains(&canonical)
            {
                let reason = format!("its canonical address is {canonical}");
                self.findings.skip(url.as_str(), reason).await;
                self.deferred.insert(url);
                self.claimed.insert(canonical.clone());
                return self.queue(canonical, distance);
            }
        }
        let content_type = ContentType {
            media: kind,
            charset: charset_parameter(&page.content_type),
        };
        let document = Document {
            external_id: id,
            name: url.to_string(),
            title: None,
            content_type: content_type.to_string(),
            origin: Some(Origin {
                source: url.into(),
                validator: page.validator,
            }),
            content: Content::Bytes(page.bytes),
        };
        self.findings.add(Found::Document(Box::new(document))).await;
    }
}

/// The path of an address as people read it, with its query; a folder is its index.
fn path_of(url: &Url) -> String {
    let path = percent_decode_str(url.path()).decode_utf8_lossy();
    let mut path = path.trim_start_matches('/').to_owned();
    if path.is_empty() || path.ends_with('/') {
        path.push_str("index.html");
    }
    if let Some(query) = url.query() {
        path.push('?');
        path.push_str(&percent_decode_str(query).decode_utf8_lossy());
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        text.parse().unwrap()
    }

    #[test]
    fn the_id_is_the_path_as_people_read_it() {
        for (address, id) in [
            ("https://a.example", "index.html"),
            ("https://a.example/ward/", "ward/index.html"),
            ("https://a.example/Caf%C3%A9.html", "Caf\u{e9}.html"),
            ("https://a.example/p?id=3&x=%20", "p?id=3&x= "),
        ] {
            assert_eq!(path_of(&url(address)), id);
        }
    }
}
