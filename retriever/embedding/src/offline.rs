//! An embedder without a model: hashed words and character n-grams. It catches shared words, word families and typing
//! mistakes, no synonyms. The hash is written down here, so vectors stay the same on every machine and version.

use crate::analysis::{Kind, Term, surface};
use crate::embedder::{Embedded, Embedder, Embedding, Error};

/// Id of the rules in this file; any change to them needs another id.
pub const MODEL_ID: &str = "offline-ngram-v1";
/// Numbers in a vector unless a setting says otherwise.
pub const DEFAULT_DIMENSIONS: usize = 512;
/// Fewest and most numbers that make sense.
const DIMENSIONS: std::ops::RangeInclusive<usize> = 64..=4_096;

/// Lengths of the character n-grams, counted with the marks at both ends of the word.
const NGRAMS: std::ops::RangeInclusive<usize> = 3..=4;
/// Weight of all n-grams of a word together, beside 1 for the word itself.
const NGRAMS_WEIGHT: f32 = 0.8;
/// Words of fewer letters are mostly grammar and weigh less; longer ones are mostly rare.
const FULL_LETTERS: f32 = 7.0;
/// Weight of a number, a code, and a pair of characters of a dense script.
const NUMBER_WEIGHT: f32 = 0.8;
const CODE_WEIGHT: f32 = 1.5;
const DENSE_WEIGHT: f32 = 0.7;

/// The offline embedder. Equal texts give equal vectors, on every machine.
#[derive(Clone, Debug)]
pub struct OfflineEmbedder {
    dimensions: usize,
}

impl OfflineEmbedder {
    /// Returns an embedder that makes vectors of 64 to 4,096 numbers; more numbers blur less and cost more memory.
    ///
    /// # Errors
    /// [`Error::Settings`] outside that range.
    pub fn new(dimensions: usize) -> Result<Self, Error> {
        if !DIMENSIONS.contains(&dimensions) {
            let (fewest, most) = (DIMENSIONS.start(), DIMENSIONS.end());
            return Err(Error::Settings(format!("expected {fewest} to {most} dimensions, got {dimensions}")));
        }
        Ok(Self { dimensions })
    }

    /// Returns the vector of one text, of unit length.
    pub fn vector(&self, text: &str) -> Vec<f32> {
        let mut terms = surface(text);
        // Sums of floats depend on their order; of equal terms the first one in the text says what they are.
        terms.sort_by(|left, right| left.text.cmp(&right.text));
        let mut vector = vec![0.0; self.dimensions];
        let mut marked = Vec::new();
        for equal in terms.chunk_by(|left, right| left.text == right.text) {
            let Some(term) = equal.first() else { continue };
            let count = u16::try_from(equal.len()).unwrap_or(u16::MAX);
            self.add(&mut vector, term, weight(term) * (1.0 + f32::from(count).ln()), &mut marked);
        }
        unit(vector)
    }

    /// Adds a term and, where it is a word, its n-grams; `marked` is room for its letters.
    fn add(&self, vector: &mut [f32], term: &Term, weight: f32, marked: &mut Vec<char>) {
        self.put(vector, 'w', term.text.chars(), weight);
        if term.kind != Kind::Word {
            return;
        }
        marked.clear();
        marked.extend(std::iter::once('<').chain(term.text.chars()).chain(std::iter::once('>')));
        let grams = || NGRAMS.flat_map(|length| marked.windows(length));
        let count = u16::try_from(grams().count()).unwrap_or(u16::MAX).max(1);
        let share = weight * NGRAMS_WEIGHT / f32::from(count).sqrt();
        grams().for_each(|gram| self.put(vector, 'g', gram.iter().copied(), share));
    }

    /// Adds a feature at the place and with the sign that its hash gives.
    fn put(&self, vector: &mut [f32], family: char, feature: impl Iterator<Item = char>, weight: f32) {
        let hash = hash(std::iter::once(family).chain(feature));
        let dimensions = self.dimensions as u64;
        // A mask costs a fraction of a division.
        let place = if dimensions.is_power_of_two() {
            (hash >> 1) & (dimensions - 1)
        } else {
            (hash >> 1) % dimensions
        };
        let place = usize::try_from(place).unwrap_or_default();
        let sign = if hash & 1 == 0 { 1.0 } else { -1.0 };
        if let Some(number) = vector.get_mut(place) {
            *number += sign * weight;
        }
    }
}

impl Embedder for OfflineEmbedder {
    fn model_id(&self) -> &str {
        MODEL_ID
    }

    fn dimensions(&self) -> usize {
        self.dimensions
    }

    fn embed<'a>(&'a self, texts: &'a [&'a str]) -> Embedding<'a> {
        Box::pin(async move {
            Ok(Embedded { vectors: texts.iter().map(|text| self.vector(text)).collect(), tokens: 0 })
        })
    }
}

fn weight(term: &Term) -> f32 {
    match term.kind {
        Kind::Word => {
            let letters = u8::try_from(term.text.chars().count()).unwrap_or(u8::MAX);
            let share = (f32::from(letters) / FULL_LETTERS).min(1.0);
            share * share
        }
        Kind::Number => NUMBER_WEIGHT,
        Kind::Code | Kind::Joined => CODE_WEIGHT,
        Kind::Dense => DENSE_WEIGHT,
    }
}

/// FNV-1a's factor, and its fourth power: an ASCII character has three more bytes, which are 0.
const PRIME: u64 = 0x0000_0100_0000_01b3;
const PRIME_4: u64 = PRIME.wrapping_mul(PRIME).wrapping_mul(PRIME).wrapping_mul(PRIME);

/// FNV-1a over the characters' code points, then the finaliser of `MurmurHash3` so that every bit counts.
fn hash(feature: impl Iterator<Item = char>) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for character in feature {
        let [first, rest @ ..] = u32::from(character).to_le_bytes();
        if character.is_ascii() {
            hash = (hash ^ u64::from(first)).wrapping_mul(PRIME_4);
            continue;
        }
        hash = (hash ^ u64::from(first)).wrapping_mul(PRIME);
        for byte in rest {
            hash = (hash ^ u64::from(byte)).wrapping_mul(PRIME);
        }
    }
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    hash ^ (hash >> 33)
}

fn unit(mut vector: Vec<f32>) -> Vec<f32> {
    let length = vector.iter().map(|number| number * number).sum::<f32>().sqrt();
    if length > f32::EPSILON {
        vector.iter_mut().for_each(|number| *number /= length);
    } else if let Some(first) = vector.first_mut() {
        // A text without words: some fixed direction, because a vector of zeros has no cosine.
        *first = 1.0;
    }
    vector
}
