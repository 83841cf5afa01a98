//! The commands on a real file.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use clap::Parser;

use super::{KeysArguments, Trouble, carry_out};
use crate::keys::{Entry, now_s, read};

#[derive(Debug, Parser)]
struct Line {
    #[command(flatten)]
    keys: KeysArguments,
}

fn run(file: &Path, words: &str) -> Result<serde_json::Value, Trouble> {
    let line = Line::try_parse_from(format!("gateway --json {words}").split(' ')).expect("right usage");
    let mut out = Vec::new();
    carry_out(line.keys.action, file, line.keys.json, &mut out)?;
    Ok(serde_json::from_slice(&out).expect("JSON"))
}

fn only(file: &Path) -> Entry {
    read(file).expect("a right file").pop().expect("one key")
}

fn text(value: &serde_json::Value) -> &str {
    value.as_str().expect("text")
}

const SITE: &str = "create site --name shop --origin https://shop.example";

#[test]
fn a_key_is_shown_once_and_stored_as_its_hash_in_a_file_of_its_owner() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("keys.json");
    let made = run(&file, &format!("{SITE} --identity --per-minute 60")).expect("made");
    let stored = std::fs::read_to_string(&file).expect("a file");
    let key = text(&made["key"]);
    assert!(key.starts_with("sbc_site_") && !stored.contains(key), "{stored}");
    assert!(stored.contains(&hex::encode(super::digest(key))));
    assert_eq!(std::fs::metadata(&file).expect("a file").permissions().mode() & 0o777, 0o600);
    assert_eq!(text(&made["identity_secret"]).len(), 64);
    let listed = run(&file, "list").expect("listed");
    let (first, shown) = (&listed[0], listed.to_string());
    assert_eq!((text(&first["state"]), &first["quota"]["per_minute"]), ("valid", &serde_json::json!(60)));
    let secrets = [key, text(&made["identity_secret"]), &hex::encode(super::digest(key))];
    assert!(secrets.iter().all(|secret| !shown.contains(secret)), "{shown}");
}

#[test]
fn a_rotated_key_keeps_its_id_and_the_old_one_opens_until_the_overlap_is_over() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("keys.json");
    let first = run(&file, SITE).expect("made");
    let id = text(&first["id"]);
    let second = run(&file, &format!("rotate {id} --overlap-hours 2")).expect("rotated");
    assert_eq!(first["id"], second["id"]);
    let entry = only(&file);
    let previous = entry.previous.expect("the old one");
    assert_eq!(previous.sha256, hex::encode(super::digest(text(&first["key"]))));
    assert!((now_s() + 7_100..=now_s() + 7_200).contains(&previous.until_s));
    // By the key itself, as one does with a key that was found somewhere.
    run(&file, &format!("rotate {} --overlap-hours 0", text(&second["key"]))).expect("rotated");
    assert_eq!(only(&file).previous, None);
    run(&file, &format!("revoke {id}")).expect("revoked");
    assert!(only(&file).revoked_s.is_some());
    assert_eq!(text(&run(&file, "list").expect("listed")[0]["state"]), "revoked");
}

#[test]
fn every_mistake_has_its_sentence_and_exit_code() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("keys.json");
    for (words, code, told) in [
        ("list", 1, "`gateway keys create` makes one"),
        ("revoke 01234567", 1, "`gateway keys create` makes one"),
        ("create site --name shop", 2, "needs the origins"),
        ("create site --name shop --origin https://shop.example/", 2, "as browsers send it"),
        ("create site --name shop --origin https://shop.example:443", 2, "as browsers send it"),
        ("create site --name shop --origin https://Shop.example", 2, "as browsers send it"),
        ("create site --name shop --origin https://bücher.example", 2, "as browsers send it"),
        ("create site --name shop --origin *", 2, "as browsers send it"),
        ("create site --name shop --origin https://shop.example --scope search", 2, "may only chat"),
        ("create secret --name a --origin https://shop.example", 2, "has no origins"),
        ("create secret --name a --identity", 2, "at a site key only"),
        ("create secret --name a --collection Main", 2, "a-z 0-9"),
        ("create secret --name <b>", 2, "the name"),
    ] {
        let trouble = run(&file, words).expect_err(words);
        assert!(trouble.to_string().contains(told), "{words}: {trouble}");
        assert_eq!(trouble.exit_code(), code, "{words}: {trouble}");
        assert!(!file.exists(), "{words}");
    }
    let made = run(&file, "create secret --name a --scope chat,search --expires-days 1").expect("made");
    let (id, key) = (text(&made["id"]), text(&made["key"]));
    for (words, code, told) in [
        ("revoke 01234567".to_owned(), 3, "no key"),
        (format!("revoke {}", &key[..key.len() - 1]), 2, "cut off"),
        (format!("rotate {id} --identity"), 2, "only a site key"),
    ] {
        let trouble = run(&file, &words).expect_err(&words);
        assert!(trouble.to_string().contains(told) && trouble.exit_code() == code, "{words}: {trouble}");
        assert!(!trouble.to_string().contains(&key[..20]), "{trouble}");
    }
    run(&file, &format!("revoke {id}")).expect("revoked");
    for words in [format!("revoke {id}"), format!("rotate {id}")] {
        assert_eq!(run(&file, &words).expect_err(&words).exit_code(), 3);
    }
    std::fs::write(&file, r#"{"version":1,"keys":[{"id":"canary"}]}"#).expect("written");
    let trouble = run(&file, "list").expect_err("malformed");
    assert!(trouble.exit_code() == 1 && !trouble.to_string().contains("canary"), "{trouble}");
}

#[test]
fn commands_at_the_same_time_lose_no_key() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("keys.json");
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| run(&file, SITE).expect("made"));
        }
    });
    assert_eq!(read(&file).expect("a right file").len(), 8);
}
