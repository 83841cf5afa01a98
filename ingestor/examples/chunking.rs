//! Measures reading and cutting over the files of a folder, on one thread, and prints one line of JSON:
//! `chunking FOLDER TARGET_CHARS OVERLAP_CHARS SECONDS`. `loadtest/bench_ingest` runs it beside other programs.
#![expect(clippy::print_stdout, reason = "what it measured is its output")]

use std::error::Error;
use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use ingestor::chunk::{Sizes, chunk};
use ingestor::extract::{Extracted, extract};

/// Nanoseconds on a processor, first of three numbers: other programs on the machine do not count.
const PROCESSOR_TIME: &str = "/proc/self/schedstat";

type NamedBytes = (String, Vec<u8>);

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, target, overlap, seconds] = arguments.as_slice() else {
        return Err("expected FOLDER TARGET_CHARS OVERLAP_CHARS SECONDS".into());
    };
    let target_chars = target.parse()?;
    let sizes = Sizes {
        target_chars,
        max_chars: target_chars,
        min_chars: target_chars / 10,
        overlap_chars: overlap.parse()?,
    };
    let time = Duration::from_secs_f64(seconds.parse()?);
    let files = files(Path::new(folder))?;
    let documents: Vec<Extracted> =
        files.iter().map(|(name, bytes)| extract(name, bytes)).collect::<Result<_, _>>()?;
    let file_bytes: usize = files.iter().map(|(_, bytes)| bytes.len()).sum();
    let text_bytes: usize = documents.iter().map(|document| document.text.len()).sum();
    let chunks: usize = documents.iter().map(|document| chunk(document, &sizes).len()).sum();
    let cut = rate(text_bytes, time, || {
        documents.iter().for_each(|document| drop(black_box(chunk(document, &sizes))));
    })?;
    let read_and_cut = rate(file_bytes, time, || {
        for (name, bytes) in &files {
            drop(black_box(extract(name, bytes).map(|document| chunk(&document, &sizes))));
        }
    })?;
    println!(
        "{}",
        serde_json::json!({"cut": cut, "read_and_cut": read_and_cut, "chunks": chunks, "text_bytes": text_bytes})
    );
    Ok(())
}

/// Returns the files of a folder with their names, in order.
fn files(folder: &Path) -> Result<Vec<NamedBytes>, Box<dyn Error>> {
    let mut paths: Vec<_> =
        fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    paths.sort();
    let read = |path: &std::path::PathBuf| Ok((path.to_string_lossy().into_owned(), fs::read(path)?));
    paths.iter().map(read).collect()
}

/// Repeats a pass over some bytes for some time; returns megabytes (of 1,000,000 bytes) a second of processor time.
fn rate(bytes: usize, time: Duration, mut pass: impl FnMut()) -> Result<f64, Box<dyn Error>> {
    pass();
    let (begun, before) = (Instant::now(), processor_seconds()?);
    let mut passes = 0_u32;
    while passes == 0 || begun.elapsed() < time {
        pass();
        passes += 1;
    }
    Ok(f64::from(passes) * bytes as f64 / 1e6 / (processor_seconds()? - before))
}

fn processor_seconds() -> Result<f64, Box<dyn Error>> {
    let text = fs::read_to_string(PROCESSOR_TIME)?;
    let nanoseconds: f64 = text.split_whitespace().next().unwrap_or_default().parse()?;
    Ok(nanoseconds / 1e9)
}
