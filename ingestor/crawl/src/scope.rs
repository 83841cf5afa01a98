//! Which addresses belong to a crawl, and how each is written so that one page has one address. It fetches nothing.

use std::collections::{BTreeSet, HashMap, HashSet};

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use url::Url;

use crate::error::{Error, Refusal};
use crate::settings::Settings;

/// Parameters that tell visitors apart, not pages.
const VISITOR_PARAMETERS: &[&str] = &[
    "phpsessid",
    "jsessionid",
    "aspsessionid",
    "sessionid",
    "session_id",
    "sid",
    "gclid",
    "fbclid",
    "msclkid",
    "dclid",
    "yclid",
    "_ga",
    "_gl",
    "mc_cid",
    "mc_eid",
    "igshid",
];
const SESSION_IN_PATH: &str = ";jsessionid=";

/// The addresses of one crawl.
#[derive(Debug)]
pub(crate) struct Scope {
    hosts: BTreeSet<String>,
    ports: Vec<u16>,
    include: Option<GlobSet>,
    exclude: GlobSet,
    url_bytes: usize,
    most_queries: usize,
    queries: HashMap<String, HashSet<String>>,
}

impl Scope {
    /// Returns the scope of a crawl that begins at this address, and the address as it is written from now on.
    pub(crate) fn new(start: &str, settings: &Settings) -> Result<(Self, Url), Error> {
        let wrong = |why| Error::Start { address: start.escape_debug().to_string(), why };
        let address: Url = start.trim().parse().map_err(|_| wrong(Refusal::NotAnAddress))?;
        let host = address.host_str().ok_or_else(|| wrong(Refusal::NotAnAddress))?;
        let mut hosts = BTreeSet::from([host.to_owned()]);
        hosts.extend(settings.hosts.iter().map(|host| host.to_ascii_lowercase()));
        let scope = Self {
            hosts,
            ports: settings.ports.clone(),
            include: if settings.include.is_empty() { None } else { Some(patterns(&settings.include)?) },
            exclude: patterns(&settings.exclude)?,
            url_bytes: settings.limits.url_bytes,
            most_queries: settings.limits.queries,
            queries: HashMap::new(),
        };
        let address = scope.check(address).map_err(wrong)?;
        Ok((scope, address))
    }

    /// Returns the address that a page at `base` means, as it is written here.
    pub(crate) fn resolve(&self, base: &Url, reference: &str) -> Result<Url, Refusal> {
        let reference = reference.trim();
        if reference.len() > self.url_bytes {
            return Err(Refusal::TooLong { limit: self.url_bytes });
        }
        self.check(base.join(reference).map_err(|_| Refusal::NotAnAddress)?)
    }

    fn check(&self, mut address: Url) -> Result<Url, Refusal> {
        if !matches!(address.scheme(), "http" | "https") {
            return Err(Refusal::Scheme);
        }
        if !address.username().is_empty() || address.password().is_some() {
            return Err(Refusal::Credentials);
        }
        let host = address.host_str().unwrap_or_default();
        if !self.hosts.contains(host) {
            return Err(Refusal::OtherHost { host: host.to_owned() });
        }
        let port = address.port_or_known_default().unwrap_or(0);
        if !matches!(port, 80 | 443) && !self.ports.contains(&port) {
            return Err(Refusal::Port { port });
        }
        tidy(&mut address);
        if address.as_str().len() > self.url_bytes {
            return Err(Refusal::TooLong { limit: self.url_bytes });
        }
        Ok(address)
    }

    /// Whether the patterns take the page in.
    pub(crate) fn fits(&self, address: &Url) -> bool {
        let path = address.path();
        let whole = address.query().map(|query| format!("{path}?{query}"));
        let is_in =
            |set: &GlobSet| set.is_match(path) || whole.as_ref().is_some_and(|whole| set.is_match(whole));
        self.include.as_ref().is_none_or(is_in) && !is_in(&self.exclude)
    }

    /// Counts the different queries of a path, and refuses more than a few.
    pub(crate) fn count_query(&mut self, address: &Url) -> Result<(), Refusal> {
        let Some(query) = address.query() else { return Ok(()) };
        let path = format!("{}{}", address.host_str().unwrap_or_default(), address.path());
        let queries = self.queries.entry(path).or_default();
        if queries.len() >= self.most_queries && !queries.contains(query) {
            return Err(Refusal::Queries { limit: self.most_queries });
        }
        queries.insert(query.to_owned());
        Ok(())
    }
}

fn patterns(texts: &[String]) -> Result<GlobSet, Error> {
    let mut set = GlobSetBuilder::new();
    for text in texts {
        let pattern = GlobBuilder::new(text).literal_separator(true).build();
        set.add(pattern.map_err(|error| Error::Pattern(error.to_string()))?);
    }
    set.build().map_err(|error| Error::Pattern(error.to_string()))
}

/// Takes away what does not change the page: the fragment, and what only tells visitors apart.
fn tidy(address: &mut Url) {
    address.set_fragment(None);
    let lower = address.path().to_ascii_lowercase();
    if let Some(start) = lower.find(SESSION_IN_PATH) {
        let path = address.path();
        let end = path.get(start..).and_then(|tail| tail.find('/')).map_or(path.len(), |end| start + end);
        let kept =
            format!("{}{}", path.get(..start).unwrap_or_default(), path.get(end..).unwrap_or_default());
        address.set_path(&kept);
    }
    let Some(query) = address.query() else { return };
    let is_of_page = |pair: &&str| {
        let name = pair.split('=').next().unwrap_or_default().to_ascii_lowercase();
        !pair.is_empty() && !name.starts_with("utm_") && !VISITOR_PARAMETERS.contains(&name.as_str())
    };
    let kept = query.split('&').filter(is_of_page).collect::<Vec<_>>().join("&");
    address.set_query((!kept.is_empty()).then_some(kept.as_str()));
}

#[cfg(test)]
mod tests {
    use super::Scope;
    use crate::error::{Error, Refusal};
    use crate::settings::Settings;

    fn scope(change: impl FnOnce(&mut Settings)) -> Scope {
        let mut settings = Settings::new("shopbot");
        change(&mut settings);
        Scope::new("https://example.com/shop/", &settings).expect("makes sense").0
    }

    fn resolved(scope: &Scope, reference: &str) -> Result<String, Refusal> {
        let base = "https://example.com/shop/".parse().expect("an address");
        scope.resolve(&base, reference).map(|url| url.to_string())
    }

    #[test]
    fn one_page_has_one_address() {
        let scope = scope(|_| ());
        for (reference, expected) in [
            ("a.html#top", "https://example.com/shop/a.html"),
            ("?", "https://example.com/shop/"),
            ("/x?utm_source=mail&b=2&PHPSESSID=1f", "https://example.com/x?b=2"),
            ("/x;JSESSIONID=12/y", "https://example.com/x/y"),
            ("//EXAMPLE.com:443/../a", "https://example.com/a"),
            ("http://example.com:80", "http://example.com/"),
        ] {
            assert_eq!(resolved(&scope, reference).as_deref(), Ok(expected), "{reference}");
        }
    }

    #[test]
    fn what_is_not_of_the_site_is_refused() {
        let scope = scope(|settings| settings.limits.url_bytes = 60);
        let other = |host: &str| Refusal::OtherHost { host: host.to_owned() };
        for (reference, expected) in [
            ("mailto:a@example.com", Refusal::Scheme),
            ("javascript:alert(1)", Refusal::Scheme),
            ("file:///etc/passwd", Refusal::Scheme),
            ("https://anna:secret@example.com/", Refusal::Credentials),
            ("https://www.example.com/", other("www.example.com")),
            ("https://example.com.evil.test/", other("example.com.evil.test")),
            ("http://127.1/", other("127.0.0.1")),
            ("https://example.com:22/", Refusal::Port { port: 22 }),
            ("https://exa mple.com/", Refusal::NotAnAddress),
            (&"x".repeat(61), Refusal::TooLong { limit: 60 }),
            (&"x".repeat(40), Refusal::TooLong { limit: 60 }),
        ] {
            assert_eq!(resolved(&scope, reference), Err(expected), "{reference}");
        }
    }

    #[test]
    fn other_hosts_and_ports_can_be_named() {
        let scope = scope(|settings| {
            settings.hosts = vec!["WWW.example.com".to_owned()];
            settings.ports = vec![8443];
        });
        assert!(resolved(&scope, "https://www.example.com:8443/a").is_ok());
    }

    #[test]
    fn patterns_fit_paths_with_and_without_their_query() {
        let scope = scope(|settings| {
            settings.include = vec!["/blog/**".to_owned(), "/about".to_owned()];
            settings.exclude = vec!["/blog/tag/*".to_owned(), "/**/*?print=*".to_owned()];
        });
        for (path, expected) in [
            ("/blog/2024/a", true),
            ("/about?x=1", true),
            ("/shop", false),
            ("/blog/tag/a", false),
            ("/blog/tag/a/b", true),
            ("/blog/a?print=1", false),
        ] {
            let address = format!("https://example.com{path}").parse().expect("an address");
            assert_eq!(scope.fits(&address), expected, "{path}");
        }
        let settings = Settings { include: vec!["[".to_owned()], ..Settings::new("shopbot") };
        assert!(matches!(Scope::new("https://a.de/", &settings), Err(Error::Pattern(_))));
    }

    #[test]
    fn a_path_takes_only_so_many_queries() {
        let mut scope = scope(|settings| settings.limits.queries = 2);
        let mut count = |reference: &str| scope.count_query(&reference.parse().expect("an address"));
        for page in ["https://a.de/c?m=1", "https://a.de/c?m=2", "https://a.de/c?m=1", "https://a.de/d?m=3"] {
            assert_eq!(count(page), Ok(()), "{page}");
        }
        assert_eq!(count("https://a.de/c?m=3"), Err(Refusal::Queries { limit: 2 }));
        assert_eq!(count("https://a.de/c"), Ok(()));
    }

    #[test]
    fn a_first_address_that_makes_no_sense_says_what_would() {
        for start in
            ["example.com", "ftp://example.com/", "https://a:b@example.com/", "", "https://example.com:1/"]
        {
            let error = Scope::new(start, &Settings::new("shopbot")).expect_err(start).to_string();
            assert!(error.contains("expected an address such as"), "{error}");
        }
    }
}
