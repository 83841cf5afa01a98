//! The commands `history`, `rollback` and `purge`: what the knowledge was, how to go back, how to forget.

use std::collections::BTreeSet;

use lifecycle::TraceContext;
use prost_types::Timestamp;
use proto::v1::change::Kind;
use proto::v1::{
    Change, ListChangesRequest, ListChangesResponse, PurgeRequest, PurgeResponse, RollbackRequest,
};
use serde::Serialize;

use super::client::{Client, DEADLINE, RECONCILE_DEADLINE, shown};
use super::report::{Report, counted};
use super::{Ending, Trouble};
use crate::MAIN_COLLECTION;

/// Changes on one page.
const PAGE_CHANGES: u32 = 1_000;
/// Documents named before a rollback; more are counted.
const NAMED_DOCUMENTS: usize = 10;

#[derive(Serialize)]
struct Entry<'a> {
    generation: u64,
    committed_ms: i64,
    committed: String,
    kind: &'static str,
    document_id: &'a str,
    collection: &'a str,
    count: u32,
    target: Option<u64>,
}

#[derive(Serialize)]
struct Oldest {
    oldest_generation: u64,
}

#[derive(Serialize)]
struct RolledBack {
    generation: u64,
    documents: u32,
    target: u64,
}

#[derive(Serialize)]
struct Purged<'a> {
    document_id: &'a str,
    collection: &'a str,
    action: &'static str,
    versions: u32,
    generation: u64,
}

impl Client {
    /// Prints at most `limit` changes older than `before`, newest first.
    pub(super) async fn history(
        &mut self,
        limit: u32,
        before: Option<u64>,
        report: &Report,
    ) -> Result<Ending, Trouble> {
        let (mut before, mut left) = (before, limit);
        loop {
            let page = self.changes(before, left.min(PAGE_CHANGES)).await?;
            for change in &page.changes {
                let entry = entry(change);
                report.result(&entry, &history_line(&entry));
            }
            left = left.saturating_sub(u32::try_from(page.changes.len()).unwrap_or(u32::MAX));
            before = page.changes.last().map(number);
            if left == 0 || !page.has_more || before.is_none() {
                let oldest_generation = page.oldest_generation;
                let line = format!("generation {oldest_generation} is the oldest that is kept");
                report.result(&Oldest { oldest_generation }, &line);
                return Ok(Ending::AllWell);
            }
        }
    }

    async fn changes(&mut self, before: Option<u64>, page: u32) -> Result<ListChangesResponse, Trouble> {
        let request = ListChangesRequest { before, page_size: Some(page) };
        let request = lifecycle::request(request, DEADLINE, &TraceContext::new());
        let page = self.grpc.list_changes(request).await.map_err(|status| self.trouble(&status))?;
        Ok(page.into_inner())
    }

    /// Goes back to a generation, after asking.
    pub(super) async fn rollback(
        &mut self,
        target: u64,
        collections: &[String],
        is_agreed: bool,
        report: &Report,
    ) -> Result<Ending, Trouble> {
        let undone = self.changed_since(target, collections).await?;
        report.note(&undone_line(target, &undone));
        agree(is_agreed, &format!("Go back to generation {target}?"), report)?;
        let request = RollbackRequest { generation: target, collections: collections.to_vec() };
        let request = lifecycle::request(request, RECONCILE_DEADLINE, &TraceContext::new());
        let done = self.grpc.rollback(request).await.map_err(|status| self.trouble(&status))?.into_inner();
        let result = RolledBack { generation: done.generation, documents: done.documents, target };
        let documents = counted(done.documents, "document");
        let line =
            format!("generation {}: back at generation {target}, {documents} changed", done.generation);
        report.result(&result, &line);
        report.note(
            "What was undone is withheld: it stays out until the document changes again. \
             `ingestor reconcile --force` indexes what the document store holds.",
        );
        Ok(Ending::AllWell)
    }

    /// Returns the documents that changed after a generation, as people read them.
    async fn changed_since(
        &mut self,
        target: u64,
        collections: &[String],
    ) -> Result<BTreeSet<String>, Trouble> {
        let mut changed = BTreeSet::new();
        let mut before = None;
        loop {
            let page = self.changes(before, PAGE_CHANGES).await?;
            let later = page.changes.iter().filter(|change| number(change) > target);
            let named = later.filter(|change| !change.document_id.is_empty());
            let asked =
                named.filter(|change| collections.is_empty() || collections.contains(&change.collection));
            changed.extend(asked.map(|change| shown(&change.collection, &change.document_id)));
            before = page.changes.last().map(number);
            if !page.has_more || before.is_none_or(|oldest| oldest <= target) {
                return Ok(changed);
            }
        }
    }

    /// Removes documents with all their versions, after asking.
    pub(super) async fn purge(
        &mut self,
        documents: &[String],
        collection: Option<&str>,
        is_agreed: bool,
        report: &Report,
    ) -> Result<Ending, Trouble> {
        let names: Vec<String> =
            documents.iter().map(|id| shown(collection.unwrap_or_default(), id)).collect();
        let question = format!("Remove {} and every earlier version for good?", names.join(", "));
        agree(is_agreed, &question, report)?;
        for document_id in documents {
            let collections = collection.map(str::to_owned).into_iter().collect();
            let request = PurgeRequest { collections, document_id: document_id.clone(), keep_current: false };
            let PurgeResponse { generation, versions } = self.call_purge(request).await?;
            let collection = collection.unwrap_or(MAIN_COLLECTION);
            let result = Purged { document_id, collection, action: "purged", versions, generation };
            let name = shown(collection, document_id);
            report.result(&result, &format!("purged     {name}  {}", counted(versions, "version")));
        }
        Ok(Ending::AllWell)
    }

    /// Removes the earlier versions of all documents, after asking.
    pub(super) async fn purge_history(
        &mut self,
        collections: &[String],
        is_agreed: bool,
        report: &Report,
    ) -> Result<Ending, Trouble> {
        let of = if collections.is_empty() { "all collections".to_owned() } else { collections.join(", ") };
        agree(
            is_agreed,
            &format!("Remove every earlier version of the documents of {of} for good?"),
            report,
        )?;
        let request = PurgeRequest {
            collections: collections.to_vec(),
            document_id: String::new(),
            keep_current: true,
        };
        let PurgeResponse { generation, versions } = self.call_purge(request).await?;
        let collection = collections.join(",");
        let result =
            Purged { document_id: "", collection: &collection, action: "purged", versions, generation };
        report.result(&result, &format!("purged     {}", counted(versions, "earlier version")));
        Ok(Ending::AllWell)
    }

    async fn call_purge(&mut self, request: PurgeRequest) -> Result<PurgeResponse, Trouble> {
        let request = lifecycle::request(request, RECONCILE_DEADLINE, &TraceContext::new());
        Ok(self.grpc.purge(request).await.map_err(|status| self.trouble(&status))?.into_inner())
    }
}

/// Goes on only when somebody agreed.
fn agree(is_agreed: bool, question: &str, report: &Report) -> Result<(), Trouble> {
    match is_agreed.then_some(true).or_else(|| report.agrees(question)) {
        Some(true) => Ok(()),
        Some(false) => Err(Trouble::Call("nothing was done".to_owned())),
        None => Err(Trouble::Call("nothing was done: there is nobody to ask; add --yes to go on".to_owned())),
    }
}

fn number(change: &Change) -> u64 {
    change.generation.map_or(0, |generation| generation.number)
}

fn entry(change: &Change) -> Entry<'_> {
    let generation = change.generation.unwrap_or_default();
    let kind = match change.kind() {
        Kind::Unspecified => "changed",
        Kind::Added => "added",
        Kind::Replaced => "replaced",
        Kind::Deleted => "deleted",
        Kind::RolledBack => "rolled back",
        Kind::Purged => "purged",
    };
    let Change { document_id, collection, count, target, .. } = change;
    Entry {
        generation: generation.number,
        committed_ms: generation.committed_ms,
        committed: Timestamp { seconds: generation.committed_ms.div_euclid(1_000), nanos: 0 }.to_string(),
        kind,
        document_id,
        collection,
        count: *count,
        target: *target,
    }
}

fn history_line(entry: &Entry<'_>) -> String {
    let Entry { generation, committed, kind, document_id, collection, count, target, .. } = entry;
    let what = match (document_id.is_empty(), target) {
        (false, _) => format!("{}  {}", shown(collection, document_id), counted(*count, "passage")),
        (true, Some(target)) => format!("to generation {target}, {}", counted(*count, "document")),
        (true, None) => counted(*count, "document"),
    };
    format!("{generation:>6}  {committed}  {kind:11}  {what}")
}

fn undone_line(target: u64, undone: &BTreeSet<String>) -> String {
    if undone.is_empty() {
        return format!("No document has changed since generation {target}.");
    }
    let mut names: Vec<&str> = undone.iter().take(NAMED_DOCUMENTS).map(String::as_str).collect();
    let more = format!("and {} more", undone.len().saturating_sub(NAMED_DOCUMENTS));
    if undone.len() > NAMED_DOCUMENTS {
        names.push(&more);
    }
    let count = counted(u64::try_from(undone.len()).unwrap_or(u64::MAX), "document");
    format!("{count} changed since generation {target}: {}", names.join(", "))
}

#[cfg(test)]
mod tests {
    use proto::v1::change::Kind;
    use proto::v1::{Change, Generation};

    use super::{entry, history_line, undone_line};

    fn line(kind: Kind, document_id: &str, count: u32, target: Option<u64>) -> String {
        let change = Change {
            generation: Some(Generation { number: 12, committed_ms: 1_700_000_000_999 }),
            kind: kind.into(),
            document_id: document_id.to_owned(),
            collection: "main".to_owned(),
            count,
            target,
        };
        history_line(&entry(&change))
    }

    #[test]
    fn a_change_is_one_line_with_its_time() {
        for (kind, document, count, target, expected) in [
            (Kind::Added, "a.txt", 1, None, "    12  2023-11-14T22:13:20Z  added        a.txt  1 passage"),
            (Kind::Deleted, "a.txt", 0, None, "    12  2023-11-14T22:13:20Z  deleted      a.txt  0 passages"),
            (
                Kind::RolledBack,
                "",
                2,
                Some(7),
                "    12  2023-11-14T22:13:20Z  rolled back  to generation 7, 2 documents",
            ),
            (Kind::Purged, "", 1, None, "    12  2023-11-14T22:13:20Z  purged       1 document"),
        ] {
            assert_eq!(line(kind, document, count, target), expected);
        }
    }

    #[test]
    fn many_changed_documents_are_counted_and_a_few_named() {
        let some = |count: usize| (10..10 + count).map(|n| format!("{n}.txt")).collect();
        assert_eq!(undone_line(3, &some(0)), "No document has changed since generation 3.");
        assert_eq!(undone_line(3, &some(1)), "1 document changed since generation 3: 10.txt");
        assert!(undone_line(3, &some(12)).ends_with("19.txt, and 2 more"));
    }
}
