//! Which paragraphs have bullets when they do not say so: what the layout and the master of a slide set.

use std::collections::HashMap;

use crate::Failure;
use crate::marks::Scheme;
use crate::package::Package;
use crate::xml::{Element, Xml};

/// Levels of a text.
pub(super) const LEVELS: usize = 9;

/// Every line looks through the placeholders; no layout has more.
const MAX_PLACEHOLDERS: usize = 100;

/// What stands before a paragraph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Bullet {
    Nothing,
    Sign,
    Number { scheme: Scheme, behind: &'static str, before: &'static str, start: u32 },
}

/// What a text sets for its levels.
pub(super) type Bullets = [Option<Bullet>; LEVELS];

/// A placeholder's kind and index: what a slide's shape is matched by.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Placeholder {
    pub(super) kind: String,
    pub(super) index: String,
}

/// What shapes of a slide have from its layout and master.
#[derive(Debug, Default)]
pub(super) struct Master {
    placeholders: HashMap<Placeholder, Bullets>,
    body: Bullets,
}

impl Master {
    /// Returns what stands before a paragraph of a placeholder that says nothing itself.
    pub(super) fn bullet(&self, placeholder: &Placeholder, level: usize) -> Option<Bullet> {
        let own = self.placeholders.iter().filter(|(other, _)| {
            other.index == placeholder.index && !placeholder.index.is_empty()
                || other.kind == placeholder.kind && other.index.is_empty()
        });
        let mut own: Vec<_> = own.collect();
        own.sort_by_key(|(other, _)| std::cmp::Reverse(other.index.as_str()));
        let set = own.into_iter().find_map(|(_, bullets)| bullets.get(level).cloned().flatten());
        let is_body = matches!(placeholder.kind.as_str(), "body" | "obj" | "");
        set.or_else(|| self.body.get(level).cloned().flatten().filter(|_| is_body))
    }
}

/// Reads a layout and its master.
pub(super) fn read(package: &Package<'_>, layout: &str) -> Result<Master, Failure> {
    let mut master = Master::default();
    if layout.is_empty() {
        return Ok(master);
    }
    let above = package.related(layout, "slideMaster")?;
    for (place, part) in above.iter().map(String::as_str).chain([layout]).enumerate() {
        let Some(text) = package.text(part)? else { continue };
        let mut xml = Xml::new(&text, package.budget());
        if xml.root()?.is_some() {
            // A master's placeholders are matched by kind alone; only a layout's index is a slide's.
            let is_layout = place > 0 || above.is_none();
            walk(&mut xml, is_layout, &mut Placeholder::default(), &mut master)?;
        }
    }
    Ok(master)
}

/// Looks for placeholders and what their texts set.
fn walk(
    xml: &mut Xml<'_>,
    is_layout: bool,
    current: &mut Placeholder,
    master: &mut Master,
) -> Result<(), Failure> {
    while let Some(element) = xml.child()? {
        match element.name() {
            "sp" => walk(xml, is_layout, &mut Placeholder::default(), master)?,
            "ph" => {
                *current = placeholder(&element);
                if !is_layout {
                    current.index.clear();
                }
                xml.skip()?;
            }
            "lstStyle" => {
                let bullets = levels(xml)?;
                if master.placeholders.len() < MAX_PLACEHOLDERS {
                    master.placeholders.insert(current.clone(), bullets);
                }
            }
            "bodyStyle" => master.body = levels(xml)?,
            _ => walk(xml, is_layout, current, master)?,
        }
    }
    Ok(())
}

pub(super) fn placeholder(element: &Element<'_>) -> Placeholder {
    Placeholder {
        kind: element.attribute("type").unwrap_or_default(),
        index: element.attribute("idx").unwrap_or_default(),
    }
}

/// Reads what a list style sets for `lvl1pPr` to `lvl9pPr`.
pub(super) fn levels(xml: &mut Xml<'_>) -> Result<Bullets, Failure> {
    let mut bullets = Bullets::default();
    while let Some(element) = xml.child()? {
        let name = element.name();
        let number = name.strip_prefix("lvl").and_then(|rest| rest.strip_suffix("pPr"));
        let place =
            number.and_then(|number| number.parse::<usize>().ok()).and_then(|number| number.checked_sub(1));
        let found = properties(xml)?;
        if let Some(place) = place.and_then(|place| bullets.get_mut(place)) {
            *place = found;
        }
    }
    Ok(bullets)
}

/// Reads the bullet that properties of a paragraph set.
pub(super) fn properties(xml: &mut Xml<'_>) -> Result<Option<Bullet>, Failure> {
    let mut bullet = None;
    while let Some(element) = xml.child()? {
        match element.name() {
            "buNone" => bullet = Some(Bullet::Nothing),
            "buChar" | "buBlip" => bullet = Some(Bullet::Sign),
            "buAutoNum" => bullet = Some(numbered(&element)),
            _ => {}
        }
        xml.skip()?;
    }
    Ok(bullet)
}

/// `alphaLcParenR` is `a)`.
fn numbered(element: &Element<'_>) -> Bullet {
    let kind = element.attribute("type").unwrap_or_default();
    let scheme = match kind.get(..7).unwrap_or_default() {
        "alphaLc" => Scheme::LowerLetter,
        "alphaUc" => Scheme::UpperLetter,
        "romanLc" => Scheme::LowerRoman,
        "romanUc" => Scheme::UpperRoman,
        _ => Scheme::Decimal,
    };
    let (before, behind) = if kind.ends_with("ParenBoth") {
        ("(", ")")
    } else if kind.ends_with("ParenR") {
        ("", ")")
    } else if kind.ends_with("Plain") {
        ("", "")
    } else {
        ("", ".")
    };
    Bullet::Number { scheme, behind, before, start: element.number("startAt").unwrap_or(1) }
}
