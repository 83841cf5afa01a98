//! The functions that search inside the database.

use tokio_postgres::Transaction;

use crate::error::Error;

const PASSES: &str = include_str!("passes.sql");
const SEARCH: &str = include_str!("search.sql");
const ROLE: &str = include_str!("role.sql");
/// Rows that an iterative scan looks at before the exact search takes over.
const MOST_SCANNED: u32 = 40_000;

/// How a function fills the places that `search.sql` leaves open.
struct Variant {
    name: &'static str,
    distance: &'static str,
    ranks: &'static str,
    terms: &'static str,
    words: &'static str,
}

// The number in the names changes with the columns, so that the retrievers of an earlier release go on searching beside
// the newer ones.

/// The search that knows the words of each candidate.
const WITH_WORDS: Variant = Variant {
    name: "search_2",
    distance: "coalesce(u.distance, (SELECT l.embedding <#> question FROM chatbot.live l WHERE l.chunk = k.id))",
    ranks: "(SELECT array_agg(ts_rank('{1,1,1,1}', w.words, f)) FROM unnest(asked) f)",
    terms: "coalesce(w.terms, 0)",
    words: " LEFT JOIN chatbot.words w ON w.chunk = k.id",
};

/// The search by meaning alone. The words would cost a third of the time of the rows even where nobody asks for them.
const BY_MEANING: Variant =
    Variant { name: "nearest_2", distance: "u.distance", ranks: "NULL::real[]", terms: "0", words: "" };

/// Creates the functions anew. A superuser is above row-level security, so there searches run as a role that is not;
/// returns whether it is so.
///
/// # Errors
/// Those of the database.
pub(super) async fn create(transaction: &Transaction<'_>, extension: &str) -> Result<bool, Error> {
    transaction.batch_execute(PASSES).await?;
    // Only a superuser may set what the server does not know yet, and it knows pgvector's settings once a vector was used.
    transaction.batch_execute("SELECT '[1]'::halfvec").await?;
    let sql = "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user";
    let is_above = transaction.query_one(sql, &[]).await?.try_get(0)?;
    if is_above {
        transaction.batch_execute(ROLE).await?;
    }
    for variant in [WITH_WORDS, BY_MEANING] {
        transaction.batch_execute(&variant.filled_in()).await?;
        transaction.batch_execute(&settings(variant.name, extension)).await?;
        if is_above {
            transaction.batch_execute(&owned_by_role(variant.name)).await?;
        }
    }
    Ok(is_above)
}

/// Returns an identifier as SQL takes it.
pub(super) fn quoted(identifier: &str) -> String {
    format!("\"{}\"", identifier.replace('"', "\"\""))
}

impl Variant {
    fn filled_in(&self) -> String {
        let places = [
            ("{name}", self.name),
            ("{distance}", self.distance),
            ("{ranks}", self.ranks),
            ("{terms}", self.terms),
            ("{words}", self.words),
        ];
        places.iter().fold(SEARCH.to_owned(), |sql, (place, with)| sql.replace(place, with))
    }
}

/// Plans are made for unknown limits and arrays; without these the planner would sort whole tables.
fn settings(name: &str, extension: &str) -> String {
    let settings = [
        format!("search_path = pg_catalog, {}, pg_temp", quoted(extension)),
        "enable_seqscan = off".to_owned(),
        "enable_sort = off".to_owned(),
        "jit = off".to_owned(),
        "plan_cache_mode = force_generic_plan".to_owned(),
        "hnsw.iterative_scan = 'strict_order'".to_owned(),
        format!("hnsw.max_scan_tuples = {MOST_SCANNED}"),
    ];
    settings.iter().map(|setting| format!("ALTER FUNCTION chatbot.{name} SET {setting};")).collect()
}

fn owned_by_role(name: &str) -> String {
    format!(
        "ALTER FUNCTION chatbot.{name} SECURITY DEFINER; GRANT CREATE ON SCHEMA chatbot TO chatbot_search; \
         ALTER FUNCTION chatbot.{name} OWNER TO chatbot_search; REVOKE CREATE ON SCHEMA chatbot FROM chatbot_search"
    )
}
