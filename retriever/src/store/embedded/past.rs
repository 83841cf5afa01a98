//! Search of an earlier generation: its words are indexed in memory by the same code that indexes the newest ones, so that
//! both rank alike. Building that takes time, so the last one built is kept.

use rusqlite::{Connection, Transaction};

use super::log::State;
use super::search::Search;
use super::snapshot::{self, Snapshot};
use super::{read, words};
use crate::error::Error;
use crate::store::{Found, Query};

/// What the word search joins with when a filter narrows it.
const PLACES: &str = "CREATE TABLE places (version INTEGER NOT NULL, chunk INTEGER NOT NULL, PRIMARY KEY (version, chunk)) \
    STRICT, WITHOUT ROWID";

/// An earlier generation as a search needs it.
#[derive(Debug)]
pub(super) struct Past {
    snapshot: Snapshot,
    words: Connection,
    /// The last purge before it was read: a later one took something out.
    purged: u64,
}

/// Searches a generation that is kept, with the picture given where it is of that generation, and leaves the one it used.
pub(super) fn search(
    connection: &mut Connection,
    kept: &mut Option<Past>,
    (query, asked): (&Query, u64),
    dimensions: u32,
) -> Result<Found, Error> {
    let transaction = connection.transaction()?;
    let state = State::read(&transaction)?;
    state.check(asked)?;
    let is_usable = |past: &Past| past.snapshot.generation.number == asked && past.purged == state.purged;
    // The one that is of no use goes before the next one is built: there is room for one only.
    let past = match kept.take().filter(is_usable) {
        Some(past) => past,
        None => Past::read(&transaction, &state, asked, dimensions)?,
    };
    let found = Search::new(&transaction, &past.words, &past.snapshot, query).run();
    *kept = Some(past);
    found
}

impl Past {
    fn read(
        transaction: &Transaction<'_>,
        state: &State,
        asked: u64,
        dimensions: u32,
    ) -> Result<Self, Error> {
        let generation = state.generation(transaction, asked)?;
        let snapshot = snapshot::load(transaction, generation, dimensions)?;
        let mut words = Connection::open_in_memory()?;
        index(transaction, &snapshot, &mut words)?;
        Ok(Self { snapshot, words, purged: state.purged })
    }
}

fn index(transaction: &Transaction<'_>, snapshot: &Snapshot, words: &mut Connection) -> Result<(), Error> {
    let filling = words.transaction()?;
    filling.execute_batch(PLACES)?;
    for collection in snapshot.collections.values() {
        words::create(&filling, collection.row)?;
        for entry in collection.documents.values() {
            let document = read::document(transaction, entry.row)?;
            let chunks = read::chunks_of(transaction, entry.row, 0..u32::MAX)?;
            for (terms, row) in words::terms_of(&document, &chunks).iter().zip(&entry.chunks) {
                words::insert(&filling, collection.row, *row, terms)?;
                let sql = "INSERT INTO places VALUES (?1, ?2)";
                filling.prepare_cached(sql)?.execute((entry.row, row))?;
            }
        }
    }
    filling.commit()?;
    Ok(())
}
