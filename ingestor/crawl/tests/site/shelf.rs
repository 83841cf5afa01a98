//! A sink that keeps pages in memory, and a way to crawl into it.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crawl::{
    Error, Event, Outcome, Page, Permission, Resolve, Settings, Sink, SinkFailure, State, Summary, Taken,
    crawl,
};
use futures_util::future::BoxFuture;

use crate::server::Server;

/// Finds every host of a test on this machine, and one in a private network.
#[derive(Debug)]
pub(crate) struct Hosts;

impl Resolve for Hosts {
    fn resolve<'a>(&'a self, host: &'a str, port: u16) -> BoxFuture<'a, io::Result<Vec<SocketAddr>>> {
        let address = if host == "intranet.test" { [10, 0, 0, 1] } else { [127, 0, 0, 1] };
        Box::pin(async move { Ok(vec![SocketAddr::from((address, port))]) })
    }
}

/// Pages by name, and what was told.
#[derive(Debug, Default)]
pub(crate) struct Shelf {
    pub(crate) pages: Mutex<BTreeMap<String, Page>>,
    pub(crate) events: Mutex<Vec<Event>>,
    /// Pages that may still be put before the shelf breaks down.
    pub(crate) room: Mutex<Option<usize>>,
}

impl Sink for Shelf {
    fn put(&self, page: Page) -> BoxFuture<'_, Result<Taken, SinkFailure>> {
        Box::pin(async move {
            if let Some(room) = self.room.lock().expect("is not poisoned").as_mut() {
                *room = room.checked_sub(1).ok_or_else(|| SinkFailure("the shelf is full".to_owned()))?;
            }
            if page.bytes.is_empty() {
                return Ok(Taken::Refused("it is empty".to_owned()));
            }
            if page.bytes == b"Later." {
                return Ok(Taken::NotNow("later".to_owned()));
            }
            self.pages.lock().expect("is not poisoned").insert(page.name.clone(), page);
            Ok(Taken::Stored)
        })
    }

    fn remove<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<(), SinkFailure>> {
        self.pages.lock().expect("is not poisoned").remove(name);
        Box::pin(async { Ok(()) })
    }

    fn tell(&self, event: &Event) {
        self.events.lock().expect("is not poisoned").push(event.clone());
    }
}

impl Shelf {
    /// Returns the names on the shelf without the host.
    pub(crate) fn names(&self) -> Vec<String> {
        let pages = self.pages.lock().expect("is not poisoned");
        pages.keys().map(|name| name.split_once('/').expect("a host").1.to_owned()).collect()
    }

    /// Returns what became of the address with this end.
    pub(crate) fn outcome(&self, end: &str) -> Outcome {
        let events = self.events.lock().expect("is not poisoned");
        let found = events.iter().rev().find(|event| event.url.ends_with(end));
        found.unwrap_or_else(|| panic!("nothing of {end} in {events:?}")).outcome.clone()
    }
}

/// Settings that reach the test's server and make no pauses.
pub(crate) fn settings(server: &Server) -> Settings {
    let mut settings = Settings::new("shopbot/1.0 (+https://shop.test/bot)");
    settings.permission = Permission::Also(vec![[127, 0, 0, 1].into()]);
    settings.resolver = Arc::new(Hosts);
    settings.ports = vec![server.port];
    settings.pause = Duration::ZERO;
    settings
}

/// Crawls from `/` with these settings and a state of its own.
pub(crate) async fn crawl_once(
    server: &Server,
    change: impl FnOnce(&mut Settings),
) -> (Shelf, Result<Summary, Error>) {
    crawl_from(server, "/", change).await
}

/// Crawls from a path with these settings and a state of its own.
pub(crate) async fn crawl_from(
    server: &Server,
    path: &str,
    change: impl FnOnce(&mut Settings),
) -> (Shelf, Result<Summary, Error>) {
    let mut settings = settings(server);
    change(&mut settings);
    let shelf = Shelf::default();
    let summary = crawl(&server.url(path), &settings, &mut State::in_memory(), &shelf).await;
    (shelf, summary)
}
