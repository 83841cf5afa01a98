//! The blocks of one page while they are put together, each kind in its own list: that is the order in which they are sent.

use serde_json::{Value, json};

/// Height of a line and what stands between two parts, of the page's height.
const LINE: f64 = 0.016;
const GAP: f64 = 0.03;
/// Where the first line stands, and below which nothing does.
const TOP: f64 = 0.05;
const BOTTOM: f64 = 0.97;
const LEFT: f64 = 0.1;
/// Width of a character.
const CHARACTER: f64 = 0.008;

/// A page's blocks.
#[derive(Debug)]
pub(super) struct Sheet {
    document: u64,
    page: usize,
    count: u64,
    top: f64,
    /// What the page itself holds: everything but words, cells and what else belongs to another block.
    pub(super) children: Vec<String>,
    pub(super) lines: Vec<Value>,
    pub(super) words: Vec<Value>,
    pub(super) structures: Vec<Value>,
    pub(super) layout: Vec<Value>,
}

/// A line that is on the page.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) id: String,
    pub(super) words: Vec<String>,
}

/// How a text was written and how sure the reading is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hand {
    pub(super) confidence: f64,
    pub(super) is_handwriting: bool,
}

impl Sheet {
    pub(super) fn new(document: u64, page: usize) -> Self {
        let empty = Vec::new;
        Self {
            document,
            page,
            count: 0,
            top: TOP,
            children: Vec::new(),
            lines: empty(),
            words: empty(),
            structures: empty(),
            layout: empty(),
        }
    }

    /// Leaves room before the next part.
    pub(super) fn gap(&mut self) {
        self.top = (self.top + GAP).min(BOTTOM);
    }

    /// Returns a block that stands where the page is now, with an id of its own.
    pub(super) fn block(&mut self, kind: &str, confidence: Option<f64>) -> Value {
        self.block_at(kind, confidence, LEFT, 0.8)
    }

    fn block_at(&mut self, kind: &str, confidence: Option<f64>, left: f64, width: f64) -> Value {
        self.count += 1;
        let id = format!("{:08x}-{:04x}-4000-8000-{:012x}", self.document, self.page, self.count);
        let mut block = json!({ "BlockType": kind });
        if let Some(confidence) = confidence {
            block["Confidence"] = json!(confidence);
        }
        let (right, bottom) = (left + width, self.top + LINE);
        block["Geometry"] = json!({
            "BoundingBox": { "Width": width, "Height": LINE, "Left": left, "Top": self.top },
            "Polygon": [
                { "X": left, "Y": self.top }, { "X": right, "Y": self.top },
                { "X": right, "Y": bottom }, { "X": left, "Y": bottom },
            ],
        });
        block["Id"] = json!(id);
        block["Page"] = json!(self.page);
        block
    }

    /// Writes a line of text and goes on to the next.
    pub(super) fn line(&mut self, text: &str, hand: Hand) -> Line {
        let mut words = Vec::new();
        let mut left = LEFT;
        for word in text.split_whitespace() {
            let width = CHARACTER * f64::from(u16::try_from(word.chars().count()).unwrap_or(u16::MAX));
            let mut block = self.block_at("WORD", Some(hand.confidence), left, width);
            block["Text"] = json!(word);
            block["TextType"] = json!(if hand.is_handwriting { "HANDWRITING" } else { "PRINTED" });
            words.push(id(&block));
            self.words.push(block);
            left += width + CHARACTER;
        }
        let mut block = self.block_at("LINE", Some(hand.confidence), LEFT, left - LEFT);
        block["Text"] = json!(text);
        relate(&mut block, "CHILD", &words);
        self.top = (self.top + LINE).min(BOTTOM);
        let line = Line { id: id(&block), words };
        self.children.push(line.id.clone());
        self.lines.push(block);
        line
    }

    /// Returns all blocks of the page, the page first.
    pub(super) fn finish(mut self) -> Vec<Value> {
        self.top = 0.0;
        let mut page = self.block_at("PAGE", None, 0.0, 1.0);
        relate(&mut page, "CHILD", &std::mem::take(&mut self.children));
        let parts = [vec![page], self.lines, self.words, self.structures, self.layout];
        parts.into_iter().flatten().collect()
    }
}

/// Returns a block's id.
pub(super) fn id(block: &Value) -> String {
    block.get("Id").and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// Relates a block to others. Without any the block stays as it is: the service sends no empty relationships.
pub(super) fn relate(block: &mut Value, kind: &str, ids: &[String]) {
    if ids.is_empty() {
        return;
    }
    let relationship = json!({ "Type": kind, "Ids": ids });
    match block.get_mut("Relationships").and_then(Value::as_array_mut) {
        Some(relationships) => relationships.push(relationship),
        None => block["Relationships"] = json!([relationship]),
    }
}
