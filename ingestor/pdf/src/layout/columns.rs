//! Finds columns and the order in which they are read: the widest empty strip that runs past the most lines parts them.

use super::segments::Segment;

/// Pages with more segments than this are drawings; looking for columns costs the square of their number.
const MOST_SEGMENTS: usize = 900;
/// Segments that a column has at least.
const FEWEST: usize = 3;
/// Columns in columns that are looked for.
const DEPTH: u32 = 12;
/// The narrowest strip between columns, in font sizes.
const STRIP: f32 = 0.7;
/// The narrowest column, in font sizes.
const WIDTH: f32 = 8.0;
/// How far apart baselines of the same row may be, in font sizes.
const LEVEL: f32 = 0.25;
/// The part of its column that running text fills at least, on average.
const FILL: f32 = 0.6;
/// Words that a line of running text has at least, on average.
const WORDS: f32 = 3.5;

/// Returns the columns in reading order, each with its segments from top to bottom.
pub(crate) fn order(segments: Vec<Segment>) -> Vec<Vec<Segment>> {
    let mut flows = Vec::new();
    let mut waiting = vec![(segments, 0)];
    while let Some((mut region, depth)) = waiting.pop() {
        region.sort_by(|a, b| a.top().total_cmp(&b.top()));
        let split = if depth < DEPTH { find(&region) } else { None };
        match split {
            None if region.is_empty() => {}
            None => flows.push(region),
            Some(split) => {
                let [above, left, right, below] = apply(region, &split);
                // The last one that waits is the next one that is looked at.
                waiting.extend([below, right, left, above].map(|part| (part, depth + 1)));
            }
        }
    }
    flows
}

/// An empty strip beside which segments stand on both sides.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Split {
    first: usize,
    last: usize,
    x: f32,
    score: usize,
}

fn apply(region: Vec<Segment>, split: &Split) -> [Vec<Segment>; 4] {
    let mut parts = [const { Vec::new() }; 4];
    let [above, left, right, below] = &mut parts;
    for (place, segment) in region.into_iter().enumerate() {
        match place {
            _ if place < split.first => above.push(segment),
            _ if place > split.last => below.push(segment),
            _ if segment.x0 < split.x => left.push(segment),
            _ => right.push(segment),
        }
    }
    parts
}

fn find(region: &[Segment]) -> Option<Split> {
    if region.len() < 2 * FEWEST || region.len() > MOST_SEGMENTS {
        return None;
    }
    let left = region.iter().map(|segment| segment.x0).fold(f32::MAX, f32::min);
    let right = region.iter().map(|segment| segment.x1).fold(f32::MIN, f32::max);
    let mut best: Option<Split> = None;
    for first in 0..region.len() {
        // What remains cannot beat the best.
        if best.is_some_and(|best| (region.len() - first) / 2 < best.score) {
            break;
        }
        let mut strips = vec![(left, right)];
        for (last, segment) in region.iter().enumerate().skip(first) {
            let before = strips.clone();
            narrow(&mut strips, segment);
            for strip in before
                .iter()
                .filter(|strip| !strips.iter().any(|kept| kept.0 <= strip.1 && kept.1 >= strip.0))
            {
                best = better(best, region, (first, last.saturating_sub(1)), *strip);
            }
            if strips.is_empty() {
                break;
            }
        }
        for strip in strips {
            best = better(best, region, (first, region.len() - 1), strip);
        }
    }
    best
}

/// Takes a segment's span out of the empty strips.
fn narrow(strips: &mut Vec<(f32, f32)>, segment: &Segment) {
    let least = STRIP * segment.size;
    let cut = std::mem::take(strips).into_iter().flat_map(|(left, right)| {
        if segment.x1 <= left || segment.x0 >= right {
            [Some((left, right)), None]
        } else {
            [Some((left, segment.x0)), Some((segment.x1, right))]
        }
    });
    strips.extend(cut.flatten().filter(|(left, right)| right - left >= least));
}

fn better(
    best: Option<Split>,
    region: &[Segment],
    (first, last): (usize, usize),
    strip: (f32, f32),
) -> Option<Split> {
    let within = region.get(first..=last).unwrap_or_default();
    let x = strip.0.midpoint(strip.1);
    let (left, right): (Vec<&Segment>, Vec<&Segment>) = within.iter().partition(|segment| segment.x0 < x);
    let score = left.len().min(right.len());
    if score < FEWEST || best.is_some_and(|best| best.score >= score) || !are_columns(&left, &right) {
        return best;
    }
    Some(Split { first, last, x, score })
}

/// Whether two sides are read one after the other, and not row by row as a table or a form is.
fn are_columns(left: &[&Segment], right: &[&Segment]) -> bool {
    let (few, many) = if left.len() < right.len() { (left, right) } else { (right, left) };
    let level = |a: &Segment, b: &Segment| (a.y - b.y).abs() < LEVEL * a.size;
    let aligned = few.iter().filter(|segment| many.iter().any(|other| level(segment, other))).count();
    let (prose_left, prose_right) = (is_prose(left), is_prose(right));
    if aligned * 10 < few.len() * 7 {
        (prose_left || prose_right) && is_wide(left) && is_wide(right)
    } else {
        prose_left && prose_right
    }
}

/// Bullets and numbers beside paragraphs are no column.
fn is_wide(side: &[&Segment]) -> bool {
    let start = side.iter().map(|segment| segment.x0).fold(f32::MAX, f32::min);
    side.iter().any(|segment| segment.x1 - start >= WIDTH * segment.size)
}

fn is_prose(side: &[&Segment]) -> bool {
    let start = side.iter().map(|segment| segment.x0).fold(f32::MAX, f32::min);
    let end = side.iter().map(|segment| segment.x1).fold(f32::MIN, f32::max);
    let filled: f32 = side.iter().map(|segment| segment.width()).sum();
    let words: f32 =
        side.iter().map(|segment| f32::from(u16::try_from(segment.words).unwrap_or(u16::MAX))).sum();
    let count = f32::from(u16::try_from(side.len()).unwrap_or(u16::MAX));
    filled >= FILL * (end - start) * count && words >= WORDS * count
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str, x0: f32, x1: f32, y: f32) -> Segment {
        let words = u32::try_from(text.split(' ').count()).unwrap();
        let text = text.to_owned();
        Segment { text, words, x0, x1, y, size: 10.0, bold: false, mono: false, turn: 0, hidden: None }
    }

    fn read(segments: Vec<Segment>) -> Vec<Vec<String>> {
        let flows = order(segments);
        flows.into_iter().map(|flow| flow.into_iter().map(|segment| segment.text).collect()).collect()
    }

    fn column(name: &str, x0: f32, x1: f32, lines: u8) -> Vec<Segment> {
        (0..lines)
            .map(|n| line(&format!("{name} {n} of running text"), x0, x1, 130.0 + 12.0 * f32::from(n)))
            .collect()
    }

    #[test]
    fn two_columns_are_read_one_after_the_other_below_their_title() {
        let mut page = vec![line("A title across both columns", 50.0, 400.0, 100.0)];
        page.extend(column("right", 230.0, 400.0, 4));
        page.extend(column("left", 50.0, 215.0, 4));
        page.push(line("A line across both columns at the end", 50.0, 400.0, 300.0));
        let read = read(page);
        assert_eq!(read.len(), 4);
        assert!(read[1].iter().all(|text| text.starts_with("left")), "{read:?}");
        assert!(read[2].iter().all(|text| text.starts_with("right")), "{read:?}");
    }

    #[test]
    fn a_table_of_short_cells_is_no_pair_of_columns() {
        let mut page = Vec::new();
        for n in 0..6_u8 {
            let y = 100.0 + 12.0 * f32::from(n);
            page.push(line("Item", 50.0, 80.0, y));
            page.push(line("12.50", 300.0, 330.0, y));
        }
        assert_eq!(read(page).len(), 1);
    }

    #[test]
    fn one_column_stays_whole() {
        assert_eq!(read(column("only", 50.0, 400.0, 9)).len(), 1);
    }
}
