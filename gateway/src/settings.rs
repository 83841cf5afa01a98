//! What can be set, with units, ranges and defaults. It knows no transport beyond their names.

mod cache;
mod doors;
mod handoff;
mod limits;
mod overload;
mod rates;
pub mod state;
mod suggestions;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use lifecycle::Reader;
use proto::{ServiceToken, Target};

use crate::admission::{Keys, SpendCaps, is_origin};
pub use cache::{CacheBounds, Near};
pub use doors::Doors;
pub use handoff::HandoffSettings;
pub(crate) use handoff::{MailSettings, WebhookSettings};
pub use limits::{ConnectionBounds, GrpcBounds};
pub use overload::OverloadBounds;
pub use rates::Rates;
use state::StateSettings;

/// Where the other services listen.
#[derive(Clone, Debug)]
pub struct Upstreams {
    /// `GATEWAY_RETRIEVER`, default `http://127.0.0.1:7001`; called with `SERVICE_TOKEN` where that is set.
    pub retriever: Target,
    /// `GATEWAY_GENERATOR`, default `http://127.0.0.1:7002`.
    pub generator: Target,
}

/// How long each wait of an answer may last.
#[derive(Clone, Copy, Debug)]
pub struct Deadlines {
    /// `GATEWAY_SEARCH_TIMEOUT_SECONDS`: one search, with its second try where nobody answers; default 10.
    pub search: Duration,
    /// `GATEWAY_FIRST_TOKEN_SECONDS`: from asking the generator, for the first time, to its first event; default 20.
    pub first_token: Duration,
    /// `GATEWAY_TOKEN_GAP_SECONDS`: between two events of the generator; default 15.
    pub token_gap: Duration,
    /// `GATEWAY_ANSWER_SECONDS`: the whole answer; default 120.
    pub answer: Duration,
}

/// How questions that lean on earlier messages are made to stand alone.
#[derive(Clone, Copy, Debug)]
pub struct Rewriting {
    /// `GATEWAY_REWRITE`: `rule` (the default), which searches the earlier question together with this one, or `model`, which
    /// also has a language model write the question anew wherever the rule finds that it does not stand alone.
    pub is_by_model: bool,
    /// `GATEWAY_REWRITE_SECONDS`: how long the model may take; default 3. After it the rule's question is kept.
    pub patience: Duration,
    /// `GATEWAY_REWRITE_MICRODOLLARS`: most that it may cost, of what an answer may; default 500.
    pub microdollars: u64,
}

/// Bounds of the answers held in memory.
#[derive(Clone, Copy, Debug)]
pub struct AnswerBounds {
    /// `GATEWAY_MAX_ANSWERS`: answers being written at once; default 256.
    pub running: usize,
    /// `GATEWAY_ANSWER_LOG_BYTES`: events of one answer; default 262,144.
    pub log_bytes: usize,
    /// `GATEWAY_RESUME_WINDOW_SECONDS`: how long an answer waits for a reader to come back; default 60.
    pub resume_window: Duration,
    /// `GATEWAY_IDEMPOTENCY_SECONDS`: how long a request under an `Idempotency-Key` leads to its first answer; default a day.
    pub key_window: Duration,
}

impl AnswerBounds {
    /// Returns how long an answer is kept after its end.
    pub(crate) fn kept(&self, is_keyed: bool) -> Duration {
        if is_keyed { self.resume_window.max(self.key_window) } else { self.resume_window }
    }
}

/// Everything that can be set.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `GATEWAY_HTTP_LISTEN`: WebSocket, REST and SSE; default `127.0.0.1:8080`.
    pub http_listen: SocketAddr,
    /// `GATEWAY_GRPC_LISTEN`: public gRPC; default `127.0.0.1:8081`.
    pub grpc_listen: SocketAddr,
    /// `GATEWAY_INTERNAL_LISTEN`: health and metrics, never public; default `127.0.0.1:8082`.
    pub internal_listen: SocketAddr,
    /// Where the other services listen.
    pub upstreams: Upstreams,
    /// `GATEWAY_API_KEYS`: `sha256-hex=collection+collection`, separated by commas; default none. Without keys every
    /// listener must be a loopback one, and everything in `open_collections` is open to every caller.
    pub(crate) keys: Keys,
    /// Who is let in by which key or token.
    pub doors: Doors,
    /// `GATEWAY_OPEN_COLLECTIONS`: collections that are open without keys, separated by commas; default `main`.
    pub open_collections: Vec<String>,
    /// Rate limits.
    pub rates: Rates,
    /// What answers may cost.
    pub(crate) spend: SpendCaps,
    /// `GATEWAY_TRUSTED_HOPS`: proxies of our own in front, whose `X-Forwarded-For` counts; default 0.
    pub trusted_hops: usize,
    /// `GATEWAY_ALLOWED_ORIGINS`: origins of pages that may call, exact, separated by commas; default none, which
    /// means the same origin and, on a loopback listener, loopback origins.
    pub allowed_origins: Vec<String>,
    /// Bounds of answers.
    pub answers: AnswerBounds,
    /// Answers that are given again.
    pub cache: CacheBounds,
    /// What is let in at once.
    pub overload: OverloadBounds,
    /// Conversations that a person goes on with.
    pub handoff: HandoffSettings,
    /// `GATEWAY_SUGGESTIONS`: questions that a chat offers first, at most 8 of 200 characters, on lines or between `|`;
    /// default none.
    pub suggestions: Vec<String>,
    /// Deadlines.
    pub deadlines: Deadlines,
    /// Questions that lean on earlier messages.
    pub rewriting: Rewriting,
    /// Where what outlives a request is kept.
    pub state: StateSettings,
    /// Bounds of connections.
    pub connections: ConnectionBounds,
    /// Bounds of the public gRPC port.
    pub grpc: GrpcBounds,
    /// `GATEWAY_DOCUMENT_PAGES`: collections whose documents have public pages, separated by commas; default none.
    pub document_pages: Vec<String>,
    /// `GATEWAY_DEMO`: whether `/` shows the demonstration page; default false.
    pub demo: bool,
    /// `GATEWAY_ECHO`: whether `/ws/echo` sends back what it gets, for conformance tests of the WebSocket protocol; on
    /// a loopback listener only; default false.
    pub echo: bool,
    /// `GATEWAY_ACCESS_LOG`: whether each request and each answer is logged, without any text of it; default false.
    pub access_log: bool,
    /// `GATEWAY_REFLECTION`: whether gRPC clients may ask what the server offers; default true
    /// on a loopback address and false elsewhere.
    pub reflection: bool,
    /// `DRAIN_SECONDS`: time for open answers at shutdown; default 30. An answer that needs longer fails with
    /// `SHUTTING_DOWN` just before its end.
    pub drain: Duration,
}

impl Settings {
    /// Reads every setting; wrong ones are noted with the reader. Returns nothing when it cannot go on from a mistake.
    pub fn read(reader: &mut Reader) -> Option<Self> {
        const ADDRESS: &str = "an address such as 127.0.0.1:8080";
        const TARGET: &str = "a gRPC address such as http://127.0.0.1:7001";
        let http_listen: Option<SocketAddr> = reader.parsed("GATEWAY_HTTP_LISTEN", "127.0.0.1:8080", ADDRESS);
        let grpc_listen: Option<SocketAddr> = reader.parsed("GATEWAY_GRPC_LISTEN", "127.0.0.1:8081", ADDRESS);
        let internal_listen = reader.parsed("GATEWAY_INTERNAL_LISTEN", "127.0.0.1:8082", ADDRESS);
        let retriever: Option<Target> = reader.parsed("GATEWAY_RETRIEVER", "http://127.0.0.1:7001", TARGET);
        let generator: Option<Target> = reader.parsed("GATEWAY_GENERATOR", "http://127.0.0.1:7002", TARGET);
        let token = reader.service_token(None).and_then(|token| ServiceToken::new(token.expose()));
        let (keys, doors) = (read_keys(reader), Doors::read(reader));
        let is_open = keys.is_empty() && doors.keys_file.is_none();
        for (name, address) in [("GATEWAY_HTTP_LISTEN", http_listen), ("GATEWAY_GRPC_LISTEN", grpc_listen)] {
            if is_open && address.is_some_and(|address| !address.ip().is_loopback()) {
                let message = "only a loopback address may be open without keys; set GATEWAY_KEYS_FILE or GATEWAY_API_KEYS";
                reader.mistake(name, message);
            }
        }
        let connections = ConnectionBounds::read(reader);
        let settings = Self {
            keys,
            doors,
            open_collections: read_collections(reader, "GATEWAY_OPEN_COLLECTIONS", "main"),
            rates: Rates::read(reader),
            spend: read_spend(reader),
            trusted_hops: reader.number("GATEWAY_TRUSTED_HOPS", 0, 0..=8),
            allowed_origins: read_origins(reader),
            answers: read_answer_bounds(reader),
            cache: cache::read(reader),
            overload: OverloadBounds::read(reader),
            handoff: handoff::read(reader),
            suggestions: suggestions::read(reader),
            deadlines: read_deadlines(reader),
            rewriting: read_rewriting(reader),
            state: StateSettings::read(reader),
            connections,
            grpc: GrpcBounds::read(reader, &connections),
            document_pages: read_collections(reader, "GATEWAY_DOCUMENT_PAGES", ""),
            demo: reader.flag("GATEWAY_DEMO", false),
            echo: read_echo(reader, http_listen),
            access_log: reader.flag("GATEWAY_ACCESS_LOG", false),
            reflection: reader.flag("GATEWAY_REFLECTION", is_loopback(grpc_listen)),
            drain: reader.seconds("DRAIN_SECONDS", Duration::from_secs(30), 0.0..=3600.0),
            // Everything else is read first, so that all mistakes are reported together.
            http_listen: http_listen?,
            grpc_listen: grpc_listen?,
            internal_listen: internal_listen?,
            upstreams: Upstreams {
                retriever: retriever?.guarded_by(token.clone()),
                generator: generator?.guarded_by(token),
            },
        };
        Some(settings)
    }
}

fn read_keys(reader: &mut Reader) -> Keys {
    let Some(text) = reader.secret("GATEWAY_API_KEYS") else { return Keys::none() };
    match Keys::parse(text.expose()) {
        Ok(keys) => keys,
        Err(mistake) => {
            reader.mistake("GATEWAY_API_KEYS", mistake);
            Keys::none()
        }
    }
}

fn is_loopback(address: Option<SocketAddr>) -> bool {
    address.is_some_and(|address| address.ip().is_loopback())
}

fn read_echo(reader: &mut Reader, http_listen: Option<SocketAddr>) -> bool {
    let echo = reader.flag("GATEWAY_ECHO", false);
    if echo && http_listen.is_some() && !is_loopback(http_listen) {
        reader
            .mistake("GATEWAY_ECHO", "expected false, because GATEWAY_HTTP_LISTEN is not a loopback address");
    }
    echo
}

fn read_spend(reader: &mut Reader) -> SpendCaps {
    const MOST: u64 = 1_000_000_000_000;
    SpendCaps {
        answer: reader.number("GATEWAY_SPEND_ANSWER_MICRODOLLARS", 20_000, 1..=MOST),
        visitor_day: reader.number("GATEWAY_SPEND_VISITOR_DAY_MICRODOLLARS", 200_000, 0..=MOST),
        key_day: reader.number("GATEWAY_SPEND_KEY_DAY_MICRODOLLARS", 0, 0..=MOST),
        day: reader.number("GATEWAY_SPEND_DAY_MICRODOLLARS", 5_000_000, 0..=MOST),
        month: reader.number("GATEWAY_SPEND_MONTH_MICRODOLLARS", 50_000_000, 0..=MOST),
        file: reader.optional_text("GATEWAY_SPEND_FILE").map(PathBuf::from),
    }
}

fn read_answer_bounds(reader: &mut Reader) -> AnswerBounds {
    AnswerBounds {
        running: reader.number("GATEWAY_MAX_ANSWERS", 256, 1..=100_000),
        log_bytes: reader.number("GATEWAY_ANSWER_LOG_BYTES", 256 * 1024, 4096..=64 * 1024 * 1024),
        resume_window: reader.seconds("GATEWAY_RESUME_WINDOW_SECONDS", Duration::from_secs(60), 0.0..=3600.0),
        key_window: reader.seconds(
            "GATEWAY_IDEMPOTENCY_SECONDS",
            Duration::from_secs(86_400),
            0.0..=7.0 * 86_400.0,
        ),
    }
}

fn read_deadlines(reader: &mut Reader) -> Deadlines {
    let mut seconds = |name, default| reader.seconds(name, Duration::from_secs(default), 0.001..=3600.0);
    Deadlines {
        search: seconds("GATEWAY_SEARCH_TIMEOUT_SECONDS", 10),
        first_token: seconds("GATEWAY_FIRST_TOKEN_SECONDS", 20),
        token_gap: seconds("GATEWAY_TOKEN_GAP_SECONDS", 15),
        answer: seconds("GATEWAY_ANSWER_SECONDS", 120),
    }
}

fn read_rewriting(reader: &mut Reader) -> Rewriting {
    let by = reader.text("GATEWAY_REWRITE", "rule");
    if !matches!(by.as_str(), "rule" | "model") {
        reader.mistake("GATEWAY_REWRITE", format!("expected rule or model, got `{by}`"));
    }
    Rewriting {
        is_by_model: by == "model",
        patience: reader.seconds("GATEWAY_REWRITE_SECONDS", Duration::from_secs(3), 0.05..=60.0),
        microdollars: reader.number("GATEWAY_REWRITE_MICRODOLLARS", 500, 1..=1_000_000),
    }
}

fn read_list(reader: &mut Reader, name: &str, default: &str) -> Vec<String> {
    let text = reader.text(name, default);
    text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect()
}

fn read_collections(reader: &mut Reader, name: &str, default: &str) -> Vec<String> {
    let collections = read_list(reader, name, default);
    if let Some(wrong) = collections.iter().find(|collection| !is_collection(collection)) {
        reader.mistake(
            name,
            format!("expected collections of 1 to 64 characters of a-z 0-9 - _, got `{wrong}`"),
        );
    }
    collections
}

fn read_origins(reader: &mut Reader) -> Vec<String> {
    const NAME: &str = "GATEWAY_ALLOWED_ORIGINS";
    let origins = read_list(reader, NAME, "");
    for origin in &origins {
        if !is_origin(origin) {
            let message = "expected origins as browsers send them, such as https://shop.example";
            reader.mistake(NAME, format!("{message}, got `{origin}`"));
        }
    }
    origins
}

/// Returns whether the text can name a collection: 1 to 64 characters of `a-z 0-9 - _`.
pub(crate) fn is_collection(text: &str) -> bool {
    let right = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_');
    (1..=64).contains(&text.len()) && text.bytes().all(right)
}

#[cfg(test)]
mod tests {
    use super::{Reader, Settings};

    fn mistakes(pairs: &[(&str, &str)]) -> Vec<String> {
        let mut reader = Reader::from_pairs(pairs.iter().copied());
        let settings = Settings::read(&mut reader);
        match reader.finish(&["GATEWAY_"]) {
            Ok(_) => {
                assert!(settings.is_some(), "{pairs:?}");
                Vec::new()
            }
            Err(mistakes) => mistakes.0,
        }
    }

    #[test]
    fn a_public_listener_without_keys_is_a_mistake() {
        let hash = "0".repeat(64);
        assert!(mistakes(&[]).is_empty());
        assert_eq!(
            mistakes(&[("GATEWAY_HTTP_LISTEN", "0.0.0.0:8080"), ("GATEWAY_GRPC_LISTEN", "[::]:8081")]).len(),
            2
        );
        let keys = format!("{hash}=main+shop");
        assert!(mistakes(&[("GATEWAY_HTTP_LISTEN", "0.0.0.0:8080"), ("GATEWAY_API_KEYS", &keys)]).is_empty());
    }

    #[test]
    fn wrong_lists_name_the_setting_and_what_is_right() {
        for (name, value, expected) in [
            ("GATEWAY_API_KEYS", "secret=main", "GATEWAY_API_KEYS: expected"),
            ("GATEWAY_OPEN_COLLECTIONS", "Main", "GATEWAY_OPEN_COLLECTIONS: expected"),
            ("GATEWAY_ALLOWED_ORIGINS", "shop.example", "GATEWAY_ALLOWED_ORIGINS: expected"),
            ("GATEWAY_ALLOWED_ORIGINS", "https://*.example", "GATEWAY_ALLOWED_ORIGINS: expected"),
            ("GATEWAY_ALLOWED_ORIGINS", "https://shop.example/", "GATEWAY_ALLOWED_ORIGINS: expected"),
        ] {
            let mistakes = mistakes(&[(name, value)]);
            assert!(mistakes.len() == 1 && mistakes[0].starts_with(expected), "{mistakes:?}");
            assert!(!mistakes[0].contains("secret"), "a key must not be printed");
        }
    }
}
