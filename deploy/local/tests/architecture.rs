//! The rules of the tree: who may depend on whom, who may touch what, and how long things may grow.
#![expect(clippy::expect_used, reason = "helpers of tests stop at the first surprise")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

const FILE_LINES: usize = 400;
const LIFECYCLE_LINES: usize = 1_100;
const README_LINES: usize = 40;

/// What each crate may depend on among ours, tests not counted.
const ALLOWED: [(&str, &[&str]); 15] = [
    ("proto", &[]),
    ("connection", &[]),
    ("cost", &[]),
    ("telemetry", &[]),
    ("lifecycle", &["connection", "telemetry"]),
    ("embedding", &[]),
    ("crawl", &[]),
    ("formats", &[]),
    ("pdf", &["formats"]),
    ("gateway", &["proto", "lifecycle"]),
    ("generator", &["proto", "lifecycle"]),
    ("retriever", &["proto", "lifecycle", "embedding"]),
    ("ingestor", &["proto", "lifecycle", "embedding", "crawl", "formats", "pdf"]),
    ("loadtest", &["proto"]),
    ("local", &["gateway", "retriever", "generator", "ingestor", "proto", "lifecycle"]),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the workspace")
}

fn packages() -> Vec<Value> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    metadata["packages"].as_array().expect("packages").clone()
}

/// Returns every file with one of these endings that git tracks or would track, relative to the root.
fn files(endings: &[&str]) -> Vec<(String, String)> {
    let output = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output()
        .expect("git runs");
    let names = String::from_utf8(output.stdout).expect("UTF-8 names");
    let wanted = names.lines().filter(|name| endings.iter().any(|ending| name.ends_with(ending)));
    let read = |name: &str| fs::read_to_string(root().join(name)).ok().map(|text| (name.to_owned(), text));
    let files: Vec<_> = wanted.filter_map(read).collect();
    assert!(!files.is_empty(), "no file ends with {endings:?}");
    files
}

/// Returns the lines of code before the file's tests: no blank lines, no comments.
fn code_lines(text: &str) -> impl Iterator<Item = &str> {
    let lines = text.lines().take_while(|line| !line.starts_with("#[cfg(test)]"));
    lines.map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//"))
}

#[test]
fn crates_depend_only_on_what_the_design_allows() {
    let allowed: BTreeMap<_, _> = ALLOWED.into_iter().collect();
    let packages = packages();
    let ours: BTreeSet<_> = packages.iter().filter_map(|package| package["name"].as_str()).collect();
    assert_eq!(ours, allowed.keys().copied().collect(), "each crate has its line in the table");
    for package in &packages {
        let name = package["name"].as_str().expect("a name");
        for dependency in package["dependencies"].as_array().expect("dependencies") {
            let on = dependency["name"].as_str().expect("a name");
            if dependency["kind"] == "dev" && name == "loadtest" && on == "local" {
                continue;
            }
            let fine = !ours.contains(on) || allowed[name].contains(&on);
            assert!(fine, "{name} must not depend on {on}");
        }
    }
}

#[test]
fn an_outside_service_is_reached_from_one_file_per_use() {
    let allowed = [
        ("aws_sdk_bedrockruntime", &["titan.rs", "bedrock.rs", "bedrock/"][..]),
        ("aws_sdk_textract", &["textract.rs"]),
        ("aws_sdk_s3", &["s3.rs"]),
        ("aws_sdk_sqs", &["sqs.rs"]),
        ("rusqlite", &["embedded.rs", "embedded/"]),
        ("deadpool_postgres", &["postgres.rs", "postgres/"]),
    ];
    for (path, text) in files(&[".rs"]) {
        if path.contains("/tests/") || path.contains("/examples/") {
            continue;
        }
        for (library, places) in allowed {
            let used = code_lines(&text).any(|line| line.contains(&format!("{library}::")));
            let fine = places.iter().any(|place| path.contains(&format!("/{place}")));
            assert!(!used || fine, "{path} uses {library}, which belongs in {places:?}");
        }
    }
}

#[test]
fn only_lifecycle_reads_the_environment_and_spawns_and_only_main_ends_the_process() {
    let bans = ["env::var", "env::vars", "tokio::spawn", "task::spawn(", "process::exit", "process::abort"];
    for (path, text) in files(&[".rs"]) {
        let exempt = path.starts_with("deploy/lifecycle/src/")
            || path.contains("/tests/")
            || path.contains("/examples/")
            || path.ends_with("/main.rs");
        if exempt {
            continue;
        }
        for line in code_lines(&text) {
            let broken = bans.iter().find(|ban| line.contains(*ban));
            assert!(broken.is_none(), "{path}: `{line}` belongs in lifecycle");
        }
    }
}

#[test]
fn services_begin_in_a_main_of_at_most_thirty_lines() {
    for service in ["gateway", "retriever", "generator", "ingestor"] {
        let main = fs::read_to_string(root().join(service).join("src/main.rs")).expect("a main");
        assert!(main.lines().count() <= 30, "{service}/src/main.rs has {} lines", main.lines().count());
    }
}

#[test]
fn files_stay_readable_in_one_sitting() {
    for (path, text) in files(&[".rs", ".ts", ".mjs", ".css", ".py"]) {
        let made = path.contains("/generated/") || path.contains("/dist/");
        assert!(made || text.lines().count() <= FILE_LINES, "{path} has {} lines", text.lines().count());
    }
    for (path, text) in files(&["/README.md"]) {
        assert!(text.lines().count() <= README_LINES, "{path} has {} lines", text.lines().count());
    }
}

#[test]
fn lifecycle_stays_small_and_knows_no_word_of_the_domain() {
    let mut lines = 0;
    for (path, text) in files(&[".rs"]).iter().filter(|(path, _)| path.starts_with("deploy/lifecycle/src/")) {
        lines += code_lines(text).count();
        for word in ["chunk", "question", "prompt", "document", "passage", "answer_"] {
            assert!(!code_lines(text).any(|line| line.contains(word)), "{path} knows what a {word} is");
        }
    }
    assert!(lines < LIFECYCLE_LINES, "lifecycle has {lines} lines of code");
}

#[test]
fn every_folder_says_what_it_is_for() {
    for package in packages() {
        let manifest = PathBuf::from(package["manifest_path"].as_str().expect("a path"));
        let readme = manifest.with_file_name("README.md");
        assert!(readme.exists(), "{} is missing", readme.display());
    }
}
