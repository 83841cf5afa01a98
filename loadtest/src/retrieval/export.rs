//! Writes a corpus to files, so that other systems can be measured with the very same.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;

use anyhow::Context;
use serde::Serialize;
use serde_json::json;

use super::corpus::{Corpus, DOCUMENT_CHUNKS};
use super::exact::{Exact, kind_of, shelf_of};

/// What was written.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Exported {
    /// Rows of `vectors.f32` and lines of `texts.jsonl`.
    pub chunks: u32,
    /// Numbers in a row.
    pub dimensions: u32,
    /// Rows of `queries.f32` and lines of `queries.jsonl`.
    pub queries: u32,
}

/// Writes to a folder:
///
/// - `vectors.f32`: a row for each chunk, in their order; little-endian numbers of 32 bits, nothing else;
/// - `texts.jsonl`: a line for each chunk: `text`, and `kind` and `shelf` of its document;
/// - `queries.f32`: the same for the queries;
/// - `queries.jsonl`: a line for each query: `question`, and the ten closest chunks: `none` among all, `narrow` among those
///   of shelf 0, `wide` among those of kind `md`.
///
/// # Errors
/// When a file cannot be written.
pub fn write(corpus: &Corpus, queries: u32, out: &Path) -> anyhow::Result<Exported> {
    fs::create_dir_all(out).with_context(|| format!("cannot make {}", out.display()))?;
    let chunks = corpus.shape.chunks;
    rows(&out.join("vectors.f32"), (0..chunks).map(|chunk| corpus.vector(chunk)))?;
    rows(&out.join("queries.f32"), (0..queries).map(|number| corpus.query(number).vector))?;
    lines(
        &out.join("texts.jsonl"),
        (0..chunks).map(|chunk| {
            let document = chunk / DOCUMENT_CHUNKS;
            let (kind, shelf) = (kind_of(document), shelf_of(document).to_string());
            json!({ "text": corpus.text(chunk), "kind": kind, "shelf": shelf })
        }),
    )?;
    lines(&out.join("queries.jsonl"), Exact::search(corpus, queries)?.0)?;
    Ok(Exported { chunks, dimensions: corpus.shape.dimensions, queries })
}

fn rows(path: &Path, rows: impl Iterator<Item = Vec<f32>>) -> anyhow::Result<()> {
    let mut file = create(path)?;
    for row in rows {
        let bytes: Vec<u8> = row.into_iter().flat_map(f32::to_le_bytes).collect();
        file.write_all(&bytes)?;
    }
    Ok(file.flush()?)
}

fn lines<Line: Serialize>(path: &Path, lines: impl IntoIterator<Item = Line>) -> anyhow::Result<()> {
    let mut file = create(path)?;
    for line in lines {
        serde_json::to_writer(&mut file, &line)?;
        file.write_all(b"\n")?;
    }
    Ok(file.flush()?)
}

fn create(path: &Path) -> anyhow::Result<BufWriter<File>> {
    let file = File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(BufWriter::new(file))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::corpus::Shape;
    use super::super::exact::Exact;
    use super::{Corpus, write};

    #[test]
    fn files_hold_what_the_corpus_is() {
        let corpus = Corpus::new(Shape { chunks: 45, dimensions: 64, seed: 4 }).unwrap();
        let folder = tempfile::tempdir().unwrap();
        write(&corpus, 3, folder.path()).unwrap();
        let bytes = fs::read(folder.path().join("vectors.f32")).unwrap();
        assert_eq!(bytes.len(), 45 * 64 * 4);
        let (numbers, _) = bytes[44 * 64 * 4..].as_chunks::<4>();
        let last: Vec<f32> = numbers.iter().map(|number| f32::from_le_bytes(*number)).collect();
        assert_eq!(last, corpus.vector(44));
        let texts = fs::read_to_string(folder.path().join("texts.jsonl")).unwrap();
        assert_eq!(texts.lines().count(), 45);
        let first: serde_json::Value = serde_json::from_str(texts.lines().next().unwrap()).unwrap();
        assert_eq!((first["kind"].as_str(), first["shelf"].as_str()), (Some("md"), Some("0")));
        assert_eq!(first["text"], corpus.text(0));
        let exact = Exact::read(&folder.path().join("queries.jsonl")).unwrap();
        assert_eq!(exact, Exact::search(&corpus, 3).unwrap());
    }
}
