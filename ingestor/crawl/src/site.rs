//! One crawl of a site from its beginning to its end: what is to be fetched, in which order, and when to stop.

use std::collections::{HashSet, VecDeque};

use http::header::LOCATION;
use tokio::time::Instant;
use url::Url;

use crate::error::{Bound, Error, Failure, Refusal};
use crate::fetch::{Answer, Fetcher, Validators, unpacked};
use crate::robots::Rules;
use crate::scope::Scope;
use crate::settings::Settings;
use crate::sink::{Event, Outcome, Sink};
use crate::sitemap::{self, Sitemap};
use crate::state::State;
use crate::unpack::is_packed;

/// Links followed from a page that a crawl begins with, unless the settings say otherwise.
const DEFAULT_DEPTH: u32 = 3;
/// Fewer pages than this may vanish at once, however few there are.
const FEW_PAGES: usize = 10;

/// What a crawl did: numbers of addresses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Handed on, because they were new or had changed.
    pub stored: u32,
    /// As they were.
    pub unchanged: u32,
    /// Done before the crawl was interrupted.
    pub resumed: u32,
    /// Gone from the site, and now from the sink.
    pub removed: u32,
    /// Handed on and not usable.
    pub unusable: u32,
    /// Fetched, but not for storing.
    pub passed: u32,
    /// Not fetched.
    pub refused: u32,
    /// Could not be fetched.
    pub failed: u32,
    /// The limit that ended the crawl early.
    pub bound: Option<Bound>,
}

/// An address that is to be fetched.
#[derive(Clone, Debug)]
pub(crate) struct Todo {
    pub(crate) url: Url,
    /// Links between it and the first pages.
    pub(crate) depth: u32,
    /// Redirects that led to it.
    pub(crate) hops: u32,
}

/// A page that was handed on earlier and is gone.
#[derive(Clone, Debug)]
pub(crate) struct Gone {
    pub(crate) url: String,
    pub(crate) name: String,
    /// The address that took its place.
    pub(crate) moved_to: Option<String>,
}

/// A crawl that is under way.
pub(crate) struct Site<'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) scope: Scope,
    pub(crate) fetcher: Fetcher,
    pub(crate) state: &'a mut State,
    pub(crate) sink: &'a dyn Sink,
    pub(crate) summary: Summary,
    pub(crate) gone: Vec<Gone>,
    /// The number of the crawl.
    pub(crate) crawl: u64,
    /// Links to follow.
    pub(crate) depth: u32,
    /// Pages in a row that could not be fetched.
    pub(crate) failures: u32,
    /// The address that the crawl began with.
    pub(crate) start: Url,
    rules: Rules,
    queue: VecDeque<Todo>,
    queued: HashSet<String>,
}

/// Crawls a site. `start` is a sitemap (its path ends with `.xml` or `.gz`) or a page. Everything that was found out stays in
/// `state`, whatever happens; the next crawl with it fetches only what changed, and goes on where this one was interrupted.
///
/// # Errors
/// Why nothing more can be fetched or handed on. What was handed on before stays.
pub async fn crawl(
    start: &str,
    settings: &Settings,
    state: &mut State,
    sink: &dyn Sink,
) -> Result<Summary, Error> {
    let (scope, start) = Scope::new(start, settings)?;
    let fetcher = Fetcher::new(settings)?;
    let is_sitemap = is_sitemap(&start);
    let crawl = state.begin()?;
    let mut site = Site {
        settings,
        scope,
        fetcher,
        state,
        sink,
        summary: Summary::default(),
        gone: Vec::new(),
        crawl,
        depth: settings.depth.unwrap_or(if is_sitemap { 0 } else { DEFAULT_DEPTH }),
        failures: 0,
        start: start.clone(),
        rules: Rules::default(),
        queue: VecDeque::new(),
        queued: HashSet::new(),
    };
    let until = Instant::now() + settings.limits.total_time;
    site.begin(start, is_sitemap).await?;
    while let Some(todo) = site.queue.pop_front() {
        if Instant::now() >= until {
            site.summary.bound = Some(Bound::Time(settings.limits.total_time));
            return Ok(site.summary);
        }
        site.visit(todo).await?;
    }
    site.remove_gone().await?;
    site.state.end()?;
    Ok(site.summary)
}

/// Checks what a crawl is told, without fetching anything.
///
/// # Errors
/// When the first address or a pattern makes no sense.
pub fn check(start: &str, settings: &Settings) -> Result<(), Error> {
    Scope::new(start, settings).map(|_| ())
}

fn is_sitemap(address: &Url) -> bool {
    let path = address.path().to_ascii_lowercase();
    path.ends_with(".xml") || path.ends_with(".gz")
}

/// Gets an address and follows so many redirects within the scope.
pub(crate) async fn through(
    fetcher: &mut Fetcher,
    scope: &Scope,
    (address, redirects): (&Url, u32),
    validators: &Validators,
    limit_bytes: usize,
) -> Result<Answer, Failure> {
    let mut address = address.clone();
    for _ in 0..=redirects {
        let answer = fetcher.get(&address, validators, limit_bytes).await?;
        match target(scope, &address, &answer)? {
            Some(target) => address = target,
            None => return Ok(answer),
        }
    }
    Err(Failure::Redirects { limit: redirects })
}

/// Returns where an answer leads; `None` when it is no redirect.
pub(crate) fn target(scope: &Scope, address: &Url, answer: &Answer) -> Result<Option<Url>, Failure> {
    if !matches!(answer.status, 301 | 302 | 303 | 307 | 308) {
        return Ok(None);
    }
    let reference = answer.header(LOCATION);
    match scope.resolve(address, reference) {
        Ok(target) if !reference.is_empty() => Ok(Some(target)),
        Ok(_) => Err(Failure::Protocol("a redirect without its target".to_owned())),
        Err(why) => {
            let target = reference.chars().take(200).collect::<String>().escape_debug().to_string();
            Err(Failure::RedirectRefused { target, why })
        }
    }
}

impl Site<'_> {
    /// Fills the queue: what the start names, what the site's sitemaps name, what earlier crawls know.
    async fn begin(&mut self, start: Url, is_sitemap: bool) -> Result<(), Error> {
        let robots = self.rules.of(&start, &mut self.fetcher, &self.scope, self.settings).await?;
        let is_allowed = is_sitemap || robots.is_allowed(&path_and_query(&start));
        let mut maps: Vec<Url> = Vec::new();
        if is_sitemap {
            maps.push(start.clone());
        } else {
            let listed = robots.sitemaps().iter();
            maps.extend(listed.filter_map(|map| self.scope.resolve(&start, map.as_str()).ok()));
            if !is_allowed {
                return Err(Error::Start { address: start.to_string(), why: Refusal::Robots });
            }
            self.enqueue(start.clone(), 0, 0);
        }
        self.read_sitemaps(maps, is_sitemap).await?;
        let known: Vec<(String, u32)> =
            self.state.pages().map(|known| (known.url.clone(), known.depth)).collect();
        for (address, depth) in known {
            if let Ok(address) = self.scope.resolve(&start, &address) {
                self.enqueue(address, depth, 0);
            }
        }
        Ok(())
    }

    /// Reads sitemaps and those that they name. Where the first one is what the crawl began with, it has to be there.
    async fn read_sitemaps(&mut self, maps: Vec<Url>, must_be_there: bool) -> Result<(), Error> {
        let mut seen: HashSet<String> = HashSet::new();
        let mut open: VecDeque<(Url, u32)> = maps.into_iter().map(|map| (map, 0)).collect();
        while let Some((map, depth)) = open.pop_front() {
            if !seen.insert(map.to_string()) || seen.len() > self.settings.limits.pages {
                continue;
            }
            let is_first = must_be_there && seen.len() == 1;
            let read = if depth > self.settings.limits.sitemap_depth {
                Err(Failure::SitemapDepth { limit: self.settings.limits.sitemap_depth })
            } else {
                self.read_sitemap(&map).await
            };
            match read {
                Ok(Some(Sitemap::Pages(pages))) => {
                    for page in pages {
                        self.take_in(&map, &page, 0, 0);
                    }
                }
                Ok(Some(Sitemap::Maps(maps))) => {
                    let inner = maps.iter().filter_map(|inner| self.scope.resolve(&map, inner).ok());
                    open.extend(inner.map(|inner| (inner, depth.saturating_add(1))));
                }
                Ok(None) if is_first => return Err(Error::NotASitemap(map.to_string())),
                Err(failure) if is_first => return Err(Error::First { address: map.to_string(), failure }),
                Ok(None) => self.count(map.as_str(), Outcome::Passed("it is no sitemap")),
                Err(failure) => self.count(map.as_str(), Outcome::Failed(failure)),
            }
        }
        Ok(())
    }

    async fn read_sitemap(&mut self, map: &Url) -> Result<Option<Sitemap>, Failure> {
        let limits = self.settings.limits;
        let (none, limit_bytes) = (Validators::default(), limits.sitemap_bytes);
        let redirects = (map, limits.redirects);
        let answer = through(&mut self.fetcher, &self.scope, redirects, &none, limit_bytes).await?;
        if answer.status != 200 {
            return Err(Failure::Status(answer.status));
        }
        let mut bytes = answer.body;
        if is_packed(&bytes) {
            bytes = unpacked(bytes, limit_bytes, limits.unpack_ratio).await?;
        }
        // One address more than may be fetched tells that there are too many.
        let most = limits.pages.saturating_add(1);
        let reading = tokio::task::spawn_blocking(move || sitemap::read(&bytes, most, limits.url_bytes));
        reading.await.map_err(|error| Failure::Protocol(error.to_string()))
    }

    /// Asks robots.txt. A host whose robots.txt cannot be had is not fetched from; where the crawl began there, that is its
    /// end.
    pub(crate) async fn may_fetch(&mut self, address: &Url) -> Result<bool, Error> {
        let asked = self.rules.of(address, &mut self.fetcher, &self.scope, self.settings).await;
        match asked.map(|robots| robots.is_allowed(&path_and_query(address))) {
            Err(Error::Robots { address: file, failure }) if address.origin() != self.start.origin() => {
                self.rules.forbid(address);
                self.count(&file, Outcome::Failed(failure));
                Ok(false)
            }
            allowed => allowed,
        }
    }

    /// Puts what a page refers to into the queue; returns it where it was not there before.
    pub(crate) fn take_in(&mut self, base: &Url, reference: &str, depth: u32, hops: u32) -> Option<Url> {
        let address = match self.scope.resolve(base, reference) {
            Ok(address) => address,
            // Every page leads to other sites; that is not worth a word.
            Err(Refusal::OtherHost { .. } | Refusal::Scheme | Refusal::NotAnAddress) => return None,
            Err(why) => {
                let shown: String = reference.chars().take(200).collect();
                self.refuse(&shown, why);
                return None;
            }
        };
        if self.queued.contains(address.as_str()) {
            return None;
        }
        if !self.scope.fits(&address) {
            return None;
        }
        if let Err(why) = self.scope.count_query(&address) {
            self.refuse(address.as_str(), why);
            return None;
        }
        self.enqueue(address.clone(), depth, hops).then_some(address)
    }

    /// Returns whether the address was not in the queue before and is now.
    fn enqueue(&mut self, url: Url, depth: u32, hops: u32) -> bool {
        if self.queued.contains(url.as_str()) {
            return false;
        }
        if self.queued.len() >= self.settings.limits.pages {
            self.summary.bound = Some(Bound::Pages { limit: self.settings.limits.pages });
            return false;
        }
        self.queued.insert(url.to_string());
        self.queue.push_back(Todo { url, depth, hops });
        true
    }

    fn refuse(&mut self, address: &str, why: Refusal) {
        // Told once: it would be met on every page.
        if self.queued.len() < self.settings.limits.pages.saturating_mul(2)
            && self.queued.insert(address.to_owned())
        {
            self.count(address, Outcome::Refused(why));
        }
    }

    /// Counts what became of an address and tells it.
    pub(crate) fn count(&mut self, address: &str, outcome: Outcome) {
        let summary = &mut self.summary;
        let number = match &outcome {
            Outcome::Stored => &mut summary.stored,
            Outcome::Unchanged => &mut summary.unchanged,
            Outcome::Unusable(_) => &mut summary.unusable,
            Outcome::Removed => &mut summary.removed,
            Outcome::Passed(_) => &mut summary.passed,
            Outcome::Refused(_) => &mut summary.refused,
            Outcome::Failed(_) => &mut summary.failed,
        };
        *number = number.saturating_add(1);
        self.sink.tell(&Event { url: address.to_owned(), outcome });
    }

    /// Removes the pages that are gone. Those that moved go only once the page in their place is stored.
    async fn remove_gone(&mut self) -> Result<(), Error> {
        let (known, gone) = (self.state.documents(), std::mem::take(&mut self.gone));
        let vanished = gone.iter().filter(|gone| gone.moved_to.is_none()).count();
        let is_mass = vanished > FEW_PAGES && vanished.saturating_mul(2) > known;
        if is_mass && !self.settings.accepts_mass_vanishing {
            // The next crawl looks at all of them again.
            self.state.end()?;
            return Err(Error::MassVanishing { vanished, known });
        }
        for Gone { url, name, moved_to } in gone {
            let is_stored =
                |target: &String| self.state.known(target).is_some_and(|known| known.document.is_some());
            if moved_to.as_ref().is_some_and(|target| !is_stored(target)) {
                continue;
            }
            self.sink.remove(&name).await.map_err(|failure| Error::Sink(failure.to_string()))?;
            self.state.forget(&url)?;
            self.count(&url, Outcome::Removed);
        }
        Ok(())
    }
}

/// Returns what robots.txt speaks of.
fn path_and_query(address: &Url) -> String {
    address.query().map_or_else(|| address.path().to_owned(), |query| format!("{}?{query}", address.path()))
}
