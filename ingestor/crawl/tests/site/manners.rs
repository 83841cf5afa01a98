//! What a site asks of robots, and how the crawler goes about it.

use std::time::Duration;

use crawl::{Error, Failure, Outcome, Refusal};

use crate::server::{Reply, Server, page, redirect, status};
use crate::shelf::crawl_once;

fn text(body: &str) -> Reply {
    page(body).with("content-type", "text/plain")
}

#[tokio::test]
async fn robots_txt_is_obeyed_and_its_sitemaps_are_read() {
    let server = Server::start(&[
        ("/robots.txt", text("User-agent: *\nDisallow: /\n\nUser-agent: shopbot\nDisallow: /private\nSitemap: {here}/map.xml\n")),
        ("/map.xml", text("<urlset><url><loc>{here}/listed</loc></url></urlset>")),
        ("/", page("<a href=/private/a><a href=/open>")),
        ("/open", page("Open")),
        ("/listed", page("Listed")),
        ("/private/a", page("Private")),
    ])
    .await;
    let (shelf, summary) = crawl_once(&server, |_| ()).await;
    assert_eq!(shelf.names(), ["index.html", "listed.html", "open.html"]);
    assert_eq!(summary.expect("crawls").refused, 1);
    assert_eq!(shelf.outcome("/private/a"), Outcome::Refused(Refusal::Robots));
    assert!(!server.asked().contains(&"/private/a".to_owned()));
    let (_, summary) = crawl_once(&server, |settings| settings.user_agent = "otherbot/2".to_owned()).await;
    assert!(matches!(summary, Err(Error::Start { why: Refusal::Robots, .. })));
}

#[tokio::test]
async fn a_site_whose_robots_txt_cannot_be_had_is_left_alone() {
    let server = Server::start(&[("/", page("Home"))]).await;
    for reply in [status(500), status(503), Reply::Raw(b"nonsense".to_vec())] {
        server.set("/robots.txt", reply);
        let (_, summary) = crawl_once(&server, |_| ()).await;
        assert!(matches!(&summary, Err(Error::Robots { .. })), "{summary:?}");
    }
    for reply in [
        status(404),
        status(403),
        redirect(302, "https://other.test/robots.txt"),
        redirect(302, "/robots.txt"),
    ] {
        server.set("/robots.txt", reply);
        let (shelf, _) = crawl_once(&server, |_| ()).await;
        assert_eq!(shelf.names(), ["index.html"]);
    }
}

#[tokio::test]
async fn pauses_are_as_long_as_the_site_asks_for_but_not_without_end() {
    let server = Server::start(&[
        ("/robots.txt", text("User-agent: *\nCrawl-delay: 7\n")),
        ("/", page("<a href=/a><a href=/b>")),
        ("/a", page("A")),
        ("/b", page("B")),
    ])
    .await;
    tokio::time::pause();
    let started = tokio::time::Instant::now();
    let (shelf, _) =
        crawl_once(&server, |settings| settings.limits.page_time = Duration::from_secs(600)).await;
    assert_eq!(shelf.names().len(), 3);
    assert!(started.elapsed() >= Duration::from_secs(14), "two pauses between three pages");
    let started = tokio::time::Instant::now();
    crawl_once(&server, |settings| settings.pause = Duration::from_secs(20)).await.1.expect("crawls");
    assert!(started.elapsed() >= Duration::from_secs(60), "three pauses between robots.txt and three pages");
    let limit = Duration::from_secs(5);
    let (_, summary) = crawl_once(&server, |settings| settings.limits.longest_pause = limit).await;
    assert!(matches!(summary, Err(Error::CrawlDelay { asked, .. }) if asked == Duration::from_secs(7)));
}

#[tokio::test]
async fn a_page_that_does_not_want_to_be_found_or_followed_is_not() {
    let server = Server::start(&[
        (
            "/",
            page("<a href=/secret><a href=/ad rel=nofollow><a href=/closed><a href=/header><a href=/others>"),
        ),
        ("/secret", page("<meta name=robots content=noindex><a href=/behind>")),
        ("/behind", page("Behind")),
        ("/ad", page("Ad")),
        ("/closed", page("<meta name=shopbot content='nofollow'><a href=/unreached>Closed")),
        ("/header", page("Header").with("x-robots-tag", "noindex")),
        ("/others", page("Others").with("x-robots-tag", "otherbot: noindex")),
    ])
    .await;
    let (shelf, _) = crawl_once(&server, |_| ()).await;
    assert_eq!(shelf.names(), ["behind.html", "closed.html", "index.html", "others.html"]);
    assert_eq!(shelf.outcome("/secret"), Outcome::Passed("it asks not to be found"));
    assert!(!server.asked().iter().any(|path| path == "/ad" || path == "/unreached"));
}

#[tokio::test]
async fn a_busy_server_is_asked_again_a_few_times_and_a_silent_site_not_for_ever() {
    let server = Server::start(&[("/", page("<a href=/busy><a href=/gone>")), ("/busy", status(503))]).await;
    let (shelf, _) = crawl_once(&server, |settings| settings.limits.tries = 4).await;
    assert_eq!(shelf.outcome("/busy"), Outcome::Failed(Failure::Status(503)));
    assert_eq!(server.asked().iter().filter(|path| *path == "/busy").count(), 4);
    assert_eq!(shelf.outcome("/gone"), Outcome::Passed("it is not there"));
    let links: String = (0..20).map(|number| format!("<a href=/{number}>")).collect();
    server.set("/", page(&links));
    for number in 0..20 {
        server.set(&format!("/{number}"), status(502));
    }
    let (_, summary) = crawl_once(&server, |settings| settings.limits.failures = 5).await;
    assert!(
        matches!(summary, Err(Error::NotAnswering { count: 5, failure: Failure::Status(502) })),
        "{summary:?}"
    );
}

#[tokio::test]
async fn a_busy_server_says_how_long_to_wait_and_is_not_waited_for_longer_than_allowed() {
    let server = Server::start(&[("/", page("<a href=/busy>"))]).await;
    tokio::time::pause();
    for (asked, least, most) in [("20", 40, 60), ("86400", 60, 90)] {
        server.set("/busy", status(429).with("retry-after", asked));
        let started = tokio::time::Instant::now();
        let (shelf, _) =
            crawl_once(&server, |settings| settings.limits.page_time = Duration::from_secs(600)).await;
        let waited = started.elapsed().as_secs();
        assert_eq!(shelf.outcome("/busy"), Outcome::Failed(Failure::Status(429)));
        assert!((least..most).contains(&waited), "two waits of {asked} seconds came to {waited}");
    }
}
