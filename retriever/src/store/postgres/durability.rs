//! Whether the server keeps what it acknowledged when it or its host dies.

use super::connection::Database;
use crate::error::Error;

/// Settings that must not be off; see <https://www.postgresql.org/docs/current/runtime-config-wal.html>.
const UNSAFE: &str = "SELECT name FROM pg_settings \
                      WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit') AND setting = 'off' \
                      ORDER BY name";

/// Returns the names of the server's settings with which an acknowledged change may be lost, sorted.
///
/// # Errors
/// Those of [`Database::lend`], and [`Error::Database`].
pub async fn unsafe_settings(database: &Database) -> Result<Vec<String>, Error> {
    let work = async |client: &mut deadpool_postgres::ClientWrapper| {
        let rows = client.query(UNSAFE, &[]).await?;
        rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
    };
    database.lend().await?.run(work).await
}
