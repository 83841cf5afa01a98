//! Tests of the reader of Word documents.

use crate::testing::{contents, sketch};
use crate::{Contents, Format};

const STYLES: &str = "<w:styles>\
    <w:style w:type='paragraph' w:default='1' w:styleId='Standard'><w:name w:val='Normal'/></w:style>\
    <w:style w:type='paragraph' w:styleId='berschrift1'><w:name w:val='heading 1'/><w:pPr><w:outlineLvl w:val='0'/></w:pPr></w:style>\
    <w:style w:type='paragraph' w:styleId='Own'><w:name w:val='Firm'/><w:basedOn w:val='berschrift1'/></w:style>\
    <w:style w:type='paragraph' w:styleId='Loop'><w:name w:val='Loop'/><w:basedOn w:val='Loop'/></w:style>\
    <w:style w:type='paragraph' w:styleId='Two'><w:name w:val='heading 2'/><w:pPr><w:numPr><w:numId w:val='3'/></w:numPr></w:pPr></w:style>\
    <w:style w:type='paragraph' w:styleId='Titel'><w:name w:val='Title'/></w:style>\
    <w:style w:type='paragraph' w:styleId='Verzeichnis1'><w:name w:val='toc 1'/></w:style>\
    <w:style w:type='character' w:styleId='Secret'><w:name w:val='Secret'/><w:rPr><w:vanish/></w:rPr></w:style>\
    <w:style w:type='table' w:styleId='Blue'><w:name w:val='Blue'/><w:tblStylePr w:type='firstRow'><w:tcPr><w:shd w:fill='0000FF'/></w:tcPr></w:tblStylePr></w:style>\
    </w:styles>";

const NUMBERING: &str = "<w:numbering>\
    <w:abstractNum w:abstractNumId='0'><w:lvl w:ilvl='0'><w:numFmt w:val='bullet'/><w:lvlText w:val='•'/></w:lvl>\
    <w:lvl w:ilvl='1'><w:numFmt w:val='bullet'/><w:lvlText w:val='o'/></w:lvl></w:abstractNum>\
    <w:abstractNum w:abstractNumId='1'><w:lvl w:ilvl='0'><w:start w:val='1'/><w:numFmt w:val='decimal'/><w:lvlText w:val='%1.'/></w:lvl>\
    <w:lvl w:ilvl='1'><w:start w:val='1'/><w:numFmt w:val='lowerLetter'/><w:pStyle w:val='Two'/><w:lvlText w:val='%1.%2)'/></w:lvl></w:abstractNum>\
    <w:num w:numId='1'><w:abstractNumId w:val='0'/></w:num><w:num w:numId='2'><w:abstractNumId w:val='1'/></w:num>\
    <w:num w:numId='3'><w:abstractNumId w:val='1'/></w:num>\
    <w:num w:numId='4'><w:abstractNumId w:val='1'/><w:lvlOverride w:ilvl='0'><w:startOverride w:val='5'/></w:lvlOverride></w:num>\
    </w:numbering>";

fn document(body: &str) -> Contents {
    let text = format!("<w:document><w:body>{body}</w:body></w:document>");
    let notes = "<w:footnotes><w:footnote w:type='separator' w:id='0'><w:p><w:r><w:t>line</w:t></w:r></w:p></w:footnote>\
                 <w:footnote w:id='1'><w:p><w:r><w:t>Without breakfast.</w:t></w:r></w:p></w:footnote></w:footnotes>";
    let core = "<cp:coreProperties><dc:title>Guide</dc:title><dc:creator>Ann</dc:creator>\
                <dcterms:modified>2024-05-01T10:00:00Z</dcterms:modified></cp:coreProperties>";
    contents(
        Format::Word,
        &[
            ("word/document.xml", &text),
            ("word/styles.xml", STYLES),
            ("word/numbering.xml", NUMBERING),
            ("word/footnotes.xml", notes),
            ("docProps/core.xml", core),
        ],
    )
}

fn check(body: &str, expected: &[&str]) {
    assert_eq!(sketch(&document(body)), expected, "{body}");
}

fn styled(style: &str, text: &str) -> String {
    format!("<w:p><w:pPr><w:pStyle w:val='{style}'/></w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>")
}

fn item(list: u8, level: u8, text: &str) -> String {
    format!(
        "<w:p><w:pPr><w:numPr><w:ilvl w:val='{level}'/><w:numId w:val='{list}'/></w:numPr></w:pPr>\
         <w:r><w:t>{text}</w:t></w:r></w:p>"
    )
}

fn run(properties: &str, text: &str) -> String {
    format!("<w:r><w:rPr>{properties}</w:rPr><w:t>{text}</w:t></w:r>")
}

#[test]
fn properties_are_read() {
    let read = document("");
    assert_eq!(read.title.as_deref(), Some("Guide"));
    assert_eq!(read.author.as_deref(), Some("Ann"));
    assert_eq!(read.modified.as_deref(), Some("2024-05-01T10:00:00Z"));
}

#[test]
fn headings_are_told_by_their_styles_in_any_language() {
    check(&styled("berschrift1", "Rooms"), &["h1 Rooms"]);
    check(&styled("Own", "Rooms"), &["h1 Rooms"]);
    check(&styled("Loop", "Rooms"), &["p Rooms"]);
    check(&styled("Unknown", "Rooms"), &["p Rooms"]);
    check("<w:p><w:pPr><w:outlineLvl w:val='2'/></w:pPr><w:r><w:t>Rooms</w:t></w:r></w:p>", &["h3 Rooms"]);
}

#[test]
fn headings_stand_below_the_title() {
    let body = [styled("Titel", "House"), styled("berschrift1", "Rooms")].concat();
    check(&body, &["h1 House", "h2 Rooms"]);
}

#[test]
fn a_table_of_contents_is_left_out() {
    check(&styled("Verzeichnis1", "Rooms 3"), &[]);
}

#[test]
fn items_are_numbered_as_on_paper() {
    check(&[item(1, 0, "a"), item(1, 1, "b"), item(1, 0, "c")].concat(), &["- a /   - b / - c"]);
    check(
        &[item(2, 0, "a"), item(2, 1, "b"), item(2, 1, "c"), item(2, 0, "d")].concat(),
        &["1. a /   1.a) b /   1.b) c / 2. d"],
    );
    check(&[item(2, 0, "a"), item(4, 0, "b"), item(9, 0, "c")].concat(), &["1. a", "5. b", "p c"]);
}

#[test]
fn numbered_headings_keep_their_numbers() {
    check(
        &[item(2, 0, "a"), styled("Two", "Beds"), styled("Two", "Baths")].concat(),
        &["1. a", "h2 1.a) Beds", "h2 1.b) Baths"],
    );
}

#[test]
fn tracked_changes_are_read_as_accepted() {
    let body = "<w:p><w:r><w:t>Open </w:t></w:r><w:del><w:r><w:delText>eight</w:delText></w:r></w:del>\
                <w:ins><w:r><w:t>nine</w:t></w:r></w:ins><w:moveFrom><w:r><w:t>gone</w:t></w:r></w:moveFrom></w:p>";
    check(body, &["p Open nine"]);
}

#[test]
fn what_a_person_does_not_see_is_marked() {
    for (properties, expected) in [
        ("<w:vanish/>", "marked: p secret"),
        ("<w:rStyle w:val='Secret'/>", "marked: p secret"),
        ("<w:color w:val='FFFFFF'/>", "PaperColoured: p secret"),
        ("<w:sz w:val='2'/>", "Tiny: p secret"),
    ] {
        let body = format!("<w:p>{}{}</w:p>", run("", "seen "), run(properties, "secret"));
        check(&body, &["p seen", expected]);
    }
    for properties in [
        "<w:vanish w:val='0'/>",
        "<w:color w:val='FFFFFF'/><w:shd w:fill='000000'/>",
        "<w:color w:val='auto'/>",
    ] {
        check(&format!("<w:p>{}</w:p>", run(properties, "seen")), &["p seen"]);
    }
}

#[test]
fn white_text_on_a_coloured_cell_is_seen() {
    let cell = |properties: &str, text: &str| {
        format!(
            "<w:tc><w:tcPr>{properties}</w:tcPr><w:p>{}</w:p></w:tc>",
            run("<w:color w:val='FFFFFF'/>", text)
        )
    };
    let row = format!("<w:tr>{}{}</w:tr>", cell("<w:shd w:fill='336699'/>", "a"), cell("", "b"));
    check(&format!("<w:tbl>{row}</w:tbl>"), &["t  // a|", "PaperColoured: p b"]);
    check(&format!("<w:tbl><w:tblPr><w:tblStyle w:val='Blue'/></w:tblPr>{row}</w:tbl>"), &["t  // a|b"]);
}

fn cell(properties: &str, text: &str) -> String {
    format!("<w:tc><w:tcPr>{properties}</w:tcPr><w:p><w:r><w:t>{text}</w:t></w:r></w:p></w:tc>")
}

#[test]
fn merged_cells_stand_in_each_place_that_they_cover() {
    let rows = [
        [cell("<w:gridSpan w:val='2'/>", "a"), cell("<w:vMerge w:val='restart'/>", "b")].concat(),
        [cell("", "c"), cell("", "d"), cell("<w:vMerge/>", "")].concat(),
    ];
    let table = rows.map(|row| format!("<w:tr>{row}</w:tr>")).concat();
    check(&format!("<w:tbl>{table}</w:tbl>"), &["t a|a|b // c|d|b"]);
}

#[test]
fn a_row_marked_as_header_is_the_header() {
    let first =
        format!("<w:tr><w:trPr><w:tblHeader/></w:trPr>{}{}</w:tr>", cell("", "Name"), cell("", "Inn"));
    let table = format!("<w:tbl>{first}<w:tr>{}{}</w:tr></w:tbl>", cell("", "x"), cell("", "y"));
    check(&table, &["t Name|Inn // x|y"]);
}

#[test]
fn a_first_row_that_the_style_sets_apart_is_the_header() {
    let rows = ["a", "b"].map(|text| format!("<w:tr>{}{}</w:tr>", cell("", text), cell("", text))).concat();
    for (look, expected) in [("04A0", "t a|a // b|b"), ("0480", "t  // a|a / b|b")] {
        let properties = format!("<w:tblPr><w:tblStyle w:val='Blue'/><w:tblLook w:val='{look}'/></w:tblPr>");
        check(&format!("<w:tbl>{properties}{rows}</w:tbl>"), &[expected]);
    }
}

#[test]
fn a_table_in_a_table_is_text_of_its_cell_and_a_table_of_one_cell_is_a_frame() {
    let inner = format!("<w:tbl><w:tr>{}{}</w:tr></w:tbl>", cell("", "a"), cell("", "b"));
    let outer = format!("<w:tbl><w:tr><w:tc>{inner}</w:tc>{}</w:tr></w:tbl>", cell("", "c"));
    check(&outer, &["t  // a | b|c"]);
    check(
        &format!("<w:tbl><w:tr><w:tc>{inner}{}</w:tc></w:tr></w:tbl>", styled("berschrift1", "x")),
        &["t  // a|b", "h1 x"],
    );
}

#[test]
fn a_text_box_is_read_once() {
    let text = |text: &str| format!("<w:txbxContent><w:p><w:r><w:t>{text}</w:t></w:r></w:p></w:txbxContent>");
    let body = format!(
        "<w:p><w:r><w:t>before</w:t></w:r><w:r><mc:AlternateContent><mc:Choice><w:drawing><wps:wsp><wps:txbx>{}</wps:txbx>\
         </wps:wsp></w:drawing></mc:Choice><mc:Fallback><w:pict>{}</w:pict></mc:Fallback></mc:AlternateContent></w:r>\
         <w:r><w:t> after</w:t></w:r></w:p>",
        text("box"),
        text("again")
    );
    check(&body, &["p before after", "p box"]);
}

#[test]
fn notes_follow_their_paragraph() {
    check(
        "<w:p><w:r><w:t>A room</w:t></w:r><w:r><w:footnoteReference w:id='1'/></w:r><w:r><w:t>.</w:t></w:r></w:p>",
        &["p A room[1].", "p [1] Without breakfast."],
    );
}

#[test]
fn fields_show_their_results() {
    let field = "<w:p><w:r><w:fldChar w:fldCharType='begin'/></w:r><w:r><w:t>IF</w:t><w:instrText>PAGE</w:instrText></w:r>\
                 <w:r><w:fldChar w:fldCharType='separate'/></w:r><w:r><w:t>7</w:t></w:r>\
                 <w:r><w:fldChar w:fldCharType='end'/></w:r><w:hyperlink><w:r><w:t> pages</w:t></w:r></w:hyperlink></w:p>";
    check(field, &["p 7 pages"]);
    let open =
        "<w:p><w:r><w:fldChar w:fldCharType='begin'/></w:r></w:p><w:p><w:r><w:t>seen</w:t></w:r></w:p>";
    check(open, &["p seen"]);
}

#[test]
fn boxes_to_tick_are_read_by_their_state() {
    let control = |checked: u8| {
        format!(
            "<w:p><w:sdt><w:sdtPr><w14:checkbox><w14:checked w14:val='{checked}'/></w14:checkbox></w:sdtPr>\
             <w:sdtContent><w:r><w:t>☒</w:t></w:r></w:sdtContent></w:sdt><w:r><w:t>Tea</w:t></w:r></w:p>"
        )
    };
    check(&[control(1), control(0)].concat(), &["p [x] Tea", "p [ ] Tea"]);
}

#[test]
fn symbols_tabs_breaks_and_equations_are_text() {
    let body = "<w:p><w:r><w:sym w:font='Wingdings' w:char='F0FC'/><w:t>a</w:t><w:tab/><w:t>b</w:t><w:br/><w:t>c</w:t>\
                <w:noBreakHyphen/><w:sym w:font='Wingdings' w:char='F001'/></w:r></w:p>";
    check(body, &["p ✓a b\nc\u{2011}"]);
    let math = "<w:p><m:oMath><m:f><m:num><m:r><m:t>a+b</m:t></m:r></m:num><m:den><m:r><m:t>2</m:t></m:r></m:den></m:f>\
                <m:sSup><m:e><m:r><m:t>x</m:t></m:r></m:e><m:sup><m:r><m:t>2</m:t></m:r></m:sup></m:sSup></m:oMath></w:p>";
    check(math, &["p (a+b)/2x^2"]);
}

#[test]
fn content_controls_around_blocks_are_read() {
    check(
        &format!("<w:sdt><w:sdtPr/><w:sdtContent>{}</w:sdtContent></w:sdt>", styled("x", "inside")),
        &["p inside"],
    );
}
