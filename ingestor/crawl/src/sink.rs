//! Where pages go, and what is told on the way.

use futures_util::future::BoxFuture;
use url::Url;

use crate::error::{Failure, Refusal};

/// A page as it was fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Its address: the canonical one, without what only tells visitors apart.
    pub url: Url,
    /// A name made of host and path, unique in the crawl and the same in the next: `example.com/shop/index.html`.
    pub name: String,
    /// Its bytes, unpacked.
    pub bytes: Vec<u8>,
}

/// What became of a page that was handed on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It is stored.
    Stored,
    /// It cannot be used, for this reason; the same bytes are not handed on again.
    Refused(String),
    /// It could not be taken this time, for this reason; the next crawl hands it on again.
    NotNow(String),
}

/// Why nothing more can be handed on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SinkFailure(pub String);

/// Takes the pages of a crawl.
pub trait Sink: Send + Sync {
    /// Takes a page that is new or has changed. When this returns, the page is safe.
    fn put(&self, page: Page) -> BoxFuture<'_, Result<Taken, SinkFailure>>;

    /// Forgets the page with this name, which is gone from the site.
    fn remove<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<(), SinkFailure>>;

    /// Is told what became of each address.
    fn tell(&self, event: &Event);
}

/// What became of an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The address.
    pub url: String,
    /// What became of it.
    pub outcome: Outcome,
}

/// What became of an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was handed on.
    Stored,
    /// It is as it was.
    Unchanged,
    /// It was handed on and cannot be used.
    Unusable(String),
    /// It is gone, and so is the page that was stored.
    Removed,
    /// It is fetched, but not for storing: the page says so, leads elsewhere or is of no known kind.
    Passed(&'static str),
    /// It is not fetched.
    Refused(Refusal),
    /// It could not be fetched; what was stored of it stays.
    Failed(Failure),
}
