//! Where the crawler does not go, whoever sends it there.

use crawl::{Error, Failure, Outcome, Permission, Refusal, State, crawl};

use crate::server::{Server, page, redirect};
use crate::shelf::{Shelf, crawl_once, settings};

#[tokio::test]
async fn no_private_address_is_asked_unless_it_is_allowed() {
    let server = Server::start(&[("/", page("Secret"))]).await;
    let (shelf, summary) = crawl_once(&server, |settings| settings.permission = Permission::Public).await;
    let Err(Error::Robots { failure, .. }) = summary else { panic!("{summary:?}") };
    assert_eq!(failure, Failure::Forbidden { host: "shop.test".to_owned(), address: "127.0.0.1".to_owned() });
    assert!(server.asked().is_empty() && shelf.names().is_empty());
    for start in [
        "http://127.0.0.1/",
        "http://2130706433/",
        "http://0x7f.1/",
        "http://[::ffff:7f00:1]/",
        "http://[::1]/",
    ] {
        let mut settings = settings(&server);
        settings.permission = Permission::Public;
        let refused = crawl(start, &settings, &mut State::in_memory(), &Shelf::default()).await;
        assert!(
            matches!(&refused, Err(Error::Robots { failure: Failure::Forbidden { .. }, .. })),
            "{start} {refused:?}"
        );
    }
    let (shelf, _) = crawl_once(&server, |settings| settings.permission = Permission::Private).await;
    assert_eq!(shelf.names(), ["index.html"]);
}

#[tokio::test]
async fn a_redirect_leads_to_no_other_host_port_or_address() {
    let server = Server::start(&[
        ("/", page("<a href=/host><a href=/port><a href=/user><a href=/file><a href=/intranet>")),
        ("/host", redirect(302, "http://169.254.169.254/latest/meta-data/")),
        ("/port", redirect(302, "http://shop.test:1/")),
        ("/user", redirect(302, "http://anna:secret@shop.test/")),
        ("/file", redirect(302, "file:///etc/passwd")),
        ("/intranet", redirect(302, "http://intranet.test/")),
    ])
    .await;
    let (shelf, _) = crawl_once(&server, |settings| settings.hosts = vec!["intranet.test".to_owned()]).await;
    assert_eq!(shelf.names(), ["index.html"]);
    for (path, why) in [
        ("/host", Refusal::OtherHost { host: "169.254.169.254".to_owned() }),
        ("/port", Refusal::Port { port: 1 }),
        ("/user", Refusal::Credentials),
        ("/file", Refusal::Scheme),
    ] {
        let outcome = shelf.outcome(path);
        assert!(
            matches!(&outcome, Outcome::Failed(Failure::RedirectRefused { why: own, .. }) if *own == why),
            "{path} {outcome:?}"
        );
    }
    // A host that is part of the crawl and stands in a private network is not asked for its robots.txt even.
    let outcome = shelf.outcome("intranet.test/robots.txt");
    assert!(
        matches!(&outcome, Outcome::Failed(Failure::Forbidden { address, .. }) if address == "10.0.0.1"),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn a_site_that_moved_to_another_host_says_so() {
    let server = Server::start(&[("/", redirect(301, "https://www.shop.test/"))]).await;
    let (_, summary) = crawl_once(&server, |_| ()).await;
    let text = summary.expect_err("is refused").to_string();
    assert!(text.contains("www.shop.test is not part of this crawl"), "{text}");
}
