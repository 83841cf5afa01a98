//! Further questions to offer after an answer: what the passages that were found and not cited go on to answer.
//! They are taken from the documents as they stand there, in their language; nothing is made up and no model is asked.

use std::collections::BTreeSet;

use unicode_segmentation::UnicodeSegmentation;

use crate::extractive::language::Language;
use crate::extractive::{stopwords, terms};
use crate::prompt::{Passage, Prompt};

/// Questions that are offered, at most.
const MOST_OFFERED: usize = 3;
/// Characters of an offered question. A longer one does not fit on a button, and a click sends it as the visitor's own words.
const CHARACTERS: std::ops::RangeInclusive<usize> = 4..=100;
/// Words of an offered question, at most.
const MOST_WORDS: usize = 18;
/// Lines of a passage that are looked at, at most.
const MOST_LINES: usize = 200;
/// Candidates that are compared with each other, at most.
const MOST_CANDIDATES: usize = 60;

/// Something that may be offered.
struct Candidate {
    text: String,
    words: BTreeSet<String>,
    /// 3 for a question of a document that the answer cites, 2 for another question, 1 and 0 for headings.
    rank: u8,
}

/// Returns up to three further questions, the best first: questions before headings, and those of the cited documents before
/// those of others. `cited` names the passages, by place in the prompt, that the answer used. The same input always gives the
/// same questions; what the visitor asked already, and what the cited passages stand under, is left out.
pub fn follow_ups(prompt: &Prompt, cited: &[usize]) -> Vec<String> {
    if cited.is_empty() {
        return Vec::new();
    }
    let known = prompt.passages.iter().find_map(|passage| Language::from_tag(&passage.language));
    let used: Vec<&Passage> = cited.iter().filter_map(|place| prompt.passages.get(*place)).collect();
    let mut seen = asked(prompt, &used, known);
    let mut candidates = Vec::new();
    for (_, passage) in prompt.passages.iter().enumerate().filter(|(place, _)| !cited.contains(place)) {
        let is_near = used.iter().any(|used| used.title == passage.title);
        collect(passage, is_near, known, &mut candidates);
        if candidates.len() >= MOST_CANDIDATES {
            break;
        }
    }
    // The sort is stable: among equals the better passage stays first.
    candidates.sort_by_key(|candidate| std::cmp::Reverse(candidate.rank));
    let mut offered = Vec::with_capacity(MOST_OFFERED);
    for Candidate { text, words, .. } in candidates {
        if offered.len() < MOST_OFFERED && !seen.iter().any(|seen| is_same(&words, seen)) {
            offered.push(text);
            seen.push(words);
        }
    }
    offered
}

/// Returns the words of what was asked before and of the headings that the answer stands under.
fn asked(prompt: &Prompt, used: &[&Passage], known: Option<Language>) -> Vec<BTreeSet<String>> {
    let history =
        prompt.history.iter().filter(|message| message.is_visitor).map(|message| message.text.as_str());
    let headings = used.iter().flat_map(|passage| passage.heading_path.iter().chain([&passage.title]));
    // The first question of a cited passage is the one that was answered.
    let questions = used.iter().filter_map(|passage| first_question(&passage.text));
    let texts =
        history.chain([prompt.question.as_str()]).chain(headings.map(String::as_str)).chain(questions);
    texts.map(|text| words(text, known)).filter(|words| !words.is_empty()).collect()
}

fn collect(passage: &Passage, is_near: bool, known: Option<Language>, candidates: &mut Vec<Candidate>) {
    let language = Language::from_tag(&passage.language).or(known);
    let mut add = |text: &str| {
        let text = text.trim();
        let words = words(text, language);
        if candidates.len() < MOST_CANDIDATES && may_be_offered(text) && !words.is_empty() {
            let rank = 2 * u8::from(is_question(text)) + u8::from(is_near);
            candidates.push(Candidate { text: text.to_owned(), words, rank });
        }
    };
    first_question(&passage.text).into_iter().for_each(&mut add);
    let lines = passage.text.lines().take(MOST_LINES).map(bare).filter(|line| is_question(line));
    lines.for_each(&mut add);
    if let Some((heading, above)) = passage.heading_path.split_last() {
        let heading = bare(heading);
        let is_single = heading.unicode_words().count() < 2 && !is_question(heading);
        match above.last().map(|above| bare(above)).filter(|_| is_single) {
            Some(above) => add(&format!("{above} – {heading}")),
            None => add(heading),
        }
    }
}

/// Returns a line without the marks of lists, headings and labels such as "Q:".
fn bare(line: &str) -> &str {
    const LABELS: [&str; 8] = ["q:", "question:", "frage:", "f:", "pregunta:", "p:", "q.", "faq:"];
    let is_mark = |c: char| c.is_whitespace() || matches!(c, '#' | '*' | '-' | '•' | '>' | '_');
    let line = line.trim_matches(is_mark);
    let numbered = line.trim_start_matches(|c: char| c.is_ascii_digit());
    let line = numbered.strip_prefix(['.', ')']).filter(|_| numbered.len() < line.len()).unwrap_or(line);
    let label = LABELS
        .iter()
        .find(|label| line.get(..label.len()).is_some_and(|start| start.eq_ignore_ascii_case(label)));
    label.and_then(|label| line.get(label.len()..)).unwrap_or(line).trim_matches(is_mark)
}

/// Returns the question that a passage begins with, as a curated question and its answer do.
fn first_question(text: &str) -> Option<&str> {
    let line = bare(text.lines().find(|line| !line.trim().is_empty())?);
    let end = line
        .char_indices()
        .take(*CHARACTERS.end())
        .find(|(_, c)| matches!(c, '?' | '？' | '؟' | '.' | '!' | '。'))?;
    line.get(..end.0 + end.1.len_utf8()).filter(|question| is_question(question))
}

fn is_question(text: &str) -> bool {
    text.ends_with(['?', '？', '؟'])
}

/// What a click sends is the visitor's message, so nothing but a short line of words is offered.
fn may_be_offered(text: &str) -> bool {
    let is_plain = |c: char| {
        !c.is_control() && !matches!(c, '<' | '>' | '{' | '}' | '[' | ']' | '|' | '`' | '\\' | '@' | '_')
    };
    CHARACTERS.contains(&text.chars().count())
        && text.chars().all(is_plain)
        && text.chars().any(char::is_alphabetic)
        && !text.contains("://")
        && text.split_whitespace().count() <= MOST_WORDS
}

/// Returns the words that carry meaning; all of them where none does.
fn words(text: &str, language: Option<Language>) -> BTreeSet<String> {
    const MOST_COMPARED: usize = 64;
    let language = language.unwrap_or(Language::Other);
    let folded: Vec<String> = text.unicode_words().take(MOST_COMPARED).map(terms::fold).collect();
    let carries = |word: &&String| !stopwords::contains(language, word);
    let singular =
        |word: &String| word.strip_suffix('s').filter(|stem| stem.len() > 2).unwrap_or(word).to_owned();
    let content: BTreeSet<String> = folded.iter().filter(carries).map(singular).collect();
    if content.is_empty() { folded.into_iter().collect() } else { content }
}

/// Returns whether one says little beyond the other: two thirds of its words, or of both together a half.
fn is_same(candidate: &BTreeSet<String>, seen: &BTreeSet<String>) -> bool {
    let shared = candidate.intersection(seen).count();
    let either = candidate.union(seen).count();
    shared * 3 > candidate.len() * 2 || shared * 2 >= either
}

#[cfg(test)]
mod tests {
    use super::{Passage, Prompt, follow_ups};
    use crate::prompt::{Message, Task};
    use proptest::{collection, prop_assert, prop_assert_eq, proptest};

    fn passage(title: &str, headings: &[&str], text: &str) -> Passage {
        let heading_path = headings.iter().map(|heading| (*heading).to_owned()).collect();
        Passage { title: title.to_owned(), heading_path, text: text.to_owned(), ..Passage::default() }
    }

    fn prompt(question: &str, passages: Vec<Passage>) -> Prompt {
        Prompt {
            question: question.to_owned(),
            passages,
            history: Vec::new(),
            language: String::new(),
            max_output_tokens: 100,
            task: Task::Answer,
            earlier: None,
        }
    }

    #[test]
    fn questions_of_the_same_document_come_first_and_headings_last() {
        let passages = vec![
            passage("FAQ", &["Can I try a bicycle before I buy it?"], "Yes. Test rides are free."),
            passage("Terms", &["Returns and refunds"], "Within 30 days."),
            passage("FAQ", &["Do you buy used bicycles?"], "In part exchange."),
            passage("Prices", &[], "How much is a full service? It costs 165 USD."),
            passage("FAQ", &["Gift cards and vouchers"], "From 20 USD."),
        ];
        let asked = prompt("May I take one for a test ride?", passages);
        let expected =
            ["Do you buy used bicycles?", "How much is a full service?", "Gift cards and vouchers"];
        assert_eq!(follow_ups(&asked, &[0]), expected);
        assert_eq!(follow_ups(&asked, &[]), [""; 0], "a refusal offers nothing");
    }

    #[test]
    fn what_was_asked_answered_or_offered_is_not_offered_again() {
        let mut asked = prompt(
            "What are your opening hours?",
            vec![
                passage("Hours", &["Shop on Harbour Street"], "9 to 18."),
                passage("Hours", &["Opening hours"], "9 to 18."),
                passage("Hours", &["The shop on Harbour Street"], "More."),
                passage("FAQ", &[], "Do you repair e-bikes? Yes."),
                passage("FAQ", &[], "Do you repair an e-bike? Yes."),
                passage("FAQ", &["Student discount"], "Ten percent."),
            ],
        );
        assert_eq!(follow_ups(&asked, &[0]), ["Do you repair e-bikes?", "Student discount"]);
        asked
            .history
            .push(Message { is_visitor: true, text: "is there a discount for a student".to_owned() });
        assert_eq!(follow_ups(&asked, &[0]), ["Do you repair e-bikes?"]);
    }

    #[test]
    fn they_stand_in_the_language_of_the_documents() {
        let german = vec![
            passage("Zeiten", &["Laden"], "Montag bis Freitag."),
            passage("Zeiten", &["Versand", "Ausland"], "Fünf Tage."),
            passage("Fragen", &[], "- Kann ich in Raten zahlen?\n- Ja."),
        ];
        let asked = prompt("Wann habt ihr auf?", german);
        assert_eq!(follow_ups(&asked, &[0]), ["Kann ich in Raten zahlen?", "Versand – Ausland"]);
        let chinese = vec![passage("时间", &["营业"], "九点。"), passage("问题", &[], "可以退货吗？可以。")];
        assert_eq!(follow_ups(&prompt("几点开门？", chinese), &[0]), ["可以退货吗？"]);
    }

    #[test]
    fn what_is_no_short_line_of_words_is_not_offered() {
        let long = "word ".repeat(30);
        let bad = [
            "Is <b>this</b> it?",
            "Did you see https://x.example?",
            "12 34?",
            long.as_str(),
            "?",
            "a\u{7}bcd?",
        ];
        let passages =
            bad.iter().map(|heading| passage("A", &[heading], "Text.")).chain([passage("A", &["Used"], "x")]);
        assert_eq!(follow_ups(&prompt("How?", passages.collect()), &[bad.len()]), [""; 0]);
    }

    proptest! {
        #[test]
        fn any_passages_give_at_most_three_short_lines(texts in collection::vec(".{0,80}(\n.{0,80}){0,3}", 1..8), question in ".{1,50}") {
            let passages = texts.iter().map(|text| passage("A", &[text], text)).collect();
            let prompt = prompt(&question, passages);
            let offered = follow_ups(&prompt, &[0, 99]);
            prop_assert!(offered.len() <= 3);
            prop_assert!(offered.iter().all(|text| text.chars().count() <= 100 && !text.contains('\n')));
            prop_assert_eq!(offered, follow_ups(&prompt, &[0, 99]));
        }
    }
}
