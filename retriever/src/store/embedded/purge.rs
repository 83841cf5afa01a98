//! Removing documents or their earlier versions for good.

use rusqlite::Transaction;

use super::log;
use super::read;
use super::snapshot::Edit;
use super::versions;
use super::write::{self, Writing};
use crate::error::Error;
use crate::model::{Change, ChangeKind};
use crate::store::Purged;

/// What a purge is about.
#[derive(Debug)]
pub(super) struct Scope {
    pub(super) collections: Vec<String>,
    /// Nothing for all documents.
    pub(super) document_id: Option<String>,
    /// Whether only versions that are no longer current go.
    pub(super) keep_current: bool,
}

pub(super) fn purge(writing: Writing<'_>, scope: &Scope) -> Result<Purged, Error> {
    let transaction = &writing.transaction;
    let (mut removed, mut documents, mut edits) = (0usize, 0usize, Vec::new());
    for name in read::distinct(&scope.collections) {
        let Some(collection) = write::collection(transaction, name)? else { continue };
        for (document, document_id) in among(transaction, collection, scope.document_id.as_deref())? {
            let current = versions::current(transaction, document)?.filter(|_| !scope.keep_current);
            if let Some(current) = current {
                write::remove_words(transaction, collection, current)?;
                log::release(transaction, collection, &document_id)?;
                edits.push(Edit::new((name, collection), &document_id, None));
            }
            let going = versions::ended(transaction, document)?.into_iter().chain(current).map(|one| one.id);
            let going: Vec<i64> = going.collect();
            versions::remove(transaction, document, &going)?;
            removed += going.len();
            documents += usize::from(!going.is_empty());
        }
    }
    if removed == 0 {
        return Ok(Purged { generation: writing.snapshots.newest().generation, versions: 0 });
    }
    let generation = writing.next_generation()?;
    transaction.execute("UPDATE state SET purged = generation, unclean = 1", [])?;
    let one_collection = match scope.collections.as_slice() {
        [one] => one.clone(),
        _ => String::new(),
    };
    let change = Change {
        generation,
        kind: ChangeKind::Purged,
        document_id: scope.document_id.clone().filter(|_| documents == 1).unwrap_or_default(),
        collection: one_collection,
        count: read::count(documents)?,
    };
    writing.commit(&change, edits)?;
    Ok(Purged { generation, versions: read::count(removed)? })
}

/// Returns the documents of a collection with their ids, or the one asked for.
fn among(
    transaction: &Transaction<'_>,
    collection: i64,
    document_id: Option<&str>,
) -> Result<Vec<(i64, String)>, Error> {
    let sql =
        "SELECT id, document_id FROM documents WHERE collection = ?1 AND (?2 IS NULL OR document_id = ?2)";
    let mut statement = transaction.prepare_cached(sql)?;
    let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
    Ok(statement.query_map((collection, document_id), read)?.collect::<Result<_, _>>()?)
}
