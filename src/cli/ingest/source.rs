//! The places that documents come from.

use std::path::PathBuf;
use std::str::FromStr;

use url::Url;

use super::bucket::Bucket;
use super::site::is_same_site;

/// A place that documents come from.
#[derive(Clone, Debug)]
pub enum Source {
    /// A file or a folder.
    Path(PathBuf),
    /// A web site, by its start page or its site map.
    Site(Url),
    Bucket(Bucket),
}

impl FromStr for Source {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.starts_with("s3://") {
            return text.parse().map(Self::Bucket);
        }
        if !text.starts_with("http://") && !text.starts_with("https://") {
            return Ok(Self::Path(text.into()));
        }
        let mut url = Url::parse(text).map_err(|error| format!("no address: {error}"))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err("an address with a password would be stored with the documents".to_owned());
        }
        url.set_fragment(None);
        Ok(Self::Site(url))
    }
}

impl Source {
    /// Whether a document with this origin is one of this source; only those of a site whose paths
    /// begin with `within` are.
    pub fn covers(&self, origin: Option<&str>, within: &str) -> bool {
        match self {
            Self::Path(_) => origin.is_none(),
            Self::Site(url) => {
                let origin = origin.and_then(|origin| Url::parse(origin).ok());
                origin.is_some_and(|origin| {
                    is_same_site(url, &origin) && origin.path().starts_with(within)
                })
            }
            Self::Bucket(bucket) => {
                origin.is_some_and(|origin| origin.starts_with(&bucket.to_string()))
            }
        }
    }

    /// Whether the source holds documents whose absence says that they are gone.
    pub fn is_whole(&self) -> bool {
        match self {
            Self::Path(path) => path.is_dir(),
            Self::Site(_) | Self::Bucket(_) => true,
        }
    }

    /// Whether the source may hold many documents.
    pub fn is_long(&self) -> bool {
        match self {
            Self::Path(path) => path.is_dir() || path.extension().is_some_and(|end| end == "jsonl"),
            Self::Site(_) | Self::Bucket(_) => true,
        }
    }
}
