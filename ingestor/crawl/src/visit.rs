//! What happens to one address of a crawl: fetched, read, handed on, or left alone for a reason.

use http::header::{CONTENT_TYPE, ETAG, LAST_MODIFIED};
use sha2::{Digest, Sha256};
use url::Url;

use crate::error::{Error, Failure, Refusal};
use crate::fetch::{Answer, Validators};
use crate::markup::{self, Facts};
use crate::media;
use crate::name;
use crate::sink::{Outcome, Page, Taken};
use crate::site::{Gone, Site, Todo, target};
use crate::state::Known;

/// What a server may say of a version; longer is not sent back.
const VALIDATOR_BYTES: usize = 1_024;

impl Site<'_> {
    /// Handles one address. Only what ends the whole crawl is an error.
    pub(crate) async fn visit(&mut self, todo: Todo) -> Result<(), Error> {
        let known = self.state.known(todo.url.as_str()).cloned();
        if let Some(known) = known.as_ref().filter(|known| known.crawl == self.crawl) {
            self.summary.resumed = self.summary.resumed.saturating_add(1);
            self.go_on(&todo, known);
            return Ok(());
        }
        if !self.may_fetch(&todo.url).await? {
            self.count(todo.url.as_str(), Outcome::Refused(Refusal::Robots));
            return Ok(());
        }
        let validators = known.as_ref().filter(|known| known.document.is_some() && !self.settings.anew);
        let validators = validators
            .map(|known| Validators { etag: known.etag.clone(), last_modified: known.last_modified.clone() });
        let limit_bytes = self.settings.limits.page_bytes;
        let known = known.unwrap_or_default();
        match self.fetcher.get(&todo.url, &validators.unwrap_or_default(), limit_bytes).await {
            Err(failure) => self.failed(&todo, failure),
            Ok(answer) => {
                self.failures = 0;
                self.answered(todo, known, answer).await
            }
        }
    }

    /// Takes in what a page led to before the crawl was interrupted.
    fn go_on(&mut self, todo: &Todo, known: &Known) {
        if known.sha256.is_empty() {
            // A redirect, or a page that names another address: neither is a step away.
            for link in &known.links {
                self.take_in(&todo.url, link, todo.depth, todo.hops);
            }
        } else {
            self.follow(&todo.url, &known.links, todo);
        }
    }

    fn failed(&mut self, todo: &Todo, failure: Failure) -> Result<(), Error> {
        if todo.url == self.start && self.summary.resumed == 0 {
            return Err(Error::First { address: todo.url.to_string(), failure });
        }
        self.count(todo.url.as_str(), Outcome::Failed(failure.clone()));
        self.failures = if failure.is_passing() { self.failures.saturating_add(1) } else { 0 };
        if self.failures >= self.settings.limits.failures {
            return Err(Error::NotAnswering { count: self.failures, failure });
        }
        Ok(())
    }

    async fn answered(&mut self, todo: Todo, known: Known, answer: Answer) -> Result<(), Error> {
        match target(&self.scope, &todo.url, &answer) {
            Err(failure) => return self.failed(&todo, failure),
            Ok(Some(target)) => return self.redirected(&todo, known, &answer, &target),
            Ok(None) => {}
        }
        match answer.status {
            200 => self.page(todo, known, answer).await,
            304 if known.document.is_some() => {
                let links = self.follow(&todo.url, &known.links, &todo);
                // What other pages led to first is still what this one leads to.
                let links = if links.len() < known.links.len() { known.links.clone() } else { links };
                self.count(todo.url.as_str(), Outcome::Unchanged);
                Ok(self.state.record(Known { crawl: self.crawl, depth: todo.depth, links, ..known })?)
            }
            404 | 410 if todo.url != self.start => {
                let is_known = known.document.is_some();
                self.vanished(&todo, known, None);
                if !is_known {
                    // A broken link is a matter of the site.
                    self.count(todo.url.as_str(), Outcome::Passed("it is not there"));
                }
                Ok(())
            }
            status => self.failed(&todo, Failure::Status(status)),
        }
    }

    /// Notes a page that is gone, where it was handed on before.
    fn vanished(&mut self, todo: &Todo, known: Known, moved_to: Option<&Url>) {
        if let Some(name) = known.document {
            let moved_to = moved_to.map(Url::to_string);
            self.gone.push(Gone { url: todo.url.to_string(), name, moved_to });
        }
    }

    fn redirected(&mut self, todo: &Todo, known: Known, answer: &Answer, target: &Url) -> Result<(), Error> {
        let limit = self.settings.limits.redirects;
        if todo.hops >= limit {
            return self.failed(todo, Failure::Redirects { limit });
        }
        self.count(todo.url.as_str(), Outcome::Passed("it leads to another page"));
        let added = self.take_in(&todo.url, target.as_str(), todo.depth, todo.hops + 1);
        if matches!(answer.status, 301 | 308) && known.document.is_some() {
            self.vanished(todo, known, Some(target));
            return Ok(());
        }
        self.pass(todo, known, added.into_iter().map(String::from).collect())
    }

    /// Records an address that was looked at and not handed on.
    fn pass(&mut self, todo: &Todo, known: Known, links: Vec<String>) -> Result<(), Error> {
        let (url, crawl, depth) = (todo.url.to_string(), self.crawl, todo.depth);
        Ok(self.state.record(Known { url, crawl, depth, links, ..known })?)
    }

    async fn page(&mut self, todo: Todo, known: Known, answer: Answer) -> Result<(), Error> {
        let content_type = answer.header(CONTENT_TYPE).to_owned();
        let Some(ending) = media::ending(&content_type, todo.url.path()) else {
            self.count(todo.url.as_str(), Outcome::Passed("its kind of file is not taken"));
            return self.pass(&todo, known, Vec::new());
        };
        let (facts, body) = self.facts(&answer, ending).await?;
        let base = facts.base.as_ref().and_then(|base| todo.url.join(base).ok());
        let base = base.unwrap_or_else(|| todo.url.clone());
        let links = if facts.wishes.nofollow { Vec::new() } else { self.follow(&base, &facts.links, &todo) };
        if facts.wishes.noindex {
            self.count(todo.url.as_str(), Outcome::Passed("it asks not to be found"));
            return self.leave(&todo, known, links, None);
        }
        if let Some(canonical) = self.canonical(&base, &facts, &todo).await? {
            let mut links = links;
            links.extend(self.take_in(&base, canonical.as_str(), todo.depth, todo.hops).map(String::from));
            self.count(todo.url.as_str(), Outcome::Passed("it names another address for itself"));
            return self.leave(&todo, known, links, Some(&canonical));
        }
        if !self.scope.fits(&todo.url) {
            self.count(todo.url.as_str(), Outcome::Passed("the patterns leave it out"));
            return self.pass(&todo, known, links);
        }
        let validator = |name| Some(answer.header(name)).filter(|value| is_sound(value)).map(str::to_owned);
        let now = Known {
            url: todo.url.to_string(),
            crawl: self.crawl,
            depth: todo.depth,
            document: known.document.clone(),
            etag: validator(ETAG),
            last_modified: validator(LAST_MODIFIED),
            sha256: Sha256::digest(&body).iter().map(|byte| format!("{byte:02x}")).collect(),
            links,
        };
        self.hand_on(todo.url, now, &known.sha256, (ending, body)).await
    }

    /// Leaves a page out that is not meant to be found here, and forgets it where it was handed on before.
    fn leave(
        &mut self,
        todo: &Todo,
        known: Known,
        links: Vec<String>,
        to: Option<&Url>,
    ) -> Result<(), Error> {
        if known.document.is_some() {
            // It is recorded once it is removed; an interrupted crawl looks at it again.
            self.vanished(todo, known, to);
            return Ok(());
        }
        self.pass(todo, known, links)
    }

    /// Reads what the page says to robots, away from the runtime.
    async fn facts(&self, answer: &Answer, ending: &str) -> Result<(Facts, Vec<u8>), Error> {
        let product = self.settings.product().to_owned();
        let (most_links, is_html) = (self.settings.limits.links, ending == "html");
        let bytes = answer.body.clone();
        let own = product.clone();
        let reading = tokio::task::spawn_blocking(move || {
            let facts = if is_html {
                markup::read(&String::from_utf8_lossy(&bytes), &own, most_links)
            } else {
                Facts::default()
            };
            (facts, bytes)
        });
        let (mut facts, bytes) = reading.await.map_err(|error| Error::Sink(error.to_string()))?;
        for value in answer.headers.get_all("x-robots-tag") {
            let value = value.to_str().unwrap_or_default();
            match value.split_once(':') {
                // It speaks to one robot by name.
                Some((name, words)) if !name.contains([',', ' ']) => {
                    if name.trim().eq_ignore_ascii_case(&product) {
                        facts.wishes.add(words);
                    }
                }
                _ => facts.wishes.add(value),
            }
        }
        Ok((facts, bytes))
    }

    /// Returns the address that a page names for itself, where it is another one that may be fetched. That of another
    /// site is not believed: the page is here.
    async fn canonical(&mut self, base: &Url, facts: &Facts, todo: &Todo) -> Result<Option<Url>, Error> {
        let Some(reference) = &facts.canonical else { return Ok(None) };
        let Ok(canonical) = self.scope.resolve(base, reference) else { return Ok(None) };
        if canonical == todo.url || !self.scope.fits(&canonical) {
            return Ok(None);
        }
        Ok(self.may_fetch(&canonical).await?.then_some(canonical))
    }

    /// Puts the links of a page into the queue; returns those that were not there before.
    fn follow(&mut self, base: &Url, links: &[String], todo: &Todo) -> Vec<String> {
        if todo.depth >= self.depth {
            return Vec::new();
        }
        let depth = todo.depth.saturating_add(1);
        links.iter().filter_map(|link| self.take_in(base, link, depth, 0)).map(String::from).collect()
    }

    async fn hand_on(
        &mut self,
        url: Url,
        mut now: Known,
        before: &str,
        (ending, bytes): (&'static str, Vec<u8>),
    ) -> Result<(), Error> {
        if now.document.is_some() && now.sha256 == before && !self.settings.anew {
            self.count(&now.url, Outcome::Unchanged);
            return Ok(self.state.record(now)?);
        }
        let name = now.document.clone().unwrap_or_else(|| {
            let plain = name::of(&url, ending);
            if self.state.has_name(&plain) { name::distinct(&url, ending) } else { plain }
        });
        let taken = self.sink.put(Page { url, name: name.clone(), bytes }).await;
        let outcome = match taken.map_err(|failure| Error::Sink(failure.to_string()))? {
            Taken::Stored => Outcome::Stored,
            Taken::Refused(why) => Outcome::Unusable(why),
            Taken::NotNow(why) => {
                self.count(&now.url, Outcome::Unusable(why));
                return Ok(());
            }
        };
        now.document = Some(name);
        let address = now.url.clone();
        // Recorded only now: a page that was not handed on is fetched again.
        self.state.record(now)?;
        self.count(&address, outcome);
        Ok(())
    }
}

fn is_sound(validator: &str) -> bool {
    !validator.is_empty() && validator.len() <= VALIDATOR_BYTES
}
