//! Counts the items of lists and numbered headings as Word does, and writes their numbers.

use std::collections::{HashMap, HashSet};

use crate::Failure;
use crate::marks::{self, Scheme};
use crate::package::Package;
use crate::xml::{Element, Xml};

/// Levels of a list.
const LEVELS: usize = 9;

/// Each item repeats its level's pattern; nobody writes a longer one.
const MAX_PATTERN_CHARS: usize = 64;

/// What stands before an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    /// The list that it belongs to.
    pub(super) list: String,
    /// From 0.
    pub(super) level: usize,
    /// `1.`, `2.3`, `-` for a bullet, or nothing.
    pub(super) text: String,
    pub(super) is_bullet: bool,
}

#[derive(Clone, Debug, Default)]
struct Level {
    start: Option<u32>,
    scheme: Scheme,
    /// `%1.%2`.
    pattern: String,
    /// The paragraph style that is numbered at this level.
    style: Option<String>,
}

type Levels = [Level; LEVELS];

#[derive(Debug, Default)]
struct Definition {
    levels: Levels,
    /// The list style whose definition counts instead of this one.
    style_link: Option<String>,
}

#[derive(Debug, Default)]
struct List {
    definition: String,
    restarts: HashMap<usize, u32>,
    levels: HashMap<usize, Level>,
}

/// All lists of a document and how far they have counted.
#[derive(Debug, Default)]
pub(super) struct Numbering {
    definitions: HashMap<String, Definition>,
    /// Names of definitions by the list styles that they define.
    by_style: HashMap<String, String>,
    lists: HashMap<String, List>,
    counts: HashMap<String, [Option<u32>; LEVELS]>,
    begun: HashSet<String>,
}

impl Numbering {
    /// Returns the level of a list at which a style is numbered.
    pub(super) fn level_of(&self, list: &str, style: &str) -> Option<usize> {
        let definition = resolved(&self.definitions, &self.by_style, &self.lists.get(list)?.definition)?.1;
        definition.levels.iter().position(|level| level.style.as_deref() == Some(style))
    }

    /// Counts one item of a list and returns its mark, or `None` when there is no such list.
    pub(super) fn count(&mut self, list: &str, level: usize) -> Option<Mark> {
        let level = level.min(LEVELS - 1);
        let found = self.lists.get(list)?;
        let (name, definition) = resolved(&self.definitions, &self.by_style, &found.definition)?;
        let levels: Vec<&Level> = definition
            .levels
            .iter()
            .enumerate()
            .map(|(place, level)| found.levels.get(&place).unwrap_or(level))
            .collect();
        let counts = self.counts.entry(name.to_owned()).or_default();
        if self.begun.insert(list.to_owned()) {
            for place in found.restarts.keys() {
                counts.iter_mut().skip(*place).for_each(|count| *count = None);
            }
        }
        let start = |place: usize| {
            let own = levels.get(place).and_then(|level| level.start);
            found.restarts.get(&place).copied().or(own).unwrap_or(1)
        };
        for (place, count) in counts.iter_mut().enumerate() {
            if place == level {
                *count = Some(count.map_or_else(|| start(place), |count| count.saturating_add(1)));
            } else if place > level {
                *count = None;
            } else if count.is_none() {
                *count = Some(start(place));
            }
        }
        let own = levels.get(level)?;
        let is_bullet = own.scheme == Scheme::Bullet;
        let text = if is_bullet { "-".to_owned() } else { write(&own.pattern, &levels, counts) };
        Some(Mark { list: list.to_owned(), level, text, is_bullet })
    }
}

/// Returns a definition and its name; one that only points to a list style leads to that style's.
fn resolved<'a>(
    definitions: &'a HashMap<String, Definition>,
    by_style: &HashMap<String, String>,
    name: &str,
) -> Option<(&'a str, &'a Definition)> {
    let own = definitions.get_key_value(name)?;
    let linked = own.1.style_link.as_ref().and_then(|style| by_style.get(style));
    let (name, definition) = linked.and_then(|linked| definitions.get_key_value(linked)).unwrap_or(own);
    Some((name, definition))
}

/// Puts the counts of all levels into a pattern.
fn write(pattern: &str, levels: &[&Level], counts: &[Option<u32>; LEVELS]) -> String {
    let mut text = String::new();
    let mut characters = pattern.chars().peekable();
    while let Some(character) = characters.next() {
        let place =
            characters.peek().and_then(|digit| digit.to_digit(10)).and_then(|digit| digit.checked_sub(1));
        let place = place.filter(|_| character == '%').and_then(|place| usize::try_from(place).ok());
        match place.and_then(|place| Some((levels.get(place)?, counts.get(place).copied().flatten()?))) {
            Some((level, count)) => {
                characters.next();
                text.push_str(&marks::write(level.scheme, count));
            }
            None => text.push(character),
        }
    }
    text.trim().to_owned()
}

pub(super) fn read(package: &Package<'_>, part: &str) -> Result<Numbering, Failure> {
    let mut numbering = Numbering::default();
    let Some(text) = package.text(part)? else { return Ok(numbering) };
    let mut xml = Xml::new(&text, package.budget());
    if xml.root()?.is_none() {
        return Ok(numbering);
    }
    while let Some(element) = xml.child()? {
        match element.name() {
            "abstractNum" => {
                let id = element.attribute("abstractNumId").unwrap_or_default();
                let (definition, defines) = read_definition(&mut xml)?;
                numbering.by_style.extend(defines.map(|style| (style, id.clone())));
                numbering.definitions.insert(id, definition);
            }
            "num" => {
                let id = element.attribute("numId").unwrap_or_default();
                numbering.lists.insert(id, read_list(&mut xml)?);
            }
            _ => xml.skip()?,
        }
    }
    Ok(numbering)
}

/// Returns a definition and the list style that it defines.
fn read_definition(xml: &mut Xml<'_>) -> Result<(Definition, Option<String>), Failure> {
    let (mut definition, mut defines) = (Definition::default(), None);
    while let Some(element) = xml.child()? {
        match element.name() {
            "lvl" => {
                let level = read_level(xml)?;
                if let Some(place) = place(&element).and_then(|place| definition.levels.get_mut(place)) {
                    *place = level;
                }
                continue;
            }
            "numStyleLink" => definition.style_link = element.attribute("val"),
            "styleLink" => defines = element.attribute("val"),
            _ => {}
        }
        xml.skip()?;
    }
    Ok((definition, defines))
}

fn read_list(xml: &mut Xml<'_>) -> Result<List, Failure> {
    let mut list = List::default();
    while let Some(element) = xml.child()? {
        match element.name() {
            "abstractNumId" => list.definition = element.attribute("val").unwrap_or_default(),
            "lvlOverride" => {
                let place = place(&element);
                read_override(xml, place, &mut list)?;
                continue;
            }
            _ => {}
        }
        xml.skip()?;
    }
    Ok(list)
}

fn read_override(xml: &mut Xml<'_>, place: Option<usize>, list: &mut List) -> Result<(), Failure> {
    while let Some(element) = xml.child()? {
        match (element.name(), place) {
            ("lvl", Some(place)) => {
                list.levels.insert(place, read_level(xml)?);
                continue;
            }
            ("startOverride", Some(place)) => {
                list.restarts.insert(place, element.number("val").unwrap_or(1));
            }
            _ => {}
        }
        xml.skip()?;
    }
    Ok(())
}

fn read_level(xml: &mut Xml<'_>) -> Result<Level, Failure> {
    let mut level = Level::default();
    while let Some(element) = xml.child()? {
        let value = element.attribute("val");
        match element.name() {
            "start" => level.start = element.number("val"),
            "numFmt" => level.scheme = Scheme::named(&value.unwrap_or_default()),
            "lvlText" => level.pattern = value.unwrap_or_default().chars().take(MAX_PATTERN_CHARS).collect(),
            "pStyle" => level.style = value,
            _ => {}
        }
        xml.skip()?;
    }
    Ok(level)
}

fn place(element: &Element<'_>) -> Option<usize> {
    element.number("ilvl").filter(|place| *place < LEVELS)
}
