//! Settings of who is let in by which key or token.

use std::path::PathBuf;
use std::time::Duration;

use lifecycle::{Reader, Secret};

use crate::tls::TlsFiles;

/// Shorter ones can be guessed.
const LEAST_SECRET_BYTES: usize = 32;

/// How callers reach the gateway and who is let in by which key or token.
#[derive(Clone, Debug)]
pub struct Doors {
    /// `GATEWAY_KEYS_FILE`: the file that `gateway keys` writes; default none. Its keys open beside those of
    /// `GATEWAY_API_KEYS`.
    pub keys_file: Option<PathBuf>,
    /// `GATEWAY_KEYS_RELOAD_SECONDS`: how often the file is looked at; default 2. So long may a revoked key go on.
    pub keys_reload: Duration,
    /// `GATEWAY_TOKEN_SECRET`: what visitor tokens are signed with, at least 32 bytes, the same at every gateway; default
    /// none, which means one that is made at each start.
    pub token_secret: Option<Secret>,
    /// `GATEWAY_TOKEN_SECONDS`: for how long a visitor token is good; default 600.
    pub token_lifetime: Duration,
    /// `GATEWAY_PROOF_OF_WORK`: `off` (the default), or `budget`, which asks of new sessions some work while more than half of
    /// the day's money is spent, and then takes questions from pages with a visitor token only.
    pub asks_for_work: bool,
    /// TLS on both public ports; default none. The files are read again when they change.
    pub tls: Option<TlsFiles>,
}

impl Doors {
    /// Reads the settings; wrong ones are noted with the reader.
    pub(super) fn read(reader: &mut Reader) -> Self {
        const SECRET: &str = "GATEWAY_TOKEN_SECRET";
        let token_secret = reader.secret(SECRET);
        if token_secret.as_ref().is_some_and(|secret| secret.expose().len() < LEAST_SECRET_BYTES) {
            reader.mistake(
                SECRET,
                "expected at least 32 bytes that nobody can guess, such as those of `openssl rand -hex 32`",
            );
        }
        let seconds = Duration::from_secs;
        let work = reader.text("GATEWAY_PROOF_OF_WORK", "off");
        if !matches!(work.as_str(), "off" | "budget") {
            reader.mistake("GATEWAY_PROOF_OF_WORK", format!("expected off or budget, got `{work}`"));
        }
        let tls = [reader.optional_text("GATEWAY_TLS_CERT"), reader.optional_text("GATEWAY_TLS_KEY")];
        let tls = match tls.map(|file| file.map(PathBuf::from)) {
            [Some(certificate), Some(key)] => Some(TlsFiles { certificate, key }),
            [None, None] => None,
            _ => {
                reader.mistake("GATEWAY_TLS_CERT", "goes with GATEWAY_TLS_KEY; set both or none");
                None
            }
        };
        Self {
            keys_file: reader.optional_text("GATEWAY_KEYS_FILE").map(PathBuf::from),
            keys_reload: reader.seconds("GATEWAY_KEYS_RELOAD_SECONDS", seconds(2), 0.05..=30.0),
            asks_for_work: work == "budget",
            tls,
            token_secret,
            token_lifetime: reader.seconds("GATEWAY_TOKEN_SECONDS", seconds(600), 1.0..=3600.0),
        }
    }
}
