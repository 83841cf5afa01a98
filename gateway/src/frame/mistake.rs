//! What is wrong with JSON, told without any of it. It knows the sentences of `serde_json` and no frame.

/// Sentences that quote the request: its values, or names in it that nobody knows.
const QUOTING: [&str; 4] = ["invalid type: ", "invalid value: ", "unknown field ", "unknown variant "];
/// What follows a quotation; it names only what this program knows.
const ENDS: [&str; 2] = [", expected ", ", there are no "];
/// Longest sentence.
const CHARACTERS: usize = 400;

/// Returns what is wrong and where. Errors travel further than the request that they are about, into consoles and logs of
/// others, so whatever a visitor wrote stays out of them.
pub(super) fn told(error: &serde_json::Error) -> String {
    without_quotation(&error.to_string()).chars().take(CHARACTERS).collect()
}

fn without_quotation(sentence: &str) -> String {
    let is_quoting = QUOTING.iter().any(|beginning| sentence.starts_with(beginning));
    let begin = sentence.find(['`', '"']).filter(|_| is_quoting);
    // A quotation may hold the same words, so the last ones count.
    let end = ENDS.iter().filter_map(|end| sentence.rfind(end)).max();
    let around = begin.zip(end).filter(|(begin, end)| begin < end);
    match around.and_then(|(begin, end)| sentence.get(..begin).zip(sentence.get(end..))) {
        Some((before, after)) => format!("{}{after}", before.trim_end()),
        None => sentence.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::without_quotation;

    #[test]
    fn nothing_of_a_request_is_quoted() {
        for (sentence, told) in [
            (
                r#"invalid type: string "a, expected b", expected a boolean at line 1 column 9"#,
                "invalid type: string, expected a boolean at line 1 column 9",
            ),
            ("invalid type: integer `4539`, expected a string", "invalid type: integer, expected a string"),
            ("invalid value: integer `-1`, expected u64", "invalid value: integer, expected u64"),
            ("unknown field `a`, expected one of `b`, `c`", "unknown field, expected one of `b`, `c`"),
            ("unknown field `a`, there are no fields", "unknown field, there are no fields"),
            ("unknown variant `a`, expected `b` or `c`", "unknown variant, expected `b` or `c`"),
            ("missing field `message`", "missing field `message`"),
            ("invalid type: null, expected a string", "invalid type: null, expected a string"),
        ] {
            assert_eq!(without_quotation(sentence), told);
        }
    }
}
