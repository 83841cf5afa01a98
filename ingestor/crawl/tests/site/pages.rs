//! Which pages are found, and how they arrive.

use std::io::Write;

use crawl::{Bound, Error, Failure, Outcome, Refusal};
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::server::{Reply, Server, page, redirect, status};
use crate::shelf::{crawl_from, crawl_once};

fn packed(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text.as_bytes()).expect("packs");
    encoder.finish().expect("packs")
}

fn bytes(content_type: &str, body: &[u8]) -> Reply {
    Reply::Full(200, vec![("content-type".to_owned(), content_type.to_owned())], body.to_vec())
}

fn urlset(paths: &[&str]) -> String {
    let entries: String = paths.iter().map(|path| format!("<url><loc>{{here}}{path}</loc></url>")).collect();
    format!("<?xml version=\"1.0\"?><urlset>{entries}</urlset>")
}

#[tokio::test]
async fn links_are_followed_within_the_site_and_every_page_arrives_once() {
    let server = Server::start(&[
        ("/", page("<a href=/about>About</a> <a href=\"list.pdf#p2\">List</a> <a href=https://other.test/>Other</a>")),
        ("/about", page("<a href=/>Home</a> <a href=/team?utm_source=x>Team</a> <a href='/logo.png'></a>")),
        ("/team", page("Anna")),
        ("/list.pdf", bytes("application/pdf", b"%PDF-1.7")),
        ("/logo.png", bytes("image/png", b"PNG")),
    ])
    .await;
    let (shelf, summary) = crawl_once(&server, |_| ()).await;
    assert_eq!(shelf.names(), ["about.html", "index.html", "list.pdf", "team.html"]);
    assert_eq!(summary.expect("crawls").stored, 4);
    assert_eq!(server.asked(), ["/", "/about", "/list.pdf", "/logo.png", "/team"]);
    let pages = shelf.pages.lock().expect("is not poisoned");
    let team = pages.values().find(|page| page.name.ends_with("/team.html")).expect("is there");
    assert_eq!((team.url.to_string(), team.bytes.as_slice()), (server.url("/team"), b"Anna".as_slice()));
}

#[tokio::test]
async fn a_sitemap_of_sitemaps_packed_or_not_names_the_pages() {
    let index = "<sitemapindex><sitemap><loc>{here}/a.xml</loc></sitemap><sitemap><loc>{here}/b.xml.gz</loc></sitemap>\
        <sitemap><loc>{here}/missing.xml</loc></sitemap></sitemapindex>";
    let server = Server::start(&[
        ("/sitemap.xml", bytes("text/xml", index.as_bytes())),
        ("/a.xml", bytes("text/xml", urlset(&["/1", "/2"]).as_bytes())),
        ("/1", page("<a href=/unlisted>")),
        ("/2", page("Two")),
        ("/3", page("Three")),
        ("/unlisted", page("Four")),
    ])
    .await;
    let three = urlset(&["/3"]).replace("{here}", &server.url(""));
    server.set("/b.xml.gz", bytes("application/gzip", &packed(&three)));
    let (shelf, summary) = crawl_from(&server, "/sitemap.xml", |_| ()).await;
    assert_eq!(shelf.names(), ["1.html", "2.html", "3.html"]);
    let summary = summary.expect("crawls");
    assert_eq!((summary.stored, summary.failed), (3, 1));
    assert_eq!(shelf.outcome("/missing.xml"), Outcome::Failed(Failure::Status(404)));
    let (shelf, _) = crawl_from(&server, "/sitemap.xml", |settings| settings.depth = Some(1)).await;
    assert!(shelf.names().contains(&"unlisted.html".to_owned()));
}

#[tokio::test]
async fn sitemaps_are_read_only_so_deep_and_no_entity_of_theirs_is_expanded() {
    let inner =
        |target: &str| format!("<sitemapindex><sitemap><loc>{{here}}{target}</loc></sitemap></sitemapindex>");
    let bomb = "<!DOCTYPE urlset [<!ENTITY a \"{here}/x\"><!ENTITY b \"&a;&a;&a;&a;\">]>\
        <urlset><url><loc>&b;</loc></url><url><loc>{here}/ok</loc></url></urlset>";
    let server = Server::start(&[
        ("/0.xml", bytes("text/xml", inner("/1.xml").as_bytes())),
        ("/1.xml", bytes("text/xml", inner("/2.xml").as_bytes())),
        ("/2.xml", bytes("text/xml", inner("/0.xml").as_bytes())),
        ("/bomb.xml", bytes("text/xml", bomb.as_bytes())),
        ("/ok", page("Fine")),
    ])
    .await;
    let (shelf, summary) = crawl_from(&server, "/0.xml", |settings| settings.limits.sitemap_depth = 1).await;
    assert_eq!(summary.expect("crawls").stored, 0);
    assert_eq!(shelf.outcome("/2.xml"), Outcome::Failed(Failure::SitemapDepth { limit: 1 }));
    let (shelf, _) = crawl_from(&server, "/bomb.xml", |_| ()).await;
    assert_eq!(shelf.names(), ["ok.html"]);
    let (_, summary) = crawl_from(&server, "/ok.xml", |_| ()).await;
    assert!(matches!(summary, Err(Error::First { failure: Failure::Status(404), .. })));
    server.set("/ok.xml", page("<html>"));
    let (_, summary) = crawl_from(&server, "/ok.xml", |_| ()).await;
    assert!(matches!(summary, Err(Error::NotASitemap(_))));
}

#[tokio::test]
async fn depth_pages_and_queries_are_bounded() {
    let server = Server::start(&[("/", page("<a href=/1>"))]).await;
    for number in 1..9 {
        server.set(&format!("/{number}"), page(&format!("<a href=/{}>", number + 1)));
    }
    let (shelf, _) = crawl_once(&server, |settings| settings.depth = Some(2)).await;
    assert_eq!(shelf.names(), ["1.html", "2.html", "index.html"]);
    let (shelf, summary) = crawl_once(&server, |settings| settings.limits.pages = 2).await;
    assert_eq!(shelf.names(), ["1.html", "index.html"]);
    assert_eq!(summary.expect("crawls").bound, Some(Bound::Pages { limit: 2 }));
    let months: String = (0..50).map(|month| format!("<a href='/calendar?month={month}'>")).collect();
    server.set("/", page(&months));
    for month in 0..50 {
        server.set(&format!("/calendar?month={month}"), page("Nothing on."));
    }
    let (shelf, _) = crawl_once(&server, |settings| settings.limits.queries = 3).await;
    assert_eq!(shelf.names().len(), 4);
    assert_eq!(shelf.outcome("month=49"), Outcome::Refused(Refusal::Queries { limit: 3 }));
    let (shelf, _) = crawl_once(&server, |settings| settings.limits.links = 5).await;
    assert_eq!(shelf.names().len(), 6);
}

#[tokio::test]
async fn patterns_choose_what_is_fetched_and_the_first_page_is_read_for_its_links() {
    let server = Server::start(&[
        ("/", page("<a href=/blog/a><a href=/blog/draft><a href=/shop>")),
        ("/blog/a", page("A")),
        ("/blog/draft", page("B")),
        ("/shop", page("C")),
    ])
    .await;
    let (shelf, _) = crawl_once(&server, |settings| {
        settings.include = vec!["/blog/**".to_owned()];
        settings.exclude = vec!["/**/draft".to_owned()];
    })
    .await;
    assert_eq!(shelf.names(), ["blog/a.html"]);
    assert_eq!(server.asked(), ["/", "/blog/a"]);
}

#[tokio::test]
async fn a_page_is_stored_under_the_address_that_it_names() {
    let canonical = |target: &str| page(&format!("<link rel=canonical href='{target}'>Tea"));
    let server = Server::start(&[
        ("/", page("<a href='/tea?sort=1'><a href=/old><a href=/guest>")),
        ("/tea?sort=1", canonical("/tea")),
        ("/tea", canonical("{here}/tea")),
        ("/old", redirect(301, "/tea")),
        ("/guest", canonical("https://other.test/original")),
    ])
    .await;
    let (shelf, summary) = crawl_once(&server, |_| ()).await;
    assert_eq!(shelf.names(), ["guest.html", "index.html", "tea.html"]);
    assert_eq!(summary.expect("crawls").passed, 2);
}

#[tokio::test]
async fn packed_pages_arrive_unpacked_and_names_that_fall_together_are_told_apart() {
    let server =
        Server::start(&[("/", page("<a href=/a><a href=/a.html><a href=/empty>")), ("/empty", page(""))])
            .await;
    server.set("/a", bytes("text/html", &packed("Packed.")).with("content-encoding", "gzip"));
    server.set("/a.html", page("Plain."));
    let (shelf, summary) = crawl_once(&server, |_| ()).await;
    let texts: Vec<Vec<u8>> =
        shelf.pages.lock().expect("is not poisoned").values().map(|page| page.bytes.clone()).collect();
    assert!(texts.contains(&b"Packed.".to_vec()) && texts.contains(&b"Plain.".to_vec()), "{texts:?}");
    assert_eq!((shelf.names().len(), summary.expect("crawls").unusable), (3, 1));
    assert_eq!(shelf.outcome("/empty"), Outcome::Unusable("it is empty".to_owned()));
    server.set("/", status(500));
    let (_, summary) = crawl_once(&server, |_| ()).await;
    assert!(matches!(summary, Err(Error::First { failure: Failure::Status(500), .. })));
}

#[tokio::test]
async fn a_sitemap_that_is_too_long_packed_or_not_is_refused() {
    let server = Server::start(&[]).await;
    let long = format!("<urlset>{}</urlset>", "<url><loc>{here}/a</loc></url>".repeat(2_000));
    server.set("/plain.xml", bytes("text/xml", long.as_bytes()));
    server.set("/packed.xml.gz", bytes("application/gzip", &packed(&" ".repeat(3_000_000))));
    let limit = |settings: &mut crawl::Settings| settings.limits.sitemap_bytes = 50_000;
    let failure = |summary| match summary {
        Err(Error::First { failure, .. }) => failure,
        other => panic!("{other:?}"),
    };
    let (_, summary) = crawl_from(&server, "/plain.xml", limit).await;
    assert_eq!(failure(summary), Failure::TooLarge { limit_bytes: 50_000 });
    let (_, summary) = crawl_from(&server, "/packed.xml.gz", limit).await;
    assert_eq!(failure(summary), Failure::TooLarge { limit_bytes: 50_000 });
    let (_, summary) = crawl_from(&server, "/packed.xml.gz", |_| ()).await;
    assert_eq!(failure(summary), Failure::Bomb { ratio: 100 });
}
