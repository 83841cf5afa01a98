//! Takes one document in: receives and checks its bytes, makes them durable, indexes it and tells how far it is.

use std::sync::Arc;
use std::time::Duration;

use lifecycle::within;
use proto::v1::upload_event::Event;
use proto::v1::upload_request::Part;
use proto::v1::{Indexed, Progress, Stored, UploadEvent, UploadHeader, UploadRequest};
use sha2::{Digest, Sha256};
use tokio::sync::mpsc;
use tonic::{Code, Status, Streaming};

use super::{Service, WAITING_EVENTS, document_failure};
use crate::document::DocumentKey;
use crate::error::Error;
use crate::extract::Unreadable;
use crate::index::Replaced;
use crate::keeper::{Action, Failure, Keeper, Settled, Step};
use crate::store::subject;

/// Longest wait for the next message of a document.
const MESSAGE_DEADLINE: Duration = Duration::from_secs(15);
const MAX_DATA_BYTES: usize = 1024 * 1024;
/// What the index takes.
const MAX_SOURCE_BYTES: usize = 2_048;

type Events = mpsc::Sender<Result<UploadEvent, Status>>;

/// A document received whole.
struct Received {
    key: DocumentKey,
    bytes: Vec<u8>,
    source_url: Option<String>,
}

impl Service {
    /// Receives a document and stores it; the events that follow begin with `stored`.
    pub(super) async fn take_in(
        &self,
        mut parts: Streaming<UploadRequest>,
    ) -> Result<mpsc::Receiver<Result<UploadEvent, Status>>, Error> {
        // The permit covers the time in which the bytes are held.
        let permit = Arc::clone(&self.uploads).try_acquire_owned().map_err(|_| Error::Busy)?;
        let received = receive(&mut parts, self.keeper.max_document_bytes()).await?;
        let content_bytes = u64::try_from(received.bytes.len()).unwrap_or(u64::MAX);
        let unchanged = store(&self.keeper, &received.key, received.bytes, received.source_url).await?;
        drop(permit);
        let (events, receiver) = mpsc::channel(WAITING_EVENTS);
        let (keeper, stop) = (Arc::clone(&self.keeper), self.shutdown.token().clone());
        // Indexing goes on when the caller goes away: the document is stored and belongs into the index.
        self.shutdown.spawn("upload", async move {
            send(&events, Event::Stored(Stored { content_bytes, unchanged })).await;
            let result = tokio::select! {
                result = index(&keeper, &received.key, &events) => result,
                () = stop.cancelled() => return,
            };
            let result = result
                .map(|settled| if unchanged { settled } else { credited(&keeper, &received.key, settled) });
            send(&events, result.map_or_else(|failure| Event::Failed(document_failure(failure)), indexed))
                .await;
        });
        Ok(receiver)
    }
}

async fn receive(parts: &mut Streaming<UploadRequest>, limit_bytes: u64) -> Result<Received, Error> {
    let Some(Part::Header(header)) = next(parts).await? else {
        return Err(Error::Request("the first message must be the header".to_owned()));
    };
    let UploadHeader { document_id, collection, content_bytes, content_sha256, source_url } = header;
    let source_url = checked_source(source_url)?;
    let key = DocumentKey::new(&collection, &document_id)?;
    if content_bytes > limit_bytes {
        return Err(Unreadable::TooLarge { bytes: content_bytes, limit_bytes }.into());
    }
    let expected = usize::try_from(content_bytes).unwrap_or(usize::MAX);
    let mut bytes = Vec::new();
    while let Some(part) = next(parts).await? {
        let Part::Data(data) = part else {
            return Err(Error::Request("the header must come once, before the data".to_owned()));
        };
        if data.len() > MAX_DATA_BYTES {
            return Err(Error::LargeMessage);
        }
        if bytes.len() + data.len() > expected {
            return Err(Error::Request(format!("more data came than the {content_bytes} bytes announced")));
        }
        bytes.extend_from_slice(&data);
    }
    if bytes.len() != expected {
        let got = bytes.len();
        return Err(Error::Request(format!("{content_bytes} bytes were announced and {got} came")));
    }
    check_sha256(&content_sha256, bytes).await.map(|bytes| Received { key, bytes, source_url })
}

/// Checks that an address is one that readers can be sent to.
fn checked_source(address: String) -> Result<Option<String>, Error> {
    if address.is_empty() {
        return Ok(None);
    }
    let is_web = address.starts_with("https://") || address.starts_with("http://");
    let is_plain = !address.contains(|c: char| c.is_control() || c.is_whitespace());
    if !is_web || !is_plain || address.len() > MAX_SOURCE_BYTES {
        let wrong = "source_url: expected an address such as https://example.com/page, at most 2,048 bytes";
        return Err(Error::Request(wrong.to_owned()));
    }
    Ok(Some(address))
}

async fn next(parts: &mut Streaming<UploadRequest>) -> Result<Option<Part>, Error> {
    let message = within(MESSAGE_DEADLINE, parts.message()).await;
    let message = message.map_err(|late| Error::Request(format!("the next part of the document: {late}")))?;
    match message.map_err(|status| broken(&status))? {
        None => Ok(None),
        Some(UploadRequest { part: Some(part) }) => Ok(Some(part)),
        Some(UploadRequest { part: None }) => Err(Error::Request("a message was empty".to_owned())),
    }
}

/// Says what became of a message that did not arrive as one.
fn broken(status: &Status) -> Error {
    match status.code() {
        Code::OutOfRange => Error::LargeMessage,
        _ => Error::Request(format!("the upload was cut: {}", status.message())),
    }
}

async fn check_sha256(expected: &[u8], bytes: Vec<u8>) -> Result<Vec<u8>, Error> {
    if expected.is_empty() {
        return Ok(bytes);
    }
    let hashing = tokio::task::spawn_blocking(move || (Sha256::digest(&bytes), bytes));
    let (sha256, bytes) = hashing.await.map_err(|error| Error::Internal(error.to_string()))?;
    if sha256[..] != *expected {
        return Err(Error::Request(
            "content_sha256 does not fit the bytes that came; send them again".to_owned(),
        ));
    }
    Ok(bytes)
}

/// Makes the bytes and their address durable; returns whether they were there before.
async fn store(
    keeper: &Keeper,
    key: &DocumentKey,
    bytes: Vec<u8>,
    source_url: Option<String>,
) -> Result<bool, Error> {
    let before = keeper.store().read(key, keeper.max_document_bytes()).await?;
    let is_same = before.as_ref().is_some_and(|before| before.bytes == bytes);
    let has_moved = before.is_none_or(|before| before.source_url != source_url);
    // The address first: whoever reads the new bytes finds it.
    if has_moved {
        keeper.store().write_source(key, source_url).await?;
    }
    if is_same {
        return Ok(true);
    }
    keeper.store().write(key, bytes).await?;
    Ok(false)
}

async fn index(keeper: &Keeper, key: &DocumentKey, events: &Events) -> Result<Settled, Failure> {
    let (sender, mut steps) = mpsc::channel(WAITING_EVENTS);
    // What describes a document is none itself: it changes what the index knows of the other.
    let described = subject(key);
    let mut work = std::pin::pin!(keeper.sync_patiently(described.as_ref().unwrap_or(key), &sender));
    loop {
        tokio::select! {
            biased;
            Some(Step { stage, done, total }) = steps.recv() => {
                let progress = Progress { stage: stage.into(), done, total };
                // A reader that does not keep up misses progress, never the end.
                _ = events.try_send(Ok(UploadEvent { event: Some(Event::Progress(progress)) }));
            }
            result = &mut work => return result,
        }
    }
}

/// Returns what became of new bytes even where the watch of the store was faster and indexed them already.
fn credited(keeper: &Keeper, key: &DocumentKey, settled: Settled) -> Settled {
    let replaced = keeper.document(key).and_then(|view| view.replaced);
    match replaced.filter(|_| settled.action == Action::Unchanged) {
        Some(Replaced { embedded, reused, generation, .. }) => {
            Settled { action: Action::Changed, embedded, reused, generation, ..settled }
        }
        None => settled,
    }
}

fn indexed(settled: Settled) -> Event {
    Event::Indexed(Indexed {
        chunk_count: settled.chunk_count,
        generation: settled.generation,
        unchanged: settled.action == Action::Unchanged,
        embedded_count: settled.embedded,
        reused_count: settled.reused,
        withheld: settled.action == Action::Withheld,
        held_count: settled.held,
        cost_nano_dollars: settled.nano_dollars,
    })
}

async fn send(events: &Events, event: Event) {
    // Nobody may be reading any more; the work does not depend on it.
    _ = within(MESSAGE_DEADLINE, events.send(Ok(UploadEvent { event: Some(event) }))).await;
}
