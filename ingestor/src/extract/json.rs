//! Reads JSON: objects become sections, lists of objects become table rows with dotted paths.

use serde_json::{Map, Value, error::Category};

use super::Unreadable;
use super::builder::Builder;
use super::curated::{self, Entry, Role};

/// Objects deeper than headings go are flattened into dotted paths.
const MAX_HEADING_LEVEL: u8 = 6;

/// Reads one JSON value, or several that stand one on each line.
pub(super) fn read(text: &str, builder: &mut Builder) -> Result<(), Unreadable> {
    let value = parse(text)?;
    if let Value::Object(object) = &value {
        builder.title = first_text(object, &["title", "name"]);
        builder.author = first_text(object, &["author"]);
        builder.source_url = first_text(object, &["url", "source_url"]);
    }
    section(&value, 1, builder);
    Ok(())
}

fn parse(text: &str) -> Result<Value, Unreadable> {
    let first = serde_json::from_str(text);
    let Err(error) = first else { return first.map_err(|error| broken(&error)) };
    // JSON Lines: the first line alone is a value, and so is every other.
    let mut lines = text.lines().filter(|line| !line.trim().is_empty()).map(serde_json::from_str);
    match lines.next() {
        Some(Ok(first)) => match lines.collect::<Result<Vec<Value>, _>>() {
            Ok(rest) => Ok(Value::Array([vec![first], rest].concat())),
            Err(_) => Err(broken(&error)),
        },
        _ => Err(broken(&error)),
    }
}

fn broken(error: &serde_json::Error) -> Unreadable {
    let text = error.to_string();
    // The parser stops 128 levels down, long before the stack ends.
    if text.starts_with("recursion limit") {
        return Unreadable::TooDeep { format: "JSON" };
    }
    let problem = match error.classify() {
        Category::Eof => "the file ends too early".to_owned(),
        _ => text.split(" at line ").next().unwrap_or_default().to_owned(),
    };
    Unreadable::InvalidJson { line: error.line(), column: error.column(), problem }
}

fn first_text(object: &Map<String, Value>, names: &[&str]) -> Option<String> {
    names.iter().find_map(|name| object.get(*name)?.as_str().map(str::to_owned))
}

/// Adds a value as a section whose subsections get headings of `level` and below.
fn section(value: &Value, level: u8, builder: &mut Builder) {
    match value {
        Value::Object(object) => match curated(object) {
            Some(entry) => entry.add_to(builder),
            None => object_section(object, level, builder),
        },
        Value::Array(values) => array_section(values, level, builder),
        Value::String(text) => builder.paragraph(text),
        Value::Null => {}
        Value::Bool(_) | Value::Number(_) => builder.paragraph(&value.to_string()),
    }
}

fn object_section(object: &Map<String, Value>, level: u8, builder: &mut Builder) {
    let (sections, fields): (Vec<_>, Vec<_>) =
        object.iter().partition(|(_, value)| is_section(value) && level <= MAX_HEADING_LEVEL);
    let mut rows = Vec::new();
    for (name, value) in fields {
        let mut cells = Vec::new();
        flatten(name, value, &mut cells);
        rows.extend(cells.into_iter().map(|(path, value)| vec![path, value]));
    }
    if !rows.is_empty() {
        builder.table(&[], &rows);
    }
    for (name, value) in sections {
        builder.heading(level, name);
        section(value, level + 1, builder);
    }
}

fn array_section(values: &[Value], level: u8, builder: &mut Builder) {
    if values.iter().all(is_scalar) {
        let items: Vec<String> = values.iter().map(scalar).collect();
        return builder.list(&items);
    }
    // Runs of records become tables; whatever stands between them keeps its place.
    let mut records = Vec::new();
    for value in values {
        match value {
            Value::Object(object) => match curated(object) {
                Some(entry) => {
                    add_records(&mut records, builder);
                    entry.add_to(builder);
                }
                None => records.push(record(object)),
            },
            Value::Array(cells) if cells.len() > 1 && cells.iter().all(is_scalar) => {
                records.push(Record { names: Vec::new(), cells: cells.iter().map(scalar).collect() });
            }
            other => {
                add_records(&mut records, builder);
                section(other, level + 1, builder);
            }
        }
    }
    add_records(&mut records, builder);
}

/// Returns the curated answer that an object is, when it has a question and an answer in words.
fn curated(object: &Map<String, Value>) -> Option<Entry> {
    let roles = curated::roles(object.keys())?;
    let mut entry = Entry::default();
    for ((name, value), role) in object.iter().zip(roles) {
        match (role, value) {
            (Role::Alternatives, Value::Array(values)) => {
                values.iter().filter_map(Value::as_str).for_each(|one| entry.put(role, name, one));
            }
            (Role::Other, value) => {
                let mut cells = Vec::new();
                flatten(name, value, &mut cells);
                cells.iter().for_each(|(name, value)| entry.put(role, name, value));
            }
            (_, Value::String(text)) => entry.put(role, name, text),
            _ => {}
        }
    }
    entry.is_complete().then_some(entry)
}

struct Record {
    names: Vec<String>,
    cells: Vec<String>,
}

/// Adds records as tables: neighbours with the same fields share one.
fn add_records(records: &mut Vec<Record>, builder: &mut Builder) {
    for group in records.chunk_by(|a, b| a.names == b.names) {
        let header = group.first().map(|record| record.names.as_slice()).unwrap_or_default();
        let rows: Vec<Vec<String>> = group.iter().map(|record| record.cells.clone()).collect();
        builder.table(header, &rows);
    }
    records.clear();
}

fn record(object: &Map<String, Value>) -> Record {
    let mut cells = Vec::new();
    for (name, value) in object {
        flatten(name, value, &mut cells);
    }
    let (names, cells) = cells.into_iter().unzip();
    Record { names, cells }
}

/// Adds `path` and value for each leaf; a list of plain values is one leaf.
fn flatten(path: &str, value: &Value, cells: &mut Vec<(String, String)>) {
    match value {
        Value::Object(object) => {
            for (name, value) in object {
                flatten(&format!("{path}.{name}"), value, cells);
            }
        }
        Value::Array(values) if !values.iter().all(is_scalar) => {
            for (place, value) in values.iter().enumerate() {
                flatten(&format!("{path}.{}", place + 1), value, cells);
            }
        }
        Value::Array(_) => cells.push((path.to_owned(), compact(value))),
        Value::Null => {}
        Value::Bool(_) | Value::Number(_) | Value::String(_) => cells.push((path.to_owned(), scalar(value))),
    }
}

/// Whether a value is large enough in structure to stand under its own heading.
fn is_section(value: &Value) -> bool {
    match value {
        Value::Object(object) => !object.is_empty(),
        Value::Array(values) => !values.iter().all(is_scalar),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

fn is_scalar(value: &Value) -> bool {
    !value.is_object() && !value.is_array()
}

fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

fn compact(value: &Value) -> String {
    match value {
        Value::Array(values) => values.iter().map(scalar).collect::<Vec<_>>().join(", "),
        other => scalar(other),
    }
}

#[cfg(test)]
mod tests {
    use super::{Builder, Unreadable, read};
    use crate::extract::Kind;

    fn text(json: &str) -> String {
        let mut builder = Builder::default();
        read(json, &mut builder).expect("is JSON");
        builder.finish(Kind::Json, "a.json").expect("has text").text
    }

    #[test]
    fn structure_becomes_sections_rows_and_paths() {
        for (json, expected) in [
            (
                r#"[{"name":"Tea","price":3},{"name":"Milk","price":1.5}]"#,
                "name: Tea; price: 3\nname: Milk; price: 1.5",
            ),
            (r#"[{"a":{"b":{"c":1}},"tags":["x","y"],"gone":null}]"#, "a.b.c: 1; tags: x, y"),
            (r#"[{"sizes":[{"cm":1},{"cm":2}]}]"#, "sizes.1.cm: 1; sizes.2.cm: 2"),
            (
                r#"{"shop":"Tea & Co","contact":{"phone":"12"},"items":[{"n":1}]}"#,
                "shop: Tea & Co\n\ncontact\n\nphone: 12\n\nitems\n\nn: 1",
            ),
            (r#"["one",2,true]"#, "one\n2\ntrue"),
            ("{\"q\":1}\n{\"q\":2}\n", "q: 1\nq: 2"),
            ("[[\"a\",1],[\"b\",2]]", "a: 1\nb: 2"),
            ("\"just text\"", "just text"),
        ] {
            assert_eq!(text(json), expected, "{json}");
        }
    }

    #[test]
    fn objects_with_a_question_and_an_answer_are_curated_answers() {
        let deliver = "Do you deliver?\nYes.";
        for (json, expected) in [
            (r#"[{"question":"Do you deliver?","answer":"Yes."}]"#, deliver.to_owned()),
            (r#"{"faq":[{"Frage":"Do you deliver?","Antwort":"Yes."}]}"#, format!("faq\n\n{deliver}")),
            ("{\"q\":\"Do you deliver?\",\"a\":\"Yes.\"}\n", deliver.to_owned()),
            (
                "{\"q\":\"Do you deliver?\",\"a\":\"Yes.\"}\n{\"q\":\"Hours\",\"a\":\"Nine.\"}",
                format!("{deliver}\n\nHours?\nNine."),
            ),
            (
                r#"[{"a":"Yes.","alternatives":["Do you ship?"],"q":"Do you deliver?","by":{"name":"Ann"}}]"#,
                format!("{deliver}\nby.name: Ann\n\nDo you ship?\nYes.\nby.name: Ann"),
            ),
            (r#"[{"question":"How many?","answer":7}]"#, "question: How many?; answer: 7".to_owned()),
        ] {
            assert_eq!(text(json), expected, "{json}");
        }
    }

    #[test]
    fn broken_json_names_the_place() {
        let error = read("{\n  \"a\": 1,\n  oops\n}", &mut Builder::default()).expect_err("broken");
        assert!(error.to_string().contains("line 3, column 3"), "{error}");
        let error = read("{\"a\": [1, 2", &mut Builder::default()).expect_err("cut");
        assert!(error.to_string().contains("ends too early"), "{error}");
    }

    #[test]
    fn deep_json_is_refused_and_shallow_json_of_the_same_kind_is_not() {
        let deep = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
        let objects = |depth: usize| format!("{}1{}", "{\"a\":".repeat(depth), "}".repeat(depth));
        for json in [deep(5000), objects(5000), deep(200_000)] {
            let error = read(&json, &mut Builder::default()).expect_err("deep");
            assert_eq!(error, Unreadable::TooDeep { format: "JSON" });
        }
        assert_eq!(text(&deep(100)), "1");
        assert!(text(&objects(100)).ends_with("a: 1"));
    }
}
