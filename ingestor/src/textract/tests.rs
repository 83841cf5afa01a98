//! What blocks become, without a service.

use std::collections::BTreeSet;

use formats::{Content, Contents, Failure};

use super::blocks::{Block, Kind, Part, Relation, Role};
use super::budget::Budget;
use super::contents::contents;

/// Blocks with ids that are made up on the way.
#[derive(Default)]
struct Paper {
    blocks: Vec<Block>,
    page: u32,
}

impl Paper {
    fn add(&mut self, kind: Kind, text: &str, related: &[(Relation, Vec<String>)]) -> String {
        let id = format!("block {}", self.blocks.len());
        let related = related.to_vec();
        let (text, page) = (text.to_owned(), self.page.max(1));
        self.blocks.push(Block {
            id: id.clone(),
            kind,
            text,
            page,
            related,
            confidence: 99.0,
            ..Block::default()
        });
        id
    }

    fn last(&mut self) -> &mut Block {
        self.blocks.last_mut().expect("a block")
    }

    fn words(&mut self, text: &str) -> Vec<String> {
        text.split_whitespace().map(|word| self.add(Kind::Word, word, &[])).collect()
    }

    /// A line; returns its id and those of its words.
    fn line(&mut self, text: &str) -> (String, Vec<String>) {
        let words = self.words(text);
        (self.add(Kind::Line, text, &[(Relation::Child, words.clone())]), words)
    }

    fn part(&mut self, part: Part, lines: &[&str]) -> String {
        let lines = lines.iter().map(|line| self.line(line).0).collect();
        self.add(Kind::Layout(part), "", &[(Relation::Child, lines)])
    }

    fn cell(&mut self, row: u32, column: u32, words: Vec<String>, roles: &[Role]) -> String {
        let id = self.add(Kind::Cell, "", &[(Relation::Child, words)]);
        let last = self.last();
        (last.row, last.column, last.roles) = (row, column, roles.to_vec());
        id
    }

    /// A table of these rows, the first `headers` of which name the columns; returns the ids of its lines and its cells.
    fn table(&mut self, rows: &[&[&str]], headers: usize) -> (Vec<String>, Vec<String>) {
        let (mut lines, mut cells) = (Vec::new(), Vec::new());
        for (row, texts) in (1..).zip(rows) {
            for (column, text) in (1..).zip(*texts) {
                let (line, words) = self.line(text);
                lines.push(line);
                let roles = if row <= headers { &[Role::ColumnHeader][..] } else { &[] };
                cells.push(self.cell(u32::try_from(row).expect("few rows"), column, words, roles));
            }
        }
        self.add(Kind::Table, "", &[(Relation::Child, cells.clone())]);
        (lines, cells)
    }

    fn pair(&mut self, keys: Vec<String>, values: Vec<String>) {
        let value = self.add(Kind::KeyValue, "", &[(Relation::Child, values)]);
        self.add(Kind::KeyValue, "", &[(Relation::Child, keys), (Relation::Value, vec![value])]);
        self.last().roles = vec![Role::Key];
    }

    fn read(self) -> Contents {
        contents(self.blocks, None, &BTreeSet::new(), Budget::new(10_000, 1_000)).expect("within the budget")
    }

    fn found(self) -> Vec<Content> {
        self.read().pieces.into_iter().map(|piece| piece.content).collect()
    }
}

fn heading(level: u8, text: &str) -> Content {
    Content::Heading { level, text: text.to_owned() }
}

fn paragraph(text: &str) -> Content {
    Content::Paragraph { text: text.to_owned() }
}

fn strings(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn table(header: &[&str], rows: &[&[&str]]) -> Content {
    Content::Table { header: strings(header), rows: rows.iter().map(|row| strings(row)).collect() }
}

#[test]
fn parts_keep_their_order_and_what_repeats_on_every_page_is_dropped() {
    let mut paper = Paper::default();
    paper.part(Part::Furniture, &["Shop Ltd."]);
    paper.part(Part::Title, &["Opening", "hours"]);
    paper.part(Part::Section, &["Winter"]);
    paper.part(Part::Text, &["We open at nine and we close in the even-", "ing."]);
    paper.part(Part::Furniture, &["1"]);
    let items = [paper.part(Part::Text, &["• Bread"]), paper.part(Part::Text, &["• Cake of", "the day"])];
    paper.add(Kind::Layout(Part::List), "", &[(Relation::Child, items.to_vec())]);
    paper.page = 2;
    paper.part(Part::Text, &["Second page"]);
    let read = paper.read();
    let pages: Vec<Option<u32>> = read.pieces.iter().map(|piece| piece.page).collect();
    assert_eq!(pages, [Some(1), Some(1), Some(1), Some(1), Some(2)]);
    let found: Vec<Content> = read.pieces.into_iter().map(|piece| piece.content).collect();
    let expected = [
        heading(1, "Opening hours"),
        heading(2, "Winter"),
        paragraph("We open at nine and we close in the evening."),
        Content::List { items: strings(&["Bread", "Cake of the day"]) },
        paragraph("Second page"),
    ];
    assert_eq!(found, expected);
}

#[test]
fn a_table_stands_where_its_lines_are_and_its_header_says_so_itself() {
    let mut paper = Paper::default();
    paper.part(Part::Text, &["Before"]);
    let (lines, _) =
        paper.table(&[&["Room", "Price"], &["Small one", "90"], &["", ""], &["Large", "120"]], 1);
    paper.add(Kind::Layout(Part::Table), "", &[(Relation::Child, lines)]);
    paper.part(Part::Text, &["After"]);
    let rooms = table(&["Room", "Price"], &[&["Small one", "90"], &["Large", "120"]]);
    assert_eq!(paper.found(), [paragraph("Before"), rooms, paragraph("After")]);
    let mut plain = Paper::default();
    plain.table(&[&["Name", "Inn"], &["Town", "Graz"]], 0);
    assert_eq!(plain.found(), [table(&[], &[&["Name", "Inn"], &["Town", "Graz"]])]);
}

#[test]
fn a_merged_cell_is_said_in_each_place_and_two_rows_of_a_header_become_one() {
    let mut paper = Paper::default();
    let rows: &[&[&str]] = &[&["Room", "Price", ""], &["", "Summer", "Winter"], &["Small", "90", "70"]];
    let (_, cells) = paper.table(rows, 2);
    let merged = |paper: &mut Paper, places: [usize; 2]| {
        let inside = places.map(|place| cells[place].clone()).to_vec();
        paper.add(Kind::MergedCell, "", &[(Relation::Child, inside)])
    };
    let merged = vec![merged(&mut paper, [1, 2]), merged(&mut paper, [0, 3])];
    let table_block = paper.blocks.iter_mut().find(|block| block.kind == Kind::Table).expect("a table");
    table_block.related.push((Relation::MergedCell, merged));
    let expected = table(&["Room", "Price Summer", "Price Winter"], &[&["Small", "90", "70"]]);
    assert_eq!(paper.found(), [expected]);
}

#[test]
fn a_title_and_a_footer_stand_around_their_table() {
    let mut paper = Paper::default();
    let (title, title_words) = paper.line("Prices in euros");
    paper.table(&[&["Tea", "3"]], 0);
    let place = paper.blocks.len() - 1;
    let (footer, footer_words) = paper.line("All taxes included");
    let title_block = paper.add(Kind::TableTitle, "", &[(Relation::Child, title_words)]);
    let footer_block = paper.add(Kind::TableFooter, "", &[(Relation::Child, footer_words)]);
    let related = &mut paper.blocks[place].related;
    related.push((Relation::TableTitle, vec![title_block]));
    related.push((Relation::TableFooter, vec![footer_block]));
    paper.add(Kind::Layout(Part::Table), "", &[(Relation::Child, vec![title, footer])]);
    let expected =
        [paragraph("Prices in euros"), table(&[], &[&["Tea", "3"]]), paragraph("All taxes included")];
    assert_eq!(paper.found(), expected);
}

#[test]
fn a_form_is_rows_of_name_and_value_and_its_boxes_are_read() {
    let mut paper = Paper::default();
    let (line, words) = paper.line("Name: Anna Berg");
    paper.pair(words[..1].to_vec(), words[1..].to_vec());
    let (second, words) = paper.line("Vegetarian");
    let mark = paper.add(Kind::Selection, "", &[]);
    paper.last().is_selected = true;
    paper.pair(words, vec![mark]);
    paper.add(Kind::Layout(Part::KeyValue), "", &[(Relation::Child, vec![line, second])]);
    assert_eq!(paper.found(), [table(&[], &[&["Name:", "Anna Berg"], &["Vegetarian", "[x]"]])]);
}

#[test]
fn a_sentence_in_which_a_pair_was_found_stays_a_sentence() {
    let mut paper = Paper::default();
    let (line, words) = paper.line("Call us: 0316 123 at any time");
    paper.pair(words[1..2].to_vec(), words[2..4].to_vec());
    paper.add(Kind::Layout(Part::Text), "", &[(Relation::Child, vec![line])]);
    assert_eq!(paper.found(), [paragraph("Call us: 0316 123 at any time")]);
}

#[test]
fn without_a_layout_gaps_divide_paragraphs() {
    let mut paper = Paper::default();
    for (text, top) in
        [("Opening hours", 0.1), ("nine to five", 0.12), ("Prices", 0.2), ("Next column", 0.05)]
    {
        paper.line(text);
        let last = paper.last();
        (last.top, last.height) = (top, 0.016);
    }
    let expected = ["Opening hours nine to five", "Prices", "Next column"].map(paragraph);
    assert_eq!(paper.found(), expected);
}

#[test]
fn answers_describe_the_document_when_they_are_sure() {
    let mut paper = Paper::default();
    paper.part(Part::Text, &["text"]);
    let answers = [
        ("title", "Price list", 91.0),
        ("title", "List", 60.0),
        ("author", "Somebody", 20.0),
        ("date", "3 May 2024", 88.0),
    ];
    for (alias, text, confidence) in answers {
        let result = paper.add(Kind::QueryResult, text, &[]);
        paper.last().confidence = confidence;
        paper.add(Kind::Query, "", &[(Relation::Answer, vec![result])]);
        alias.clone_into(&mut paper.last().alias);
    }
    let read = paper.read();
    assert_eq!((read.title.as_deref(), read.author), (Some("Price list"), None));
    assert_eq!(read.created.as_deref(), Some("2024-05-03T00:00:00Z"));
}

#[test]
fn blocks_that_name_themselves_each_other_or_nobody_do_no_harm() {
    let mut paper = Paper::default();
    let ring = strings(&["block 0", "block 1", "block 2", "nobody", "block 0"]);
    for kind in [
        Kind::Layout(Part::List),
        Kind::Layout(Part::Text),
        Kind::Line,
        Kind::Table,
        Kind::Cell,
        Kind::MergedCell,
        Kind::KeyValue,
        Kind::Query,
        Kind::QueryResult,
        Kind::Word,
    ] {
        let relations =
            [Relation::Child, Relation::Value, Relation::MergedCell, Relation::Answer, Relation::TableTitle];
        let mut all = ring.clone();
        all.extend((3..10).map(|place| format!("block {place}")));
        paper.add(kind, "word", &relations.map(|relation| (relation, all.clone())));
        paper.last().roles = vec![Role::Key, Role::ColumnHeader];
    }
    let found = paper.found();
    assert!(found.iter().all(|content| format!("{content:?}").contains("word")), "{found:?}");
}

#[test]
fn a_cell_far_away_costs_what_any_other_does() {
    let mut paper = Paper::default();
    let words = [paper.words("near"), paper.words("far")];
    let [near, far] = words;
    let cells = vec![paper.cell(1, 1, near, &[]), paper.cell(u32::MAX, u32::MAX, far, &[])];
    paper.add(Kind::Table, "", &[(Relation::Child, cells)]);
    assert_eq!(paper.found(), [table(&[], &[&["near", ""], &["", "far"]])]);
}

#[test]
fn a_table_without_measure_and_words_that_are_said_again_and_again_are_over_a_limit() {
    let over = |paper: Paper| match contents(paper.blocks, None, &BTreeSet::new(), Budget::new(10_000, 1_000))
    {
        Err(Failure::OverLimit { limit, .. }) => limit,
        other => panic!("{other:?}"),
    };
    let mut wide = Paper::default();
    let word = wide.words("x");
    let cells = (1..=40).map(|place| wide.cell(place, place, word.clone(), &[])).collect();
    wide.add(Kind::Table, "", &[(Relation::Child, cells)]);
    assert_eq!(over(wide), "1000 cells");
    let mut long = Paper::default();
    let word = long.words("abcdefghijklmnopqrstuvwxyz").remove(0);
    let cell = long.cell(1, 1, vec![word; 1_000], &[]);
    long.add(Kind::Table, "", &[(Relation::Child, vec![cell])]);
    assert_eq!(over(long), "10000 bytes");
}

#[test]
fn a_page_that_could_not_be_read_is_named() {
    let mut paper = Paper::default();
    paper.part(Part::Text, &["First page"]);
    let read =
        contents(paper.blocks, Some(3), &BTreeSet::from([2]), Budget::new(10_000, 1_000)).expect("read");
    let found: Vec<(Option<u32>, Content)> =
        read.pieces.into_iter().map(|piece| (piece.page, piece.content)).collect();
    assert_eq!(found, [(Some(1), paragraph("First page")), (Some(2), Content::Scan)]);
}
