//! Where code begins and ends in Markdown that streams in: spans in backticks, and fenced blocks. It looks at one
//! character at a time and holds none back.

/// Signs of a fence, at least.
const FENCE: usize = 3;

/// What is known of the text so far.
#[derive(Debug, Default)]
pub(super) struct Code {
    open: Option<Open>,
    /// The run of backticks or tildes that is being read.
    run: Option<Run>,
    /// Whether the line holds anything but spaces.
    has_text: bool,
}

#[derive(Clone, Copy, Debug)]
enum Open {
    /// A span, ended by a run of this length.
    Span(usize),
    /// A block, ended by a run of this sign that is at least as long and begins a line.
    Block(char, usize),
}

#[derive(Clone, Copy, Debug)]
struct Run {
    sign: char,
    length: usize,
    begins_line: bool,
}

impl Code {
    /// Takes the next character of the text.
    pub(super) fn see(&mut self, character: char) {
        if let Some(run) = self.run.as_mut().filter(|run| run.sign == character) {
            run.length = run.length.saturating_add(1);
            return;
        }
        self.settle();
        match character {
            '`' | '~' => {
                self.run = Some(Run { sign: character, length: 1, begins_line: !self.has_text });
                self.has_text = true;
            }
            '\n' => {
                // A span does not reach over an empty line; an unpaired backtick must not make code of the rest.
                if !self.has_text && matches!(self.open, Some(Open::Span(_))) {
                    self.open = None;
                }
                self.has_text = false;
            }
            ' ' | '\t' | '\r' => {}
            _ => self.has_text = true,
        }
    }

    /// Returns whether what comes next stands in code.
    pub(super) fn is_open(&mut self) -> bool {
        self.settle();
        self.open.is_some()
    }

    /// A run of signs has ended: it opens code, ends it, or is text.
    fn settle(&mut self) {
        let Some(Run { sign, length, begins_line }) = self.run.take() else { return };
        let is_fence = begins_line && length >= FENCE;
        self.open = match self.open {
            None if is_fence => Some(Open::Block(sign, length)),
            None if sign == '`' => Some(Open::Span(length)),
            Some(Open::Span(opened)) if sign == '`' && length == opened => None,
            Some(Open::Block(opened, least)) if is_fence && sign == opened && length >= least => None,
            open => open,
        };
    }
}
