//! Puts the segments of one column on rows.

use super::direction;
use super::segments::Segment;

/// Segments beside each other, from left to right.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row {
    pub(crate) segments: Vec<Segment>,
    pub(crate) y: f32,
    pub(crate) size: f32,
}

impl Row {
    pub(crate) fn x0(&self) -> f32 {
        self.segments.first().map_or(0.0, |segment| segment.x0)
    }

    pub(crate) fn x1(&self) -> f32 {
        self.segments.iter().map(|segment| segment.x1).fold(f32::MIN, f32::max)
    }

    pub(crate) fn text(&self) -> String {
        let texts: Vec<&str> = self.segments.iter().map(|segment| segment.text.as_str()).collect();
        if texts.iter().any(|text| direction::runs_left(text)) {
            texts.into_iter().rev().collect::<Vec<_>>().join(" ")
        } else {
            texts.join(" ")
        }
    }

    pub(crate) fn all(&self, is: impl Fn(&Segment) -> bool) -> bool {
        self.segments.iter().all(is)
    }
}

/// Rows from top to bottom.
pub(crate) fn rows(mut segments: Vec<Segment>) -> Vec<Row> {
    segments.sort_by(|a, b| a.y.total_cmp(&b.y));
    let mut rows: Vec<Vec<Segment>> = Vec::new();
    for segment in segments {
        match rows.last_mut() {
            Some(row) if row.first().is_some_and(|first| first.is_beside(&segment)) => row.push(segment),
            _ => rows.push(vec![segment]),
        }
    }
    rows.into_iter()
        .filter_map(|mut segments| {
            segments.sort_by(|a, b| a.x0.total_cmp(&b.x0));
            let main = segments.iter().max_by_key(|segment| segment.text.len())?;
            let (y, size) = (main.y, main.size);
            Some(Row { segments, y, size })
        })
        .collect()
}
