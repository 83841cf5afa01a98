//! Tests of the reader of presentations.

use crate::Format;
use crate::testing::{contents, sketch};

const PRESENTATION: &str = "<p:presentation><p:sldIdLst><p:sldId id='256' r:id='b'/><p:sldId id='257' r:id='a'/></p:sldIdLst>\
    <p:sldSz cx='1000' cy='500'/></p:presentation>";
const RELATIONS: &str = "<Relationships><Relationship Id='a' Type='x/slide' Target='slides/slide1.xml'/>\
    <Relationship Id='b' Type='x/slide' Target='slides/slide2.xml'/></Relationships>";
const EMPTY: &str = "<p:sld><p:cSld/></p:sld>";

/// Checks what is read of the first slide; further parts may stand around it.
fn check(shapes: &str, more: &[(&str, &str)], expected: &[&str]) {
    let slide = format!("<p:sld><p:cSld><p:spTree>{shapes}</p:spTree></p:cSld></p:sld>");
    let mut parts = vec![
        ("ppt/presentation.xml", PRESENTATION),
        ("ppt/_rels/presentation.xml.rels", RELATIONS),
        ("ppt/slides/slide2.xml", slide.as_str()),
        ("ppt/slides/slide1.xml", EMPTY),
    ];
    parts.extend(more);
    assert_eq!(sketch(&contents(Format::PowerPoint, &parts)), expected);
}

fn shape(properties: &str, lines: &str) -> String {
    format!(
        "<p:sp><p:nvSpPr><p:cNvPr/><p:nvPr>{properties}</p:nvPr></p:nvSpPr><p:txBody>{lines}</p:txBody></p:sp>"
    )
}

fn line(properties: &str, text: &str) -> String {
    format!("<a:p>{properties}<a:r><a:t>{text}</a:t></a:r></a:p>")
}

#[test]
fn slides_come_in_the_order_of_the_presentation() {
    let title = |text: &str| {
        let shape = shape("<p:ph type='title'/>", &line("", text));
        format!("<p:sld><p:cSld><p:spTree>{shape}</p:spTree></p:cSld></p:sld>")
    };
    let (one, two) = (title("one"), title("two").replace("<p:sld>", "<p:sld show='0'>"));
    let read = contents(
        Format::PowerPoint,
        &[
            ("ppt/presentation.xml", PRESENTATION),
            ("ppt/_rels/presentation.xml.rels", RELATIONS),
            ("ppt/slides/slide2.xml", &two),
            ("ppt/slides/slide1.xml", &one),
        ],
    );
    assert_eq!(sketch(&read), ["marked: h1 two", "h1 one"]);
    assert_eq!(read.pages, Some(2));
    assert_eq!(read.pieces.iter().map(|piece| piece.page).collect::<Vec<_>>(), [Some(1), Some(2)]);
}

#[test]
fn titles_come_first_and_footers_not_at_all() {
    let shapes = [
        shape("<p:ph type='sldNum'/>", &line("", "7")),
        shape("", &line("", "text")),
        shape("<p:ph type='ctrTitle'/>", &line("", "Title")),
    ];
    check(&shapes.concat(), &[], &["h1 Title", "p text"]);
}

#[test]
fn bullets_are_lists_with_their_numbers_and_levels() {
    let lines = [
        line("", "Look:"),
        line("<a:pPr><a:buChar char='•'/></a:pPr>", "a"),
        line("<a:pPr lvl='1'><a:buAutoNum type='alphaLcParenR'/></a:pPr>", "b"),
        line("<a:pPr lvl='1'><a:buAutoNum type='alphaLcParenR'/></a:pPr>", "c"),
    ];
    check(&shape("", &lines.concat()), &[], &["p Look:", "- a /   a) b /   b) c"]);
}

#[test]
fn bullets_come_from_the_layout_and_the_master() {
    let to_layout = "<Relationships><Relationship Id='l' Type='x/slideLayout' Target='../slideLayouts/l.xml'/></Relationships>";
    let to_master = "<Relationships><Relationship Id='m' Type='x/slideMaster' Target='../slideMasters/m.xml'/></Relationships>";
    let layout = "<p:sldLayout><p:sp><p:nvPr><p:ph type='body' idx='2'/></p:nvPr><p:txBody><a:lstStyle><a:lvl1pPr><a:buNone/></a:lvl1pPr>\
                  </a:lstStyle></p:txBody></p:sp></p:sldLayout>";
    let master = "<p:sldMaster><p:txStyles><p:bodyStyle><a:lvl1pPr><a:buChar char='•'/></a:lvl1pPr></p:bodyStyle></p:txStyles></p:sldMaster>";
    let shapes = [
        shape("<p:ph idx='1'/>", &line("", "item")),
        shape("<p:ph type='body' idx='2'/>", &line("", "text")),
        shape("", &line("", "box")),
    ];
    let parts = [
        ("ppt/slides/_rels/slide2.xml.rels", to_layout),
        ("ppt/slideLayouts/l.xml", layout),
        ("ppt/slideLayouts/_rels/l.xml.rels", to_master),
        ("ppt/slideMasters/m.xml", master),
    ];
    check(&shapes.concat(), &parts, &["- item", "p text", "p box"]);
}

#[test]
fn tables_and_shapes_in_groups_are_read() {
    let cell = |properties: &str, text: &str| {
        format!("<a:tc {properties}><a:txBody>{}</a:txBody></a:tc>", line("", text))
    };
    let rows = [
        [cell("gridSpan='2'", "a"), cell("hMerge='1'", ""), cell("rowSpan='2'", "b")].concat(),
        [cell("", "c"), cell("", "d"), cell("vMerge='1'", "")].concat(),
    ];
    let rows = rows.map(|row| format!("<a:tr>{row}</a:tr>")).concat();
    let table = format!(
        "<p:graphicFrame><a:graphic><a:graphicData><a:tbl><a:tblPr firstRow='1'/>{rows}</a:tbl></a:graphicData></a:graphic></p:graphicFrame>"
    );
    check(
        &format!("<p:grpSp>{}</p:grpSp>{table}", shape("", &line("", "in"))),
        &[],
        &["p in", "t a|a|b // c|d|b"],
    );
}

#[test]
fn charts_diagrams_and_notes_are_read() {
    let relations = "<Relationships><Relationship Id='c' Type='x/chart' Target='../charts/c.xml'/>\
        <Relationship Id='d' Type='x/diagramData' Target='../diagrams/d.xml'/>\
        <Relationship Id='n' Type='x/notesSlide' Target='../notesSlides/n.xml'/></Relationships>";
    let values = |values: [&str; 2]| values.map(|value| format!("<c:pt><c:v>{value}</c:v></c:pt>")).concat();
    let chart = format!(
        "<c:chartSpace><c:chart><c:title><c:tx><a:t>Guests</a:t></c:tx></c:title><c:plotArea><c:barChart><c:ser><c:tx><c:strRef><c:f>A1</c:f>\
         <c:strCache><c:pt><c:v>Adults</c:v></c:pt></c:strCache></c:strRef></c:tx><c:cat>{}</c:cat><c:val>{}</c:val></c:ser></c:barChart>\
         <c:catAx><c:title><a:t>Year</a:t></c:title></c:catAx></c:plotArea></c:chart></c:chartSpace>",
        values(["2023", "2024"]),
        values(["5", "7"])
    );
    let diagram = format!(
        "<dgm:dataModel><dgm:ptLst><dgm:pt type='doc'><dgm:t>{0}</dgm:t></dgm:pt><dgm:pt><dgm:t>{0}</dgm:t></dgm:pt></dgm:ptLst></dgm:dataModel>",
        line("", "Step")
    );
    let notes = format!(
        "<p:notes><p:cSld><p:spTree>{}{}</p:spTree></p:cSld></p:notes>",
        shape("<p:ph type='sldNum'/>", &line("", "1")),
        shape("<p:ph type='body'/>", &line("", "Smile."))
    );
    let parts = [
        ("ppt/slides/_rels/slide2.xml.rels", relations),
        ("ppt/charts/c.xml", chart.as_str()),
        ("ppt/diagrams/d.xml", diagram.as_str()),
        ("ppt/notesSlides/n.xml", notes.as_str()),
    ];
    check(
        "<p:graphicFrame><c:chart r:id='c'/></p:graphicFrame><p:graphicFrame><dgm:relIds r:dm='d'/></p:graphicFrame>",
        &parts,
        &["p Guests", "t |Adults // 2023|5 / 2024|7", "- Step", "p Notes: Smile."],
    );
}

#[test]
fn what_the_audience_does_not_see_is_marked() {
    let off = "<p:sp><p:spPr><a:xfrm><a:off x='2000' y='0'/><a:ext cx='10' cy='10'/></a:xfrm></p:spPr><p:txBody><a:p><a:r><a:t>off</a:t></a:r></a:p></p:txBody></p:sp>";
    let tiny = shape(
        "",
        "<a:p><a:r><a:rPr sz='100'/><a:t>tiny</a:t></a:r><a:r><a:t>seen_x000B_here</a:t></a:r></a:p>",
    );
    let hidden = shape("", &line("", "no")).replace("<p:cNvPr/>", "<p:cNvPr hidden='1'/>");
    check(
        &[off, &tiny, &hidden].concat(),
        &[],
        &["OffPage: p off", "p seen\nhere", "Tiny: p tiny", "marked: p no"],
    );
}
