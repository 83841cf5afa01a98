//! What a site asks of robots: robots.txt after RFC 9309, one for each scheme, host and port.

use std::collections::HashMap;

use robotxt::{AccessResult, Agent, BYTE_LIMIT, Robots};
use url::Url;

use crate::error::{Error, Failure};
use crate::fetch::{Fetcher, Validators};
use crate::scope::Scope;
use crate::settings::Settings;
use crate::site::through;

/// A longer file is too long to be one; of what is shorter, the first 500 KiB count.
const FILE_BYTES: usize = 4 * BYTE_LIMIT;

/// The rules of all hosts of a crawl.
#[derive(Debug, Default)]
pub(crate) struct Rules(HashMap<String, Robots>);

impl Rules {
    /// Returns the rules for an address, fetched at the first need. They may slow the fetcher down.
    pub(crate) async fn of(
        &mut self,
        address: &Url,
        fetcher: &mut Fetcher,
        scope: &Scope,
        settings: &Settings,
    ) -> Result<&Robots, Error> {
        let origin = address.origin().ascii_serialization();
        if !self.0.contains_key(&origin) {
            let robots = load(address, fetcher, scope, settings).await?;
            if let Some(asked) = robots.crawl_delay() {
                let limit = settings.limits.longest_pause;
                if asked > limit {
                    return Err(Error::CrawlDelay { asked, limit });
                }
                fetcher.pause = fetcher.pause.max(asked);
            }
            self.0.insert(origin.clone(), robots);
        }
        Ok(self.0.entry(origin).or_insert_with(Robots::disallow_all))
    }
}

impl Rules {
    /// Forbids everything on the host of an address.
    pub(crate) fn forbid(&mut self, address: &Url) {
        self.0.insert(address.origin().ascii_serialization(), Robots::disallow_all());
    }
}

async fn load(
    address: &Url,
    fetcher: &mut Fetcher,
    scope: &Scope,
    settings: &Settings,
) -> Result<Robots, Error> {
    let mut file = address.clone();
    file.set_path("/robots.txt");
    file.set_query(None);
    let agent = Agent::Prefix(settings.product());
    let redirects = settings.limits.redirects;
    match through(fetcher, scope, (&file, redirects), &Validators::default(), FILE_BYTES).await {
        Ok(answer) if answer.status == 200 => {
            Ok(Robots::from_access(AccessResult::Successful(&answer.body), agent))
        }
        // The file is not there, or leads nowhere: the site asks for nothing.
        Ok(_) | Err(Failure::Redirects { .. } | Failure::RedirectRefused { .. }) => {
            Ok(Robots::from_access(AccessResult::Unavailable, agent))
        }
        Err(failure) => Err(Error::Robots { address: file.to_string(), failure }),
    }
}
