//! Which store keeps the knowledge.

use lifecycle::Reader;

use crate::store::postgres::settings::Settings;

/// Where the knowledge is kept: `RETRIEVER_STORE`, `embedded` or `postgres`, default `embedded`.
#[derive(Clone, Debug, PartialEq)]
pub enum StoreChoice {
    /// In files of `RETRIEVER_DATA_DIR`, for one process.
    Embedded,
    /// In PostgreSQL, for any number of processes.
    Postgres(Box<Settings>),
}

impl StoreChoice {
    /// Reads the choice; a mistake is noted in the reader and gives the default. PostgreSQL's settings are checked even
    /// where they are not used, so that a mistake in them does not wait for the day they are.
    pub(super) fn read(reader: &mut Reader) -> Self {
        let postgres = Settings::read(reader);
        match (reader.text("RETRIEVER_STORE", "embedded").as_str(), postgres) {
            ("embedded", _) => Self::Embedded,
            ("postgres", Some(settings)) => Self::Postgres(Box::new(settings)),
            ("postgres", None) => {
                reader.mistake(
                    "RETRIEVER_POSTGRES_URL",
                    "expected postgresql://user@host:port/database, as RETRIEVER_STORE is postgres",
                );
                Self::Embedded
            }
            (other, _) => {
                reader.mistake("RETRIEVER_STORE", format!("expected embedded or postgres, got `{other}`"));
                Self::Embedded
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Reader, StoreChoice};

    fn read(pairs: &[(&str, &str)]) -> (StoreChoice, Vec<String>) {
        let mut reader = Reader::from_pairs(pairs.iter().copied());
        let choice = StoreChoice::read(&mut reader);
        (choice, reader.finish(&["RETRIEVER_"]).err().map_or_else(Vec::new, |mistakes| mistakes.0))
    }

    #[test]
    fn the_embedded_store_is_the_default_and_postgres_needs_to_know_where() {
        assert_eq!(read(&[]), (StoreChoice::Embedded, Vec::new()));
        let url = ("RETRIEVER_POSTGRES_URL", "postgresql://retriever@db:5433/chatbot");
        let (choice, mistakes) = read(&[("RETRIEVER_STORE", "postgres"), url]);
        assert!(matches!(choice, StoreChoice::Postgres(_)), "{mistakes:?}");
        for (pairs, part) in [
            (&[("RETRIEVER_STORE", "postgres")][..], "RETRIEVER_POSTGRES_URL: expected postgresql://"),
            (&[("RETRIEVER_STORE", "mysql")], "RETRIEVER_STORE: expected embedded or postgres, got `mysql`"),
        ] {
            let (_, mistakes) = read(pairs);
            assert!(mistakes.len() == 1 && mistakes[0].contains(part), "{mistakes:?}");
        }
    }
}
