//! Servers that mean no good.

use std::io::Write;
use std::time::Duration;

use crawl::{Bound, Failure, Outcome};
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::server::{Reply, Server, page, redirect};
use crate::shelf::crawl_once;

#[tokio::test]
async fn bodies_that_are_too_long_are_cut_off() {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&vec![0; 9_000_000]).expect("packs");
    let bomb = encoder.finish().expect("packs");
    let headers = |coding: &str| {
        vec![
            ("content-type".to_owned(), "text/html".to_owned()),
            ("content-encoding".to_owned(), coding.to_owned()),
        ]
    };
    let server = Server::start(&[
        ("/", page("<a href=/endless><a href=/bomb><a href=/odd><a href=/fine>")),
        ("/endless", Reply::Endless),
        ("/bomb", Reply::Full(200, headers("gzip"), bomb)),
        ("/odd", Reply::Full(200, headers("br"), b"?".to_vec())),
        ("/fine", page("Fine")),
    ])
    .await;
    let (shelf, _) = crawl_once(&server, |settings| settings.limits.page_bytes = 5_000_000).await;
    assert_eq!(shelf.outcome("/endless"), Outcome::Failed(Failure::TooLarge { limit_bytes: 5_000_000 }));
    assert_eq!(shelf.outcome("/bomb"), Outcome::Failed(Failure::Bomb { ratio: 100 }));
    assert!(matches!(shelf.outcome("/odd"), Outcome::Failed(Failure::Packing(_))));
    assert_eq!(shelf.names(), ["fine.html", "index.html"]);
}

#[tokio::test]
async fn heads_that_are_too_long_and_answers_that_are_no_http_are_refused() {
    let head = format!("HTTP/1.1 200 X\r\nx: {}\r\n\r\n", "y".repeat(50_000));
    let many = format!("HTTP/1.1 200 X\r\n{}\r\n", "a: b\r\n".repeat(2_000));
    let server = Server::start(&[
        ("/", page("<a href=/head><a href=/many><a href=/nonsense><a href=/cut>")),
        ("/head", Reply::Raw(head.into_bytes())),
        ("/many", Reply::Raw(many.into_bytes())),
        ("/nonsense", Reply::Raw(b"\x16\x03\x01 no http".to_vec())),
        (
            "/cut",
            Reply::Raw(
                b"HTTP/1.1 200 X\r\ncontent-type: text/html\r\ncontent-length: 100\r\n\r\nhalf".to_vec(),
            ),
        ),
    ])
    .await;
    let (shelf, _) = crawl_once(&server, |settings| settings.limits.header_bytes = 10_000).await;
    assert_eq!(shelf.outcome("/head"), Outcome::Failed(Failure::Headers { limit_bytes: 10_000 }));
    assert_eq!(shelf.outcome("/many"), Outcome::Failed(Failure::Headers { limit_bytes: 10_000 }));
    assert!(matches!(shelf.outcome("/nonsense"), Outcome::Failed(Failure::Protocol(_))));
    assert!(matches!(shelf.outcome("/cut"), Outcome::Failed(Failure::Connection(_))));
    assert_eq!(shelf.names(), ["index.html"]);
}

#[tokio::test]
async fn redirects_in_a_circle_and_without_end_come_to_an_end() {
    let server = Server::start(&[
        ("/", page("<a href=/ping><a href=/self><a href=/0>")),
        ("/ping", redirect(302, "/pong")),
        ("/pong", redirect(302, "/ping")),
        ("/self", redirect(302, "/self")),
    ])
    .await;
    for number in 0..20 {
        server.set(&format!("/{number}"), redirect(302, &format!("/{}", number + 1)));
    }
    let (shelf, _) = crawl_once(&server, |settings| settings.limits.redirects = 4).await;
    assert_eq!(shelf.outcome("/4"), Outcome::Failed(Failure::Redirects { limit: 4 }));
    assert_eq!(server.asked(), ["/", "/0", "/1", "/2", "/3", "/4", "/ping", "/pong", "/self"]);
}

#[tokio::test]
async fn a_page_that_takes_too_long_and_a_crawl_that_does_are_ended() {
    let server =
        Server::start(&[("/", page("<a href=/silent><a href=/fine>")), ("/silent", Reply::Silence)]).await;
    server.set("/fine", page("Fine"));
    let short = Duration::from_millis(300);
    let (shelf, _) = crawl_once(&server, |settings| {
        settings.limits.page_time = short;
        settings.limits.tries = 1;
    })
    .await;
    assert_eq!(shelf.outcome("/silent"), Outcome::Failed(Failure::Timeout(short)));
    assert_eq!(shelf.names(), ["fine.html", "index.html"]);
    let (_, summary) = crawl_once(&server, |settings| settings.limits.total_time = Duration::ZERO).await;
    assert_eq!(summary.expect("ends").bound, Some(Bound::Time(Duration::ZERO)));
}

#[tokio::test]
async fn a_lie_about_the_kind_of_a_file_costs_nothing() {
    let server = Server::start(&[
        ("/", page("<a href=/program><a href=/page.pdf>")),
        ("/program", page("MZ\u{0}\u{0}<a href=/hidden>")),
        ("/page.pdf", page("<a href=/linked>").with("content-type", "application/pdf")),
    ])
    .await;
    let (shelf, _) = crawl_once(&server, |_| ()).await;
    // What the bytes are is for the sink to find out; a PDF is not read for links.
    assert_eq!(shelf.names(), ["index.html", "page.pdf", "program.html"]);
    assert!(!server.asked().contains(&"/linked".to_owned()));
}
