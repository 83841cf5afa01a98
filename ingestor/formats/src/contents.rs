//! What a document holds.

use serde::{Deserialize, Serialize};

/// A document as it was read.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Contents {
    /// The document's own title, where its properties name one.
    pub title: Option<String>,
    /// Who wrote it, where its properties say so.
    pub author: Option<String>,
    /// When it was written, RFC 3339, where its properties say so.
    pub created: Option<String>,
    /// When it was last changed, RFC 3339, where its properties say so.
    pub modified: Option<String>,
    /// The language that it claims, as in its properties: `de-AT`.
    pub language: Option<String>,
    /// Pages or slides, where it has some.
    pub pages: Option<u32>,
    /// Everything in reading order.
    pub pieces: Vec<Piece>,
}

/// A piece of a document that belongs together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Piece {
    /// Page or slide, from 1.
    pub page: Option<u32>,
    /// What it is.
    pub content: Content,
    /// Why a person who opens the document does not see it.
    pub hidden: Option<Hidden>,
}

/// What a piece is. Texts are not empty; they may hold line feeds where the document has line breaks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Content {
    /// A heading.
    Heading {
        /// 1 (outermost) to 6.
        level: u8,
        /// One line.
        text: String,
    },
    /// Running text.
    Paragraph {
        /// The text; lines that only the page's width divides are joined.
        text: String,
    },
    /// A list.
    List {
        /// The items in order; nested items follow theirs, indented by two spaces a level.
        items: Vec<String>,
    },
    /// A table.
    Table {
        /// Column names; empty when the table has none.
        header: Vec<String>,
        /// Cells of each row in the order of the columns; a merged cell's text stands in each place that it covers.
        rows: Vec<Vec<String>>,
    },
    /// Text whose lines matter.
    Code {
        /// The text with its indentation.
        text: String,
    },
    /// A web page or a part of one inside the document: a mail's body, a chapter of an e-book. It is HTML as it stood there,
    /// scripts and hidden elements included, and needs a reader of HTML.
    Html {
        /// The markup; empty elements of XHTML are written with an end tag.
        text: String,
    },
    /// A page without text that shows a picture: its text needs optical character recognition.
    Scan,
}

/// Why text is there and cannot be seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Hidden {
    /// Marked as hidden: hidden runs, sheets, slides, columns.
    Marked,
    /// Drawn without ink.
    Invisible,
    /// In the colour of the paper.
    PaperColoured,
    /// Too small to be read.
    Tiny,
    /// Outside of the page.
    OffPage,
}
