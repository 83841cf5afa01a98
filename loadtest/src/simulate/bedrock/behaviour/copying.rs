//! The model that copies: sentences of the passages that share the most words with the question, each with its mark.

use std::collections::{HashMap, HashSet};

use super::super::tokens::{sentences, words};
use super::passage::{Passage, passages};
use super::{Conversation, Model, question};

/// Sentences with less of the question than this part of what the best one has are left out.
const LEAST_OF_BEST: f64 = 0.5;
/// A shorter word without a digit says nothing about the subject.
const LEAST_LETTERS: usize = 4;

struct Sentence<'a> {
    number: &'a str,
    text: &'a str,
    words: HashSet<String>,
}

/// Returns the best sentences, best first, or the model's refusal when none has a word of the question.
pub(super) fn copy(model: &Model, conversation: &Conversation) -> String {
    let passages: Vec<Passage> = conversation.blocks().flat_map(|block| passages(&block.text)).collect();
    let asked: HashSet<String> = words(&question(conversation)).filter(|word| says_something(word)).collect();
    let sentences: Vec<Sentence<'_>> = passages.iter().flat_map(|passage| of(passage, &asked)).collect();
    // A word that stands in few sentences says more.
    let mut frequencies: HashMap<&str, f64> = HashMap::new();
    for word in sentences.iter().flat_map(|sentence| &sentence.words) {
        *frequencies.entry(word).or_default() += 1.0;
    }
    let all = f64::from(u32::try_from(sentences.len()).unwrap_or(u32::MAX));
    let weight =
        |word: &String| frequencies.get(word.as_str()).map_or(0.0, |within| (1.0 + all / within).ln());
    let mut scored: Vec<(f64, &Sentence<'_>)> =
        sentences.iter().map(|sentence| (sentence.words.iter().map(weight).sum(), sentence)).collect();
    // Stable: of two that are as good the first stays first.
    scored.sort_by(|(one, _), (other, _)| other.total_cmp(one));
    let best = scored.first().map_or(0.0, |(score, _)| *score);
    let chosen = scored.iter().filter(|(score, _)| *score > 0.0 && *score >= best * LEAST_OF_BEST);
    let cited = chosen.take(model.sentences).map(|(_, sentence)| {
        format!("{} {}", sentence.text, model.mark.replace("{number}", sentence.number))
    });
    let answer: Vec<String> = cited.collect();
    if answer.is_empty() { model.refusal.clone() } else { answer.join(" ") }
}

fn of<'a>(passage: &'a Passage, asked: &HashSet<String>) -> impl Iterator<Item = Sentence<'a>> {
    sentences(&passage.text).map(move |text| Sentence {
        number: &passage.number,
        text,
        words: words(text).filter(|word| asked.contains(word)).collect(),
    })
}

fn says_something(word: &str) -> bool {
    word.chars().count() >= LEAST_LETTERS || word.chars().any(char::is_numeric)
}

#[cfg(test)]
mod tests {
    use super::super::tests::conversation;
    use super::{Model, copy};

    const PASSAGES: &str = "<passage number=\"1\" title=\"Shop\">We sell bread. The shop opens at nine.</passage>\
                            <passage number=\"2\">On Sunday the shop opens at ten. Dogs are welcome.</passage>";

    #[test]
    fn the_sentences_that_answer_are_copied_with_their_marks() {
        let model = Model::default();
        let asked = conversation("Cite.", &[&format!("{PASSAGES}\nWhen does the shop open on Sunday?")]);
        let expected = "On Sunday the shop opens at ten. [2]";
        assert_eq!(copy(&model, &asked), expected);
        let in_system = conversation(PASSAGES, &["When does the shop open on Sunday?"]);
        assert_eq!(copy(&model, &in_system), expected);
        let marked = Model { mark: "(see {number})".to_owned(), sentences: 1, ..Model::default() };
        let dogs = conversation(PASSAGES, &["Are dogs welcome?"]);
        assert_eq!(copy(&marked, &dogs), "Dogs are welcome. (see 2)");
    }

    #[test]
    fn without_a_word_in_common_it_refuses() {
        let model = Model::default();
        for asked in [conversation(PASSAGES, &["Who is your accountant?"]), conversation("", &["The shop?"])]
        {
            assert_eq!(copy(&model, &asked), "I do not know.");
        }
    }
}
