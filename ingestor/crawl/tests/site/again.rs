//! Crawls after the first: only what changed is fetched, what is gone is removed, what was interrupted goes on.

use crawl::{Error, Outcome, State, crawl};

use crate::server::{Reply, Server, page, redirect, status};
use crate::shelf::{Shelf, settings};

/// A site that is crawled again and again with one state.
struct Site {
    server: Server,
    state: State,
    shelf: Shelf,
}

impl Site {
    async fn start(pages: &[(&str, Reply)]) -> Self {
        let server = Server::start(pages).await;
        let mut site = Self { server, state: State::in_memory(), shelf: Shelf::default() };
        site.crawl().await.expect("crawls");
        site.server.asked();
        site
    }

    async fn crawl(&mut self) -> Result<crawl::Summary, Error> {
        let settings = settings(&self.server);
        crawl(&self.server.url("/"), &settings, &mut self.state, &self.shelf).await
    }
}

#[tokio::test]
async fn an_unchanged_page_is_not_sent_again_whatever_tells_that_it_is() {
    let mut site = Site::start(&[
        ("/", page("<a href=/etag><a href=/date><a href=/hash>").with("etag", "\"1\"")),
        ("/etag", page("One <a href=/below>").with("etag", "W/\"x\"")),
        ("/below", page("Below")),
        ("/date", page("Two").with("last-modified", "Mon, 01 Jan 2024 00:00:00 GMT")),
        ("/hash", page("Three")),
    ])
    .await;
    let summary = site.crawl().await.expect("crawls");
    assert_eq!((summary.stored, summary.unchanged), (0, 5));
    assert_eq!(site.server.asked(), ["/=", "/below", "/date=", "/etag=", "/hash"]);
    site.server.set("/hash", page("Three and a half <a href=/new>"));
    site.server.set("/new", page("New"));
    let summary = site.crawl().await.expect("crawls");
    assert_eq!((summary.stored, summary.unchanged), (2, 4));
    let mut settings = settings(&site.server);
    settings.anew = true;
    let summary =
        crawl(&site.server.url("/"), &settings, &mut site.state, &site.shelf).await.expect("crawls");
    assert_eq!((summary.stored, summary.unchanged), (6, 0));
}

#[tokio::test]
async fn a_page_is_removed_when_it_is_gone_and_not_when_the_server_fails() {
    let mut site = Site::start(&[
        ("/", page("<a href=/a><a href=/b><a href=/c><a href=/d><a href=/e>")),
        ("/a", page("A")),
        ("/b", page("B")),
        ("/c", page("C")),
        ("/d", page("D")),
        ("/e", page("E")),
    ])
    .await;
    for (path, reply) in
        [("/a", status(404)), ("/b", status(410)), ("/c", status(500)), ("/d", Reply::Raw(Vec::new()))]
    {
        site.server.set(path, reply);
    }
    site.server.set("/", page("Nothing leads anywhere."));
    site.server.set("/e", page("<meta name=robots content=noindex>"));
    let summary = site.crawl().await.expect("crawls");
    assert_eq!((summary.removed, summary.failed), (3, 2));
    assert_eq!(site.shelf.names(), ["c.html", "d.html", "index.html"]);
    assert_eq!(site.shelf.outcome("/b"), Outcome::Removed);
    site.server.set("/c", page("C"));
    site.server.set("/a", page("Again"));
    site.server.set("/", page("<a href=/a>"));
    site.crawl().await.expect("crawls");
    assert_eq!(site.shelf.names(), ["a.html", "c.html", "d.html", "index.html"]);
}

#[tokio::test]
async fn a_page_that_moved_goes_when_the_one_in_its_place_is_there() {
    let mut site = Site::start(&[
        ("/", page("<a href=/old><a href=/lost><a href=/away>")),
        ("/old", page("Old")),
        ("/lost", page("Lost")),
        ("/away", page("Away")),
    ])
    .await;
    site.server.set("/old", redirect(301, "/new"));
    site.server.set("/new", page("New"));
    site.server.set("/lost", redirect(301, "/nowhere"));
    site.server.set("/away", redirect(302, "/new"));
    site.crawl().await.expect("crawls");
    assert_eq!(site.shelf.names(), ["away.html", "index.html", "lost.html", "new.html"]);
}

#[tokio::test]
async fn a_site_that_is_gone_all_at_once_is_taken_for_a_fault() {
    let links: String = (0..20).map(|number| format!("<a href=/{number}>")).collect();
    let pages: Vec<(String, Reply)> = (0..20).map(|number| (format!("/{number}"), page("Text"))).collect();
    let mut all: Vec<(&str, Reply)> =
        pages.iter().map(|(path, reply)| (path.as_str(), reply.clone())).collect();
    all.push(("/", page(&links)));
    let mut site = Site::start(&all).await;
    for (path, _) in &pages {
        site.server.set(path, status(404));
    }
    let refused = site.crawl().await;
    assert!(matches!(refused, Err(Error::MassVanishing { vanished: 20, known: 21 })), "{refused:?}");
    assert_eq!(site.shelf.names().len(), 21);
    site.server.set("/", status(404));
    assert!(
        matches!(site.crawl().await, Err(Error::First { .. })),
        "a site without its first page is no site"
    );
    site.server.set("/", page(&links));
    let mut settings = settings(&site.server);
    settings.accepts_mass_vanishing = true;
    let summary =
        crawl(&site.server.url("/"), &settings, &mut site.state, &site.shelf).await.expect("crawls");
    assert_eq!((summary.removed, site.shelf.names().len()), (20, 1));
}

#[tokio::test]
async fn an_interrupted_crawl_goes_on_where_it_was() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let path = folder.path().join("site.state");
    let server = Server::start(&[
        ("/", page("<a href=/a><a href=/moved>")),
        ("/a", page("<a href=/b>")),
        ("/moved", redirect(302, "/target")),
        ("/target", page("Target")),
        ("/b", page("<a href=/c>")),
        ("/c", page("C")),
    ])
    .await;
    let (settings, shelf) = (settings(&server), Shelf::default());
    *shelf.room.lock().expect("is not poisoned") = Some(2);
    let mut state = State::open(&path).expect("opens");
    let broken = crawl(&server.url("/"), &settings, &mut state, &shelf).await;
    assert!(matches!(&broken, Err(Error::Sink(why)) if why == "the shelf is full"), "{broken:?}");
    assert_eq!(server.asked(), ["/", "/a", "/b", "/moved"]);
    drop(state);
    *shelf.room.lock().expect("is not poisoned") = None;
    let mut state = State::open(&path).expect("opens");
    assert!(state.is_interrupted());
    let summary = crawl(&server.url("/"), &settings, &mut state, &shelf).await.expect("crawls");
    assert_eq!(server.asked(), ["/b", "/c", "/target"]);
    assert_eq!((summary.resumed, summary.stored), (3, 3));
    assert_eq!(shelf.names(), ["a.html", "b.html", "c.html", "index.html", "target.html"]);
    assert!(!state.is_interrupted());
}

#[tokio::test]
async fn a_page_that_nothing_leads_to_any_more_is_looked_at_and_stays() {
    let mut site = Site::start(&[("/", page("<a href=/a>")), ("/a", page("A"))]).await;
    site.server.set("/", page("No links."));
    let summary = site.crawl().await.expect("crawls");
    assert_eq!((summary.unchanged, summary.removed), (1, 0));
    assert_eq!(site.shelf.names(), ["a.html", "index.html"]);
}

#[tokio::test]
async fn an_answer_that_nothing_changed_is_not_believed_of_a_page_that_is_new() {
    let mut site = Site::start(&[("/", page("<a href=/new>"))]).await;
    site.server.set("/new", status(304));
    site.server.set("/", page("<a href=/new> more"));
    let summary = site.crawl().await.expect("crawls");
    assert_eq!((summary.stored, summary.failed), (1, 1));
    assert_eq!(site.shelf.names(), ["index.html"]);
}

#[tokio::test]
async fn a_page_that_cannot_be_used_is_handed_on_again_only_where_that_may_help() {
    let mut site = Site::start(&[
        ("/", page("<a href=/later><a href=/empty>")),
        ("/later", page("Later.").with("etag", "1")),
        ("/empty", page("")),
    ])
    .await;
    let summary = site.crawl().await.expect("crawls");
    assert_eq!((summary.unchanged, summary.unusable), (2, 1));
    assert_eq!(site.shelf.outcome("/later"), Outcome::Unusable("later".to_owned()));
    assert_eq!(site.shelf.outcome("/empty"), Outcome::Unchanged);
}
