//! What `crawl` can be told, and the library's settings that it comes to.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use crawl::{Limits, Permission, Settings};

const USER_AGENT: &str = concat!("ingestor/", env!("CARGO_PKG_VERSION"));
pub(crate) const LONG_ABOUT: &str = "\
Fetches the pages of a website and stores each as a document named after its host and path, such as
`example.com/shop/index.html`, with its address as the source that readers are sent to.

Begins with a sitemap (the address ends with .xml or .gz) or with a page whose links are followed. robots.txt, its pauses and
sitemaps, `noindex`, `nofollow` and canonical addresses are heeded. What is known of the site is kept in a file, so that the next
crawl fetches only what changed, and an interrupted one goes on where it was. Pages that the site says are gone (404, 410) are
deleted; other failures delete nothing.";
pub(crate) const AFTER_HELP: &str = "\
Patterns are matched with the path, and with path and query: `*` stands for anything but `/`, `**` for anything.

Examples:
  ingestor crawl https://example.com/sitemap.xml --every 6h
  ingestor crawl https://example.com/ --host www.example.com --include '/help/**' --exclude '/**/*.pdf'
  ingestor --collection internal crawl http://wiki.lan/ --allow-private --rate 10";

/// What to crawl, and how.
#[derive(Args, Debug)]
pub(crate) struct Site {
    /// A sitemap or a page
    #[arg(value_name = "SITEMAP|URL")]
    pub(super) start: String,
    /// Only paths that fit, such as `/blog/**`; may be repeated
    #[arg(long, value_name = "PATTERN")]
    include: Vec<String>,
    /// No paths that fit; may be repeated
    #[arg(long, value_name = "PATTERN")]
    exclude: Vec<String>,
    /// Another host of the site, such as `www.example.com`; may be repeated
    #[arg(long, value_name = "NAME")]
    host: Vec<String>,
    /// A port beside 80 and 443; may be repeated
    #[arg(long, value_name = "N")]
    port: Vec<u16>,
    /// Links to follow from the first pages; else 3 from a page and 0 from a sitemap
    #[arg(long, value_name = "N")]
    depth: Option<u32>,
    /// Requests a second, at most; robots.txt may ask for fewer
    #[arg(long, value_name = "N", default_value = "2", value_parser = rate)]
    rate: f64,
    /// Crawl again and again, with this time in between, such as `6h` or `30m`
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(super) every: Option<Duration>,
    /// What the crawler calls itself
    #[arg(long, value_name = "TEXT", default_value = USER_AGENT)]
    user_agent: String,
    /// File that keeps what is known of the site; else `crawl-HOST.state`
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// Fetch and store pages even when they have not changed
    #[arg(long)]
    anew: bool,
    /// Connect to private addresses as well, for an intranet
    #[arg(long)]
    allow_private: bool,
    /// Delete pages even when most of the site is gone at once
    #[arg(long)]
    delete_most: bool,
    #[command(flatten)]
    bounds: Bounds,
}

/// What a crawl may cost.
#[derive(Args, Debug)]
#[command(next_help_heading = "Limits")]
struct Bounds {
    /// Addresses fetched in one crawl
    #[arg(long, value_name = "N", default_value_t = Limits::default().pages)]
    max_pages: usize,
    /// Bytes of a page, also unpacked
    #[arg(long, value_name = "BYTES", default_value_t = Limits::default().page_bytes)]
    max_page_bytes: usize,
    /// Bytes that one packed byte may become
    #[arg(long, value_name = "N", default_value_t = Limits::default().unpack_ratio)]
    max_unpack_ratio: usize,
    /// Bytes of an answer's headers, at least 8,192
    #[arg(long, value_name = "BYTES", default_value_t = Limits::default().header_bytes)]
    max_header_bytes: usize,
    /// Length of an address
    #[arg(long, value_name = "BYTES", default_value_t = Limits::default().url_bytes)]
    max_url_bytes: usize,
    /// Links taken from one page
    #[arg(long, value_name = "N", default_value_t = Limits::default().links)]
    max_links: usize,
    /// Different queries of one path, against calendars and sessions
    #[arg(long, value_name = "N", default_value_t = Limits::default().queries)]
    max_queries: usize,
    /// Redirects in a row
    #[arg(long, value_name = "N", default_value_t = Limits::default().redirects)]
    max_redirects: u32,
    /// Sitemaps in sitemaps
    #[arg(long, value_name = "N", default_value_t = Limits::default().sitemap_depth)]
    max_sitemap_depth: u32,
    /// Bytes of a sitemap, unpacked
    #[arg(long, value_name = "BYTES", default_value_t = Limits::default().sitemap_bytes)]
    max_sitemap_bytes: usize,
    /// Time for one page
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = time)]
    page_time: Duration,
    /// Time for one crawl; the next goes on where it ended
    #[arg(long, value_name = "TIME", default_value = "6h", value_parser = time)]
    total_time: Duration,
    /// Longest pause that robots.txt or a busy server may ask for
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = time)]
    longest_pause: Duration,
    /// Tries of a page that fails for the moment
    #[arg(long, value_name = "N", default_value_t = Limits::default().tries)]
    tries: u32,
    /// Pages in a row that may fail before the crawl gives up
    #[arg(long, value_name = "N", default_value_t = Limits::default().failures)]
    max_failures: u32,
}

/// Reads a time such as `90s`, `30m`, `6h` or `2d`.
fn time(text: &str) -> Result<Duration, String> {
    let wrong = || "expected a time such as 90s, 30m, 6h or 2d".to_owned();
    let (number, unit) = text.split_at_checked(text.len().saturating_sub(1)).ok_or_else(wrong)?;
    let seconds: u64 = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return Err(wrong()),
    };
    let number: u64 = number.parse().map_err(|_| wrong())?;
    let total = number.checked_mul(seconds).filter(|total| (1..=366 * 86_400).contains(total));
    total.map(Duration::from_secs).ok_or_else(wrong)
}

fn rate(text: &str) -> Result<f64, String> {
    let rate = text.parse().ok().filter(|rate| (0.001..=1_000.0).contains(rate));
    rate.ok_or_else(|| "expected requests a second: 0.001 to 1,000".to_owned())
}

impl Site {
    pub(super) fn settings(&self) -> Settings {
        let bounds = &self.bounds;
        Settings {
            hosts: self.host.clone(),
            ports: self.port.clone(),
            include: self.include.clone(),
            exclude: self.exclude.clone(),
            permission: if self.allow_private { Permission::Private } else { Permission::Public },
            pause: Duration::from_secs_f64(1.0 / self.rate),
            depth: self.depth,
            accepts_mass_vanishing: self.delete_most,
            anew: self.anew,
            limits: Limits {
                page_bytes: bounds.max_page_bytes,
                unpack_ratio: bounds.max_unpack_ratio,
                header_bytes: bounds.max_header_bytes,
                page_time: bounds.page_time,
                total_time: bounds.total_time,
                pages: bounds.max_pages,
                url_bytes: bounds.max_url_bytes,
                links: bounds.max_links,
                redirects: bounds.max_redirects,
                sitemap_depth: bounds.max_sitemap_depth,
                sitemap_bytes: bounds.max_sitemap_bytes,
                queries: bounds.max_queries,
                tries: bounds.tries,
                failures: bounds.max_failures,
                longest_pause: bounds.longest_pause,
            },
            ..Settings::new(&self.user_agent)
        }
    }

    pub(super) fn state_file(&self) -> PathBuf {
        let own = || {
            let address = self.start.parse::<crawl::Url>().ok();
            let host = address.and_then(|address| address.host_str().map(str::to_owned));
            let host =
                host.unwrap_or_default().replace(|c: char| !c.is_ascii_alphanumeric() && c != '.', "-");
            PathBuf::from(format!("crawl-{host}.state"))
        };
        self.state.clone().unwrap_or_else(own)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use clap::Parser;
    use crawl::{Limits, Permission};

    use super::{Site, time};

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        site: Site,
    }

    fn site(options: &str) -> Site {
        let line = format!("crawl https://example.com/ {options}");
        Line::try_parse_from(line.split_whitespace()).expect("parses").site
    }

    #[test]
    fn without_options_the_limits_are_those_of_the_library() {
        let settings = site("").settings();
        assert_eq!(settings.limits, Limits::default());
        assert_eq!((settings.permission, settings.pause), (Permission::Public, Duration::from_millis(500)));
        assert!(!settings.anew && !settings.accepts_mass_vanishing);
        assert_eq!(site("").state_file().to_string_lossy(), "crawl-example.com.state");
    }

    #[test]
    fn each_limit_has_an_option() {
        let options = "--max-pages 1 --max-page-bytes 2 --max-unpack-ratio 3 --max-header-bytes 4 --max-url-bytes 5 \
            --max-links 6 --max-queries 7 --max-redirects 8 --max-sitemap-depth 9 --max-sitemap-bytes 10 --page-time 11s \
            --total-time 12m --longest-pause 13h --tries 14 --max-failures 15";
        let expected = Limits {
            pages: 1,
            page_bytes: 2,
            unpack_ratio: 3,
            header_bytes: 4,
            url_bytes: 5,
            links: 6,
            queries: 7,
            redirects: 8,
            sitemap_depth: 9,
            sitemap_bytes: 10,
            page_time: Duration::from_secs(11),
            total_time: Duration::from_secs(12 * 60),
            longest_pause: Duration::from_secs(13 * 3_600),
            tries: 14,
            failures: 15,
        };
        assert_eq!(site(options).settings().limits, expected);
    }

    #[test]
    fn times_have_units_and_are_neither_nothing_nor_endless() {
        for (text, seconds) in [("90s", 90), ("30m", 1_800), ("6h", 21_600), ("2d", 172_800)] {
            assert_eq!(time(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for text in ["", "6", "h", "0s", "-1h", "1.5h", "9999999d", "99999999999999999999s", "6ü", "6 h"] {
            assert!(time(text).is_err(), "{text}");
        }
    }
}
