//! The blocks of an analysis, found by their ids. Whatever they say of each other is only ever followed over a fixed number of
//! steps, so cycles and missing blocks do no harm.

use std::collections::HashMap;

/// One block as the service describes it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Block {
    pub(crate) id: String,
    pub(crate) kind: Kind,
    /// From 1.
    pub(crate) page: u32,
    pub(crate) text: String,
    /// 0 to 100.
    pub(crate) confidence: f32,
    /// How it belongs to others, as the service names it, and their ids.
    pub(crate) related: Vec<(Relation, Vec<String>)>,
    /// What a cell, a table or half of a pair is besides.
    pub(crate) roles: Vec<Role>,
    /// A cell's place, from 1; 0 for what is no cell.
    pub(crate) row: u32,
    pub(crate) column: u32,
    /// Whether a box is ticked.
    pub(crate) is_selected: bool,
    /// The name of a query.
    pub(crate) alias: String,
    /// Upper edge and height, of the page's height.
    pub(crate) top: f32,
    pub(crate) height: f32,
}

/// What a block is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Kind {
    Line,
    Word,
    Table,
    Cell,
    MergedCell,
    TableTitle,
    TableFooter,
    KeyValue,
    Selection,
    Query,
    QueryResult,
    Layout(Part),
    /// Nothing that is of use here.
    #[default]
    Other,
}

/// What a part of the layout is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Title,
    Section,
    Text,
    List,
    Table,
    KeyValue,
    Figure,
    /// Headers, footers and page numbers: they repeat and say nothing of the matter.
    Furniture,
}

/// How a block belongs to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Relation {
    Child,
    Value,
    MergedCell,
    Answer,
    TableTitle,
    TableFooter,
}

/// What a block is besides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Key,
    ColumnHeader,
    TableTitle,
    TableFooter,
}

impl Kind {
    /// Reads the service's name; one that is not known is of no use.
    pub(crate) fn named(name: &str) -> Self {
        match name {
            "LINE" => Self::Line,
            "WORD" => Self::Word,
            "TABLE" => Self::Table,
            "CELL" => Self::Cell,
            "MERGED_CELL" => Self::MergedCell,
            "TABLE_TITLE" => Self::TableTitle,
            "TABLE_FOOTER" => Self::TableFooter,
            "KEY_VALUE_SET" => Self::KeyValue,
            "SELECTION_ELEMENT" => Self::Selection,
            "QUERY" => Self::Query,
            "QUERY_RESULT" => Self::QueryResult,
            "LAYOUT_TITLE" => Self::Layout(Part::Title),
            "LAYOUT_SECTION_HEADER" => Self::Layout(Part::Section),
            "LAYOUT_TEXT" => Self::Layout(Part::Text),
            "LAYOUT_LIST" => Self::Layout(Part::List),
            "LAYOUT_TABLE" => Self::Layout(Part::Table),
            "LAYOUT_KEY_VALUE" => Self::Layout(Part::KeyValue),
            "LAYOUT_FIGURE" => Self::Layout(Part::Figure),
            "LAYOUT_HEADER" | "LAYOUT_FOOTER" | "LAYOUT_PAGE_NUMBER" => Self::Layout(Part::Furniture),
            _ => Self::Other,
        }
    }
}

impl Relation {
    /// Reads the service's name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        match name {
            "CHILD" => Some(Self::Child),
            "VALUE" => Some(Self::Value),
            "MERGED_CELL" => Some(Self::MergedCell),
            "ANSWER" => Some(Self::Answer),
            "TABLE_TITLE" => Some(Self::TableTitle),
            "TABLE_FOOTER" => Some(Self::TableFooter),
            _ => None,
        }
    }
}

impl Role {
    /// Reads the service's name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        match name {
            "KEY" => Some(Self::Key),
            "COLUMN_HEADER" => Some(Self::ColumnHeader),
            "TABLE_TITLE" => Some(Self::TableTitle),
            "TABLE_FOOTER" => Some(Self::TableFooter),
            _ => None,
        }
    }
}

impl Block {
    pub(crate) fn has(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }

    fn ids(&self, relation: Relation) -> impl Iterator<Item = &str> {
        let related = self.related.iter().filter(move |(own, _)| *own == relation);
        related.flat_map(|(_, ids)| ids.iter().map(String::as_str))
    }
}

/// All blocks of a document. They know each other by their place in the list.
#[derive(Debug)]
pub(super) struct Blocks {
    all: Vec<Block>,
    places: HashMap<String, usize>,
}

impl Blocks {
    /// Takes the blocks in the order in which they came; of two with the same id the first is found.
    pub(super) fn new(all: Vec<Block>) -> Self {
        let mut places = HashMap::with_capacity(all.len());
        for (place, block) in all.iter().enumerate() {
            places.entry(block.id.clone()).or_insert(place);
        }
        Self { all, places }
    }

    /// Returns every block with its place.
    pub(super) fn all(&self) -> impl Iterator<Item = (usize, &Block)> {
        self.all.iter().enumerate()
    }

    pub(super) fn get(&self, place: usize) -> Option<&Block> {
        self.all.get(place)
    }

    /// Returns the blocks of this kind that a block is related to; those that are not there are passed over.
    pub(super) fn related<'a>(
        &'a self,
        block: &'a Block,
        relation: Relation,
        kind: Kind,
    ) -> impl Iterator<Item = (usize, &'a Block)> {
        let places = block.ids(relation).filter_map(|id| self.places.get(id));
        let found = places.filter_map(|place| Some((*place, self.all.get(*place)?)));
        found.filter(move |(_, other)| other.kind == kind)
    }

    /// Returns a block's words and ticked or empty boxes in order, each as it reads.
    pub(super) fn inside<'a>(&'a self, block: &'a Block) -> impl Iterator<Item = (usize, &'a str)> {
        let places = block.ids(Relation::Child).filter_map(|id| self.places.get(id));
        let found = places.filter_map(|place| Some((*place, self.all.get(*place)?)));
        found.filter_map(|(place, inside)| match inside.kind {
            Kind::Word => Some((place, inside.text.as_str())),
            Kind::Selection => Some((place, if inside.is_selected { "[x]" } else { "[ ]" })),
            _ => None,
        })
    }
}
