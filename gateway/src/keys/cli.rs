//! `gateway keys create|list|revoke|rotate`. Exit codes: 0 done, 1 the key file cannot be used, 2 wrong usage, 3 no such key.

mod report;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use lifecycle::Reader;

use super::file::{FileError, change, read};
use super::{Entry, Kind, LEAST_ID, Previous, Quota, Scope, digest, now_s, random, text};

const DAY_SECONDS: u64 = 24 * 60 * 60;
const HOUR_SECONDS: u64 = 60 * 60;

/// Arguments of `gateway keys`.
#[derive(Debug, clap::Args)]
pub struct KeysArguments {
    /// The key file (`GATEWAY_KEYS_FILE`); gateways that read it notice a change within seconds
    #[arg(long, value_name = "PATH", global = true)]
    file: Option<PathBuf>,
    /// Print JSON
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Make a key and show it, this once
    Create(Create),
    /// Show all keys; the keys themselves are known to nobody any more
    List,
    /// Let a key open nothing any more; its open connections are closed within seconds
    Revoke {
        /// The key's id, or the whole key
        key: String,
    },
    /// Replace a key by a new one with the same id and rights
    Rotate(Rotate),
}

#[derive(Debug, clap::Args)]
struct Create {
    /// `site` stands in web pages and only opens chats, `secret` is for one's own servers
    kind: Kind,
    /// The site or program that uses it; keys of one name share the limits of their site
    #[arg(long)]
    name: String,
    /// A collection that it may see; may be repeated (default `main`)
    #[arg(long = "collection", value_name = "NAME")]
    collections: Vec<String>,
    /// An origin whose pages may use it, such as `https://shop.example`; may be repeated
    #[arg(long = "origin", value_name = "ORIGIN")]
    origins: Vec<String>,
    /// What a secret key may do (default `chat`)
    #[arg(long = "scope", value_name = "SCOPE", value_delimiter = ',')]
    scopes: Vec<Scope>,
    /// Days until it expires (default never)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=36_500))]
    expires_days: Option<u32>,
    /// Requests a minute of all its visitors
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    per_minute: Option<u32>,
    /// Requests an hour of all its visitors
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    per_hour: Option<u32>,
    /// Millionths of a US dollar that its answers may cost a day
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    spend_day_microdollars: Option<u64>,
    /// Make a secret too with which the site signs the ids of its signed-in visitors
    #[arg(long)]
    identity: bool,
}

#[derive(Debug, clap::Args)]
struct Rotate {
    /// The key's id, or the whole key
    key: String,
    /// Hours for which the old key goes on opening
    #[arg(long, value_name = "N", default_value_t = 24, value_parser = clap::value_parser!(u32).range(0..=8_760))]
    overlap_hours: u32,
    /// Replace the identity secret too, without overlap
    #[arg(long)]
    identity: bool,
}

/// Why a command was not carried out.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error(transparent)]
    File(#[from] FileError),
    #[error("{0}")]
    Usage(String),
    #[error("{0}")]
    NoSuchKey(String),
    #[error(transparent)]
    System(#[from] std::io::Error),
}

impl Trouble {
    fn exit_code(&self) -> u8 {
        match self {
            Self::File(_) | Self::System(_) => 1,
            Self::Usage(_) => 2,
            Self::NoSuchKey(_) => 3,
        }
    }
}

/// A key that nobody sees again.
struct Made {
    id: String,
    key: String,
    identity_secret: Option<String>,
}

/// Runs a command and returns the exit code: 0 done, 1 the key file cannot be used, 2 wrong usage, 3 no such key.
pub fn run(arguments: KeysArguments, mut reader: Reader) -> ExitCode {
    let set = reader.optional_text("GATEWAY_KEYS_FILE").map(PathBuf::from);
    let file = arguments.file.or(set);
    let missing = || Trouble::Usage("name the key file with --file or GATEWAY_KEYS_FILE".to_owned());
    let mut out = std::io::stdout().lock();
    let done = file.ok_or_else(missing);
    let done = done.and_then(|file| carry_out(arguments.action, &file, arguments.json, &mut out));
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(trouble) => {
            // Nobody is left to tell when the error output is closed.
            _ = writeln!(std::io::stderr(), "gateway keys: {trouble}");
            ExitCode::from(trouble.exit_code())
        }
    }
}

fn carry_out(action: Action, file: &Path, json: bool, out: &mut impl Write) -> Result<(), Trouble> {
    match action {
        Action::Create(create) => report::made(&make(create, file)?, json, out)?,
        Action::List => report::list(&read(file)?, now_s(), json, out)?,
        Action::Revoke { key } => {
            let id = revoke(&key, file)?;
            report::revoked(&id, json, out)?;
        }
        Action::Rotate(rotation) => report::made(&rotate(&rotation, file)?, json, out)?,
    }
    Ok(())
}

fn make(create: Create, file: &Path) -> Result<Made, Trouble> {
    let key = text::make(create.kind)?;
    let or = |given: Vec<_>, default: Vec<_>| if given.is_empty() { default } else { given };
    let scopes = if create.scopes.is_empty() { vec![Scope::Chat] } else { create.scopes };
    let entry = Entry {
        id: String::new(),
        kind: create.kind,
        name: create.name,
        sha256: hex::encode(digest(&key)),
        previous: None,
        created_s: now_s(),
        expires_s: create.expires_days.map(|days| now_s().saturating_add(u64::from(days) * DAY_SECONDS)),
        revoked_s: None,
        collections: or(create.collections, vec!["main".to_owned()]),
        scopes,
        origins: create.origins,
        quota: Quota {
            per_minute: create.per_minute,
            per_hour: create.per_hour,
            spend_day_microdollars: create.spend_day_microdollars,
        },
        identity_secret: create.identity.then(identity_secret).transpose()?,
    };
    let identity_secret = entry.identity_secret.clone();
    let checked = Entry { id: format!("{LEAST_ID:08x}"), ..entry.clone() };
    if let Some(mistake) = checked.mistake() {
        return Err(Trouble::Usage(mistake));
    }
    let id = change(file, true, |keys| {
        let id = free_id(keys)?;
        keys.push(Entry { id: id.clone(), ..entry });
        Ok::<_, Trouble>(id)
    })?;
    Ok(Made { id, key, identity_secret })
}

fn identity_secret() -> std::io::Result<String> {
    random::<32>().map(hex::encode)
}

fn free_id(keys: &[Entry]) -> std::io::Result<String> {
    loop {
        let number = u32::from_be_bytes(random()?);
        let id = format!("{number:08x}");
        if number >= LEAST_ID && keys.iter().all(|key| key.id != id) {
            return Ok(id);
        }
    }
}

fn revoke(named: &str, file: &Path) -> Result<String, Trouble> {
    change(file, false, |keys| {
        let key = find(keys, named)?;
        if key.revoked_s.is_some() {
            return Err(Trouble::NoSuchKey(format!("the key {} is revoked already", key.id)));
        }
        key.revoked_s = Some(now_s());
        key.previous = None;
        Ok(key.id.clone())
    })
}

fn rotate(rotation: &Rotate, file: &Path) -> Result<Made, Trouble> {
    change(file, false, |keys| {
        let key = find(keys, &rotation.key)?;
        if key.revoked_s.is_some() {
            let message = format!("the key {} is revoked; make another with `gateway keys create`", key.id);
            return Err(Trouble::NoSuchKey(message));
        }
        if rotation.identity {
            if key.kind != Kind::Site {
                return Err(Trouble::Usage(
                    "only a site key has an identity secret; leave --identity out".to_owned(),
                ));
            }
            key.identity_secret = Some(identity_secret()?);
        }
        let new = text::make(key.kind)?;
        let old = std::mem::replace(&mut key.sha256, hex::encode(digest(&new)));
        let overlap_s = u64::from(rotation.overlap_hours) * HOUR_SECONDS;
        key.previous =
            (overlap_s > 0).then(|| Previous { sha256: old, until_s: now_s().saturating_add(overlap_s) });
        let identity_secret = key.identity_secret.clone().filter(|_| rotation.identity);
        Ok(Made { id: key.id.clone(), key: new, identity_secret })
    })
}

/// Finds a key by its id or by itself.
fn find<'a>(keys: &'a mut [Entry], named: &str) -> Result<&'a mut Entry, Trouble> {
    let is_key = named.starts_with("sbc_");
    if is_key && !text::is_whole(named) {
        return Err(Trouble::Usage("this key is cut off or mistyped; name its id instead".to_owned()));
    }
    let hash = hex::encode(digest(named));
    let fits = |key: &&mut Entry| {
        if is_key {
            let previous = key.previous.as_ref().map(|previous| &previous.sha256);
            key.sha256.eq_ignore_ascii_case(&hash)
                || previous.is_some_and(|old| old.eq_ignore_ascii_case(&hash))
        } else {
            key.id.eq_ignore_ascii_case(named)
        }
    };
    let found = keys.iter_mut().find(fits);
    // A key that was typed by mistake must not be repeated.
    let shown = if is_key { "that key" } else { "that id" };
    found.ok_or_else(|| {
        Trouble::NoSuchKey(format!("there is no key with {shown}; `gateway keys list` shows all"))
    })
}

#[cfg(test)]
mod tests;
