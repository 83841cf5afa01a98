//! Drops running headers, footers and page numbers: what stands at the edge of many pages, digits aside.

use std::collections::{HashMap, HashSet};

use super::Sheet;
use super::rows::{Row, rows};
use super::segments::Segment;

/// The part of a page at its top, and at its bottom, in which headers and footers stand.
const MARGIN: f32 = 0.18;
/// How far the same header may move between pages, in points.
const DRIFT: f32 = 4.0;
/// The distance to the next line that sets off a header, in font sizes.
const SET_OFF: f32 = 1.9;
/// Pages of a document whose places can be compared.
const FEWEST_PAGES: usize = 5;
/// Lines that a header or footer has at most.
const LINES: usize = 4;

/// Removes what is repeated.
pub(crate) fn remove(sheets: &mut [Sheet]) {
    let repeated = repeated(sheets);
    let places = header_places(sheets);
    let pages = sheets.len();
    for sheet in sheets {
        let mut dropped: HashSet<(u32, u32)> = HashSet::new();
        for edge in edges(sheet) {
            // A line further in is part of a header only if everything further out is.
            if let Some(row) = set_off(&edge).filter(|row| places.contains(&place_of(row, sheet.height))) {
                dropped.extend(row.segments.iter().map(place));
            }
            for row in edge.iter().take(LINES) {
                let known = |segment: &Segment| {
                    let number = pages > 1 && is_page_number(&segment.text);
                    number || key(segment, sheet.height).is_some_and(|key| repeated.contains(&key))
                };
                if !row.all(known) {
                    break;
                }
                dropped.extend(row.segments.iter().map(place));
            }
        }
        sheet
            .segments
            .retain(|segment| !is_considered(segment, sheet.height) || !dropped.contains(&place(segment)));
    }
}

fn place(segment: &Segment) -> (u32, u32) {
    (segment.x0.to_bits(), segment.y.to_bits())
}

/// The lines at the top from the edge inwards, and those at the bottom.
fn edges(sheet: &Sheet) -> [Vec<Row>; 2] {
    let within = |top: bool| {
        let in_margin = |segment: &&Segment| key(segment, sheet.height).is_some_and(|key| key.0 == top);
        rows(sheet.segments.iter().filter(in_margin).cloned().collect())
    };
    let mut bottom = within(false);
    bottom.reverse();
    [within(true), bottom]
}

type Key = (bool, i32, String);

/// Keys that stand on enough pages.
fn repeated(sheets: &[Sheet]) -> HashSet<Key> {
    let mut pages: HashMap<Key, usize> = HashMap::new();
    for sheet in sheets {
        let own: HashSet<Key> =
            sheet.segments.iter().filter_map(|segment| key(segment, sheet.height)).collect();
        for key in own {
            *pages.entry(key).or_default() += 1;
        }
    }
    let enough = sheets.len().clamp(2, 3);
    pages.into_iter().filter(|(_, count)| *count >= enough).map(|(key, _)| key).collect()
}

/// Where most pages have a line of their own, set off from the rest: a header that changes with each chapter.
fn header_places(sheets: &[Sheet]) -> HashSet<Place> {
    let mut pages: HashMap<Place, usize> = HashMap::new();
    for sheet in sheets {
        for edge in edges(sheet) {
            if let Some(row) = set_off(&edge) {
                *pages.entry(place_of(row, sheet.height)).or_default() += 1;
            }
        }
    }
    let most = |count: usize| sheets.len() >= FEWEST_PAGES && count * 5 >= sheets.len() * 3;
    pages.into_iter().filter(|(_, count)| most(*count)).map(|(place, _)| place).collect()
}

type Place = (bool, i32);

fn place_of(row: &Row, height: f32) -> Place {
    (row.y < height / 2.0, rounded(row.y))
}

/// The outermost line, if the next one is further away than lines of a paragraph are.
fn set_off(edge: &[Row]) -> Option<&Row> {
    let [row, rest @ ..] = edge else { return None };
    let apart = |next: &Row| (next.y - row.y).abs() > SET_OFF * row.size;
    rest.first().is_none_or(apart).then_some(row)
}

fn is_considered(segment: &Segment, height: f32) -> bool {
    segment.turn == 0 && segment.hidden.is_none() && (0.0..=height).contains(&segment.y)
}

/// Side, place and text of a segment in a margin.
fn key(segment: &Segment, height: f32) -> Option<Key> {
    let top = segment.y < height * MARGIN;
    let in_margin = top || segment.y > height * (1.0 - MARGIN);
    (in_margin && is_considered(segment, height))
        .then(|| (top, rounded(segment.y), without_digits(&segment.text)))
}

#[expect(clippy::cast_possible_truncation, reason = "the place lies on the page, which is checked before")]
fn rounded(y: f32) -> i32 {
    (y / DRIFT).round() as i32
}

/// Numbers become one mark, as a page number grows.
fn without_digits(text: &str) -> String {
    let mut marked = String::with_capacity(text.len());
    for character in text.chars() {
        if !character.is_numeric() {
            marked.push(character);
        } else if !marked.ends_with('#') {
            marked.push('#');
        }
    }
    if is_roman(text) { "#".to_owned() } else { marked }
}

fn is_roman(text: &str) -> bool {
    !text.is_empty() && text.len() <= 6 && text.chars().all(|c| matches!(c, 'i' | 'v' | 'x' | 'l' | 'c'))
}

/// A number alone, in digits or as front matter has it.
fn is_page_number(text: &str) -> bool {
    let bare = text.trim_matches(|c: char| matches!(c, '-' | '–' | '—' | ' ' | '|' | '[' | ']'));
    is_roman(bare) || !bare.is_empty() && bare.len() <= 4 && bare.chars().all(|c| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str, y: f32) -> Segment {
        let text = text.to_owned();
        Segment {
            text,
            words: 1,
            x0: 50.0,
            x1: 200.0,
            y,
            size: 10.0,
            bold: false,
            mono: false,
            turn: 0,
            hidden: None,
        }
    }

    fn left(pages: &[&[(&str, f32)]]) -> Vec<Vec<String>> {
        let sheet = |(number, lines): (u32, &&[(&str, f32)])| {
            let segments = lines.iter().map(|(text, y)| line(text, *y)).collect();
            Sheet { number, height: 800.0, segments, ..Sheet::default() }
        };
        let mut sheets: Vec<Sheet> = (1..).zip(pages).map(sheet).collect();
        remove(&mut sheets);
        sheets
            .into_iter()
            .map(|sheet| sheet.segments.into_iter().map(|segment| segment.text).collect())
            .collect()
    }

    #[test]
    fn headers_and_page_numbers_are_dropped() {
        let pages: [&[(&str, f32)]; 3] = [
            &[("Manual, page 1", 40.0), ("Opening hours", 300.0), ("1", 780.0)],
            &[("Manual, page 2", 40.0), ("Prices", 300.0), ("2", 780.0)],
            &[("Manual, page 3", 40.0), ("Contact", 300.0), ("3", 780.0)],
        ];
        assert_eq!(left(&pages), [["Opening hours"], ["Prices"], ["Contact"]]);
    }

    #[test]
    fn a_header_that_changes_is_dropped_by_its_place() {
        let names = ["One", "Two", "Three", "Four", "Five"];
        let pages: Vec<[(&str, f32); 3]> =
            names.iter().map(|name| [(*name, 40.0), ("begins", 70.0), ("goes on", 82.0)]).collect();
        let pages: Vec<&[(&str, f32)]> = pages.iter().map(|page| &page[..]).collect();
        assert!(left(&pages).iter().all(|page| page.len() == 2));
    }

    #[test]
    fn repeated_text_below_what_is_not_repeated_stays() {
        let pages: [&[(&str, f32)]; 2] = [
            &[("Part one", 40.0), ("All rights reserved", 60.0)],
            &[("Part two", 40.0), ("All rights reserved", 60.0)],
        ];
        assert_eq!(left(&pages), [["Part one", "All rights reserved"], ["Part two", "All rights reserved"]]);
    }

    #[test]
    fn a_single_page_keeps_everything() {
        let pages: [&[(&str, f32)]; 1] = [&[("Invoice", 40.0), ("7", 780.0)]];
        assert_eq!(left(&pages), [["Invoice", "7"]]);
    }
}
