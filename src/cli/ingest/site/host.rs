//! The bounds of a web site.

use url::Url;

/// Whether both addresses are of one host and port; a site may move from http to https.
pub fn is_same_site(one: &Url, other: &Url) -> bool {
    let port = |url: &Url| url.port_or_known_default();
    let both = (port(one), port(other));
    let is_upgrade = matches!(both, (Some(80), Some(443)) | (Some(443), Some(80)));
    let is_web = |url: &Url| matches!(url.scheme(), "http" | "https");
    is_web(one) && is_web(other) && one.host() == other.host() && (both.0 == both.1 || is_upgrade)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        text.parse().unwrap()
    }

    #[test]
    fn the_site_is_one_host_and_port() {
        let site = url("http://ward.example/a");
        for (other, same) in [
            ("http://ward.example/b", true),
            ("https://ward.example/", true),
            ("http://ward.example:80/", true),
            ("http://ward.example:8080/", false),
            ("http://www.ward.example/", false),
            ("http://ward.example.evil/", false),
            ("http://169.254.169.254/", false),
            ("file://ward.example/", false),
        ] {
            assert_eq!(is_same_site(&site, &url(other)), same, "{other}");
        }
    }
}
