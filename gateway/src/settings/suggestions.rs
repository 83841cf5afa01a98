//! The questions that a chat offers before the first one is asked.

use lifecycle::Reader;

const MOST: usize = 8;
const CHARACTERS: usize = 200;

/// Reads `GATEWAY_SUGGESTIONS`: at most 8 questions of at most 200 characters, separated by line ends or `|`; default none.
pub(super) fn read(reader: &mut Reader) -> Vec<String> {
    const NAME: &str = "GATEWAY_SUGGESTIONS";
    let text = reader.text(NAME, "");
    let questions = text.split(['\n', '|']).map(str::trim).filter(|question| !question.is_empty());
    let questions: Vec<String> = questions.map(str::to_owned).collect();
    if questions.len() > MOST {
        reader.mistake(NAME, format!("expected at most {MOST} questions, got {}", questions.len()));
    }
    let wrong =
        |question: &&String| question.chars().count() > CHARACTERS || question.chars().any(char::is_control);
    if let Some(place) = questions.iter().position(|question| wrong(&question)) {
        reader.mistake(
            NAME,
            format!("expected plain text of at most {CHARACTERS} characters, question {} differs", place + 1),
        );
    }
    questions
}

#[cfg(test)]
mod tests {
    use super::{Reader, read};

    fn check(text: &str) -> Result<Vec<String>, Vec<String>> {
        let mut reader = Reader::from_pairs([("GATEWAY_SUGGESTIONS", text)]);
        let questions = read(&mut reader);
        reader.finish(&["GATEWAY_"]).map(|_| questions).map_err(|mistakes| mistakes.0)
    }

    #[test]
    fn questions_stand_on_lines_or_between_bars() {
        let both = vec!["When are you open?".to_owned(), "Do you repair?".to_owned()];
        assert_eq!(check("When are you open?|Do you repair?"), Ok(both.clone()));
        assert_eq!(check("\n When are you open?\r\n\nDo you repair? \n"), Ok(both));
        assert_eq!(check(""), Ok(Vec::new()));
        assert_eq!(check(&"ä".repeat(200)).map(|questions| questions.len()), Ok(1));
        for (wrong, told) in [
            ("x|".repeat(9), "at most 8"),
            ("x".repeat(201), "question 1"),
            ("x|a\tb".to_owned(), "question 2"),
        ] {
            let mistakes = check(&wrong).expect_err("too much");
            assert!(mistakes.len() == 1 && mistakes[0].contains(told), "{mistakes:?}");
        }
    }
}
