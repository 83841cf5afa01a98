//! What is more than lines: tables, forms, signatures, answers to queries.

use serde_json::{Value, json};

use super::blocks::{Hand, Line, Sheet, id, relate};
use super::request::Query;
use super::scenario::{Answer, Merged, Part};

/// Writes a table: its lines always, its cells when they are asked for. Returns the lines.
pub(super) fn table(sheet: &mut Sheet, part: &Part, hand: Hand, is_asked_for: bool) -> Vec<Line> {
    let mut lines = Vec::new();
    let title = part.title.as_ref().map(|text| written(sheet, text, hand, &mut lines));
    let (mut cells, mut places) = (Vec::new(), Vec::new());
    for (row, texts) in (1..).zip(&part.rows) {
        for (column, text) in (1..).zip(texts) {
            let words = if text.is_empty() { Vec::new() } else { written(sheet, text, hand, &mut lines) };
            let mut cell = sheet.block("CELL", Some(hand.confidence));
            place(&mut cell, Merged { row, column, rows: 1, columns: 1 });
            relate(&mut cell, "CHILD", &words);
            if row <= part.header_rows {
                cell["EntityTypes"] = json!(["COLUMN_HEADER"]);
            }
            places.push((row, column, id(&cell)));
            cells.push(cell);
        }
    }
    let footer = part.footer.as_ref().map(|text| written(sheet, text, hand, &mut lines));
    if !is_asked_for {
        return lines;
    }
    let mut table = sheet.block("TABLE", Some(hand.confidence));
    table["EntityTypes"] = json!(["STRUCTURED_TABLE"]);
    relate(&mut table, "CHILD", &cells.iter().map(id).collect::<Vec<_>>());
    let merged: Vec<Value> = part.merged.iter().map(|merged| merge(sheet, *merged, part, &places)).collect();
    relate(&mut table, "MERGED_CELL", &merged.iter().map(id).collect::<Vec<_>>());
    let mut around = Vec::new();
    for (kind, words) in [("TABLE_TITLE", title), ("TABLE_FOOTER", footer)] {
        let Some(words) = words else { continue };
        let mut block = sheet.block(kind, Some(hand.confidence));
        relate(&mut block, "CHILD", &words);
        relate(&mut table, kind, &[id(&block)]);
        around.push(block);
    }
    sheet.children.push(id(&table));
    sheet.structures.push(table);
    sheet.structures.extend(cells.into_iter().chain(merged).chain(around));
    lines
}

/// Writes a line, keeps it and returns its words.
fn written(sheet: &mut Sheet, text: &str, hand: Hand, lines: &mut Vec<Line>) -> Vec<String> {
    let line = sheet.line(text, hand);
    let words = line.words.clone();
    lines.push(line);
    words
}

fn merge(sheet: &mut Sheet, merged: Merged, part: &Part, places: &[(usize, usize, String)]) -> Value {
    let mut block = sheet.block("MERGED_CELL", Some(part.confidence));
    place(&mut block, merged);
    let rows = merged.row..merged.row.saturating_add(merged.rows);
    let columns = merged.column..merged.column.saturating_add(merged.columns);
    let inside = places.iter().filter(|(row, column, _)| rows.contains(row) && columns.contains(column));
    relate(&mut block, "CHILD", &inside.map(|(_, _, id)| id.clone()).collect::<Vec<_>>());
    if merged.row <= part.header_rows {
        block["EntityTypes"] = json!(["COLUMN_HEADER"]);
    }
    block
}

fn place(cell: &mut Value, Merged { row, column, rows, columns }: Merged) {
    for (name, value) in
        [("RowIndex", row), ("ColumnIndex", column), ("RowSpan", rows), ("ColumnSpan", columns)]
    {
        cell[name] = json!(value);
    }
}

/// Writes a form: a line for each field, and the pairs when they are asked for. Returns the lines.
pub(super) fn form(sheet: &mut Sheet, part: &Part, hand: Hand, is_asked_for: bool) -> Vec<Line> {
    let mut lines = Vec::new();
    for field in &part.fields {
        let line = sheet.line(format!("{} {}", field.key, field.value).trim_end(), hand);
        let (keys, values) = line.words.split_at(field.key.split_whitespace().count().min(line.words.len()));
        if is_asked_for {
            let mut inside = values.to_vec();
            if let Some(is_selected) = field.selected {
                let mut mark = sheet.block("SELECTION_ELEMENT", Some(hand.confidence));
                mark["SelectionStatus"] = json!(if is_selected { "SELECTED" } else { "NOT_SELECTED" });
                inside.push(id(&mark));
                sheet.structures.push(mark);
            }
            pair(sheet, hand, keys, &inside);
        }
        lines.push(line);
    }
    lines
}

fn pair(sheet: &mut Sheet, hand: Hand, keys: &[String], values: &[String]) {
    let mut key = sheet.block("KEY_VALUE_SET", Some(hand.confidence));
    let mut value = sheet.block("KEY_VALUE_SET", Some(hand.confidence));
    key["EntityTypes"] = json!(["KEY"]);
    value["EntityTypes"] = json!(["VALUE"]);
    relate(&mut key, "VALUE", &[id(&value)]);
    relate(&mut key, "CHILD", keys);
    relate(&mut value, "CHILD", values);
    sheet.children.extend([id(&key), id(&value)]);
    sheet.structures.extend([key, value]);
}

/// Writes a signature, which has no text.
pub(super) fn signature(sheet: &mut Sheet, hand: Hand, is_asked_for: bool) {
    if is_asked_for {
        let block = sheet.block("SIGNATURE", Some(hand.confidence));
        sheet.children.push(id(&block));
        sheet.structures.push(block);
    }
}

/// Answers queries; one without an answer stands alone.
pub(super) fn queries(sheet: &mut Sheet, queries: &[Query], answers: &[Answer]) {
    for query in queries {
        let mut asked = sheet.block("QUERY", None);
        asked["Query"] = json!({ "Text": query.text });
        if let Some(alias) = &query.alias {
            asked["Query"]["Alias"] = json!(alias);
        }
        let is_meant =
            |answer: &&Answer| answer.query == query.text || Some(&answer.query) == query.alias.as_ref();
        let mut found = None;
        if let Some(answer) = answers.iter().find(is_meant) {
            let mut result = sheet.block("QUERY_RESULT", Some(answer.confidence));
            result["Text"] = json!(answer.text);
            relate(&mut asked, "ANSWER", &[id(&result)]);
            found = Some(result);
        }
        sheet.children.push(id(&asked));
        sheet.structures.push(asked);
        sheet.structures.extend(found);
    }
}
