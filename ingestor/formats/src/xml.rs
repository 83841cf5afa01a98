//! Walks through the elements of an XML part by their local names, within the limit of depth. Entities that a document
//! defines are never expanded, and of alternate contents only the first is met.

use std::borrow::Cow;

use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesStart, Event};

use crate::Failure;
use crate::budget::Budget;

/// An element's name and attributes.
#[derive(Debug)]
pub(crate) struct Element<'a>(BytesStart<'a>);

impl Element<'_> {
    /// Returns the name without its prefix.
    pub(crate) fn name(&self) -> &str {
        self.0.local_name().into_inner()
    }

    /// Returns an attribute by its name without prefix.
    pub(crate) fn attribute(&self, name: &str) -> Option<String> {
        self.find(|prefix, local| local == name && prefix != Some("xmlns"))
    }

    /// Returns an attribute that names a relation: unlike an own `id`, it has a prefix.
    pub(crate) fn relation(&self, name: &str) -> Option<String> {
        self.find(|prefix, local| local == name && prefix.is_some_and(|prefix| prefix != "xmlns"))
    }

    /// Returns the attribute as a number.
    pub(crate) fn number<T: std::str::FromStr>(&self, name: &str) -> Option<T> {
        self.attribute(name)?.trim().parse().ok()
    }

    /// Whether the attribute says yes.
    pub(crate) fn flag(&self, name: &str) -> bool {
        self.attribute(name).is_some_and(|value| is_on(&value))
    }

    /// Whether an element that switches something on by being there does so: `<w:b/>`, `<w:b w:val="0"/>`.
    pub(crate) fn switches_on(&self) -> bool {
        self.attribute("val").is_none_or(|value| is_on(&value))
    }

    fn find(&self, fits: impl Fn(Option<&str>, &str) -> bool) -> Option<String> {
        let mut attributes = self.0.attributes();
        attributes.with_checks(false);
        let found = attributes.flatten().find(|attribute| {
            let key = attribute.key.into_inner();
            key.split_once(':').map_or_else(|| fits(None, key), |(prefix, local)| fits(Some(prefix), local))
        })?;
        let value = found.normalized_value(quick_xml::XmlVersion::Implicit1_0);
        Some(value.map_or_else(|_| found.value.to_string(), Cow::into_owned))
    }
}

fn is_on(value: &str) -> bool {
    matches!(value, "1" | "true" | "on")
}

/// Returns a text in which `_x000D_` and its like stand for the characters that XML cannot hold.
pub(crate) fn unescaped(text: &str) -> Cow<'_, str> {
    if !text.contains("_x") {
        return Cow::Borrowed(text);
    }
    let (mut out, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(place) = rest.find("_x") {
        let (before, from) = rest.split_at(place);
        out.push_str(before);
        let code = from.get(2..6).filter(|_| from.get(6..7) == Some("_"));
        let character = code.and_then(|code| u32::from_str_radix(code, 16).ok()).and_then(char::from_u32);
        let taken = if character.is_some() { 7 } else { 2 };
        out.push_str(&character.map_or_else(|| "_x".to_owned(), String::from));
        rest = from.get(taken..).unwrap_or_default();
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// What stands at the reader's place.
enum Step<'a> {
    Open(Element<'a>),
    Close,
    Text(Cow<'a, str>),
    End,
}

/// Reads one part. Whoever is given an element reads its children to their end, its text, or skips it.
#[derive(Debug)]
pub(crate) struct Xml<'a> {
    reader: Reader<&'a [u8]>,
    budget: &'a Budget,
    depth: u32,
    /// Depth of each choice between alternates around this place, and whether one was taken.
    alternates: Vec<(u32, bool)>,
}

impl<'a> Xml<'a> {
    pub(crate) fn new(text: &'a str, budget: &'a Budget) -> Self {
        let mut reader = Reader::from_str(text);
        let config = reader.config_mut();
        config.expand_empty_elements = true;
        config.allow_dangling_amp = true;
        Self { reader, budget, depth: 0, alternates: Vec::new() }
    }

    /// Moves into the outermost element; `None` when there is none.
    pub(crate) fn root(&mut self) -> Result<Option<Element<'a>>, Failure> {
        self.child()
    }

    /// Returns the next element inside the current one, or `None` at its end.
    pub(crate) fn child(&mut self) -> Result<Option<Element<'a>>, Failure> {
        loop {
            match self.step()? {
                Step::Text(_) => {}
                Step::End => return Ok(None),
                Step::Close => {
                    // The end of what was looked through is no end for the caller.
                    let around = self.alternates.last().map(|(depth, _)| *depth);
                    match around {
                        Some(depth) if self.depth == depth => {}
                        Some(depth) if self.depth.saturating_add(1) == depth => {
                            self.alternates.pop();
                        }
                        _ => return Ok(None),
                    }
                }
                Step::Open(element) => {
                    if let Some(element) = self.look_through(element)? {
                        return Ok(Some(element));
                    }
                }
            }
        }
    }

    /// Enters alternate contents and the first choice in them, and skips the other choices.
    fn look_through(&mut self, element: Element<'a>) -> Result<Option<Element<'a>>, Failure> {
        if element.name() == "AlternateContent" {
            self.alternates.push((self.depth, false));
            return Ok(None);
        }
        match self.alternates.last_mut() {
            Some((depth, taken)) if self.depth == depth.saturating_add(1) => {
                if std::mem::replace(taken, true) {
                    self.skip()?;
                }
                Ok(None)
            }
            _ => Ok(Some(element)),
        }
    }

    /// Moves behind the end of the current element.
    pub(crate) fn skip(&mut self) -> Result<(), Failure> {
        let outside = self.depth.saturating_sub(1);
        while self.depth > outside {
            if let Step::End = self.step()? {
                break;
            }
        }
        Ok(())
    }

    /// Returns all text inside the current element and moves behind its end.
    pub(crate) fn text(&mut self) -> Result<String, Failure> {
        let outside = self.depth.saturating_sub(1);
        let mut text = String::new();
        while self.depth > outside {
            match self.step()? {
                Step::Text(part) => text.push_str(&part),
                Step::End => break,
                Step::Open(_) | Step::Close => {}
            }
        }
        Ok(text)
    }

    /// Shows every element inside the current one, at any depth, and moves behind its end.
    pub(crate) fn each_inside(&mut self, mut show: impl FnMut(&Element<'_>)) -> Result<(), Failure> {
        let outside = self.depth.saturating_sub(1);
        while self.depth > outside {
            match self.step()? {
                Step::Open(element) => show(&element),
                Step::End => break,
                Step::Text(_) | Step::Close => {}
            }
        }
        Ok(())
    }

    fn step(&mut self) -> Result<Step<'a>, Failure> {
        loop {
            let event = self.reader.read_event();
            match event.map_err(|error| self.budget.damaged(format!("its XML is broken: {error}")))? {
                Event::Start(start) | Event::Empty(start) => {
                    self.depth = self.depth.saturating_add(1);
                    let limit = self.budget.limits().depth;
                    if self.depth > limit {
                        return Err(self
                            .budget
                            .over("nests its parts too deeply", format!("{limit} levels")));
                    }
                    return Ok(Step::Open(Element(start)));
                }
                Event::End(_) => {
                    self.depth = self.depth.saturating_sub(1);
                    return Ok(Step::Close);
                }
                Event::Text(text) => return Ok(Step::Text(text.into_inner())),
                Event::CData(text) => return Ok(Step::Text(text.into_inner())),
                Event::GeneralRef(reference) => {
                    let name: &str = &reference;
                    if let Ok(Some(character)) = reference.resolve_char_ref() {
                        return Ok(Step::Text(Cow::Owned(character.to_string())));
                    }
                    if let Some(character) = resolve_predefined_entity(name) {
                        return Ok(Step::Text(Cow::Borrowed(character)));
                    }
                }
                Event::Eof if self.depth > 0 => return Err(self.budget.damaged("its XML ends too early")),
                Event::Eof => return Ok(Step::End),
                Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
            }
        }
    }
}
