//! Finds tables: rows whose cells stand below each other with empty strips between the columns.

use super::rows::Row;
use super::segments::Segment;

/// Rows with several cells that a table has at least; two suffice where there are three columns.
const FEWEST: usize = 3;
/// Rows that are taken at once; no page has more.
const MOST: usize = 150;
/// The narrowest strip between columns, in font sizes.
const STRIP: f32 = 0.6;
/// Where the columns are nearer than this, in font sizes, gaps in running text may meet by chance: more rows must agree.
const NEAR: f32 = 1.1;
const MANY: usize = 6;
/// A wider distance between rows, in font sizes, ends a table.
const APART: f32 = 4.5;
/// How well the cells of a column line up, in font sizes.
const LINED_UP: f32 = 0.7;

/// Cells of each row in the order of the columns.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Table {
    pub(crate) header: Vec<String>,
    pub(crate) rows: Vec<Vec<String>>,
}

/// Returns the table with which `rows` begin, and how many rows it takes. A caption above is none of its rows: what follows
/// it has more columns.
pub(crate) fn leading(rows: &[Row]) -> Option<(Table, usize)> {
    let (table, taken, columns) = beginning(rows)?;
    let without_first = rows.get(1..).and_then(beginning).map_or(0, |(_, _, columns)| columns);
    (columns >= without_first).then_some((table, taken))
}

fn beginning(rows: &[Row]) -> Option<(Table, usize, usize)> {
    let first = rows.first().filter(|row| row.segments.len() > 1)?;
    let mut strips: Vec<(f32, f32)> = vec![(f32::MIN, f32::MAX)];
    let mut taken = 0;
    let mut full = 0;
    let mut kept = Vec::new();
    let mut previous = first;
    for row in rows.iter().take(MOST) {
        if row.y - previous.y > APART * row.size.max(previous.size) || is_leader(row) {
            break;
        }
        let narrowed = narrow(&strips, row);
        let between = inner(&narrowed, rows.get(..=taken).unwrap_or_default());
        // A line across the columns ends the table; so does one that closes a column that several rows had.
        if between.is_empty() || row.segments.len() == 1 && full >= 2 && between.len() < kept.len() {
            break;
        }
        strips = narrowed;
        taken += 1;
        if row.segments.len() > 1 {
            full += 1;
            kept = between;
        }
        previous = row;
    }
    let mut taken_rows = rows.get(..taken)?;
    while let [rest @ .., last] = taken_rows
        && last.segments.len() == 1
        && !kept.iter().any(|strip| last.x0() >= strip.1)
    {
        taken_rows = rest;
    }
    let edges: Vec<f32> = kept.iter().map(|strip| strip.0.midpoint(strip.1)).collect();
    let near = kept.iter().any(|strip| strip.1 - strip.0 < NEAR * first.size);
    let enough = if near { full >= MANY } else { full >= FEWEST || full == 2 && edges.len() >= 2 };
    (enough && lines_up(taken_rows, &edges))
        .then(|| (build(taken_rows, &edges), taken_rows.len(), edges.len()))
}

/// The strips that no segment of the row touches.
fn narrow(strips: &[(f32, f32)], row: &Row) -> Vec<(f32, f32)> {
    let mut strips = strips.to_vec();
    for segment in &row.segments {
        let cut = std::mem::take(&mut strips).into_iter().flat_map(|(left, right)| {
            if segment.x1 <= left || segment.x0 >= right {
                [Some((left, right)), None]
            } else {
                [Some((left, segment.x0)), Some((segment.x1, right))]
            }
        });
        strips.extend(cut.flatten().filter(|(left, right)| right - left >= STRIP * segment.size));
    }
    strips
}

/// The strips that have cells on both sides.
fn inner(strips: &[(f32, f32)], rows: &[Row]) -> Vec<(f32, f32)> {
    let cells = || rows.iter().flat_map(|row| &row.segments);
    let has_both = |strip: &&(f32, f32)| {
        cells().any(|cell| cell.x1 <= strip.0) && cells().any(|cell| cell.x0 >= strip.1)
    };
    strips.iter().filter(has_both).copied().collect()
}

/// A line of a table of contents, whose dots lead to a page number.
pub(crate) fn is_leader(row: &Row) -> bool {
    row.segments.iter().any(|segment| segment.text.contains("....") || segment.text.contains(". . . "))
}

fn column_of(segment: &Segment, edges: &[f32]) -> usize {
    let middle = segment.middle();
    edges.iter().filter(|edge| middle > **edge).count()
}

/// Whether most cells of each column but the first share their left end, their right end or their middle.
fn lines_up(rows: &[Row], edges: &[f32]) -> bool {
    (1..=edges.len()).all(|column| {
        let cells: Vec<&Segment> = rows
            .iter()
            .flat_map(|row| &row.segments)
            .filter(|cell| column_of(cell, edges) == column)
            .collect();
        let best = [Segment::left, Segment::right, Segment::middle].map(|place| most_together(&cells, place));
        let best = best.into_iter().max().unwrap_or(0);
        !cells.is_empty() && best * 2 >= cells.len()
    })
}

/// How many cells at most have the same place.
fn most_together(cells: &[&Segment], place: fn(&Segment) -> f32) -> usize {
    let mut places: Vec<(f32, f32)> = cells.iter().map(|cell| (place(cell), LINED_UP * cell.size)).collect();
    places.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut first = 0;
    let mut most = 0;
    for (last, (at, near)) in places.iter().enumerate() {
        while places.get(first).is_some_and(|start| at - start.0 > *near) {
            first += 1;
        }
        most = most.max(last + 1 - first);
    }
    most
}

fn build(rows: &[Row], edges: &[f32]) -> Table {
    let pitches: Vec<f32> = rows
        .windows(2)
        .filter_map(|pair| Some((pair.get(1)?.y - pair.first()?.y) / pair.first()?.size))
        .collect();
    let widest = pitches.iter().copied().fold(0.0, f32::max);
    let mut cells: Vec<Vec<String>> = Vec::new();
    let mut previous: Option<&Row> = None;
    for row in rows {
        let own = cells_of(row, edges);
        let close = previous.is_some_and(|before| {
            let pitch = (row.y - before.y) / row.size;
            pitch < 1.45 && pitch * 1.2 < widest
        });
        let starts_small =
            own.iter().find(|cell| !cell.is_empty()).is_some_and(|cell| cell.starts_with(char::is_lowercase));
        let goes_on = own.first().is_some_and(String::is_empty) && (close || starts_small)
            || close && own.iter().any(String::is_empty);
        match cells.last_mut().filter(|_| goes_on) {
            Some(before) => before.iter_mut().zip(own).for_each(|(cell, more)| append(cell, &more)),
            None => cells.push(own),
        }
        previous = Some(row);
    }
    let headed = cells.len() > 1 && is_header(rows, &cells);
    let header = if headed { cells.remove(0) } else { Vec::new() };
    Table { header, rows: cells }
}

fn cells_of(row: &Row, edges: &[f32]) -> Vec<String> {
    let mut cells = vec![String::new(); edges.len() + 1];
    for segment in &row.segments {
        if let Some(cell) = cells.get_mut(column_of(segment, edges)) {
            append(cell, &segment.text);
        }
    }
    cells
}

fn append(cell: &mut String, more: &str) {
    if !cell.is_empty() && !more.is_empty() {
        cell.push(' ');
    }
    cell.push_str(more);
}

/// Whether the first row names the columns: bold above what is not, or words above numbers, with no cell empty.
fn is_header(rows: &[Row], cells: &[Vec<String>]) -> bool {
    let [first, rest @ ..] = rows else { return false };
    let bold = first.all(|cell| cell.bold) && !rest.iter().all(|row| row.all(|cell| cell.bold));
    let numeric = |cell: &String| cell.chars().any(|c| c.is_ascii_digit());
    let [names, body @ ..] = cells else { return false };
    let words = !names.iter().any(numeric)
        && body.iter().filter(|row| row.iter().any(numeric)).count() * 2 > body.len();
    bold || words && names.iter().all(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::super::rows::rows;
    use super::*;

    fn cell(text: &str, x0: f32, x1: f32, y: f32) -> Segment {
        let text = text.to_owned();
        Segment { text, words: 1, x0, x1, y, size: 10.0, bold: false, mono: false, turn: 0, hidden: None }
    }

    fn prices() -> Vec<Segment> {
        let mut cells = vec![cell("Item", 50.0, 80.0, 100.0), cell("Price", 200.0, 230.0, 100.0)];
        for (n, (item, price)) in
            [("Nut", "0.10"), ("Bolt", "0.25"), ("Washer", "0.05")].into_iter().enumerate()
        {
            let y = 114.0 + 14.0 * f32::from(u8::try_from(n).unwrap());
            cells.push(cell(item, 50.0, 90.0, y));
            cells.push(cell(price, 208.0, 230.0, y));
        }
        cells
    }

    #[test]
    fn cells_below_each_other_are_a_table_with_its_header() {
        let (table, taken) = leading(&rows(prices())).unwrap();
        assert_eq!(taken, 4);
        assert_eq!(table.header, ["Item", "Price"]);
        assert_eq!(table.rows, [["Nut", "0.10"], ["Bolt", "0.25"], ["Washer", "0.05"]]);
    }

    #[test]
    fn a_line_across_the_columns_ends_the_table() {
        let mut cells = prices();
        cells.push(cell("All prices are in euros and include value added tax", 50.0, 330.0, 170.0));
        assert_eq!(leading(&rows(cells)).unwrap().1, 4);
    }

    #[test]
    fn a_cell_on_two_lines_is_one_cell() {
        let mut cells = prices();
        cells.push(cell("and a long name", 50.0, 130.0, 167.0));
        cells.push(cell("Screw", 50.0, 90.0, 156.0));
        cells.push(cell("0.30", 208.0, 230.0, 156.0));
        cells.push(cell("Rivet", 50.0, 90.0, 181.0));
        cells.push(cell("0.15", 208.0, 230.0, 181.0));
        let (table, _) = leading(&rows(cells)).unwrap();
        assert_eq!(table.rows[3], ["Screw and a long name", "0.30"]);
    }

    #[test]
    fn running_text_is_no_table() {
        let lines =
            (0..5_u8).map(|n| cell("one two three", 50.0, 300.0, 100.0 + 12.0 * f32::from(n))).collect();
        assert_eq!(leading(&rows(lines)), None);
    }
}
