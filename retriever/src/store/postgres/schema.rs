//! Brings the tables, functions and roles to the newest version, however many retrievers start at once.

use tokio_postgres::Transaction;
use tokio_postgres::error::SqlState;

use super::connection::Database;
use super::functions;
use super::write::now_ms;
use crate::error::Error;
use crate::store::Model;

/// One step each; a step is never changed once released. The functions come after the last step, each time.
const MIGRATIONS: [&str; 3] =
    [include_str!("schema.sql"), include_str!("header.sql"), include_str!("reason.sql")];
/// Only one retriever at a time migrates: a number that nobody else uses as an advisory lock.
const MIGRATION_LOCK: i64 = 0x6368_6174_626f_7401;
/// The oldest pgvector with iterative index scans, without which a filter may find too few rows.
const LEAST_PGVECTOR: (u32, u32) = (0, 8);
/// Most numbers of a vector that an index on half precision takes.
const MOST_DIMENSIONS: u32 = 4_000;

/// Migrates, and adopts the model of an empty store. Returns whether searches must change to the role that row-level
/// security binds, because the connecting one is above it.
///
/// # Errors
/// [`Error::Invalid`] when pgvector is missing or too old, rights are missing, or the schema is newer than this
/// program; [`Error::Incompatible`] when the store holds documents of another model.
pub(super) async fn prepare(database: &Database, model: &Model) -> Result<bool, Error> {
    if model.dimensions > MOST_DIMENSIONS {
        let got = model.dimensions;
        return Err(Error::Invalid(format!(
            "PostgreSQL indexes at most {MOST_DIMENSIONS} dimensions, the embedder gives {got}: choose fewer"
        )));
    }
    let prepared = database.lend().await?.run(async |client| {
        let transaction = client.transaction().await?;
        // A migration may take longer than any other statement, and so may waiting for another retriever's.
        transaction.batch_execute("SET LOCAL statement_timeout = 0").await?;
        transaction.execute("SELECT pg_advisory_xact_lock($1)", &[&MIGRATION_LOCK]).await?;
        let extension = extension(&transaction).await?;
        migrate(&transaction).await?;
        adopt(&transaction, model).await?;
        let is_above = functions::create(&transaction, &extension).await?;
        transaction.commit().await?;
        Ok(is_above)
    });
    prepared.await.map_err(explained)
}

/// Creates the extension where it is missing, and returns the schema that it lives in.
async fn extension(transaction: &Transaction<'_>) -> Result<String, Error> {
    let sql = "SELECT e.extversion, n.nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace \
               WHERE e.extname = 'vector'";
    if transaction.query_opt(sql, &[]).await?.is_none() {
        transaction.batch_execute("CREATE EXTENSION vector").await?;
    }
    let row = transaction.query_one(sql, &[]).await?;
    let (version, schema): (String, String) = (row.try_get(0)?, row.try_get(1)?);
    let mut numbers = version.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    let found = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    if found < LEAST_PGVECTOR {
        let (major, minor) = LEAST_PGVECTOR;
        return Err(Error::Invalid(format!(
            "the database has pgvector {version}: at least {major}.{minor}.0 is needed; install it on the server and run \
             ALTER EXTENSION vector UPDATE"
        )));
    }
    transaction
        .batch_execute(&format!(
            "SET LOCAL search_path = pg_catalog, {}, pg_temp",
            functions::quoted(&schema)
        ))
        .await?;
    Ok(schema)
}

async fn migrate(transaction: &Transaction<'_>) -> Result<(), Error> {
    transaction
        .batch_execute(
            "CREATE SCHEMA IF NOT EXISTS chatbot; \
             CREATE TABLE IF NOT EXISTS chatbot.migrations (version integer PRIMARY KEY, applied_ms bigint NOT NULL)",
        )
        .await?;
    let sql = "SELECT coalesce(max(version), 0) FROM chatbot.migrations";
    let applied: i32 = transaction.query_one(sql, &[]).await?.try_get(0)?;
    let known = i32::try_from(MIGRATIONS.len()).unwrap_or(i32::MAX);
    if applied > known {
        return Err(Error::Invalid(format!(
            "the database has schema {applied}, this program knows up to {known}: use a newer one"
        )));
    }
    for (step, version) in MIGRATIONS.iter().zip(1i32..).skip(usize::try_from(applied).unwrap_or(0)) {
        transaction.batch_execute(step).await?;
        let sql = "INSERT INTO chatbot.migrations VALUES ($1, $2)";
        transaction.execute(sql, &[&version, &now_ms()]).await?;
    }
    Ok(())
}

/// Notes the model of an empty store, and refuses another one for a store that holds documents.
async fn adopt(transaction: &Transaction<'_>, model: &Model) -> Result<(), Error> {
    let sql = "SELECT embedding_model, embedding_dimensions, EXISTS (SELECT 1 FROM chatbot.words) FROM chatbot.state";
    let row = transaction.query_one(sql, &[]).await?;
    let dimensions = u32::try_from(row.try_get::<_, i32>(1)?).unwrap_or(0);
    let stored = Model { id: row.try_get(0)?, dimensions };
    if &stored == model {
        return Ok(());
    }
    if row.try_get(2)? {
        return Err(Error::Incompatible { stored: stored.to_string(), offered: model.to_string() });
    }
    // The index goes with the column's old type; it is built again when there is something to index.
    let typed = format!(
        "DROP INDEX IF EXISTS chatbot.live_embedding; \
         ALTER TABLE chatbot.live ALTER COLUMN embedding TYPE halfvec({0}); \
         ALTER TABLE chatbot.retired ALTER COLUMN embedding TYPE halfvec({0})",
        model.dimensions
    );
    transaction.batch_execute(&typed).await?;
    let dimensions = i32::try_from(model.dimensions).unwrap_or(i32::MAX);
    let sql = "UPDATE chatbot.state SET embedding_model = $1, embedding_dimensions = $2";
    transaction.execute(sql, &[&model.id, &dimensions]).await?;
    Ok(())
}

/// Says what would be right where the server only says what it lacks.
fn explained(error: Error) -> Error {
    let Error::Database(cause) = &error else { return error };
    let Some(cause) = cause.downcast_ref::<tokio_postgres::Error>() else { return error };
    let message = cause.as_db_error().map(|error| error.message().to_owned()).unwrap_or_default();
    match cause.code() {
        Some(&SqlState::UNDEFINED_FILE | &SqlState::FEATURE_NOT_SUPPORTED) if message.contains("vector") => {
            Error::Invalid(format!("{message}: install pgvector 0.8.0 or newer on the database server"))
        }
        Some(&SqlState::INSUFFICIENT_PRIVILEGE) => Error::Invalid(format!(
            "{message}: the database user needs to create the extension `vector`, a schema and its tables; let an \
             administrator run CREATE EXTENSION vector and GRANT CREATE ON DATABASE"
        )),
        _ => error,
    }
}
