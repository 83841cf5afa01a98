//! The command `crawl`: pages of a website become documents.

mod options;

use crawl::{Error, Event, Failure, Outcome, Page, Sink, SinkFailure, State, Summary, Taken};
use futures_util::future::BoxFuture;
use lifecycle::TraceContext;
use proto::v1::DeleteRequest;
use serde::Serialize;

use super::client::{Client, DEADLINE};
use super::report::Report;
use super::upload::{Document, send_patiently};
use super::{Ending, Trouble};
use crate::DocumentKey;
pub(super) use options::{AFTER_HELP, LONG_ABOUT, Site};

/// Codes of failures that the same bytes meet again.
const ABOUT_THE_DOCUMENT: [&str; 4] =
    ["UNREADABLE_DOCUMENT", "UNSUPPORTED_MEDIA", "TOO_LARGE", "INVALID_ARGUMENT"];
/// Codes of failures that concern one document and may pass. Whatever else fails, the next document fails alike.
const FOR_THE_MOMENT: [&str; 2] = ["INTERNAL", "CONFLICT"];

/// Crawls a site, once or again and again.
pub(super) async fn crawl_site(
    client: &Client,
    site: &Site,
    collection: Option<&str>,
    report: &Report,
) -> Result<Ending, Trouble> {
    let settings = site.settings();
    // An address that makes no sense must not leave a file behind.
    crawl::check(&site.start, &settings).map_err(|error| Trouble::Usage(error.to_string()))?;
    let usage = |error: crawl::StateError| Trouble::Usage(error.to_string());
    let mut state = State::open(&site.state_file()).map_err(usage)?;
    let sink = Documents { client, collection: collection.unwrap_or_default(), report };
    loop {
        if state.is_interrupted() {
            report.note("going on with the crawl that was interrupted");
        }
        let ending = crawl::crawl(&site.start, &settings, &mut state, &sink).await;
        let ending = ending.map(|summary| print_summary(&summary, &state, report));
        let Some(pause) = site.every else { return ending.map_err(|error| trouble(&error)) };
        // The site and the service may be there again next time.
        if let Err(error) = ending {
            report.trouble(&error);
        }
        tokio::time::sleep(pause).await;
    }
}

fn trouble(error: &Error) -> Trouble {
    match error {
        Error::Start { .. } | Error::Pattern(_) | Error::State(_) => Trouble::Usage(error.to_string()),
        Error::First { failure: Failure::Forbidden { .. }, .. }
        | Error::Robots { failure: Failure::Forbidden { .. }, .. } => {
            Trouble::Call(format!("{error}; an intranet needs --allow-private"))
        }
        Error::MassVanishing { .. } => Trouble::Call(format!("{error}; if it is none, say --delete-most")),
        _ => Trouble::Call(error.to_string()),
    }
}

#[derive(Serialize)]
struct Visited<'a> {
    url: &'a str,
    result: &'static str,
    reason: Option<String>,
}

#[derive(Serialize)]
struct Counts {
    stored: u32,
    unchanged: u32,
    resumed: u32,
    removed: u32,
    unusable: u32,
    passed: u32,
    refused: u32,
    failed: u32,
    known: usize,
    ended_by: Option<String>,
}

fn print_summary(summary: &Summary, state: &State, report: &Report) -> Ending {
    let Summary { stored, unchanged, resumed, removed, unusable, passed, refused, failed, bound } = *summary;
    let ended_by = bound.map(|bound| bound.to_string());
    let known = state.documents();
    let note = ended_by.as_ref().map(|why| format!("; {why}")).unwrap_or_default();
    let again = if resumed > 0 { format!(", {resumed} done before") } else { String::new() };
    let line = format!(
        "{stored} stored, {unchanged} unchanged{again}, {removed} removed, {unusable} not usable, {failed} failed; \
         {passed} passed over, {refused} not allowed; {known} pages known{note}"
    );
    let counts =
        Counts { stored, unchanged, resumed, removed, unusable, passed, refused, failed, known, ended_by };
    report.result(&counts, &line);
    if failed + unusable > 0 || bound.is_some() { Ending::SomeFailed } else { Ending::AllWell }
}

/// Puts pages into the service as documents.
struct Documents<'a> {
    client: &'a Client,
    collection: &'a str,
    report: &'a Report,
}

impl Documents<'_> {
    async fn store(&self, page: Page) -> Result<Taken, SinkFailure> {
        let key = match DocumentKey::new(self.collection, &page.name) {
            Ok(key) => key,
            Err(error) => return Ok(Taken::Refused(error.to_string())),
        };
        let progress = self.report.file(&key.to_string());
        let address = page.url.to_string();
        let document = Document { file: &address, key: &key, bytes: page.bytes.into(), source_url: &address };
        let sent = send_patiently(self.client, &document, &progress).await;
        let outcome = sent.map_err(|trouble| SinkFailure(trouble.to_string()))?;
        let reason = outcome.reason.unwrap_or_default();
        match outcome.code {
            None => Ok(Taken::Stored),
            Some(code) if ABOUT_THE_DOCUMENT.contains(&code.as_str()) => Ok(Taken::Refused(reason)),
            Some(code) if FOR_THE_MOMENT.contains(&code.as_str()) => Ok(Taken::NotNow(reason)),
            Some(_) => Err(SinkFailure(format!("{address} cannot be stored: {reason}"))),
        }
    }

    async fn delete(&self, name: &str) -> Result<(), SinkFailure> {
        let request = DeleteRequest { document_id: name.to_owned(), collection: self.collection.to_owned() };
        let request = lifecycle::request(request, DEADLINE, &TraceContext::new());
        let deleted = self.client.grpc.clone().delete(request).await;
        // One that was deleted by hand is gone as well.
        deleted.map(|_| ()).map_err(|status| SinkFailure(self.client.trouble(&status).to_string()))
    }
}

impl Sink for Documents<'_> {
    fn put(&self, page: Page) -> BoxFuture<'_, Result<Taken, SinkFailure>> {
        Box::pin(self.store(page))
    }

    fn remove<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<(), SinkFailure>> {
        Box::pin(self.delete(name))
    }

    fn tell(&self, event: &Event) {
        let (result, reason) = match &event.outcome {
            Outcome::Stored => ("stored", None),
            Outcome::Unchanged => ("unchanged", None),
            Outcome::Unusable(why) => ("unusable", Some(why.clone())),
            Outcome::Removed => ("removed", None),
            Outcome::Passed(why) => ("passed", Some((*why).to_owned())),
            Outcome::Refused(why) => ("refused", Some(why.to_string())),
            Outcome::Failed(failure) => ("failed", Some(failure.to_string())),
        };
        let visited = Visited { url: &event.url, result, reason };
        if matches!(event.outcome, Outcome::Unchanged | Outcome::Passed(_) | Outcome::Refused(_)) {
            return self.report.detail(&visited);
        }
        let why = visited.reason.as_ref().map(|why| format!("  {why}")).unwrap_or_default();
        self.report.result(&visited, &format!("{result:9} {}{why}", event.url));
    }
}
