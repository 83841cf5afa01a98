//! The words of a collection as the retriever knows them: how many chunks hold each, and in which languages its documents
//! are. It lives in memory and follows the database by asking what changed since the generation it has seen.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use tokio::sync::Mutex;

use super::connection::Database;
use crate::error::Error;
use crate::store::question::Lexicon as Known;
use crate::store::rescue::{Correction, Vocabulary};

/// Collections whose words are kept in memory; the one unused for longest makes room.
const MOST_COLLECTIONS: usize = 256;

/// The words of all collections that were searched.
#[derive(Debug, Default)]
pub(super) struct Lexicons {
    collections: RwLock<HashMap<String, Arc<Collection>>>,
}

/// One collection; its words are replaced as a whole, so that a search reads them without waiting.
#[derive(Debug, Default)]
pub(super) struct Collection {
    words: RwLock<Arc<Words>>,
    /// Held while the words are read anew, so that one search does it and the others wait for it.
    refreshing: Mutex<()>,
}

/// The words of a collection at a generation.
#[derive(Clone, Debug, Default)]
pub(super) struct Words {
    pub(super) generation: Option<u64>,
    /// Number of the collection, nothing while it holds no document.
    pub(super) id: Option<i32>,
    /// Its live chunks.
    pub(super) size: u64,
    languages: Vec<String>,
    chunks: HashMap<Box<str>, u64>,
    /// Made when the first misspelt word needs it.
    vocabulary: OnceLock<Arc<Vocabulary>>,
}

impl Lexicons {
    /// Returns the words of collections, in order, as they were at a generation or later.
    pub(super) async fn of(
        &self,
        database: &Database,
        names: &[String],
        generation: u64,
    ) -> Result<Vec<Arc<Words>>, Error> {
        let mut all = Vec::with_capacity(names.len());
        for name in names {
            let collection = self.collection(name);
            let current = |words: &Words| words.generation.is_some_and(|seen| seen >= generation);
            let mut words = collection.words();
            if !current(&words) {
                let _alone = collection.refreshing.lock().await;
                words = collection.words();
                if !current(&words) {
                    words = Arc::new(read(database, name, &words).await?);
                    *collection.words.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&words);
                }
            }
            all.push(words);
        }
        Ok(all)
    }

    /// Forgets the words, because some were removed for good.
    pub(super) fn forget(&self) {
        self.collections.write().unwrap_or_else(PoisonError::into_inner).clear();
    }

    fn collection(&self, name: &str) -> Arc<Collection> {
        let known = self.collections.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned();
        known.unwrap_or_else(|| {
            let mut collections = self.collections.write().unwrap_or_else(PoisonError::into_inner);
            if collections.len() >= MOST_COLLECTIONS {
                collections.clear();
            }
            Arc::clone(collections.entry(name.to_owned()).or_default())
        })
    }
}

impl Collection {
    fn words(&self) -> Arc<Words> {
        Arc::clone(&self.words.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Words {
    /// Returns how many live chunks hold a form.
    pub(super) fn chunks(&self, form: &str) -> u64 {
        self.chunks.get(form).copied().unwrap_or(0)
    }

    /// Returns the languages of the documents, sorted.
    pub(super) fn languages(&self) -> impl Iterator<Item = &str> {
        self.languages.iter().map(String::as_str)
    }

    fn vocabulary(&self) -> &Vocabulary {
        self.vocabulary.get_or_init(|| {
            let mut vocabulary = Vocabulary::default();
            let held = self.chunks.iter().filter(|(_, chunks)| **chunks > 0);
            held.for_each(|(word, chunks)| vocabulary.add(word, *chunks));
            Arc::new(vocabulary)
        })
    }
}

/// The words of the collections of one search.
pub(super) struct Searched<'a>(pub(super) &'a [Arc<Words>]);

impl Known for Searched<'_> {
    fn frequency(&self, term: &str) -> Result<u64, Error> {
        Ok(self.0.iter().map(|words| words.chunks(term)).sum())
    }

    fn corrections(&self, stem: &str, written: &str) -> Result<Vec<Correction>, Error> {
        let corrections = self.0.iter().map(|words| words.vocabulary().corrections(stem, written));
        Ok(corrections.into_iter().find(|corrections| !corrections.is_empty()).unwrap_or_default())
    }
}

/// Reads what changed since the words were read, in one snapshot.
async fn read(database: &Database, name: &str, before: &Words) -> Result<Words, Error> {
    database
        .lend()
        .await?
        .run(async |client| {
            let transaction = super::read::begin(client, &[name.to_owned()]).await?;
            let generation = super::read::generation(&transaction).await?;
            let mut words = Words { generation: Some(generation.number), ..before.clone() };
            let sql = "SELECT id, chunks FROM chatbot.collections WHERE name = $1";
            let row = transaction.query_opt(&transaction.prepare_cached(sql).await?, &[&name]).await?;
            let Some(row) = row else { return Ok(words) };
            let id: i32 = row.try_get(0)?;
            words.id = Some(id);
            words.size = super::read::unsigned(row.try_get(1)?);
            let seen = before.generation.map_or(-1, |seen| i64::try_from(seen).unwrap_or(i64::MAX));
            let sql = "SELECT term, chunks FROM chatbot.terms WHERE collection = $1 AND changed > $2";
            let changed = transaction.query(&transaction.prepare_cached(sql).await?, &[&id, &seen]).await?;
            if !changed.is_empty() {
                words.vocabulary = OnceLock::new();
            }
            for row in changed {
                let chunks: i32 = row.try_get(1)?;
                match u64::try_from(chunks).unwrap_or(0) {
                    0 => _ = words.chunks.remove(row.try_get::<_, &str>(0)?),
                    chunks => _ = words.chunks.insert(row.try_get::<_, &str>(0)?.into(), chunks),
                }
            }
            let sql = "SELECT DISTINCT v.language FROM chatbot.documents d JOIN chatbot.versions v ON v.id = d.current \
                       WHERE d.collection = $1 ORDER BY 1";
            let rows = transaction.query(&transaction.prepare_cached(sql).await?, &[&id]).await?;
            words.languages = rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?;
            transaction.commit().await?;
            Ok(words)
        })
        .await
}
