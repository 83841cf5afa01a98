//! Tests of the reader of workbooks.

use crate::testing::{contents, failure, sketch};
use crate::{Content, Failure, Format, Piece};

const RELATIONS: &str = "<Relationships><Relationship Id='r1' Type='x/worksheet' Target='worksheets/one.xml'/>\
    <Relationship Id='r2' Type='x/worksheet' Target='/xl/worksheets/two.xml'/></Relationships>";

const STYLES: &str = "<styleSheet><numFmts><numFmt numFmtId='164' formatCode='dd.mm.yyyy'/></numFmts>\
    <fonts><font/><font><b/></font><font><color rgb='FFFFFFFF'/></font></fonts>\
    <cellXfs><xf/><xf numFmtId='164'/><xf numFmtId='10'/><xf fontId='1'/><xf fontId='2' fillId='0'/><xf fontId='2' fillId='3'/></cellXfs>\
    </styleSheet>";

const STRINGS: &str = "<sst><si><t>Room</t></si><si><r><t>Pri</t></r><r><t>ce</t></r><rPh><t>no</t></rPh></si><si><t>a_x000D_b</t></si></sst>";

fn check(sheet: &str, expected: &[&str]) {
    let workbook = "<workbook><sheets><sheet name='Sheet1' r:id='r1' sheetId='1'/></sheets></workbook>";
    check_workbook(workbook, &[("xl/worksheets/one.xml", sheet)], expected);
}

fn check_workbook(workbook: &str, sheets: &[(&str, &str)], expected: &[&str]) {
    let mut parts = vec![
        ("xl/workbook.xml", workbook),
        ("xl/_rels/workbook.xml.rels", RELATIONS),
        ("xl/styles.xml", STYLES),
        ("xl/sharedStrings.xml", STRINGS),
    ];
    parts.extend(sheets);
    assert_eq!(sketch(&contents(Format::Excel, &parts)), expected);
}

/// Returns a sheet of inline strings, with extra elements behind them.
fn sheet(rows: &[&[&str]], extra: &str) -> String {
    let row = |row: &&[&str]| {
        let cells: String =
            row.iter().map(|text| format!("<c t='inlineStr'><is><t>{text}</t></is></c>")).collect();
        format!("<row>{cells}</row>")
    };
    format!(
        "<worksheet><sheetData>{}</sheetData>{extra}</worksheet>",
        rows.iter().map(row).collect::<String>()
    )
}

#[test]
fn values_are_shown_as_a_person_sees_them() {
    let text = "<worksheet><sheetData><row r='1'><c r='A1' t='s'><v>0</v></c><c r='B1' t='s'><v>1</v></c><c r='C1' t='s'><v>2</v></c></row>\
        <row r='2'><c r='A2' s='1'><v>45292</v></c><c r='B2' s='2'><v>0.125</v></c><c r='C2'><f>1+1</f><v>2</v></c></row>\
        <row r='3'><c r='A3' t='b'><v>1</v></c><c r='B3' t='e'><v>#N/A</v></c><c r='C3' t='str'><v>x</v></c></row></sheetData></worksheet>";
    check(text, &["t Room|Price|a\nb // 01.01.2024|12.50%|2 / TRUE|#N/A|x"]);
}

#[test]
fn empty_rows_and_columns_divide_tables() {
    let rows: &[&[&str]] =
        &[&["Room", "Beds", "Price"], &["A", "2", "9"], &[], &["Phone", "", "Town"], &["1", "", "Graz"]];
    check(&sheet(rows, ""), &["t Room|Beds|Price // A|2|9", "p Phone\n1", "p Town\nGraz"]);
}

#[test]
fn a_title_over_a_table_is_a_paragraph_and_merged_cells_are_filled() {
    let rows: &[&[&str]] = &[&["Our rooms"], &["Room", "Beds", "Price"], &["A", "2", "9"], &["B", "", ""]];
    let merged = "<mergeCells><mergeCell ref='A1:C1'/><mergeCell ref='B3:B4'/></mergeCells>";
    check(&sheet(rows, merged), &["p Our rooms", "t Room|Beds|Price // A|2|9 / B|2|"]);
}

#[test]
fn bold_names_over_two_columns_are_a_header() {
    let text = "<worksheet><sheetData><row><c s='3' t='s'><v>0</v></c><c s='3' t='s'><v>1</v></c></row>\
                <row><c t='str'><v>A</v></c><c t='str'><v>low</v></c></row></sheetData></worksheet>";
    check(text, &["t Room|Price // A|low"]);
}

#[test]
fn what_a_person_does_not_see_is_marked() {
    let text = "<worksheet><cols><col min='3' max='4' hidden='1'/></cols><sheetData>\
        <row><c t='str'><v>a</v></c><c t='str'><v>b</v></c><c t='str'><v>c</v></c></row>\
        <row hidden='1'><c t='str'><v>d</v></c><c t='str'><v>e</v></c></row>\
        <row><c s='4' t='str'><v>f</v></c><c s='5' t='str'><v>g</v></c></row></sheetData></worksheet>";
    check(text, &["t  // a|b", "p g", "marked: p c\nd | e", "PaperColoured: p f"]);
}

#[test]
fn several_sheets_begin_with_their_names_and_hidden_ones_are_marked() {
    let workbook = "<workbook><sheets><sheet name='Rooms' r:id='r2'/><sheet name='Old' state='veryHidden' r:id='r1'/></sheets></workbook>";
    let (one, two) = (sheet(&[&["x"]], ""), sheet(&[&["y"]], ""));
    check_workbook(
        workbook,
        &[("xl/worksheets/one.xml", &one), ("xl/worksheets/two.xml", &two)],
        &["h1 Rooms", "p y", "marked: h1 Old", "marked: p x"],
    );
}

#[test]
fn a_workbook_may_count_from_1904() {
    let workbook =
        "<workbook><workbookPr date1904='1'/><sheets><sheet name='Sheet1' r:id='r1'/></sheets></workbook>";
    let text = "<worksheet><sheetData><row><c s='1'><v>43830</v></c></row></sheetData></worksheet>";
    check_workbook(workbook, &[("xl/worksheets/one.xml", text)], &["p 01.01.2024"]);
}

#[test]
fn a_huge_dimension_and_a_huge_merge_cost_nothing() {
    let rows: &[&[&str]] = &[&["a", "b"]];
    let text = sheet(rows, "<mergeCells><mergeCell ref='A1:XFD1048576'/></mergeCells>")
        .replace("<sheetData>", "<dimension ref='A1:XFD1048576'/><sheetData>");
    check(&text, &["t  // a|b"]);
}

#[test]
fn cells_far_apart_are_no_table_of_all_cells_between() {
    let far = |cell: &str| format!("<c r='{cell}' t='str'><v>x</v></c>");
    let mut text = "<worksheet><sheetData>".to_owned();
    // A row and a column of a thousand cells each cannot be divided.
    text.push_str(&(0..1000).map(|_| "<c t='str'><v>x</v></c>").collect::<String>().replacen(
        "<c",
        "<row r='1'><c",
        1,
    ));
    text.push_str("</row>");
    text.push_str(
        &(2..2000).map(|row| format!("<row r='{row}'>{}</row>", far(&format!("A{row}")))).collect::<String>(),
    );
    text.push_str("</sheetData></worksheet>");
    let workbook = "<workbook><sheets><sheet name='Sheet1' r:id='r1'/></sheets></workbook>";
    let parts = [
        ("xl/workbook.xml", workbook),
        ("xl/_rels/workbook.xml.rels", RELATIONS),
        ("xl/worksheets/one.xml", text.as_str()),
    ];
    let pieces = contents(Format::Excel, &parts).pieces;
    assert!(matches!(pieces.as_slice(), [Piece { content: Content::Paragraph { .. }, .. }]));
}

#[test]
fn a_long_string_in_many_cells_is_refused() {
    let strings = format!("<sst><si><t>{}</t></si></sst>", "x".repeat(500_000));
    let text = format!(
        "<worksheet><sheetData><row>{}</row></sheetData></worksheet>",
        "<c t='s'><v>0</v></c>".repeat(1000)
    );
    let workbook = "<workbook><sheets><sheet name='Sheet1' r:id='r1'/></sheets></workbook>";
    let parts = [
        ("xl/workbook.xml", workbook),
        ("xl/_rels/workbook.xml.rels", RELATIONS),
        ("xl/sharedStrings.xml", strings.as_str()),
        ("xl/worksheets/one.xml", text.as_str()),
    ];
    assert!(matches!(failure(Format::Excel, &parts), Failure::OverLimit { .. }));
}
