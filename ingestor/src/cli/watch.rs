//! The command `watch`: keeps the documents of a local folder in the service while it runs.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use lifecycle::TraceContext;
use proto::v1::DeleteRequest;
use serde::Serialize;
use tokio::sync::Notify;

use super::client::{Client, DEADLINE};
use super::files::{self, Candidate};
use super::report::Report;
use super::upload;
use super::{Ending, Trouble};
use crate::DocumentKey;
use crate::store::{Changes, Watch};

/// Quiet time after a change, so that a file being saved is read whole.
const QUIET: Duration = Duration::from_millis(300);
/// Without notices of changes, and against lost ones, the folder is looked at this often.
const INTERVAL: Duration = Duration::from_secs(60);

/// What tells one state of a file from another.
type Mark = (u64, Option<SystemTime>);

#[derive(Serialize)]
struct Deleted<'a> {
    document_id: &'a str,
    collection: &'a str,
    result: &'static str,
}

/// What to do about the folder.
#[derive(Clone, Copy, Debug)]
pub(super) struct Order<'a> {
    pub(super) folder: &'a Path,
    pub(super) collection: Option<&'a str>,
    /// Whether documents are deleted whose files vanish while this runs.
    pub(super) deletes: bool,
    pub(super) parallel: usize,
}

/// Uploads what is new or changed in a folder, now and after each change, until the process ends. Files that fail are
/// tried again when they change; a service that is away is tried again.
pub(super) async fn watch(client: &Client, order: Order<'_>, report: &mut Report) -> Result<Ending, Trouble> {
    let changed = Arc::new(Notify::new());
    // Watching begins before the first look, so that nothing falls in between.
    // Nothing here names documents: every change is a reason to look at the whole folder.
    let (changes, _) = Changes::new(Arc::clone(&changed));
    let watch = Watch::folder(order.folder, changes);
    if let Err(error) = &watch {
        report.note(&format!("the folder is looked at every minute: {error}"));
    }
    let mut seen: BTreeMap<DocumentKey, Mark> = BTreeMap::new();
    let mut is_first = true;
    loop {
        match look(client, order, &mut seen, report).await {
            Ok(()) => {}
            // A mistake in the command shows at the first look; later on everything is tried again.
            Err(trouble) if is_first => return Err(trouble),
            Err(trouble) => report.trouble(&trouble),
        }
        if is_first {
            report.note(&format!("watching {}; end with Ctrl-C", order.folder.display()));
        }
        is_first = false;
        if tokio::time::timeout(INTERVAL, changed.notified()).await.is_ok() {
            while tokio::time::timeout(QUIET, changed.notified()).await.is_ok() {}
        }
    }
}

/// Compares the folder with what was seen of it, and makes the service agree.
async fn look(
    client: &Client,
    order: Order<'_>,
    seen: &mut BTreeMap<DocumentKey, Mark>,
    report: &mut Report,
) -> Result<(), Trouble> {
    let found = files::find(&[order.folder.to_path_buf()], order.collection)?;
    let mut now = BTreeMap::new();
    let mut work = Vec::new();
    for candidate in found {
        let Ok(key) = candidate.key.clone() else { continue };
        let mark = mark(&candidate);
        if seen.get(&key) != Some(&mark) {
            work.push(candidate);
        }
        now.insert(key, mark);
    }
    if !work.is_empty() {
        upload::upload(client, work, order.parallel, report).await?;
    }
    let vanished: Vec<DocumentKey> = seen.keys().filter(|key| !now.contains_key(key)).cloned().collect();
    // Only what was done is seen; the rest is done at the next look.
    seen.extend(now);
    for key in vanished {
        let result = if order.deletes { delete(client, &key).await? } else { "kept" };
        seen.remove(&key);
        let deleted = Deleted { document_id: key.id(), collection: key.collection(), result };
        report.result(&deleted, &format!("{result:9} {key}  its file is gone"));
    }
    Ok(())
}

fn mark(candidate: &Candidate) -> Mark {
    let modified = std::fs::metadata(&candidate.path).and_then(|metadata| metadata.modified());
    (candidate.bytes, modified.ok())
}

async fn delete(client: &Client, key: &DocumentKey) -> Result<&'static str, Trouble> {
    let request = DeleteRequest { document_id: key.id().to_owned(), collection: key.collection().to_owned() };
    let request = lifecycle::request(request, DEADLINE, &TraceContext::new());
    let answer = client.grpc.clone().delete(request).await.map_err(|status| client.trouble(&status))?;
    Ok(if answer.into_inner().deleted { "deleted" } else { "not found" })
}
