//! A set of questions with the passages that answer them, as files in a folder.

use std::path::Path;

use anyhow::Context;
use serde::Deserialize;

/// A question and what answers it.
#[derive(Clone, Debug, Deserialize)]
pub struct Question {
    /// Its id, unique in the set.
    pub id: String,
    /// The question itself.
    pub question: String,
    /// Passages that answer it; none when the documents do not.
    #[serde(default)]
    pub gold_passages: Vec<String>,
    /// Ids of those passages, in the same order where the set gives them.
    #[serde(default)]
    pub gold_ids: Vec<String>,
    /// Whether the documents answer it.
    #[serde(default)]
    pub answerable: bool,
}

/// A set of questions.
#[derive(Clone, Debug)]
pub struct Set {
    /// Name of the folder, and of the questions' file when it is another one than `questions.jsonl`.
    pub name: String,
    /// The questions, in order of the file.
    pub questions: Vec<Question>,
}

impl Set {
    /// Reads a set's questions, from `questions.jsonl` of the folder or from the file given. A file without answerable
    /// questions gets those of `questions.jsonl` too: refusing is measured against answering.
    ///
    /// # Errors
    /// When the file cannot be read, or a line is no question; the line is named.
    pub fn read(folder: &Path, questions: Option<&Path>) -> anyhow::Result<Self> {
        let usual = folder.join("questions.jsonl");
        let path = questions.unwrap_or(&usual);
        let stem = |path: &Path| path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let folder_name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let variant = stem(path);
        let name = if variant == "questions" { folder_name } else { format!("{folder_name}/{variant}") };
        let mut questions: Vec<Question> = lines(path)?;
        if path != usual && usual.exists() && !questions.iter().any(|question| question.answerable) {
            questions.extend(lines::<Question>(&usual)?.into_iter().filter(|question| question.answerable));
        }
        Ok(Self { name, questions })
    }
}

/// Returns the questions of a file: JSON lines with `question`, or plain lines.
///
/// # Errors
/// When the file cannot be read or holds no question.
pub fn plain_questions(path: &Path) -> anyhow::Result<Vec<String>> {
    #[derive(Deserialize)]
    struct Line {
        question: String,
    }
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let of_line = |line: &str| match serde_json::from_str::<Line>(line) {
        Ok(line) => line.question,
        Err(_) => line.trim().to_owned(),
    };
    let questions: Vec<String> = text.lines().map(of_line).filter(|question| !question.is_empty()).collect();
    anyhow::ensure!(!questions.is_empty(), "{} holds no question", path.display());
    Ok(questions)
}

/// Reads a file of JSON lines.
pub(crate) fn lines<T: for<'a> Deserialize<'a>>(path: &Path) -> anyhow::Result<Vec<T>> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut rows = Vec::new();
    for (place, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let row =
            serde_json::from_str(line).with_context(|| format!("{}, line {}", path.display(), place + 1))?;
        rows.push(row);
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::{Set, plain_questions};

    #[test]
    fn a_set_is_read_and_a_broken_line_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("questions.jsonl");
        std::fs::write(&path, "{\"id\":\"1\",\"question\":\"Who?\",\"answerable\":true}\n\n")
            .expect("written");
        let set = Set::read(folder.path(), None).expect("a set");
        assert_eq!((set.questions.len(), set.questions[0].answerable), (1, true));
        std::fs::write(&path, "{}\n").expect("written");
        let error = Set::read(folder.path(), None).expect_err("no question");
        assert!(error.to_string().ends_with("line 1"), "{error}");
    }

    #[test]
    fn questions_without_an_answerable_one_get_those_of_the_set() {
        let folder = tempfile::tempdir().expect("a folder");
        let line = |id: &str, answerable: bool| {
            format!("{{\"id\":\"{id}\",\"question\":\"Who?\",\"answerable\":{answerable}}}\n")
        };
        let usual = line("1", true) + &line("2", false);
        std::fs::write(folder.path().join("questions.jsonl"), usual).expect("written");
        let cases =
            [("off.jsonl", line("3", false), vec!["3", "1"]), ("on.jsonl", line("4", true), vec!["4"])];
        for (name, text, ids) in cases {
            let path = folder.path().join(name);
            std::fs::write(&path, text).expect("written");
            let set = Set::read(folder.path(), Some(&path)).expect("a set");
            assert_eq!(set.questions.iter().map(|question| question.id.as_str()).collect::<Vec<_>>(), ids);
        }
    }

    #[test]
    fn questions_for_load_may_be_plain_lines() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("q.txt");
        std::fs::write(&path, "When?\n{\"question\":\"Who?\"}\n").expect("written");
        assert_eq!(plain_questions(&path).expect("questions"), ["When?", "Who?"]);
    }
}
