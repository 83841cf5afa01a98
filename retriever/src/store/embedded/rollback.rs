//! Going back to an earlier generation, as a change of its own.

use rusqlite::Transaction;

use super::log::{self, State};
use super::snapshot::Edit;
use super::versions::{self, Version};
use super::write::{self, Writing};
use super::{read, words};
use crate::error::Error;
use crate::model::{Change, ChangeKind, Document, Generation};
use crate::store::RolledBack;

/// A document that is not what it was.
struct Undone {
    document_id: String,
    now: Option<Version>,
    then: Option<Version>,
}

pub(super) fn rollback(writing: Writing<'_>, names: &[String], target: u64) -> Result<RolledBack, Error> {
    let transaction = &writing.transaction;
    let state = State::read(transaction)?;
    state.check(target)?;
    let mut undone = Vec::new();
    for name in read::distinct(names) {
        let Some(collection) = write::collection(transaction, name)? else { continue };
        let found = differing(transaction, collection, target)?;
        undone.extend(found.into_iter().map(|undone| (name, collection, undone)));
    }
    if undone.is_empty() {
        return Ok(RolledBack { generation: state.newest, documents: 0 });
    }
    let generation = writing.next_generation()?;
    let mut edits = Vec::with_capacity(undone.len());
    for (name, collection, undone) in &undone {
        edits.push(undo(transaction, (name, *collection), undone, generation)?);
    }
    let mut collections = undone.iter().map(|(name, ..)| *name);
    let first = collections.next().unwrap_or_default();
    let is_one = collections.all(|name| name == first);
    let change = Change {
        generation,
        kind: ChangeKind::RolledBack(target),
        collection: if is_one { first.to_owned() } else { String::new() },
        document_id: String::new(),
        count: read::count(undone.len())?,
    };
    let documents = change.count;
    writing.commit(&change, edits)?;
    Ok(RolledBack { generation, documents })
}

/// Returns the documents of a collection that differ from what they were.
fn differing(transaction: &Transaction<'_>, collection: i64, target: u64) -> Result<Vec<Undone>, Error> {
    let mut statement = transaction
        .prepare_cached("SELECT id, document_id FROM documents WHERE collection = ?1 ORDER BY id")?;
    let mut rows = statement.query([collection])?;
    let mut undone = Vec::new();
    while let Some(row) = rows.next()? {
        let (document, document_id): (i64, String) = (row.get(0)?, row.get(1)?);
        let now = versions::current(transaction, document)?;
        let then = versions::at(transaction, document, target)?;
        let is_same = match (now, then) {
            (None, None) => true,
            (Some(now), Some(then)) => now.id == then.id || versions::are_equal(transaction, now, then)?,
            _ => false,
        };
        if !is_same {
            undone.push(Undone { document_id, now, then });
        }
    }
    Ok(undone)
}

fn undo(
    transaction: &Transaction<'_>,
    (name, collection): (&str, i64),
    undone: &Undone,
    generation: Generation,
) -> Result<Edit, Error> {
    let Undone { document_id, now, then } = undone;
    let document = now.map(|now| read::document(transaction, now.id)).transpose()?;
    let content = document.map(|document| document.content_sha256).unwrap_or_default();
    log::withhold(transaction, collection, document_id, &content)?;
    if let Some(now) = now {
        versions::end(transaction, *now, generation)?;
    }
    let before = write::chunk_rows(transaction, *now)?;
    let Some(then) = then else {
        versions::reindex(transaction, collection, &before, &[], |_| None)?;
        return Ok(Edit::new((name, collection), document_id, None));
    };
    let version = versions::restore(transaction, *then, generation)?;
    let document = read::document(transaction, version.id)?;
    let after = read::chunk_rows(transaction, version.id)?;
    let terms = terms(transaction, &document, version)?;
    versions::reindex(transaction, collection, &before, &after, |place| terms.get(place))?;
    let vectors = read::vectors(transaction, version.id)?;
    let entry = versions::entry(version, &document, after, vectors);
    Ok(Edit::new((name, collection), document_id, Some(entry)))
}

fn terms(
    transaction: &Transaction<'_>,
    document: &Document,
    version: Version,
) -> Result<Vec<words::Terms>, Error> {
    let chunks = read::chunks_of(transaction, version.id, 0..u32::MAX)?;
    Ok(words::terms_of(document, &chunks))
}
