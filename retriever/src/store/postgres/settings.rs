//! Where PostgreSQL is, how the retriever shows who it is, and what it may use of it.

use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use lifecycle::{Reader, Secret};
use tokio_postgres::Config;
use tokio_postgres::config::Host;

const URL: &str = "RETRIEVER_POSTGRES_URL";

/// The PostgreSQL store's settings.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Server, user and database: `RETRIEVER_POSTGRES_URL`, such as `postgresql://user@host:5432/database`. It holds no
    /// password and no `sslmode`; those have settings of their own.
    pub address: Config,
    /// How the retriever shows who it is.
    pub identity: Identity,
    /// How the connection is protected.
    pub tls: Tls,
    /// What the retriever may use of the server.
    pub allowance: Allowance,
    /// How vectors are searched.
    pub vectors: Vectors,
}

/// How the retriever shows who it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identity {
    /// Nothing is shown: the server trusts the socket or the certificate.
    None,
    /// A fixed password: `RETRIEVER_POSTGRES_PASSWORD`.
    Password(Secret),
    /// A file with the password, read anew for each connection and once more when the server refuses it:
    /// `RETRIEVER_POSTGRES_PASSWORD_FILE`. It holds the password alone or the JSON that AWS Secrets Manager keeps.
    File(PathBuf),
    /// A token signed with the AWS credentials of the process, made for each connection: `RETRIEVER_POSTGRES_IAM`.
    Iam {
        /// Region of the server: `RETRIEVER_POSTGRES_IAM_REGION`, default `AWS_REGION`.
        region: String,
    },
}

/// How the connection is protected: `RETRIEVER_POSTGRES_TLS`, `verify` or `off`, default `off` where every host of the URL
/// is this one and `verify` elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tls {
    /// Plain text.
    Off,
    /// TLS 1.2 or 1.3 with a certificate for the host name that a trusted authority signed.
    Verify {
        /// Trusted authorities in PEM: `RETRIEVER_POSTGRES_CA_FILE`, default those of the system.
        authorities: Option<PathBuf>,
    },
}

/// What the retriever may use of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// Connections, 1 to 200, and one more for notices: `RETRIEVER_POSTGRES_CONNECTIONS`, default 4, twice the
    /// processors of a small server: with more it is slower, not faster.
    pub connections: usize,
    /// Longest wait for a free connection before a call is refused, 0 to 60,000 ms: `RETRIEVER_POSTGRES_WAIT_MS`,
    /// default 1,000.
    pub wait: Duration,
    /// Longest time to connect, 0.1 to 60 seconds: `RETRIEVER_POSTGRES_CONNECT_TIMEOUT_SECONDS`, default 5.
    pub connect: Duration,
    /// Longest time of a statement, 1 to 3,600 seconds; the server itself stops it then:
    /// `RETRIEVER_POSTGRES_STATEMENT_TIMEOUT_SECONDS`, default 30.
    pub statement: Duration,
}

/// How vectors are searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Vectors {
    /// Most chunks that are searched exactly, 0 to 10,000,000; more are searched through an approximate index:
    /// `RETRIEVER_EXACT_CHUNKS`, default 20,000.
    pub exact_chunks: u64,
    /// Size of the candidate list of a fast search (HNSW's `ef_search`), 1 to 1,000: `RETRIEVER_EF_SEARCH_FAST`,
    /// default 40.
    pub fast: u32,
    /// The same of a normal search: `RETRIEVER_EF_SEARCH_NORMAL`, default 100.
    pub normal: u32,
    /// The same of a thorough search: `RETRIEVER_EF_SEARCH_THOROUGH`, default 400.
    pub thorough: u32,
    /// Memory for building the index, 16 to 65,536 megabytes: `RETRIEVER_INDEX_MEMORY_MB`, default 256. An index that does
    /// not fit takes many times as long to build.
    pub index_memory_mb: u32,
}

impl Settings {
    /// Reads the settings; mistakes are noted in the reader. Nothing where no URL is set, which is a mistake only for
    /// who needs it.
    pub fn read(reader: &mut Reader) -> Option<Self> {
        let address = read_address(reader);
        let is_local = address.as_ref().is_some_and(is_local);
        let identity = Identity::read(reader);
        let tls = Tls::read(reader, is_local);
        let allowance = Allowance::read(reader);
        let vectors = Vectors::read(reader);
        if matches!(identity, Identity::Iam { .. }) && tls == Tls::Off {
            reader
                .mistake("RETRIEVER_POSTGRES_IAM", "tokens need TLS: expected RETRIEVER_POSTGRES_TLS=verify");
        }
        Some(Self { address: address?, identity, tls, allowance, vectors })
    }
}

fn read_address(reader: &mut Reader) -> Option<Config> {
    let text = reader.optional_text(URL)?;
    // What is set may hold a password by mistake, so no message repeats it.
    let expected = "expected postgresql://user@host:port/database";
    let Ok(address) = text.parse::<Config>() else {
        reader.mistake(URL, expected);
        return None;
    };
    if address.get_password().is_some() {
        reader.mistake(URL, "expected no password; set RETRIEVER_POSTGRES_PASSWORD or _PASSWORD_FILE");
    }
    if text.contains("sslmode") {
        reader.mistake(URL, "expected no sslmode; set RETRIEVER_POSTGRES_TLS to verify or off");
    }
    if address.get_user().is_none() || address.get_dbname().is_none() || address.get_hosts().is_empty() {
        reader.mistake(URL, expected);
    }
    Some(address)
}

/// Whether no connection leaves this host.
fn is_local(address: &Config) -> bool {
    address.get_hosts().iter().all(|host| match host {
        Host::Unix(_) => true,
        Host::Tcp(name) => {
            name == "localhost" || name.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback())
        }
    }) && address.get_hostaddrs().iter().all(std::net::IpAddr::is_loopback)
}

impl Identity {
    fn read(reader: &mut Reader) -> Self {
        let password = reader.secret("RETRIEVER_POSTGRES_PASSWORD");
        let file = reader.optional_text("RETRIEVER_POSTGRES_PASSWORD_FILE");
        let iam = reader.flag("RETRIEVER_POSTGRES_IAM", false);
        let own_region = reader.optional_text("RETRIEVER_POSTGRES_IAM_REGION");
        match (password, file, iam) {
            (None, None, false) => Self::None,
            (Some(password), None, false) => Self::Password(password),
            (None, Some(file), false) => Self::File(PathBuf::from(file)),
            (None, None, true) => {
                let region = own_region.or_else(|| reader.optional_text("AWS_REGION"));
                if region.is_none() {
                    reader.mistake(
                        "RETRIEVER_POSTGRES_IAM_REGION",
                        "expected the region of the server, such as eu-central-1; AWS_REGION is not set either",
                    );
                }
                Self::Iam { region: region.unwrap_or_default() }
            }
            _ => {
                reader.mistake(
                    "RETRIEVER_POSTGRES_PASSWORD",
                    "expected at most one of it, RETRIEVER_POSTGRES_PASSWORD_FILE and RETRIEVER_POSTGRES_IAM",
                );
                Self::None
            }
        }
    }
}

impl Tls {
    fn read(reader: &mut Reader, is_local: bool) -> Self {
        let authorities = reader.optional_text("RETRIEVER_POSTGRES_CA_FILE").map(PathBuf::from);
        let default = if is_local && authorities.is_none() { "off" } else { "verify" };
        match reader.text("RETRIEVER_POSTGRES_TLS", default).as_str() {
            "verify" => Self::Verify { authorities },
            "off" if authorities.is_none() => Self::Off,
            "off" => {
                reader.mistake(
                    "RETRIEVER_POSTGRES_CA_FILE",
                    "expected nothing where RETRIEVER_POSTGRES_TLS is off",
                );
                Self::Off
            }
            other => {
                reader.mistake("RETRIEVER_POSTGRES_TLS", format!("expected verify or off, got `{other}`"));
                Self::Off
            }
        }
    }
}

impl Allowance {
    fn read(reader: &mut Reader) -> Self {
        let seconds = Duration::from_secs;
        Self {
            connections: reader.number("RETRIEVER_POSTGRES_CONNECTIONS", 4, 1..=200),
            wait: reader.millis("RETRIEVER_POSTGRES_WAIT_MS", seconds(1), 0..=60_000),
            connect: reader.seconds("RETRIEVER_POSTGRES_CONNECT_TIMEOUT_SECONDS", seconds(5), 0.1..=60.0),
            statement: reader.seconds(
                "RETRIEVER_POSTGRES_STATEMENT_TIMEOUT_SECONDS",
                seconds(30),
                1.0..=3_600.0,
            ),
        }
    }
}

impl Vectors {
    fn read(reader: &mut Reader) -> Self {
        const EF_SEARCH: RangeInclusive<u32> = 1..=1_000;
        Self {
            exact_chunks: reader.number("RETRIEVER_EXACT_CHUNKS", 20_000, 0..=10_000_000),
            fast: reader.number("RETRIEVER_EF_SEARCH_FAST", 40, EF_SEARCH),
            normal: reader.number("RETRIEVER_EF_SEARCH_NORMAL", 100, EF_SEARCH),
            thorough: reader.number("RETRIEVER_EF_SEARCH_THOROUGH", 400, EF_SEARCH),
            index_memory_mb: reader.number("RETRIEVER_INDEX_MEMORY_MB", 256, 16..=65_536),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Identity, Reader, Settings, Tls};

    fn read(pairs: &[(&str, &str)]) -> (Option<Settings>, Vec<String>) {
        let named = pairs.iter().map(|(name, value)| match *name {
            "AWS_REGION" => ((*name).to_owned(), *value),
            name => (format!("RETRIEVER_POSTGRES_{name}"), *value),
        });
        let mut reader = Reader::from_pairs(named);
        let settings = Settings::read(&mut reader);
        (settings, reader.finish(&["RETRIEVER_"]).err().map_or_else(Vec::new, |mistakes| mistakes.0))
    }

    fn check_mistake(pairs: &[(&str, &str)], part: &str) {
        let mistakes = read(pairs).1;
        assert!(mistakes.len() == 1 && mistakes[0].contains(part), "{pairs:?}: {mistakes:?}");
        assert!(!mistakes[0].contains("hunter2"), "{mistakes:?}");
    }

    #[test]
    fn a_mistake_says_what_would_be_right_and_repeats_no_password() {
        let far = ("URL", "postgresql://retriever@db.example.com/chatbot");
        check_mistake(&[("URL", "postgresql://u:hunter2@db.example.com/chatbot")], "expected no password");
        check_mistake(&[("URL", "db.example.com:hunter2")], "expected postgresql://user@host:port/database");
        check_mistake(&[("URL", "postgresql://db.example.com/chatbot")], "expected postgresql://user@host");
        check_mistake(&[("URL", "postgresql://u@db.example.com/c?sslmode=require")], "expected no sslmode");
        check_mistake(&[far, ("PASSWORD", "hunter2"), ("PASSWORD_FILE", "/p")], "expected at most one of it");
        check_mistake(&[far, ("IAM", "true")], "expected the region of the server");
        check_mistake(&[far, ("IAM", "true"), ("IAM_REGION", "r"), ("TLS", "off")], "tokens need TLS");
        check_mistake(&[far, ("TLS", "require")], "expected verify or off, got `require`");
        check_mistake(&[far, ("TLS", "off"), ("CA_FILE", "/ca.pem")], "expected nothing where");
        check_mistake(&[far, ("CONNECTIONS", "201")], "expected a number from 1 to 200");
        check_mistake(&[far, ("WAIT_MS", "60001")], "expected a number from 0 to 60000");
        check_mistake(&[far, ("CONNECT_TIMEOUT_SECONDS", "0")], "expected a number from 0.1 to 60");
        check_mistake(&[far, ("STATEMENT_TIMEOUT_SECONDS", "0.5")], "expected a number from 1 to 3600");
    }

    #[test]
    fn tls_is_verified_unless_every_host_is_this_one() {
        let verify = Tls::Verify { authorities: None };
        for (url, expected) in [
            ("postgresql://u@localhost/d", &Tls::Off),
            ("postgresql://u@127.0.0.1:5433/d", &Tls::Off),
            ("postgresql://u@%2Frun%2Fpostgresql/d", &Tls::Off),
            ("postgresql://u@db.example.com/d", &verify),
            ("postgresql://u@localhost,db.example.com/d", &verify),
            ("postgresql://u@localhost/d?hostaddr=192.0.2.1", &verify),
        ] {
            let (settings, mistakes) = read(&[("URL", url)]);
            assert_eq!(settings.map(|settings| settings.tls).as_ref(), Some(expected), "{url}: {mistakes:?}");
        }
    }

    #[test]
    fn the_region_of_tokens_is_its_own_or_that_of_the_process() {
        let far = ("URL", "postgresql://retriever@db.example.com/chatbot");
        for (pairs, expected) in [
            (&[far, ("IAM", "true"), ("AWS_REGION", "eu-west-1")][..], "eu-west-1"),
            (
                &[far, ("IAM", "true"), ("AWS_REGION", "eu-west-1"), ("IAM_REGION", "eu-central-1")],
                "eu-central-1",
            ),
        ] {
            let (settings, mistakes) = read(pairs);
            let expected = Identity::Iam { region: expected.to_owned() };
            assert_eq!(settings.map(|settings| settings.identity), Some(expected), "{mistakes:?}");
        }
    }
}
