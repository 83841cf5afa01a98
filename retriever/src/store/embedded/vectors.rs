//! Search by meaning: the cosine of the question with every vector that may be read. Exact, no index.

use super::snapshot::Entry;

/// Numbers that are multiplied at once; as many sums are kept apart, so that the compiler may use wide registers.
const LANES: usize = 8;

/// Calls `found` with the row and the cosine of each chunk of a document. All vectors are of unit length.
pub(super) fn scan(entry: &Entry, question: &[f32], mut found: impl FnMut(i64, f32)) {
    if question.is_empty() {
        return;
    }
    for (vector, row) in entry.vectors.chunks_exact(question.len()).zip(&entry.chunks) {
        found(*row, dot(vector, question));
    }
}

fn dot(left: &[f32], right: &[f32]) -> f32 {
    let mut sums = [0.0f32; LANES];
    let (left, left_rest) = left.as_chunks::<LANES>();
    let (right, right_rest) = right.as_chunks::<LANES>();
    for (left, right) in left.iter().zip(right) {
        for lane in 0..LANES {
            sums[lane] += left[lane] * right[lane];
        }
    }
    let rest: f32 = left_rest.iter().zip(right_rest).map(|(left, right)| left * right).sum();
    sums.iter().sum::<f32>() + rest
}

#[cfg(test)]
mod tests {
    use super::dot;

    #[test]
    fn every_number_counts_whatever_the_length() {
        for length in [1usize, 7, 8, 9, 16, 65] {
            let numbers: Vec<f32> = (0..length).map(|n| f32::from(u8::try_from(n).unwrap())).collect();
            let expected: f32 = numbers.iter().map(|n| n * n).sum();
            assert!((dot(&numbers, &numbers) - expected).abs() < expected * 1e-6 + 1e-6, "{length}");
        }
    }
}
