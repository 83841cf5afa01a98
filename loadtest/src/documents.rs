//! Writes a set's documents where an ingestor can take them in.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Component, Path};

use anyhow::Context;
use serde::Deserialize;

use crate::set;

#[derive(Deserialize)]
struct Passage {
    doc: String,
    text: String,
}

/// Copies the files of the set's `docs` folder; a set without one gets a Markdown file for each document, its passages
/// as paragraphs. Returns how many files were written.
///
/// # Errors
/// When something cannot be read or written, or a document's name leads out of the folder.
pub fn write(set: &Path, out: &Path) -> anyhow::Result<usize> {
    fs::create_dir_all(out).with_context(|| format!("cannot make {}", out.display()))?;
    let docs = set.join("docs");
    if docs.is_dir() {
        return copy(&docs, out);
    }
    let mut documents: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for passage in set::lines::<Passage>(&set.join("corpus.jsonl"))? {
        documents.entry(passage.doc).or_default().push(passage.text);
    }
    for (name, passages) in &documents {
        let name = Path::new(name).with_extension("md");
        let is_plain = name.components().all(|part| matches!(part, Component::Normal(_)));
        anyhow::ensure!(is_plain, "the document name {} leads out of the folder", name.display());
        let path = out.join(name);
        fs::create_dir_all(path.parent().unwrap_or(out))?;
        fs::write(&path, passages.join("\n\n") + "\n")
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(documents.len())
}

/// Writes each passage of the set's `corpus.jsonl` as a document of its own, so that search returns passages as the
/// set counts them. Returns how many files were written.
///
/// # Errors
/// When something cannot be read or written.
pub fn write_passages(set: &Path, out: &Path) -> anyhow::Result<usize> {
    fs::create_dir_all(out).with_context(|| format!("cannot make {}", out.display()))?;
    let passages = set::lines::<Passage>(&set.join("corpus.jsonl"))?;
    for (place, passage) in passages.iter().enumerate() {
        let path = out.join(format!("passage-{place:05}.md"));
        fs::write(&path, passage.text.as_bytes())
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(passages.len())
}

fn copy(from: &Path, to: &Path) -> anyhow::Result<usize> {
    let mut count = 0;
    for entry in fs::read_dir(from).with_context(|| format!("cannot read {}", from.display()))? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            fs::create_dir_all(&target)?;
            count += copy(&entry.path(), &target)?;
        } else {
            let bytes =
                fs::read(entry.path()).with_context(|| format!("cannot read {}", entry.path().display()))?;
            fs::write(&target, bytes).with_context(|| format!("cannot write {}", target.display()))?;
            count += 1;
        }
    }
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::{fs, write, write_passages};

    #[test]
    fn real_documents_are_copied() {
        let (set, out) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
        fs::create_dir_all(set.path().join("docs/sub")).expect("made");
        fs::write(set.path().join("docs/a.csv"), "x").expect("written");
        fs::write(set.path().join("docs/sub/b.md"), "y").expect("written");
        assert_eq!(write(set.path(), out.path()).expect("copied"), 2);
        assert_eq!(fs::read_to_string(out.path().join("sub/b.md")).expect("there"), "y");
    }

    #[test]
    fn passages_become_a_file_for_each_document() {
        let (set, out) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
        let corpus = set.path().join("corpus.jsonl");
        let lines = "{\"doc\":\"a.csv\",\"text\":\"one\"}\n{\"doc\":\"b\",\"text\":\"x\"}\n{\"doc\":\"a.csv\",\"text\":\"two\"}\n";
        fs::write(&corpus, lines).expect("written");
        assert_eq!(write(set.path(), out.path()).expect("written"), 2);
        assert_eq!(fs::read_to_string(out.path().join("a.md")).expect("there"), "one\n\ntwo\n");
        fs::write(&corpus, "{\"doc\":\"../a\",\"text\":\"one\"}\n").expect("written");
        assert!(write(set.path(), out.path()).is_err());
        fs::write(&corpus, "{\"doc\":\"a.md\",\"text\":\"one\"}\n{\"doc\":\"a.md\",\"text\":\"two\"}\n")
            .expect("written");
        let apart = tempfile::tempdir().expect("a folder");
        assert_eq!(write_passages(set.path(), apart.path()).expect("written"), 2);
        assert_eq!(fs::read_to_string(apart.path().join("passage-00001.md")).expect("there"), "two");
    }
}
