//! Finds the files that a command names, and the documents that they become.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::Trouble;
use crate::document::{DocumentKey, InvalidName, is_ignored};

/// A file that becomes a document, or the reason why it cannot.
#[derive(Debug)]
pub(super) struct Candidate {
    pub(super) path: PathBuf,
    pub(super) key: Result<DocumentKey, InvalidName>,
    /// Its length when it was found.
    pub(super) bytes: u64,
}

/// Returns the files at these paths, in order of name. A file keeps its name, a folder's files their paths inside it.
pub(super) fn find(paths: &[PathBuf], collection: Option<&str>) -> Result<Vec<Candidate>, Trouble> {
    let mut found = Vec::new();
    for path in paths {
        let metadata = fs::metadata(path).map_err(|error| trouble(path, error))?;
        if metadata.is_dir() {
            let start = found.len();
            find_below(path, path, collection, &mut found)?;
            if let Some(added) = found.get_mut(start..) {
                added.sort_by(|left: &Candidate, right: &Candidate| left.path.cmp(&right.path));
            }
        } else {
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            found.push(Candidate {
                path: path.clone(),
                key: DocumentKey::new(collection.unwrap_or(""), &name),
                bytes: metadata.len(),
            });
        }
    }
    Ok(found)
}

fn find_below(
    root: &Path,
    folder: &Path,
    collection: Option<&str>,
    found: &mut Vec<Candidate>,
) -> Result<(), Trouble> {
    let mut open = vec![folder.to_path_buf()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).map_err(|error| trouble(&folder, error))? {
            let entry = entry.map_err(|error| trouble(&folder, error))?;
            let kind = entry.file_type().map_err(|error| trouble(&entry.path(), error))?;
            if is_ignored(&entry.file_name().to_string_lossy()) {
                continue;
            }
            if kind.is_dir() {
                open.push(entry.path());
            } else if kind.is_file() {
                let path = entry.path();
                let key = key_below(root, &path, collection);
                let bytes = match entry.metadata() {
                    Ok(metadata) => metadata.len(),
                    // It vanished in between.
                    Err(error) if error.kind() == ErrorKind::NotFound => continue,
                    Err(error) => return Err(trouble(&path, error)),
                };
                found.push(Candidate { path, key, bytes });
            }
        }
    }
    Ok(())
}

/// A folder `@name` right below the root names the collection, unless the command does.
fn key_below(root: &Path, path: &Path, collection: Option<&str>) -> Result<DocumentKey, InvalidName> {
    let inside = path.strip_prefix(root).unwrap_or(path);
    let parts: Vec<String> = inside.iter().map(|part| part.to_string_lossy().into_owned()).collect();
    let named = parts.first().filter(|_| parts.len() > 1).and_then(|first| first.strip_prefix('@'));
    let below = parts.get(1..).unwrap_or_default();
    match (named, collection) {
        (Some(named), None) => DocumentKey::new(named, &below.join("/")),
        (Some(_), Some(collection)) => DocumentKey::new(collection, &below.join("/")),
        (None, collection) => DocumentKey::new(collection.unwrap_or(""), &parts.join("/")),
    }
}

pub(super) fn trouble(path: &Path, error: std::io::Error) -> Trouble {
    Trouble::File { path: path.display().to_string(), error }
}

#[cfg(test)]
mod tests {
    use super::find;

    #[test]
    fn a_folder_keeps_its_paths_and_a_file_its_name() {
        let home = tempfile::tempdir().expect("temporary folder");
        for path in ["a.txt", "sub/b.md", "@internal/c.txt", ".hidden", "sub/d.txt~"] {
            let path = home.path().join(path);
            std::fs::create_dir_all(path.parent().expect("has one")).expect("makes folders");
            std::fs::write(path, "text").expect("writes");
        }
        let names = |paths: &[std::path::PathBuf], collection| -> Vec<String> {
            let found = find(paths, collection).expect("finds");
            found.into_iter().map(|candidate| candidate.key.expect("valid").to_string()).collect()
        };
        let root = [home.path().to_path_buf()];
        assert_eq!(names(&root, None), ["@internal/c.txt", "a.txt", "sub/b.md"]);
        assert_eq!(names(&root, Some("x")), ["@x/c.txt", "@x/a.txt", "@x/sub/b.md"]);
        assert_eq!(names(&[home.path().join("sub/b.md")], None), ["b.md"]);
        assert!(find(&[home.path().join("missing")], None).is_err());
    }
}
