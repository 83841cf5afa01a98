//! Reads Excel workbooks: each sheet's tables with their values as a person sees them. Formulas count by their last results;
//! charts, pictures and comments are left out.

mod dates;
mod number;
mod regions;
mod sheet;
mod styles;

#[cfg(test)]
mod tests;

use crate::budget::Budget;
use crate::collector::Collector;
use crate::package::Package;
use crate::xml::{Xml, unescaped};
use crate::{Contents, Failure, Hidden, properties};

/// What all sheets share.
#[derive(Debug)]
struct Workbook<'a> {
    budget: &'a Budget,
    strings: Vec<String>,
    styles: styles::Styles,
    counts_from_1904: bool,
}

/// A sheet as the workbook names it.
#[derive(Debug)]
struct Named {
    name: String,
    relation: String,
    is_hidden: bool,
}

pub(crate) fn read(package: &Package<'_>) -> Result<Contents, Failure> {
    let main = package.main_part("xl/workbook.xml")?;
    let text = package.required(&main)?;
    let budget = package.budget();
    let mut contents = properties::read(package)?;
    let (sheets, counts_from_1904) = read_workbook(package, &text)?;
    let part = |kind: &str, usual: &str| -> Result<String, Failure> {
        Ok(package.related(&main, kind)?.unwrap_or_else(|| usual.to_owned()))
    };
    let workbook = Workbook {
        budget,
        strings: read_strings(package, &part("sharedStrings", "xl/sharedStrings.xml")?)?,
        styles: styles::read(package, &part("styles", "xl/styles.xml")?)?,
        counts_from_1904,
    };
    let relations = package.relations(&main)?;
    let is_one = sheets.iter().filter(|sheet| !sheet.is_hidden).count() <= 1;
    let mut collector = Collector::new(budget);
    for (place, sheet) in sheets.iter().enumerate() {
        budget.page(place.saturating_add(1), "sheets")?;
        let Some(relation) = relations.get(&sheet.relation).filter(|found| found.kind == "worksheet") else {
            continue;
        };
        let Some(text) = package.text(&relation.target)? else { continue };
        let sheet_cells = sheet::read(&text, &workbook)?;
        collector.begin(None, sheet.is_hidden.then_some(Hidden::Marked));
        // A name above nothing says nothing, and neither does `Sheet1` above the only sheet.
        if !sheet_cells.is_empty() && (!is_one || sheet.is_hidden || !is_given(&sheet.name)) {
            collector.heading(1, &sheet.name)?;
        }
        regions::collect(sheet_cells, budget, &mut collector)?;
    }
    contents.pieces = collector.finish();
    Ok(contents)
}

/// Whether a sheet has the name that every program gives to a new one, in any language: a word and a number.
fn is_given(name: &str) -> bool {
    let word = name.trim_end_matches(|character: char| character.is_ascii_digit());
    word.len() < name.len() && word.chars().all(char::is_alphabetic)
}

/// Returns the sheets in their order, and whether dates count from 1904.
fn read_workbook(package: &Package<'_>, text: &str) -> Result<(Vec<Named>, bool), Failure> {
    let mut xml = Xml::new(text, package.budget());
    let (mut sheets, mut counts_from_1904) = (Vec::new(), false);
    if xml.root()?.is_some() {
        xml.each_inside(|element| match element.name() {
            "workbookPr" => counts_from_1904 = element.flag("date1904"),
            "sheet" => sheets.push(Named {
                name: element.attribute("name").unwrap_or_default(),
                relation: element.relation("id").unwrap_or_default(),
                is_hidden: element.attribute("state").is_some_and(|state| state != "visible"),
            }),
            _ => {}
        })?;
    }
    Ok((sheets, counts_from_1904))
}

/// Returns the strings that cells refer to by number.
fn read_strings(package: &Package<'_>, part: &str) -> Result<Vec<String>, Failure> {
    let Some(text) = package.text(part)? else { return Ok(Vec::new()) };
    let budget = package.budget();
    let mut xml = Xml::new(&text, budget);
    let mut strings = Vec::new();
    if xml.root()?.is_none() {
        return Ok(strings);
    }
    while let Some(element) = xml.child()? {
        if element.name() != "si" {
            xml.skip()?;
            continue;
        }
        // Many empty strings cost few bytes in the part, and more here.
        let limit = budget.limits().cells;
        if u64::try_from(strings.len()).map_or(true, |count| count >= limit) {
            return Err(budget.over("holds too many strings", format!("{limit} strings")));
        }
        strings.push(rich_text(&mut xml)?);
    }
    Ok(strings)
}

/// Returns the text of a string with its runs; how it is pronounced stands beside it and is left out.
fn rich_text(xml: &mut Xml<'_>) -> Result<String, Failure> {
    let mut text = String::new();
    while let Some(element) = xml.child()? {
        match element.name() {
            "t" => text.push_str(&unescaped(&xml.text()?)),
            "r" => text.push_str(&rich_text(xml)?),
            _ => xml.skip()?,
        }
    }
    Ok(text)
}
