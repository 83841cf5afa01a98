//! The file operations behind the folder store: all blocking, none following a symbolic link below the root.

use std::collections::BTreeMap;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use super::super::{Entry, Listing, Original, Version};
use crate::document::{DocumentKey, MAIN_COLLECTION, is_collection, is_ignored};

/// Begins the names of files that are being written; hidden, so that no listing shows them.
const WRITING_PREFIX: &str = ".writing-";
/// Reads of a file that changes meanwhile are repeated this often; then the last one stands, and the change that
/// follows it is noticed as any other.
const READ_TRIES: usize = 5;

static WRITES: AtomicU64 = AtomicU64::new(0);

/// Lists every document. Whatever vanishes meanwhile is left out; any other failure fails the whole.
pub(super) fn list(root: &Path) -> io::Result<Listing> {
    let mut listing = Listing::default();
    fs::metadata(root)?;
    for (name, path, metadata) in children(root, &mut listing)? {
        match name.strip_prefix('@') {
            Some(collection)
                if metadata.is_dir() && is_collection(collection) && collection != MAIN_COLLECTION =>
            {
                list_folder(&path, collection, &mut listing)?;
            }
            Some(_) => refuse(
                &name,
                "a name with @ at its start must be a folder named after a collection",
                &mut listing,
            ),
            None if metadata.is_dir() => list_below(&path, MAIN_COLLECTION, &name, &mut listing)?,
            None => add(MAIN_COLLECTION, &name, &metadata, &mut listing),
        }
    }
    // A disk that was unmounted meanwhile must not empty the index.
    fs::metadata(root)?;
    Ok(listing)
}

fn list_folder(folder: &Path, collection: &str, listing: &mut Listing) -> io::Result<()> {
    for (name, path, metadata) in children(folder, listing)? {
        if metadata.is_dir() {
            list_below(&path, collection, &name, listing)?;
        } else {
            add(collection, &name, &metadata, listing);
        }
    }
    Ok(())
}

/// Lists a folder and those below it, without recursion: folders can be nested deeper than the stack.
fn list_below(folder: &Path, collection: &str, id: &str, listing: &mut Listing) -> io::Result<()> {
    let mut open: Vec<(PathBuf, String)> = vec![(folder.to_path_buf(), id.to_owned())];
    while let Some((folder, id)) = open.pop() {
        for (name, path, metadata) in children(&folder, listing)? {
            let id = format!("{id}/{name}");
            if metadata.is_dir() {
                open.push((path, id));
            } else {
                add(collection, &id, &metadata, listing);
            }
        }
    }
    Ok(())
}

/// Returns files and folders that are neither hidden nor temporary, with their names and metadata.
fn children(folder: &Path, listing: &mut Listing) -> io::Result<Vec<(String, PathBuf, Metadata)>> {
    let mut children = Vec::new();
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(children),
        Err(error) => return Err(io::Error::new(error.kind(), format!("{}: {error}", folder.display()))),
    };
    for entry in entries {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else {
            refuse(&entry.file_name().to_string_lossy(), "its name is not UTF-8", listing);
            continue;
        };
        if is_ignored(&name) {
            continue;
        }
        let metadata = match fs::symlink_metadata(entry.path()) {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            Err(error) => return Err(error),
        };
        if metadata.is_dir() || metadata.is_file() {
            children.push((name, entry.path(), metadata));
        } else {
            refuse(&name, "it is a link or a special file", listing);
        }
    }
    Ok(children)
}

fn add(collection: &str, id: &str, metadata: &Metadata, listing: &mut Listing) {
    match DocumentKey::new(collection, id) {
        Ok(key) => listing.entries.push(entry(key, metadata)),
        Err(error) => _ = listing.refused.insert(error.to_string()),
    }
}

fn refuse(name: &str, reason: &str, listing: &mut Listing) {
    listing.refused.insert(format!("`{}`: {reason}", name.escape_debug()));
}

/// The change time rises with every write, even by programs that set the modification time back.
fn entry(key: DocumentKey, metadata: &Metadata) -> Entry {
    let version = format!(
        "{}.{}.{}.{}.{}.{}",
        metadata.ino(),
        metadata.len(),
        metadata.mtime(),
        metadata.mtime_nsec(),
        metadata.ctime(),
        metadata.ctime_nsec()
    );
    let modified_ms =
        metadata.mtime().saturating_mul(1_000).saturating_add(metadata.mtime_nsec() / 1_000_000);
    Entry { key, bytes: metadata.len(), modified_ms, version: Version(version) }
}

pub(super) fn find(root: &Path, path: &Path, key: &DocumentKey) -> io::Result<Option<Entry>> {
    Ok(file_metadata(root, path)?.map(|metadata| entry(key.clone(), &metadata)))
}

/// Returns the metadata of a file that is reached without a symbolic link; none when there is no such file.
fn file_metadata(root: &Path, path: &Path) -> io::Result<Option<Metadata>> {
    // An absent root is no absent document: the disk may not be mounted.
    fs::metadata(root)?;
    let mut folders: Vec<&Path> = path.ancestors().skip(1).take_while(|folder| *folder != root).collect();
    folders.reverse();
    for folder in folders {
        match fs::symlink_metadata(folder) {
            Ok(metadata) if metadata.is_dir() => {}
            Ok(_) => return Ok(None),
            Err(error) if is_absent(&error) => return Ok(None),
            Err(error) => return Err(error),
        }
    }
    match fs::symlink_metadata(path) {
        Ok(metadata) => Ok(Some(metadata).filter(Metadata::is_file)),
        Err(error) if is_absent(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::InvalidFilename)
}

pub(super) fn read(
    root: &Path,
    path: &Path,
    key: &DocumentKey,
    limit_bytes: u64,
) -> io::Result<Option<Original>> {
    let mut tries = 0;
    loop {
        tries += 1;
        if file_metadata(root, path)?.is_none() {
            return Ok(None);
        }
        let mut file = match File::open(path) {
            Ok(file) => file,
            Err(error) if is_absent(&error) => return Ok(None),
            Err(error) => return Err(error),
        };
        let before = entry(key.clone(), &file.metadata()?);
        let mut bytes = Vec::new();
        (&mut file).take(limit_bytes.saturating_add(1)).read_to_end(&mut bytes)?;
        let is_steady = entry(key.clone(), &file.metadata()?) == before;
        if is_steady || tries >= READ_TRIES {
            let metadata = BTreeMap::new();
            return Ok(Some(Original { entry: before, bytes, metadata, location: None, source_url: None }));
        }
    }
}

/// Lists the notes in a folder, which may not be there; what is being written is none.
pub(super) fn list_notes(folder: &Path) -> io::Result<Vec<String>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if is_absent(&error) => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut names = Vec::new();
    for entry in entries {
        names.extend(entry?.file_name().into_string().ok().filter(|name| !is_ignored(name)));
    }
    Ok(names)
}

pub(super) fn read_note(root: &Path, path: &Path, limit_bytes: u64) -> io::Result<Option<Vec<u8>>> {
    if file_metadata(root, path)?.is_none() {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(limit_bytes).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

/// Writes beside the target and renames, so that readers see the old bytes or the new ones; both steps are synced.
pub(super) fn write(root: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(root);
    make_folders(root, folder)?;
    if fs::symlink_metadata(path).is_ok_and(|metadata| !metadata.is_file()) {
        return Err(ErrorKind::IsADirectory.into());
    }
    let number = WRITES.fetch_add(1, Ordering::Relaxed);
    let writing = folder.join(format!("{WRITING_PREFIX}{}-{number}", std::process::id()));
    let written = write_new(&writing, bytes).and_then(|()| fs::rename(&writing, path));
    if let Err(error) = written {
        // The write failed; a leftover that cannot be removed now is removed at the next start.
        _ = fs::remove_file(&writing);
        return Err(error);
    }
    sync_folder(folder)
}

fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn make_folders(root: &Path, folder: &Path) -> io::Result<()> {
    let mut missing: Vec<&Path> = folder.ancestors().take_while(|folder| *folder != root).collect();
    missing.reverse();
    for folder in missing {
        match fs::symlink_metadata(folder) {
            Ok(metadata) if metadata.is_dir() => continue,
            Ok(_) => return Err(ErrorKind::NotADirectory.into()),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        match fs::create_dir(folder) {
            // Another upload made it in between.
            Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
            _ => sync_folder(folder.parent().unwrap_or(root))?,
        }
    }
    Ok(())
}

fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

pub(super) fn delete(root: &Path, path: &Path) -> io::Result<bool> {
    if file_metadata(root, path)?.is_none() {
        return Ok(false);
    }
    match fs::remove_file(path) {
        Ok(()) => sync_folder(path.parent().unwrap_or(root)).map(|()| true),
        Err(error) if is_absent(&error) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Removes files that a killed process was writing; what cannot be removed stays hidden and harms nobody.
pub(super) fn remove_leftovers(root: &Path) {
    let mut open = vec![root.to_path_buf()];
    while let Some(folder) = open.pop() {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for entry in entries.flatten() {
            let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
            let name = entry.file_name();
            if is_folder && !name.to_string_lossy().starts_with('.') {
                open.push(entry.path());
            } else if name.to_string_lossy().starts_with(WRITING_PREFIX) {
                _ = fs::remove_file(entry.path());
            }
        }
    }
}
