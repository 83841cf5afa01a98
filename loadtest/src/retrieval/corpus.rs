//! A corpus made from a seed. Every part is drawn from a stream of its own, so that any chunk can be made without the others.

use std::ops::Range;

use anyhow::Context;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

use super::words::{Language, Topic};

/// Chunks of one document.
pub const DOCUMENT_CHUNKS: u32 = 20;
/// Directions in which vectors differ beyond noise: embeddings of text have an intrinsic dimension of some tens, however
/// many numbers they hold; much fewer would make approximate search easy, many more would make every search meaningless.
const DIRECTIONS: usize = 96;
/// Deviation of a vector from its cluster's centre, per direction, beside the centres' deviation of 1.
const SPREAD: f32 = 1.3;
/// Length of the noise beside the part that means something, which is about the root of `DIRECTIONS` x (1 + `SPREAD`²).
const NOISE: f32 = 6.0;
const CLUSTER_CHUNKS: u32 = 1_000;
const FEWEST_CLUSTERS: u32 = 10;

/// What makes a corpus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Chunks in all.
    pub chunks: u32,
    /// Numbers in each vector.
    pub dimensions: u32,
    /// Seed of everything random.
    pub seed: u64,
}

/// A corpus: clusters of vectors in few directions, with noise, and text that goes with the clusters.
#[derive(Clone, Debug)]
pub struct Corpus {
    /// What makes it.
    pub shape: Shape,
    /// `DIRECTIONS` vectors of unit length.
    directions: Vec<Vec<f32>>,
    /// Each with `DIRECTIONS` coordinates.
    centres: Vec<Vec<f32>>,
    language: Language,
    topics: Vec<Topic>,
}

/// A query: a vector and words of the same cluster. It is none of the chunks.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    /// Of unit length.
    pub vector: Vec<f32>,
    /// 4 to 7 words.
    pub question: String,
}

/// What a stream of random numbers is for; its place among the streams of the seed.
#[derive(Clone, Copy)]
enum Stream {
    Directions,
    Cluster,
    Document,
    Vector,
    Text,
    Query,
}

impl Corpus {
    /// Makes what chunks have in common.
    ///
    /// # Errors
    /// When the shape or the language is out of range.
    pub fn new(shape: Shape) -> anyhow::Result<Self> {
        let clusters = (shape.chunks / CLUSTER_CHUNKS).max(FEWEST_CLUSTERS);
        let dimensions = usize::try_from(shape.dimensions).context("too many dimensions")?;
        let mut random = stream(shape.seed, Stream::Directions, 0);
        let directions = (0..DIRECTIONS)
            .map(|_| {
                let mut direction = normals(&mut random, dimensions);
                make_unit(&mut direction);
                direction
            })
            .collect();
        let clusters = (0..clusters).map(|cluster| {
            let mut random = stream(shape.seed, Stream::Cluster, cluster);
            (normals(&mut random, DIRECTIONS), Topic::new(&mut random))
        });
        let (centres, topics) = clusters.unzip();
        Ok(Self { shape, directions, centres, language: Language::new()?, topics })
    }

    /// Returns how many documents there are; the last one may be shorter than the others.
    pub fn documents(&self) -> u32 {
        self.shape.chunks.div_ceil(DOCUMENT_CHUNKS)
    }

    /// Returns the numbers of a document's chunks.
    pub fn chunks_of(&self, document: u32) -> Range<u32> {
        document * DOCUMENT_CHUNKS..((document + 1) * DOCUMENT_CHUNKS).min(self.shape.chunks)
    }

    /// Returns a chunk's vector, of unit length.
    pub fn vector(&self, chunk: u32) -> Vec<f32> {
        self.vector_near(self.cluster_of(chunk), &mut self.stream(Stream::Vector, chunk))
    }

    /// Returns a chunk's text.
    pub fn text(&self, chunk: u32) -> String {
        let topic = &self.topics[self.cluster_of(chunk)];
        self.language.chunk(topic, &mut self.stream(Stream::Text, chunk))
    }

    /// Returns a query, counted from 0.
    pub fn query(&self, number: u32) -> Query {
        let mut random = self.stream(Stream::Query, number);
        let cluster = random.random_range(0..self.centres.len());
        let vector = self.vector_near(cluster, &mut random);
        Query { vector, question: self.language.question(&self.topics[cluster], &mut random) }
    }

    /// All chunks of a document are of one cluster.
    fn cluster_of(&self, chunk: u32) -> usize {
        self.stream(Stream::Document, chunk / DOCUMENT_CHUNKS).random_range(0..self.centres.len())
    }

    fn vector_near(&self, cluster: usize, random: &mut ChaCha8Rng) -> Vec<f32> {
        let scale = NOISE / (self.shape.dimensions as f32).sqrt();
        let dimensions = self.directions.first().map_or(0, Vec::len);
        let mut vector = normals(random, dimensions);
        vector.iter_mut().for_each(|number| *number *= scale);
        for (direction, centre) in self.directions.iter().zip(&self.centres[cluster]) {
            let deviation: f32 = StandardNormal.sample(random);
            let coordinate = centre + SPREAD * deviation;
            vector.iter_mut().zip(direction).for_each(|(number, along)| *number += coordinate * along);
        }
        make_unit(&mut vector);
        vector
    }

    fn stream(&self, stream: Stream, number: u32) -> ChaCha8Rng {
        self::stream(self.shape.seed, stream, number)
    }
}

fn stream(seed: u64, stream: Stream, number: u32) -> ChaCha8Rng {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    random.set_stream((stream as u64) << 32 | u64::from(number));
    random
}

fn normals(random: &mut ChaCha8Rng, count: usize) -> Vec<f32> {
    (0..count).map(|_| StandardNormal.sample(random)).collect()
}

fn make_unit(vector: &mut [f32]) {
    let length = vector.iter().map(|number| number * number).sum::<f32>().sqrt();
    vector.iter_mut().for_each(|number| *number /= length);
}

#[cfg(test)]
mod tests {
    use super::{Corpus, Shape};

    fn corpus(seed: u64) -> Corpus {
        Corpus::new(Shape { chunks: 95, dimensions: 64, seed }).unwrap()
    }

    fn cosine(left: &[f32], right: &[f32]) -> f32 {
        left.iter().zip(right).map(|(left, right)| left * right).sum()
    }

    #[test]
    fn the_same_seed_makes_the_same_corpus_and_another_seed_another() {
        let (first, second, other) = (corpus(7), corpus(7), corpus(8));
        // In another order, too.
        for chunk in [94, 3, 50] {
            assert_eq!(first.vector(chunk), second.vector(chunk));
            assert_eq!(first.text(chunk), second.text(chunk));
            assert_ne!(first.vector(chunk), other.vector(chunk));
            assert_ne!(first.text(chunk), other.text(chunk));
        }
        assert_eq!(first.query(5), second.query(5));
        assert_ne!(first.query(5), first.query(6));
    }

    #[test]
    fn the_numbers_do_not_change_between_versions() {
        let vector = corpus(7).vector(3);
        assert_eq!(format!("{:.4} {:.4}", vector[0], vector[63]), "-0.2518 -0.1544");
    }

    #[test]
    fn vectors_are_of_unit_length_and_closer_within_a_document() {
        let corpus = corpus(7);
        let first = corpus.vector(0);
        assert!((cosine(&first, &first) - 1.0).abs() < 1e-5);
        let mean = |chunks: std::ops::Range<u32>| {
            let count = chunks.len() as f32;
            chunks.map(|chunk| cosine(&first, &corpus.vector(chunk))).sum::<f32>() / count
        };
        assert!(mean(1..20) > 0.15, "{}", mean(1..20));
        assert!(mean(1..20) > mean(20..95) + 0.1);
        assert_ne!(corpus.vector(0), corpus.vector(1));
    }

    #[test]
    fn the_last_document_has_what_is_left() {
        let corpus = corpus(7);
        assert_eq!(corpus.documents(), 5);
        assert_eq!((corpus.chunks_of(0), corpus.chunks_of(4)), (0..20, 80..95));
    }
}
