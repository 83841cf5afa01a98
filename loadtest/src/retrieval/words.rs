//! Text that is distributed as real text is: function words everywhere, other words by Zipf's law, and each topic's own.

use rand::Rng;
use rand_chacha::ChaCha8Rng;
use rand_distr::Distribution;
use rand_distr::weighted::WeightedAliasIndex;

/// Words in the language.
const VOCABULARY: usize = 20_000;
/// Words that belong to a topic.
const TOPIC_WORDS: usize = 40;
/// Share of a chunk's words that are its topic's.
const TOPIC_SHARE: f64 = 0.25;
/// The same of a question, which has few other words.
const TOPIC_SHARE_OF_QUESTIONS: f64 = 0.6;
const CHUNK_WORDS: usize = 80;
const SENTENCE_WORDS: usize = 16;
/// The most frequent words of English are its function words, which a search leaves out.
const FUNCTION_WORDS: [&str; 30] = [
    "the", "of", "and", "to", "in", "a", "is", "that", "for", "it", "as", "was", "with", "be", "by", "on",
    "not", "he", "his", "but", "at", "are", "this", "have", "from", "or", "had", "an", "they", "which",
];
const ONSETS: [&str; 14] = ["b", "d", "f", "g", "k", "l", "m", "n", "p", "r", "s", "t", "v", "z"];
const VOWELS: [&str; 5] = ["a", "e", "i", "o", "u"];

/// How often each word of the vocabulary is used: the n-th most frequent one 1/n as often as the first (Zipf's law).
#[derive(Clone, Debug)]
pub struct Language(WeightedAliasIndex<f32>);

/// The words of one topic, as ranks in the vocabulary.
#[derive(Clone, Debug)]
pub struct Topic(Vec<usize>);

impl Language {
    /// Returns the language.
    ///
    /// # Errors
    /// When the weights do not fit together.
    pub fn new() -> anyhow::Result<Self> {
        let weights = (1..=VOCABULARY).map(|rank| 1.0 / rank as f32).collect();
        Ok(Self(WeightedAliasIndex::new(weights)?))
    }

    /// Writes the text of a chunk: 80 words in sentences.
    pub fn chunk(&self, topic: &Topic, random: &mut ChaCha8Rng) -> String {
        let mut text = String::new();
        for place in 1..=CHUNK_WORDS {
            text += &self.word(topic, TOPIC_SHARE, random);
            text += if place % SENTENCE_WORDS == 0 { ". " } else { " " };
        }
        text.trim_end().to_owned()
    }

    /// Writes a question of 4 to 7 words.
    pub fn question(&self, topic: &Topic, random: &mut ChaCha8Rng) -> String {
        let words = random.random_range(4..=7);
        let words: Vec<String> =
            (0..words).map(|_| self.word(topic, TOPIC_SHARE_OF_QUESTIONS, random)).collect();
        words.join(" ")
    }

    fn word(&self, topic: &Topic, topic_share: f64, random: &mut ChaCha8Rng) -> String {
        let is_of_topic = random.random_bool(topic_share);
        spell(if is_of_topic {
            topic.0[random.random_range(0..topic.0.len())]
        } else {
            self.0.sample(random)
        })
    }
}

impl Topic {
    /// Draws a topic's words from the rarer part of the vocabulary.
    pub fn new(random: &mut ChaCha8Rng) -> Self {
        Self((0..TOPIC_WORDS).map(|_| random.random_range(500..VOCABULARY)).collect())
    }
}

/// Spells a word of the vocabulary by its rank, counted from 0: function words first, then syllables.
fn spell(rank: usize) -> String {
    if let Some(word) = FUNCTION_WORDS.get(rank) {
        return (*word).to_owned();
    }
    let mut rest = rank;
    let mut word = String::new();
    for _ in 0..3 {
        word += ONSETS[rest % ONSETS.len()];
        rest /= ONSETS.len();
        word += VOWELS[rest % VOWELS.len()];
        rest /= VOWELS.len();
    }
    word
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use rand::SeedableRng;

    use super::{ChaCha8Rng, Language, Topic, VOCABULARY, spell};

    #[test]
    fn every_word_of_the_vocabulary_is_spelt_differently() {
        let words: BTreeSet<String> = (0..VOCABULARY).map(spell).collect();
        assert_eq!(words.len(), VOCABULARY);
    }

    #[test]
    fn chunks_share_frequent_words_and_the_words_of_their_topic() {
        let mut random = ChaCha8Rng::seed_from_u64(1);
        let language = Language::new().unwrap();
        let (topic, other) = (Topic::new(&mut random), Topic::new(&mut random));
        let mut holding = |topic: &Topic, word: &str| {
            let texts = (0..200).map(|_| language.chunk(topic, &mut random));
            texts.filter(|text| text.split(' ').any(|part| part.trim_end_matches('.') == word)).count()
        };
        assert!(holding(&topic, "the") > 190);
        let own = spell(topic.0[0]);
        assert!(holding(&topic, &own) > 40);
        assert!(holding(&other, &own) < 10);
    }

    #[test]
    fn a_chunk_has_80_words_and_a_question_4_to_7() {
        let mut random = ChaCha8Rng::seed_from_u64(2);
        let (language, topic) = (Language::new().unwrap(), Topic::new(&mut random));
        for _ in 0..100 {
            assert_eq!(language.chunk(&topic, &mut random).split(' ').count(), 80);
            assert!((4..=7).contains(&language.question(&topic, &mut random).split(' ').count()));
        }
    }
}
