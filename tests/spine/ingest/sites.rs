//! Web sites.

use super::{ingest, listed};
use crate::support::system::System;
use crate::support::website::Website;

/// The statuses of the answers to requests for a path.
fn statuses(asked: &[(String, u16)], path: &str) -> Vec<u16> {
    let those = asked.iter().filter(|(asked, _)| asked == path);
    those.map(|(_, status)| *status).collect()
}

/// A site with a site map of three readable pages; the first request for one of them fails.
fn mapped() -> Website {
    let site = Website::start();
    let url = &site.url;
    site.page(
        "/robots.txt",
        "text/plain",
        format!("User-agent: *\nDisallow: /staff/\nSitemap: {url}/maps/all.xml\n"),
    );
    site.page(
        "/maps/all.xml",
        "application/xml",
        "<sitemapindex><sitemap><loc>pages.xml</loc></sitemap></sitemapindex>",
    );
    let pages = [
        "/heart/",
        "/kidney.html",
        "/staff/rota.html",
        "/plan.txt",
        "/gone.html",
    ];
    let pages = pages
        .map(|page| format!("<url><loc>{url}{page}</loc></url>"))
        .join("");
    let other = "<url><loc>http://other.example/a.html</loc></url>";
    let map = format!("<urlset>{pages}{other}</urlset>");
    site.page("/maps/pages.xml", "application/xml", map);
    site.html("/heart/", "The heart clinic opens at eight.");
    site.html("/kidney.html", "The kidney clinic opens at nine.");
    site.html("/staff/rota.html", "Nobody reads this.");
    site.page(
        "/plan.txt",
        "text/plain; charset=utf-8",
        "The plan is simple.",
    );
    site.fail_once("/plan.txt", 503);
    site
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_map_says_what_is_read_and_only_news_are_read_again() {
    let system = System::start().await;
    let site = mapped();
    let arguments = [site.url.as_str(), "--rate", "1000", "--json"];
    let first = ingest(&system, &arguments).await;
    let ids = ["heart/index.html", "kidney.html", "plan.txt"];
    assert_eq!(first.code, Some(0), "{} {}", first.said, first.errors);
    assert_eq!(first.with("indexed"), ids);
    assert!(first.reason("/staff/rota.html").contains("robots.txt"));
    assert!(first.reason("/gone.html").contains("404"));
    assert!(first.reason("other.example/a.html").contains("host"));
    let asked = site.asked();
    assert_eq!(statuses(&asked, "/plan.txt"), [503, 200]);
    assert!(statuses(&asked, "/staff/rota.html").is_empty());
    assert!(
        site.agents()
            .iter()
            .all(|agent| agent.starts_with("chatbot-ingest/"))
    );
    // Nothing is sent twice, neither to us nor to the server.
    let second = ingest(&system, &arguments).await;
    assert_eq!(second.with("unchanged"), ids);
    let asked = site.asked();
    for page in ["/heart/", "/kidney.html", "/plan.txt"] {
        assert_eq!(statuses(&asked, page), [304], "{page}");
    }
    assert_eq!(system.database().count("document_versions").await, 3);
    site.html("/kidney.html", "The kidney clinic opens at ten.");
    site.remove("/heart/");
    let mirror = [&arguments[..], &["--delete-missing", "--yes"]].concat();
    let third = ingest(&system, &mirror).await;
    assert_eq!(third.with("indexed"), ["kidney.html"]);
    assert_eq!(third.with("removed"), ["heart/index.html"]);
    assert_eq!(listed(&system).await, ["kidney.html", "plan.txt"]);
}

/// Four documents that lead to each other, and to an address on another host.
fn link_pages(site: &Website, trap: &str) {
    let link = |to: &str| format!("<a href='{to}'>a link</a>");
    let links = [
        "next.html",
        "/docs/plan.md",
        "away",
        "home",
        "picture.png",
        trap,
    ]
    .map(link);
    site.html(
        "/start.html",
        &format!("The ward is open. {}", links.join(" ")),
    );
    site.html(
        "/next.html",
        &format!("The next page. {}", link("/deep/last.html")),
    );
    site.html(
        "/deep/last.html",
        &format!("The last page. {}", link("/start.html#top")),
    );
    site.page(
        "/docs/plan.md",
        "text/markdown",
        "# Plan\n\nThe plan is simple.\n",
    );
    site.redirect("/away", trap);
    site.redirect("/home", "/next.html");
    site.page("/picture.png", "image/png", "x");
}

#[tokio::test(flavor = "multi_thread")]
async fn links_are_followed_on_the_host_alone() {
    let system = System::start().await;
    let (site, other) = (Website::start(), Website::start());
    other.html("/trap.html", "Nobody reads this.");
    let trap = format!("{}/trap.html", other.url);
    link_pages(&site, &trap);
    let start = format!("{}/start.html", site.url);
    let arguments = [start.as_str(), "--rate", "1000", "--json"];
    let first = ingest(&system, &arguments).await;
    let ids = ["deep/last.html", "docs/plan.md", "next.html", "start.html"];
    assert_eq!(first.code, Some(0), "{} {}", first.said, first.errors);
    assert_eq!(first.with("indexed"), ids);
    assert!(first.reason("/away").contains("another host"));
    assert!(first.reason("/picture.png").contains("image/png"));
    assert_eq!(other.asked(), []);
    site.asked();
    let second = ingest(&system, &arguments).await;
    assert_eq!(second.with("unchanged"), ids);
    // Pages are read again for their links, other documents are not.
    let asked = site.asked();
    assert_eq!(statuses(&asked, "/docs/plan.md"), [304]);
    assert_eq!(statuses(&asked, "/next.html"), [200]);
    assert_eq!(system.database().count("document_versions").await, 4);
    let few = ingest(&system, &[&arguments[..], &["--max-pages", "2"]].concat()).await;
    assert_eq!(few.code, Some(1));
    assert!(
        few.reason("/start.html").contains("--max-pages"),
        "{}",
        few.said
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_that_cannot_say_its_rules_is_left_alone() {
    let system = System::start().await;
    let site = Website::start();
    site.html("/", "The ward is open.");
    site.redirect("/robots.txt", "http://other.example/robots.txt");
    let run = ingest(&system, &[&site.url, "--rate", "1000", "--json"]).await;
    assert_eq!(run.code, Some(1));
    let json = run.json();
    let reason = json["documents"][0]["reason"].as_str().unwrap();
    assert!(reason.contains("robots.txt"), "{reason}");
    let asked = site.asked();
    assert!(statuses(&asked, "/").is_empty(), "{asked:?}");
}
