//! What can go wrong: with one address, with one page, with the whole crawl.

use std::time::Duration;

use crate::state::StateError;

/// Why an address is not fetched.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It cannot be read as an address.
    #[error("it is no web address")]
    NotAnAddress,
    /// It is not `http` or `https`.
    #[error("only http and https are fetched")]
    Scheme,
    /// It holds a name or a password.
    #[error("it holds a user name or password, which are never sent")]
    Credentials,
    /// It is too long.
    #[error("it is longer than {limit} bytes")]
    TooLong {
        /// Bytes.
        limit: usize,
    },
    /// It belongs to another site.
    #[error("its host {host} is not part of this crawl")]
    OtherHost {
        /// The other host.
        host: String,
    },
    /// Its port is not allowed.
    #[error("its port {port} is not allowed; only 80, 443 and those that are named")]
    Port {
        /// The port.
        port: u16,
    },
    /// The patterns leave it out.
    #[error("the patterns leave it out")]
    Pattern,
    /// Its path was met with too many queries.
    #[error("its path came with more than {limit} different queries, such as of a calendar or a session")]
    Queries {
        /// How many are fetched.
        limit: usize,
    },
    /// The site asks robots not to fetch it.
    #[error("robots.txt asks not to fetch it")]
    Robots,
}

/// Why a page could not be fetched.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// Its host has no address that may be connected to.
    #[error("{host} has the address {address}, which is not public")]
    Forbidden {
        /// The host's name.
        host: String,
        /// One of its addresses.
        address: String,
    },
    /// The port is not allowed.
    #[error("port {0} is not allowed")]
    Port(u16),
    /// No connection.
    #[error("no connection: {0}")]
    Connection(String),
    /// It took too long.
    #[error("it took longer than {0:?}")]
    Timeout(Duration),
    /// It is too long.
    #[error("it is longer than {limit_bytes} bytes")]
    TooLarge {
        /// Bytes.
        limit_bytes: usize,
    },
    /// It unpacks to far more than was sent.
    #[error("it unpacks to more than {ratio} times its length")]
    Bomb {
        /// Bytes that one byte may become.
        ratio: usize,
    },
    /// Its packing is broken or unknown.
    #[error("its packing cannot be read: {0}")]
    Packing(String),
    /// Its head is too long.
    #[error("its headers are longer than {limit_bytes} bytes")]
    Headers {
        /// Bytes.
        limit_bytes: usize,
    },
    /// The server does not speak HTTP as it should.
    #[error("the server's answer cannot be read: {0}")]
    Protocol(String),
    /// The server says no.
    #[error("the server answered with {0}")]
    Status(u16),
    /// One redirect after the other.
    #[error("more than {limit} redirects")]
    Redirects {
        /// How many are followed.
        limit: u32,
    },
    /// Sitemaps in sitemaps in sitemaps.
    #[error("it stands more than {limit} sitemaps deep")]
    SitemapDepth {
        /// How deep they are read.
        limit: u32,
    },
    /// It leads to where the crawl may not go.
    #[error("it leads to {target}: {why}")]
    RedirectRefused {
        /// Where it leads.
        target: String,
        /// Why not.
        why: Refusal,
    },
}

impl Failure {
    /// Whether another try may help.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Connection(_) | Self::Timeout(_) | Self::Protocol(_) => true,
            Self::Status(status) => *status == 429 || *status >= 500,
            _ => false,
        }
    }
}

/// A limit that ended a crawl before it was through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Bound {
    /// Too many pages.
    #[error("the site has more than {limit} addresses; the rest was left out")]
    Pages {
        /// How many are fetched.
        limit: usize,
    },
    /// Too much time.
    #[error("the crawl took longer than {0:?}; the next one goes on from here")]
    Time(Duration),
}

/// Why a crawl ended without a result. What was fetched until then stays.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address to begin with makes no sense.
    #[error("{address}: {why}; expected an address such as https://example.com/sitemap.xml")]
    Start {
        /// The address.
        address: String,
        /// What is wrong.
        why: Refusal,
    },
    /// A pattern makes no sense.
    #[error("the pattern cannot be read: {0}; expected one such as /blog/**")]
    Pattern(String),
    /// The first address could not be fetched.
    #[error("{address}: {failure}")]
    First {
        /// The address.
        address: String,
        /// Why.
        failure: Failure,
    },
    /// What should be a sitemap is none.
    #[error("{0} is no sitemap: expected XML with <urlset> or <sitemapindex>")]
    NotASitemap(String),
    /// No robots.txt could be had, so nothing may be fetched.
    #[error("{address} cannot be fetched, and without it nothing else is: {failure}")]
    Robots {
        /// The address of robots.txt.
        address: String,
        /// Why.
        failure: Failure,
    },
    /// The site asks for very long pauses.
    #[error("robots.txt asks for pauses of {asked:?}, more than the {limit:?} that are allowed")]
    CrawlDelay {
        /// What the site asks for.
        asked: Duration,
        /// What is allowed.
        limit: Duration,
    },
    /// The site stopped answering.
    #[error(
        "{count} pages in a row could not be fetched, the last one because: {failure}; the next crawl goes on from here"
    )]
    NotAnswering {
        /// How many.
        count: u32,
        /// Why the last one failed.
        failure: Failure,
    },
    /// Suspiciously many pages vanished at once.
    #[error(
        "{vanished} of {known} known pages are gone at once, which looks like a fault of the site; nothing was deleted"
    )]
    MassVanishing {
        /// Pages that are gone.
        vanished: usize,
        /// Pages known before.
        known: usize,
    },
    /// The pages cannot be handed on.
    #[error("{0}")]
    Sink(String),
    /// The state cannot be kept.
    #[error(transparent)]
    State(#[from] StateError),
    /// The system's certificates cannot be used.
    #[error("no certificates to check https with: {0}")]
    Certificates(String),
}
