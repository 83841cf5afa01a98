//! Reads `PowerPoint` presentations: slides in their order, titles as headings, bullets as lists, tables, charts and speaker
//! notes. Slide numbers, dates, footers and comments are left out.

mod bullets;
mod charts;
mod shapes;
mod tables;
mod text;

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::rc::Rc;

use bullets::Master;
use shapes::Slide;

use crate::collector::Collector;
use crate::package::{Package, Relation};
use crate::xml::Xml;
use crate::{Contents, Failure, Hidden, properties};

/// Width and height in English metric units.
type Size = (i64, i64);

pub(crate) fn read(package: &Package<'_>) -> Result<Contents, Failure> {
    let main = package.main_part("ppt/presentation.xml")?;
    let text = package.required(&main)?;
    let budget = package.budget();
    let mut contents = properties::read(package)?;
    let (ids, size) = read_presentation(package, &text)?;
    let relations = package.relations(&main)?;
    let mut collector = Collector::new(budget);
    let mut masters: HashMap<String, Rc<Master>> = HashMap::new();
    for (place, id) in ids.iter().enumerate() {
        let number = budget.page(place.saturating_add(1), "slides")?;
        contents.pages = Some(number);
        let Some(relation) = relations.get(id) else { continue };
        let Some(text) = package.text(&relation.target)? else { continue };
        let own = package.relations(&relation.target)?;
        let layout = target(&own, "slideLayout").unwrap_or_default();
        let master = match masters.get(&layout) {
            Some(master) => Rc::clone(master),
            None => {
                let master = Rc::new(bullets::read(package, &layout)?);
                masters.insert(layout, Rc::clone(&master));
                master
            }
        };
        let slide = Slide { package, relations: &own, master: &master, size };
        let mut xml = Xml::new(&text, budget);
        let Some(root) = xml.root()? else { continue };
        let is_hidden = root.attribute("show").is_some_and(|show| matches!(show.as_str(), "0" | "false"));
        collector.begin(Some(number), is_hidden.then_some(Hidden::Marked));
        slide.read(&mut xml, &mut collector)?;
        if let Some(notes) = target(&own, "notesSlide") {
            read_notes(&slide, &notes, &mut collector)?;
        }
    }
    contents.pieces = collector.finish();
    Ok(contents)
}

fn target(relations: &HashMap<String, Relation>, kind: &str) -> Option<String> {
    relations.values().find(|relation| relation.kind == kind).map(|relation| relation.target.clone())
}

/// Returns the relations that lead to the slides in their order, and the size of a slide.
fn read_presentation(package: &Package<'_>, text: &str) -> Result<(Vec<String>, Option<Size>), Failure> {
    let mut xml = Xml::new(text, package.budget());
    let (mut ids, mut size) = (Vec::new(), None);
    if xml.root()?.is_some() {
        xml.each_inside(|element| match element.name() {
            "sldId" => ids.extend(element.relation("id")),
            "sldSz" => size = element.number("cx").zip(element.number("cy")),
            _ => {}
        })?;
    }
    Ok((ids, size))
}

fn read_notes(slide: &Slide<'_, '_>, part: &str, collector: &mut Collector<'_>) -> Result<(), Failure> {
    let Some(text) = slide.package.text(part)? else { return Ok(()) };
    let mut xml = Xml::new(&text, slide.package.budget());
    if xml.root()?.is_none() {
        return Ok(());
    }
    let notes = shapes::notes(&mut xml)?;
    if notes.trim().is_empty() {
        return Ok(());
    }
    collector.paragraph(&format!("Notes: {notes}"))
}
