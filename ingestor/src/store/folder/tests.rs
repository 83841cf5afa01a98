use std::collections::BTreeSet;
use std::fs;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;

use super::{Changes, DocumentKey, DocumentStore, Folder, Original, StoreError};

fn key(collection: &str, id: &str) -> DocumentKey {
    DocumentKey::new(collection, id).expect("valid")
}

fn folder() -> (tempfile::TempDir, Folder) {
    let home = tempfile::tempdir().expect("temporary folder");
    let folder = Folder::open(home.path()).expect("opens");
    (home, folder)
}

async fn names(folder: &Folder) -> BTreeSet<String> {
    let listing = folder.list().await.expect("lists");
    listing.entries.iter().map(|entry| entry.key.to_string()).collect()
}

#[tokio::test]
async fn files_are_documents_and_at_folders_are_collections() {
    let (home, folder) = folder();
    for path in ["a.txt", "sub/deep/b c.md", "@internal/x.md", "@internal/sub/ü.txt", "sub/@odd/y.txt"] {
        let path = home.path().join(path);
        fs::create_dir_all(path.parent().expect("has one")).expect("makes folders");
        fs::write(path, "text").expect("writes");
    }
    for path in [".hidden", "a.txt~", ".git/config", "@Bad/x.txt"] {
        let path = home.path().join(path);
        fs::create_dir_all(path.parent().expect("has one")).expect("makes folders");
        fs::write(path, "text").expect("writes");
    }
    std::os::unix::fs::symlink("/etc/passwd", home.path().join("link.txt")).expect("links");
    let expected = ["a.txt", "sub/deep/b c.md", "@internal/x.md", "@internal/sub/ü.txt", "sub/@odd/y.txt"];
    assert_eq!(names(&folder).await, expected.map(str::to_owned).into());
    let refused = folder.list().await.expect("lists").refused;
    assert_eq!(refused.len(), 2, "{refused:?}");
}

#[tokio::test]
async fn what_is_written_is_read_replaced_and_deleted() {
    let (_home, folder) = folder();
    let key = key("internal", "new/folder/a.txt");
    folder.write(&key, b"one".to_vec()).await.expect("writes");
    let first = folder.find(&key).await.expect("looks").expect("is there");
    folder.write(&key, b"two".to_vec()).await.expect("writes");
    let Original { entry: second, bytes, .. } =
        folder.read(&key, 100).await.expect("reads").expect("is there");
    assert_eq!(bytes, b"two");
    assert_ne!(first.version, second.version);
    assert_eq!(
        folder.read(&key, 1).await.expect("reads").expect("is there").bytes,
        b"tw",
        "cut after the limit"
    );
    assert!(folder.delete(&key).await.expect("deletes"));
    assert!(!folder.delete(&key).await.expect("deletes"));
    assert!(folder.read(&key, 100).await.expect("reads").is_none());
}

#[tokio::test]
async fn a_link_leads_nowhere_and_an_occupied_name_is_refused() {
    let (home, folder) = folder();
    let outside = tempfile::tempdir().expect("temporary folder");
    fs::write(outside.path().join("secret.txt"), "secret").expect("writes");
    std::os::unix::fs::symlink(outside.path(), home.path().join("out")).expect("links");
    let secret = key("", "out/secret.txt");
    assert!(folder.read(&secret, 100).await.expect("reads").is_none());
    assert!(!folder.delete(&secret).await.expect("deletes"));
    assert!(matches!(folder.write(&secret, Vec::new()).await, Err(StoreError::Occupied(_))));
    fs::create_dir(home.path().join("taken.txt")).expect("makes a folder");
    assert!(matches!(folder.write(&key("", "taken.txt"), Vec::new()).await, Err(StoreError::Occupied(_))));
    assert_eq!(fs::read_to_string(outside.path().join("secret.txt")).expect("reads"), "secret");
}

#[tokio::test]
async fn a_missing_folder_is_an_error_and_not_an_empty_one() {
    let (home, folder) = folder();
    fs::remove_dir_all(home.path()).expect("removes");
    assert!(folder.list().await.is_err());
    assert!(folder.find(&key("", "a.txt")).await.is_err());
}

#[tokio::test]
async fn an_interrupted_write_leaves_nothing_behind() {
    let (home, _folder) = folder();
    fs::create_dir(home.path().join("sub")).expect("makes a folder");
    let leftover = home.path().join("sub/.writing-1-1");
    fs::write(&leftover, "half").expect("writes");
    Folder::open(home.path()).expect("opens");
    assert!(!leftover.exists());
}

#[tokio::test]
async fn a_change_is_noticed_and_reading_is_not() {
    let (home, folder) = folder();
    fs::write(home.path().join("a.txt"), "one").expect("writes");
    let changed = Arc::new(Notify::new());
    let (changes, _notices) = Changes::new(Arc::clone(&changed));
    let _watch = folder.watch(changes).expect("watches");
    folder.read(&key("", "a.txt"), 100).await.expect("reads");
    fs::create_dir(home.path().join("sub")).expect("makes a folder");
    tokio::time::timeout(Duration::from_secs(10), changed.notified()).await.expect("notices the folder");
    fs::write(home.path().join("a.txt"), "two").expect("writes");
    tokio::time::timeout(Duration::from_secs(10), changed.notified()).await.expect("notices the file");
}
