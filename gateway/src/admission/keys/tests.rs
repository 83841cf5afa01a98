//! Finding keys, and what happens to those that are open when the file changes.

use std::path::Path;

use super::{Entry, Keyring, Keys, digest, now_s};
use crate::keys::{Kind, Previous, Quota, Scope};

// printf %s secret | sha256sum
const SECRET: &str = "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b";

fn entry(id: &str, key: &str) -> Entry {
    Entry {
        id: id.to_owned(),
        kind: Kind::Secret,
        name: "back".to_owned(),
        sha256: hex::encode(digest(key)),
        previous: None,
        created_s: 1,
        expires_s: None,
        revoked_s: None,
        collections: vec!["main".to_owned()],
        scopes: vec![Scope::Chat],
        origins: Vec::new(),
        quota: Quota::default(),
        identity_secret: None,
    }
}

fn write(file: &Path, keys: &[Entry]) {
    let new = file.with_extension("new");
    std::fs::write(&new, serde_json::json!({ "version": 1, "keys": keys }).to_string()).expect("written");
    std::fs::rename(new, file).expect("renamed");
}

#[test]
fn a_key_of_the_setting_opens_its_collections_and_nothing_else_does() {
    let keys = Keys::parse(&format!("{}=x, {SECRET}=main+shop", "0".repeat(64))).expect("right");
    let ring = Keyring::open(keys, None).expect("no file");
    let found = ring.find("secret").expect("known").holder;
    assert_eq!(found.number(), 2);
    assert_eq!(**found.collections(), ["main".to_owned(), "shop".to_owned()]);
    assert!(Scope::ALL.into_iter().all(|scope| found.check_scope(scope).is_ok()));
    for wrong in ["", "Secret", "secret ", "secre", SECRET] {
        assert!(ring.find(wrong).is_none(), "{wrong}");
    }
}

#[test]
fn what_is_no_list_of_keys_is_refused() {
    for wrong in ["secret", "secret=main", &format!("{SECRET}="), &format!("{SECRET}=Main"), &SECRET[..63]] {
        assert!(Keys::parse(wrong).is_err(), "{wrong}");
    }
    assert!(Keys::parse("").expect("no key").is_empty());
}

#[tokio::test]
async fn a_changed_file_ends_what_it_takes_away_and_nothing_else() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("keys.json");
    let (stays, goes, narrows) = (entry("0a000001", "a"), entry("0a000002", "b"), entry("0a000003", "c"));
    write(&file, &[stays.clone(), goes.clone(), narrows.clone()]);
    let ring = Keyring::open(Keys::none(), Some(file.clone())).expect("a right file");
    assert!(ring.is_needed());
    let [a, b, c] = ["a", "b", "c"].map(|key| ring.find(key).expect("known"));
    let revoked = Entry { revoked_s: Some(5), ..goes };
    let narrowed = Entry { collections: vec!["shop".to_owned()], ..narrows };
    // The key is rotated; who came with the old one stays until the overlap is over.
    let old = Previous { sha256: stays.sha256.clone(), until_s: now_s() + 1_000 };
    let rotated = Entry { sha256: hex::encode(digest("new a")), previous: Some(old), ..stays };
    write(&file, &[rotated.clone(), revoked, narrowed]);
    ring.refresh().await;
    assert!(!a.gone.is_cancelled() && b.gone.is_cancelled() && c.gone.is_cancelled());
    assert!(ring.find("a").is_some() && ring.find("new a").is_some() && ring.find("b").is_none());
    assert_eq!(**ring.find("c").expect("known").holder.collections(), ["shop".to_owned()]);
    let over = Previous { until_s: now_s() - 1, ..rotated.previous.clone().expect("the old one") };
    write(&file, &[Entry { previous: Some(over), ..rotated.clone() }]);
    ring.refresh().await;
    assert!(a.gone.is_cancelled() && ring.find("a").is_none() && ring.find("new a").is_some());
    let new = ring.find("new a").expect("known");
    std::fs::write(&file, "nonsense").expect("written");
    ring.refresh().await;
    std::fs::remove_file(&file).expect("removed");
    ring.refresh().await;
    assert!(!new.gone.is_cancelled() && ring.find("new a").is_some(), "a broken file takes nothing away");
    write(&file, &[Entry { expires_s: Some(now_s() - 1), ..rotated }]);
    ring.refresh().await;
    assert!(new.gone.is_cancelled() && ring.find("new a").is_none() && ring.holder(0x0a00_0001).is_none());
}
