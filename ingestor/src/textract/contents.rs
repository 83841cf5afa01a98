//! From the blocks of an analysis to a document's pieces in reading order. Headers, footers and page numbers are left out; what
//! stands in a table or a form is said there and not again as text.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use formats::{Content, Contents, Failure, Piece};

use super::blocks::{Block, Blocks, Kind, Part, Relation};
use super::budget::Budget;
use super::{date, form, lines, table};
use crate::recognition::joined;

/// Names of the queries whose answers describe the document.
pub(super) const TITLE: &str = "title";
pub(super) const AUTHOR: &str = "author";
pub(super) const DATE: &str = "date";

/// Returns what a document holds. `pages` is how many it has, `unread` those that the service could not read.
///
/// # Errors
/// When it holds more than the budget allows.
pub(crate) fn contents(
    blocks: Vec<Block>,
    pages: Option<u32>,
    unread: &BTreeSet<u32>,
    mut budget: Budget,
) -> Result<Contents, Failure> {
    let blocks = Blocks::new(blocks);
    let mut by_page: BTreeMap<u32, Vec<(usize, &Block)>> =
        unread.iter().map(|page| (*page, Vec::new())).collect();
    for (place, block) in blocks.all() {
        by_page.entry(block.page).or_default().push((place, block));
    }
    let mut pieces = Vec::new();
    for (page, own) in by_page {
        let mut contents = Writer::new(&blocks, own, &mut budget).write()?;
        if contents.is_empty() && unread.contains(&page) {
            contents.push(Content::Scan);
        }
        pieces.extend(contents.into_iter().map(|content| Piece { page: Some(page), content, hidden: None }));
    }
    let answer = |alias| form::answer(&blocks, alias).map(str::to_owned);
    Ok(Contents {
        title: answer(TITLE),
        author: answer(AUTHOR),
        created: answer(DATE).and_then(|text| date::rfc3339(&text)),
        pages,
        pieces,
        ..Contents::default()
    })
}

/// What a line belongs to besides its part of the layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Owner {
    Table(usize),
    Pair(usize),
}

/// Neighbouring lines of a part that go the same way.
enum Run<'a> {
    Text(Vec<&'a Block>),
    Table(usize),
    Pairs(Vec<usize>),
}

/// Writes one page.
struct Writer<'a, 'b> {
    blocks: &'a Blocks,
    own: Vec<(usize, &'a Block)>,
    budget: &'b mut Budget,
    /// Of words and boxes, by place.
    owners: HashMap<usize, Owner>,
    /// Lines, tables and pairs that were written or left out, by place.
    done: HashSet<usize>,
    /// Words that stand in running text.
    in_text: HashSet<usize>,
    contents: Vec<Content>,
}

impl<'a, 'b> Writer<'a, 'b> {
    fn new(blocks: &'a Blocks, own: Vec<(usize, &'a Block)>, budget: &'b mut Budget) -> Self {
        let mut owners = HashMap::new();
        for (place, block) in own.iter().filter(|(_, block)| block.kind == Kind::Table) {
            owners.extend(table::words(blocks, block).map(|word| (word, Owner::Table(*place))));
        }
        for (place, block) in own.iter().filter(|(_, block)| form::is_key(block)) {
            for part in form::parts(blocks, block) {
                owners.entry(part).or_insert(Owner::Pair(*place));
            }
        }
        let (done, in_text) = (HashSet::new(), HashSet::new());
        Self { blocks, own, budget, owners, done, in_text, contents: Vec::new() }
    }

    fn write(mut self) -> Result<Vec<Content>, Failure> {
        let blocks = self.blocks;
        let own = std::mem::take(&mut self.own);
        let parts = || {
            own.iter().filter_map(|(place, block)| match block.kind {
                Kind::Layout(part) => Some((*place, part, *block)),
                _ => None,
            })
        };
        let lists = parts().filter(|(_, part, _)| *part == Part::List);
        let text = Kind::Layout(Part::Text);
        let items: HashSet<usize> = lists
            .flat_map(|(_, _, list)| blocks.related(list, Relation::Child, text))
            .map(|(place, _)| place)
            .collect();
        for (_, part, block) in parts().filter(|(place, ..)| !items.contains(place)) {
            self.part(part, block)?;
        }
        self.loose(&own)?;
        self.left_over(&own)?;
        Ok(self.contents)
    }

    /// Writes one part of the layout.
    fn part(&mut self, part: Part, block: &'a Block) -> Result<(), Failure> {
        let runs = self.runs(block);
        match part {
            Part::Furniture => self.leave_out(&runs),
            Part::List => {
                let mut items = Vec::new();
                let text = Kind::Layout(Part::Text);
                let nested = self.blocks.related(block, Relation::Child, text);
                let nested: Vec<Vec<Run<'a>>> = nested.map(|(_, item)| self.runs(item)).collect();
                // Lines that are no item's are items of their own.
                for run in runs {
                    match run {
                        Run::Text(lines) => items.extend(lines.into_iter().map(|line| vec![line])),
                        other => self.run(part, other)?,
                    }
                }
                for run in nested.into_iter().flatten() {
                    match run {
                        Run::Text(lines) => items.push(lines),
                        other => self.run(part, other)?,
                    }
                }
                self.list(items)?;
            }
            _ => {
                for run in runs {
                    self.run(part, run)?;
                }
            }
        }
        Ok(())
    }

    /// Cuts a part's lines into runs, those that were written already left out.
    fn runs(&mut self, block: &'a Block) -> Vec<Run<'a>> {
        let mut runs = Vec::new();
        for (place, line) in self.blocks.related(block, Relation::Child, Kind::Line) {
            self.line(place, line, &mut runs);
        }
        runs
    }

    fn line(&mut self, place: usize, line: &'a Block, runs: &mut Vec<Run<'a>>) {
        if !self.done.insert(place) {
            return;
        }
        let words: Vec<usize> = self.blocks.inside(line).map(|(word, _)| word).collect();
        let owners: Vec<Owner> = words.iter().filter_map(|word| self.owners.get(word).copied()).collect();
        let is_owned = !words.is_empty() && owners.len() == words.len();
        let Some(first) = owners.first().filter(|_| is_owned) else {
            self.in_text.extend(words);
            match runs.last_mut() {
                Some(Run::Text(lines)) => lines.push(line),
                _ => runs.push(Run::Text(vec![line])),
            }
            return;
        };
        if let Owner::Table(table) = *first {
            if !matches!(runs.last(), Some(Run::Table(last)) if *last == table) {
                runs.push(Run::Table(table));
            }
            return;
        }
        let pairs = owners.iter().filter_map(|owner| match owner {
            Owner::Pair(pair) => Some(*pair),
            Owner::Table(_) => None,
        });
        match runs.last_mut() {
            Some(Run::Pairs(known)) => known.extend(pairs),
            _ => runs.push(Run::Pairs(pairs.collect())),
        }
    }

    fn leave_out(&mut self, runs: &[Run<'a>]) {
        for run in runs {
            match run {
                Run::Text(_) => {}
                Run::Table(table) => _ = self.done.insert(*table),
                Run::Pairs(pairs) => self.done.extend(pairs),
            }
        }
    }

    fn run(&mut self, part: Part, run: Run<'a>) -> Result<(), Failure> {
        let lines = match run {
            Run::Table(table) => return self.table(table),
            Run::Pairs(pairs) => return self.pairs(pairs),
            Run::Text(lines) => lines,
        };
        let text = self.text(&lines)?;
        if text.is_empty() {
            return Ok(());
        }
        let content = match part {
            Part::Title => Content::Heading { level: 1, text: joined(&text) },
            Part::Section => Content::Heading { level: 2, text: joined(&text) },
            // Without cells, what stands side by side is all that is known of a table.
            Part::Table | Part::KeyValue => Content::Paragraph { text },
            _ => Content::Paragraph { text: joined(&text) },
        };
        self.contents.push(content);
        Ok(())
    }

    fn text(&mut self, lines: &[&Block]) -> Result<String, Failure> {
        let mut text = String::new();
        for line in lines {
            if !text.is_empty() {
                text.push('\n');
            }
            text.push_str(&self.budget.copy(line.text.trim())?);
        }
        Ok(text)
    }

    fn list(&mut self, items: Vec<Vec<&'a Block>>) -> Result<(), Failure> {
        let mut texts = Vec::new();
        for item in items {
            let text = joined(&self.text(&item)?);
            texts.push(lines::without_bullet(&text).to_owned());
        }
        texts.retain(|text| !text.is_empty());
        if !texts.is_empty() {
            self.contents.push(Content::List { items: texts });
        }
        Ok(())
    }

    fn table(&mut self, place: usize) -> Result<(), Failure> {
        if self.done.insert(place)
            && let Some(block) = self.blocks.get(place)
        {
            self.contents.extend(table::read(self.blocks, block, self.budget)?);
        }
        Ok(())
    }

    fn pairs(&mut self, places: Vec<usize>) -> Result<(), Failure> {
        let mut rows = Vec::new();
        for place in places {
            if self.done.insert(place)
                && let Some(key) = self.blocks.get(place)
            {
                rows.extend(form::pair(self.blocks, key, self.budget)?);
            }
        }
        if !rows.is_empty() {
            self.contents.push(Content::Table { header: Vec::new(), rows });
        }
        Ok(())
    }

    /// Writes the lines that no part of the layout has; without a layout these are all.
    fn loose(&mut self, own: &[(usize, &'a Block)]) -> Result<(), Failure> {
        let mut runs = Vec::new();
        for (place, line) in own.iter().filter(|(_, block)| block.kind == Kind::Line) {
            self.line(*place, line, &mut runs);
        }
        for run in runs {
            match run {
                Run::Text(lines) => {
                    for paragraph in lines::paragraphs(&lines) {
                        self.run(Part::Text, Run::Text(paragraph))?;
                    }
                }
                other => self.run(Part::Text, other)?,
            }
        }
        Ok(())
    }

    /// Writes the tables and pairs whose words are in no line, and pairs whose boxes the text does not show.
    fn left_over(&mut self, own: &[(usize, &'a Block)]) -> Result<(), Failure> {
        let tables = own.iter().filter(|(_, block)| block.kind == Kind::Table);
        for (place, block) in tables {
            if !table::words(self.blocks, block).all(|word| self.in_text.contains(&word)) {
                self.table(*place)?;
            }
        }
        let keys = own.iter().filter(|(_, block)| form::is_key(block));
        let is_new = |key: &Block| {
            let is_new = |part| {
                !self.in_text.contains(&part) && !matches!(self.owners.get(&part), Some(Owner::Table(_)))
            };
            form::parts(self.blocks, key).any(is_new)
        };
        let new: Vec<usize> = keys.filter(|(_, key)| is_new(key)).map(|(place, _)| *place).collect();
        self.pairs(new)
    }
}
