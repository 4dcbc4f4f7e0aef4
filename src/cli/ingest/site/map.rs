//! Site maps (sitemaps.org): the addresses of a site's pages.

use std::io::Read;

use flate2::read::MultiGzDecoder;
use quick_xml::Reader;
use quick_xml::events::Event;

/// The largest site map, unpacked, in bytes; the protocol allows as much.
const LARGEST: u64 = 50 << 20;

/// The addresses in a site map.
#[derive(Debug, Default, PartialEq)]
pub struct SiteMap {
    pub pages: Vec<String>,
    /// Further site maps.
    pub maps: Vec<String>,
}

/// Reads a site map, packed or not. An error says why it is none.
pub fn read(bytes: &[u8]) -> Result<SiteMap, String> {
    let mut text = Vec::new();
    if bytes.starts_with(&[0x1f, 0x8b]) {
        let mut unpacked = MultiGzDecoder::new(bytes).take(LARGEST + 1);
        let read = unpacked.read_to_end(&mut text);
        read.map_err(|error| format!("it cannot be unpacked: {error}"))?;
    } else {
        text.extend_from_slice(bytes);
    }
    if text.len() as u64 > LARGEST {
        return Err(format!("it is larger than {LARGEST} bytes"));
    }
    // The few letters that are no ASCII decide nothing here.
    parse(&String::from_utf8_lossy(&text))
}

fn parse(text: &str) -> Result<SiteMap, String> {
    let mut reader = Reader::from_str(text);
    let mut map = SiteMap::default();
    // The names of the open elements; nobody needs more than the last two.
    let mut open: Vec<String> = Vec::new();
    let mut location = String::new();
    loop {
        match reader.read_event() {
            Ok(Event::Start(element)) => {
                if open.len() > 100 {
                    return Err("it is nested too deeply".to_owned());
                }
                open.push(element.name().into_inner().to_owned());
                location.clear();
            }
            Ok(Event::Text(part)) => location.push_str(&part.xml10_content()),
            Ok(Event::CData(part)) => location.push_str(&part.xml10_content()),
            Ok(Event::GeneralRef(part)) => {
                location.push_str(entity(&part.xml10_content()));
            }
            Ok(Event::End(_)) => {
                let ended = open.pop();
                let is_location = ended.is_some_and(|name| name == "loc");
                let around = open.last().map(String::as_str);
                let address = location.trim().to_owned();
                match around {
                    Some("url") if is_location => map.pages.push(address),
                    Some("sitemap") if is_location => map.maps.push(address),
                    _ => {}
                }
                location.clear();
            }
            Ok(Event::Eof) => break,
            Ok(_) => {}
            Err(error) => return Err(format!("it is no XML: {error}")),
        }
    }
    if !open.is_empty() {
        return Err("it ends early".to_owned());
    }
    Ok(map)
}

/// The entities of XML; addresses need no others.
fn entity(name: &str) -> &'static str {
    match name {
        "amp" | "#38" | "#x26" => "&",
        "lt" => "<",
        "gt" => ">",
        "quot" => "\"",
        "apos" | "#39" => "'",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    const MAP: &str = "<?xml version=\"1.0\"?>\
        <urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\" xmlns:image=\"i\">\
        <url><loc> https://a.example/one?a=1&amp;b=2 </loc><lastmod>2026-01-01</lastmod>\
        <image:image><image:loc>https://a.example/p.png</image:loc></image:image></url>\
        <url><loc><![CDATA[https://a.example/two]]></loc></url></urlset>";

    fn packed(bytes: &[u8]) -> Vec<u8> {
        let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
        packer.write_all(bytes).unwrap();
        packer.finish().unwrap()
    }

    #[test]
    fn pages_and_further_maps_are_found() {
        let map = read(MAP.as_bytes()).unwrap();
        let pages = ["https://a.example/one?a=1&b=2", "https://a.example/two"];
        assert_eq!(map.pages, pages);
        assert_eq!(read(&packed(MAP.as_bytes())).unwrap(), map);
        let index = "<sitemapindex><sitemap><loc>/s1.xml.gz</loc></sitemap></sitemapindex>";
        assert_eq!(read(index.as_bytes()).unwrap().maps, ["/s1.xml.gz"]);
    }

    #[test]
    fn what_is_no_site_map_is_refused() {
        let bomb = packed(&vec![b' '; usize::try_from(LARGEST).unwrap() + 1]);
        assert!(bomb.len() < 1 << 20);
        let deep = "<a>".repeat(1_000);
        for (bytes, reason) in [
            (&bomb[..], "larger than"),
            (deep.as_bytes(), "too deeply"),
            (&MAP.as_bytes()[..MAP.len() - 9], "ends early"),
            (&packed(MAP.as_bytes())[..60], "unpacked"),
        ] {
            let said = read(bytes).unwrap_err();
            assert!(said.contains(reason), "{said}");
        }
    }
}
