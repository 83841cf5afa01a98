//! The key file: read whole, checked whole, and replaced in one step, so that a reader sees the old keys or the new ones.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::Entry;

/// Only the owner reads and writes it: the identity secrets of sites stand in it.
const MODE: u32 = 0o600;
const MAX_BYTES: u64 = 8 * 1024 * 1024;
const MAX_KEYS: usize = 10_000;
const VERSION: u32 = 1;

/// The key file cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FileError {
    /// It is not there.
    #[error("there is no key file `{0}`; `gateway keys create` makes one")]
    Missing(PathBuf),
    /// The system refuses.
    #[error("the key file `{path}` cannot be {what}: {source}")]
    System { path: PathBuf, what: &'static str, source: io::Error },
    /// It holds something else.
    #[error("the key file `{path}` is not right: {what}")]
    Malformed { path: PathBuf, what: String },
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Contents {
    version: u32,
    keys: Vec<Entry>,
}

/// Returns the keys of a file.
///
/// # Errors
/// [`FileError`].
pub(crate) fn read(path: &Path) -> Result<Vec<Entry>, FileError> {
    let file = File::open(path).map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => FileError::Missing(path.to_owned()),
        _ => FileError::System { path: path.to_owned(), what: "read", source },
    })?;
    let mut text = Vec::new();
    let read = file.take(MAX_BYTES + 1).read_to_end(&mut text);
    read.map_err(|source| FileError::System { path: path.to_owned(), what: "read", source })?;
    parse(&text).map_err(|what| FileError::Malformed { path: path.to_owned(), what })
}

fn parse(text: &[u8]) -> Result<Vec<Entry>, String> {
    if text.len() as u64 > MAX_BYTES {
        return Err(format!("it is too large; at most {MAX_BYTES} bytes are taken"));
    }
    let Contents { version, keys } = serde_json::from_slice(text).map_err(|error| {
        // The parser repeats values of a wrong type, and those may be secrets.
        format!(
            "expected the JSON that `gateway keys` writes; line {}, column {}",
            error.line(),
            error.column()
        )
    })?;
    if version != VERSION {
        return Err(format!("it has version {version}; this program knows version {VERSION}"));
    }
    if keys.len() > MAX_KEYS {
        return Err(format!("it has {} keys; at most {MAX_KEYS} are taken", keys.len()));
    }
    let mut ids = std::collections::HashSet::new();
    for (place, key) in keys.iter().enumerate() {
        if let Some(mistake) = key.mistake() {
            return Err(format!("key {}: {mistake}", place + 1));
        }
        if !ids.insert(key.id.to_ascii_lowercase()) {
            return Err(format!("key {}: its id stands there twice", place + 1));
        }
    }
    Ok(keys)
}

/// Changes the keys of a file, which is made when `is_new` allows it. Commands at the same time wait for each other.
///
/// # Errors
/// What the change says, or [`FileError`].
pub(super) fn change<T, E: From<FileError>>(
    path: &Path,
    is_new: bool,
    change: impl FnOnce(&mut Vec<Entry>) -> Result<T, E>,
) -> Result<T, E> {
    let system = |what| {
        let path = path.to_owned();
        move |source| E::from(FileError::System { path, what, source })
    };
    // The file itself is replaced, so the lock is a file of its own.
    let lock = OpenOptions::new().create(true).append(true).mode(MODE).open(beside(path, "lock"));
    let lock = lock.map_err(system("locked"))?;
    lock.lock().map_err(system("locked"))?;
    let mut keys = match read(path) {
        Err(FileError::Missing(_)) if is_new => Vec::new(),
        read => read?,
    };
    let changed = change(&mut keys)?;
    if keys.len() > MAX_KEYS {
        let what = format!("it would have {} keys; at most {MAX_KEYS} are taken", keys.len());
        return Err(FileError::Malformed { path: path.to_owned(), what }.into());
    }
    write(path, &Contents { version: VERSION, keys }).map_err(system("written"))?;
    Ok(changed)
}

fn write(path: &Path, contents: &Contents) -> io::Result<()> {
    let new = beside(path, "new");
    // Left by a command that was killed; the lock keeps all others out.
    match std::fs::remove_file(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(MODE).open(&new)?;
    serde_json::to_writer_pretty(&mut file, contents)?;
    file.write_all(b"\n")?;
    file.sync_all()?;
    std::fs::rename(&new, path)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or_else(|| Path::new(".")))?.sync_all()
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{ending}"));
    PathBuf::from(name)
}
