//! Connecting to PostgreSQL: what is wrong is said once and clearly, and passwords may change.

use std::sync::OnceLock;

use lifecycle::{Reader, Shutdown};
use retriever::error::Error;
use retriever::store::postgres::connection::Database;
use retriever::store::postgres::durability::unsafe_settings;
use retriever::store::postgres::settings::Settings;

use crate::postgres_server::{Server, client};

const PASSWORD: &str = "correct horse";

/// A server that trusts `postgres` and asks everybody else for a password.
fn guarded() -> &'static Server {
    static GUARDED: OnceLock<Server> = OnceLock::new();
    GUARDED.get_or_init(|| {
        Server::start(&[
            "--hba=host all postgres 127.0.0.1/32 trust",
            "--hba=host all all 127.0.0.1/32 scram-sha-256",
        ])
    })
}

/// Makes a user and returns the URL under which it connects.
async fn create_user(name: &str) -> String {
    let admin = client(&guarded().url("postgres")).await;
    admin.batch_execute(&format!("CREATE ROLE {name} LOGIN PASSWORD '{PASSWORD}'")).await.unwrap();
    url(name, "postgres")
}

fn url(user: &str, database: &str) -> String {
    format!("postgresql://{user}@127.0.0.1:{}/{database}", guarded().port)
}

/// Reads settings from pairs; what comes after `RETRIEVER_POSTGRES_` is enough of a name.
pub(crate) fn settings(pairs: &[(&str, &str)]) -> Settings {
    let named = pairs.iter().map(|(name, value)| match name.strip_prefix("RETRIEVER_") {
        Some(_) => ((*name).to_owned(), *value),
        None => (format!("RETRIEVER_POSTGRES_{name}"), *value),
    });
    let mut reader = Reader::from_pairs(named);
    let settings = Settings::read(&mut reader);
    reader.finish(&["RETRIEVER_"]).unwrap();
    settings.unwrap()
}

/// Connects with these settings.
pub(crate) async fn connect(pairs: &[(&str, &str)]) -> Result<Database, Error> {
    Database::connect(&settings(pairs), &Shutdown::new()).await
}

/// Runs a statement that returns one value as text.
pub(crate) async fn ask(database: &Database, sql: &str) -> Result<String, Error> {
    let work = async |client: &mut deadpool_postgres::ClientWrapper| {
        Ok(client.query_one(&format!("SELECT ({sql})::text"), &[]).await?.get(0))
    };
    database.lend().await?.run(work).await
}

/// Checks that these settings are refused for good, in words with all of these parts and without the password.
pub(crate) async fn check_refused(pairs: &[(&str, &str)], parts: &[&str]) {
    let error = connect(pairs).await.unwrap_err();
    assert!(matches!(error, Error::Invalid(_)), "{pairs:?}: {error:?}");
    let text = format!("{error} {error:?}");
    for part in parts {
        assert!(text.contains(part), "{pairs:?}: `{part}` is not in: {text}");
    }
    let secret = pairs.iter().find(|(name, _)| *name == "PASSWORD");
    assert!(secret.is_none_or(|(_, password)| !text.contains(password)), "{text}");
}

#[tokio::test]
async fn a_refusal_says_what_was_wrong_and_what_would_be_right() {
    let (plain, port) = (create_user("plain").await, guarded().port.to_string());
    let right = ("PASSWORD", PASSWORD);
    check_refused(
        &[("URL", &plain), ("PASSWORD", "battery staple")],
        &["password authentication failed", "`plain`", "RETRIEVER_POSTGRES_PASSWORD", &port],
    )
    .await;
    check_refused(&[("URL", &plain)], &["password missing", "RETRIEVER_POSTGRES_PASSWORD"]).await;
    let nowhere = url("plain", "nowhere");
    check_refused(&[("URL", &nowhere), right], &["\"nowhere\" does not exist", "RETRIEVER_POSTGRES_URL"])
        .await;
    let stranger = url("stranger", "postgres");
    check_refused(&[("URL", &stranger), right], &["stranger"]).await;
}

#[tokio::test]
async fn a_wrong_password_is_tried_once() {
    let url = create_user("refused").await;
    connect(&[("URL", &url), ("PASSWORD", "battery staple")]).await.unwrap_err();
    let log = std::fs::read_to_string(guarded().home.join("log")).unwrap();
    let tries =
        log.lines().filter(|line| line.contains("authentication failed for user \"refused\"")).count();
    assert_eq!(tries, 1, "{log}");
}

#[tokio::test]
async fn what_may_pass_is_not_refused_for_good() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    for (host, part) in [("127.0.0.1", "refused"), ("nobody.invalid", "nobody.invalid")] {
        let url = format!("postgresql://retriever@{host}:{port}/postgres");
        let error = connect(&[("URL", &url), ("TLS", "off")]).await.unwrap_err();
        let Error::Unreachable(cause) = &error else { panic!("{host}: {error:?}") };
        assert!(cause.to_string().contains(part), "{host}: {cause}");
        assert!(!error.to_string().contains(host), "the caller reads no host names");
    }
}

#[tokio::test]
async fn a_changed_password_is_read_from_its_file_while_running() {
    let url = create_user("rotated").await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("password").display().to_string();
    std::fs::write(&file, format!(r#"{{"username":"rotated","password":"{PASSWORD}"}}"#)).unwrap();
    let database = connect(&[("URL", &url), ("PASSWORD_FILE", &file)]).await.unwrap();
    let admin = client(&guarded().url("postgres")).await;
    admin.batch_execute("ALTER ROLE rotated PASSWORD 'second'").await.unwrap();
    assert_eq!(ask(&database, "SELECT 1").await.unwrap(), "1", "what is connected stays connected");

    let ended =
        "SELECT count(pg_terminate_backend(pid, 10000)) FROM pg_stat_activity WHERE usename = 'rotated'";
    admin.query_one(ended, &[]).await.unwrap();
    let refused = until_refused(&database).await;
    assert!(refused.contains("password authentication failed"), "{refused}");
    std::fs::write(&file, "second\n").unwrap();
    assert_eq!(ask(&database, "SELECT 1").await.unwrap(), "1");
}

/// Asks until the ended connection is noticed and another one is refused; returns the cause.
async fn until_refused(database: &Database) -> String {
    for _ in 0..100 {
        match ask(database, "SELECT 1").await.unwrap_err() {
            Error::Unreachable(cause) if cause.to_string().contains("PostgreSQL at") => {
                return cause.to_string();
            }
            Error::Unreachable(_) => {}
            other => panic!("{other:?}"),
        }
    }
    panic!("no connection was refused");
}

#[tokio::test]
async fn a_server_that_may_lose_changes_is_noticed() {
    let careless = Server::start(&["--set=fsync=off", "--set=full_page_writes=off"]);
    let hasty = format!("{}?options=-csynchronous_commit%3Doff", guarded().url("postgres"));
    for (url, expected) in [
        (guarded().url("postgres"), &[][..]),
        (careless.url("postgres"), &["fsync", "full_page_writes"]),
        (hasty, &["synchronous_commit"]),
    ] {
        let database = connect(&[("URL", &url)]).await.unwrap();
        assert_eq!(unsafe_settings(&database).await.unwrap(), expected, "{url}");
    }
}
