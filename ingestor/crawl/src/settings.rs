//! What a crawl is told: where it may go, how fast, and how much it may cost.

use std::sync::Arc;
use std::time::Duration;

use crate::address::Permission;
use crate::connect::{Resolve, System};

const MEBIBYTE: usize = 1024 * 1024;

/// How to crawl.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What the crawler calls itself; robots.txt is read for its first word.
    pub user_agent: String,
    /// Hosts beside that of the first address.
    pub hosts: Vec<String>,
    /// Ports beside 80 and 443.
    pub ports: Vec<u16>,
    /// Patterns of paths, one of which must fit; empty for all. `*` stands for anything but `/`, `**` for anything.
    pub include: Vec<String>,
    /// Patterns of paths that are left out.
    pub exclude: Vec<String>,
    /// Addresses that may be connected to.
    pub permission: Permission,
    /// What finds the addresses of hosts.
    pub resolver: Arc<dyn Resolve>,
    /// Time between two requests; robots.txt may ask for more.
    pub pause: Duration,
    /// How many links away from the first pages to go; `None` for 3 from a page and 0 from a sitemap.
    pub depth: Option<u32>,
    /// Whether pages may be deleted even when most of them are gone at once.
    pub accepts_mass_vanishing: bool,
    /// Whether pages are fetched and handed on though they have not changed.
    pub anew: bool,
    /// What it may cost.
    pub limits: Limits,
}

/// What a crawl may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one page, also unpacked; default 10 MiB.
    pub page_bytes: usize,
    /// Bytes that one packed byte may become; default 100. The first 64 KiB are free.
    pub unpack_ratio: usize,
    /// Bytes of an answer's headers, at least 8 KiB; default 64 KiB.
    pub header_bytes: usize,
    /// Time for one page; default 30 s.
    pub page_time: Duration,
    /// Time for one crawl; default 6 h.
    pub total_time: Duration,
    /// Addresses fetched in one crawl; default 10,000.
    pub pages: usize,
    /// Length of an address in bytes; default 2,048.
    pub url_bytes: usize,
    /// Links taken from one page; default 2,000.
    pub links: usize,
    /// Redirects in a row; default 5.
    pub redirects: u32,
    /// Sitemaps in sitemaps; default 3.
    pub sitemap_depth: u32,
    /// Bytes of one sitemap, unpacked; default 50 MiB, as the protocol has it.
    pub sitemap_bytes: usize,
    /// Different queries of one path; default 20.
    pub queries: usize,
    /// Tries of a page that fails for the moment; default 3.
    pub tries: u32,
    /// Pages in a row that may fail before the crawl gives up; default 10.
    pub failures: u32,
    /// Longest pause that robots.txt may ask for, and longest wait that a busy server may; default 30 s.
    pub longest_pause: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            page_bytes: 10 * MEBIBYTE,
            unpack_ratio: 100,
            header_bytes: 64 * 1024,
            page_time: Duration::from_secs(30),
            total_time: Duration::from_secs(6 * 3_600),
            pages: 10_000,
            url_bytes: 2_048,
            links: 2_000,
            redirects: 5,
            sitemap_depth: 3,
            sitemap_bytes: 50 * MEBIBYTE,
            queries: 20,
            tries: 3,
            failures: 10,
            longest_pause: Duration::from_secs(30),
        }
    }
}

impl Settings {
    /// Returns the settings of a crawler with this name: public addresses, two requests a second, the default limits.
    pub fn new(user_agent: &str) -> Self {
        Self {
            user_agent: user_agent.to_owned(),
            hosts: Vec::new(),
            ports: Vec::new(),
            include: Vec::new(),
            exclude: Vec::new(),
            permission: Permission::Public,
            resolver: Arc::new(System),
            pause: Duration::from_millis(500),
            depth: None,
            accepts_mass_vanishing: false,
            anew: false,
            limits: Limits::default(),
        }
    }

    /// Returns the name that robots.txt knows the crawler by: `shopbot` of `shopbot/1.0 (+https://...)`.
    pub(crate) fn product(&self) -> &str {
        self.user_agent.split(['/', ' ']).next().unwrap_or_default()
    }
}
