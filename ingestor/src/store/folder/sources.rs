//! Web addresses that documents were uploaded with, each in a file of its own in a hidden folder of the store. A file's name
//! is the hash of the document's, so that any document's name fits.

use std::fs;
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::disk;
use crate::document::DocumentKey;

/// Hidden, so that no listing shows it.
const FOLDER: &str = ".sources";
/// No address that was taken is longer; more was not written here.
const MOST_BYTES: u64 = 4_096;

fn path(root: &Path, key: &DocumentKey) -> PathBuf {
    let hash = Sha256::digest(format!("{}/{}", key.collection(), key.id()));
    let name: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    root.join(FOLDER).join(name)
}

/// Returns the address of a document; `None` when it was uploaded without.
pub(super) fn read(root: &Path, key: &DocumentKey) -> io::Result<Option<String>> {
    let path = path(root, key);
    match fs::symlink_metadata(&path) {
        Ok(metadata) if metadata.is_file() => {}
        Ok(_) => return Ok(None),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    }
    let mut text = String::new();
    let read = fs::File::open(path).and_then(|file| file.take(MOST_BYTES).read_to_string(&mut text));
    // What is not text was not written here.
    Ok(read.is_ok().then(|| text.trim().to_owned()).filter(|address| !address.is_empty()))
}

pub(super) fn write(root: &Path, key: &DocumentKey, address: &str) -> io::Result<()> {
    disk::write(root, &path(root, key), address.as_bytes())
}

pub(super) fn forget(root: &Path, key: &DocumentKey) -> io::Result<()> {
    match fs::remove_file(path(root, key)) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
