//! `crawl`: pages of a website that lives in the test become documents.
#![expect(clippy::disallowed_methods, reason = "the website of a test ends with the test's runtime")]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use super::{Desk, Ended};

/// Pages by path; every other path is 404.
#[derive(Clone, Debug, Default)]
struct Website(Arc<Mutex<BTreeMap<String, String>>>);

impl Website {
    async fn start(pages: &[(&str, &str)]) -> (Self, u16) {
        let site = Self::default();
        for (path, page) in pages {
            site.set(path, page);
        }
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("binds");
        let port = listener.local_addr().expect("an address").port();
        let own = site.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let own = own.clone();
                tokio::spawn(async move { own.serve(stream).await });
            }
        });
        (site, port)
    }

    fn set(&self, path: &str, page: &str) {
        self.0.lock().expect("is not poisoned").insert(path.to_owned(), page.to_owned());
    }

    fn remove(&self, path: &str) {
        self.0.lock().expect("is not poisoned").remove(path);
    }

    async fn serve(&self, stream: TcpStream) {
        let mut stream = BufReader::new(stream);
        let mut path = None;
        let mut line = String::new();
        while stream.read_line(&mut line).await.is_ok_and(|read| read > 2) {
            path = path.or_else(|| line.split(' ').nth(1).map(str::to_owned));
            line.clear();
        }
        let page = path.and_then(|path| self.0.lock().expect("is not poisoned").get(&path).cloned());
        let (status, page) = page.map_or((404, String::new()), |page| (200, page));
        let head = format!("HTTP/1.1 {status} X\r\ncontent-type: text/html\r\nconnection: close\r\n");
        let answer = format!("{head}content-length: {}\r\n\r\n{page}", page.len());
        // A client that hangs up has seen enough.
        _ = stream.write_all(answer.as_bytes()).await;
    }
}

impl Desk {
    async fn crawl(&self, port: u16, more: &[&str]) -> Ended {
        let (start, port) = (format!("http://127.0.0.1:{port}/"), port.to_string());
        let mut arguments =
            vec!["crawl", &start, "--port", &port, "--rate", "1000", "--json", "--max-failures", "1"];
        arguments.extend(["--tries", "1", "--state", "site.state"]);
        arguments.extend(more);
        self.run(&arguments).await
    }
}

#[tokio::test]
async fn pages_become_documents_with_their_addresses_and_leave_with_their_pages() {
    let (site, port) = Website::start(&[
        (
            "/",
            "<title>Tea shop</title><p>Welcome to the shop.</p><a href=/hours>Hours</a><a href=/tea>Tea</a>",
        ),
        ("/hours", "<title>Hours</title><p>We open at nine.</p>"),
        ("/tea", "<title>Tea</title><p>Green tea costs 3 dollars.</p>"),
    ])
    .await;
    let desk = Desk::open().await;
    let ended = desk.crawl(port, &["--allow-private"]).await;
    assert_eq!((ended.code, &ended.last()["stored"]), (Some(0), &3.into()), "{ended:?}");
    let hours = desk.stack.index.header("main", &format!("127.0.0.1-{port}/hours.html")).expect("is indexed");
    assert_eq!((hours.title.as_str(), hours.source_url), ("Hours", format!("http://127.0.0.1:{port}/hours")));
    let replaced = desk.stack.index.replaced();
    let ended = desk.crawl(port, &["--allow-private"]).await;
    assert_eq!((&ended.last()["unchanged"], desk.stack.index.replaced()), (&3.into(), replaced));
    site.remove("/hours");
    site.set("/tea", "<title>Tea</title><p>Green tea costs 4 dollars.</p>");
    let ended = desk.crawl(port, &["--allow-private"]).await;
    let counts = ended.last();
    assert_eq!((&counts["stored"], &counts["removed"], &counts["known"]), (&1.into(), &1.into(), &2.into()));
    let texts = desk.stack.index.texts();
    assert_eq!(texts.len(), 2);
    assert!(texts.values().any(|text| text.contains("4 dollars")), "{texts:?}");
    let names: Vec<String> = std::fs::read_dir(desk.files.path())
        .expect("lists")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    assert_eq!(names, ["site.state"]);
}

#[tokio::test]
async fn a_private_address_is_refused_without_the_permission_and_says_how_to_give_it() {
    let (_, port) = Website::start(&[("/", "<p>Secret.</p>")]).await;
    let desk = Desk::open().await;
    let ended = desk.crawl(port, &[]).await;
    assert_eq!(ended.code, Some(2));
    assert!(ended.err.contains("--allow-private"), "{}", ended.err);
    assert!(desk.stack.index.texts().is_empty());
}

#[tokio::test]
async fn a_page_that_cannot_be_read_is_told_and_the_others_are_stored() {
    let (_, port) = Website::start(&[
        ("/", "<p>Welcome.</p><a href=/blank>Blank</a><a href=/fine>Fine</a>"),
        ("/blank", "<script>render()</script>"),
        ("/fine", "<p>Everything is fine.</p>"),
    ])
    .await;
    let desk = Desk::open().await;
    let ended = desk.crawl(port, &["--allow-private", "--collection", "web"]).await;
    assert_eq!(
        (ended.code, &ended.last()["unusable"], &ended.last()["stored"]),
        (Some(1), &1.into(), &2.into())
    );
    assert!(desk.stack.index.header("web", &format!("127.0.0.1-{port}/fine.html")).is_some());
}
