//! Walks through the shapes of a slide.

use std::collections::HashMap;

use super::bullets::{Bullet, LEVELS, Master, Placeholder, placeholder};
use super::text::{self, Body, Line};
use super::{Size, charts, tables};
use crate::collector::Collector;
use crate::package::{Package, Relation};
use crate::xml::Xml;
use crate::{Failure, Hidden, marks};

/// A slide and what it refers to.
#[derive(Debug)]
pub(super) struct Slide<'a, 'p> {
    pub(super) package: &'a Package<'p>,
    pub(super) relations: &'a HashMap<String, Relation>,
    pub(super) master: &'a Master,
    pub(super) size: Option<Size>,
}

/// A shape with text.
#[derive(Debug, Default)]
struct Shape {
    placeholder: Option<Placeholder>,
    body: Body,
    hidden: Option<Hidden>,
    /// The left upper corner and the size, where the slide itself sets them.
    corner: Option<(i64, i64)>,
    extent: Option<Size>,
}

/// What a slide consists of, in the order of its file.
#[derive(Debug)]
enum Part {
    Shape(Box<Shape>),
    Table(crate::table::Rows, Option<bool>),
    Chart(String),
    Diagram(String),
}

impl Slide<'_, '_> {
    /// Reads the slide that the reader stands in: titles first, then everything else.
    pub(super) fn read(&self, xml: &mut Xml<'_>, collector: &mut Collector<'_>) -> Result<(), Failure> {
        let mut parts = Vec::new();
        self.walk(xml, &mut parts)?;
        let is_title = |part: &Part| matches!(part, Part::Shape(shape) if shape.is_title());
        let (titles, others): (Vec<Part>, Vec<Part>) = parts.into_iter().partition(is_title);
        for part in titles.into_iter().chain(others) {
            match part {
                Part::Shape(shape) => self.shape(&shape, collector)?,
                Part::Table(rows, first_is_header) => collector.table(rows, first_is_header),
                Part::Chart(relation) => self.chart(&relation, collector)?,
                Part::Diagram(relation) => self.diagram(&relation, collector)?,
            }
        }
        Ok(())
    }

    fn walk(&self, xml: &mut Xml<'_>, parts: &mut Vec<Part>) -> Result<(), Failure> {
        while let Some(element) = xml.child()? {
            match element.name() {
                "sp" => {
                    let mut shape = Shape::default();
                    read_shape(xml, &mut shape)?;
                    if self.is_off(&shape) {
                        shape.hidden = shape.hidden.or(Some(Hidden::OffPage));
                    }
                    parts.push(Part::Shape(Box::new(shape)));
                }
                "tbl" => {
                    let (rows, first_is_header) = tables::read(xml, self.package.budget())?;
                    parts.push(Part::Table(rows, first_is_header));
                }
                "chart" => {
                    parts.extend(element.relation("id").map(Part::Chart));
                    xml.skip()?;
                }
                "relIds" => {
                    parts.extend(element.relation("dm").map(Part::Diagram));
                    xml.skip()?;
                }
                "pic" | "cxnSp" | "timing" | "transition" | "extLst" => xml.skip()?,
                _ => self.walk(xml, parts)?,
            }
        }
        Ok(())
    }

    fn is_off(&self, shape: &Shape) -> bool {
        let (Some((width, height)), Some((left, top)), Some((wide, high))) =
            (self.size, shape.corner, shape.extent)
        else {
            return false;
        };
        left >= width || top >= height || left.saturating_add(wide) <= 0 || top.saturating_add(high) <= 0
    }

    fn shape(&self, shape: &Shape, collector: &mut Collector<'_>) -> Result<(), Failure> {
        if shape.is_furniture() {
            return Ok(());
        }
        let text = shape.body.text();
        if shape.hidden.is_some() {
            return collector.paragraph_hidden(&text, shape.hidden);
        }
        if shape.is_title() {
            return collector.heading(1, &text);
        }
        let mut numbers = [0_u32; LEVELS];
        collector.end_list();
        for line in &shape.body.lines {
            match self.mark(shape, line, &mut numbers) {
                Some(mark) => collector.item(line.level, &mark, &line.text)?,
                None => collector.paragraph(&line.text)?,
            }
            collector.paragraph_hidden(&line.tiny, Some(Hidden::Tiny))?;
        }
        collector.end_list();
        Ok(())
    }

    /// Returns what stands before a line, counting the numbered ones.
    fn mark(&self, shape: &Shape, line: &Line, numbers: &mut [u32; LEVELS]) -> Option<String> {
        if line.text.trim().is_empty() {
            return None;
        }
        let of_shape = || shape.body.bullets.get(line.level).cloned().flatten();
        let of_master = || shape.placeholder.as_ref().and_then(|kind| self.master.bullet(kind, line.level));
        let bullet = line.bullet.clone().or_else(of_shape).or_else(of_master);
        numbers.iter_mut().skip(line.level.saturating_add(1)).for_each(|number| *number = 0);
        let number = numbers.get_mut(line.level)?;
        match bullet? {
            Bullet::Nothing => {
                *number = 0;
                None
            }
            Bullet::Sign => {
                *number = 0;
                Some("-".to_owned())
            }
            Bullet::Number { scheme, before, behind, start } => {
                let shown = start.saturating_add(*number);
                *number = number.saturating_add(1);
                Some(format!("{before}{}{behind}", marks::write(scheme, shown)))
            }
        }
    }

    fn chart(&self, relation: &str, collector: &mut Collector<'_>) -> Result<(), Failure> {
        let Some(text) = self.related(relation)? else { return Ok(()) };
        let budget = self.package.budget();
        let chart = charts::read(&text, budget)?;
        collector.paragraph(&chart.title)?;
        collector.table(chart.rows(budget)?, Some(true));
        Ok(())
    }

    /// Reads the texts of a diagram that is drawn from its data, one item for each.
    fn diagram(&self, relation: &str, collector: &mut Collector<'_>) -> Result<(), Failure> {
        let Some(text) = self.related(relation)? else { return Ok(()) };
        let mut xml = Xml::new(&text, self.package.budget());
        let mut lines = Vec::new();
        if xml.root()?.is_some() {
            diagram_lines(&mut xml, &mut lines)?;
        }
        collector.end_list();
        lines.iter().try_for_each(|line| collector.item(0, "-", line))
    }

    fn related(&self, relation: &str) -> Result<Option<String>, Failure> {
        self.relations.get(relation).map_or(Ok(None), |relation| self.package.text(&relation.target))
    }
}

impl Shape {
    fn kind(&self) -> &str {
        self.placeholder.as_ref().map_or("-", |placeholder| placeholder.kind.as_str())
    }

    fn is_title(&self) -> bool {
        matches!(self.kind(), "title" | "ctrTitle") && self.hidden.is_none()
    }

    /// What a slide repeats at its edges.
    fn is_furniture(&self) -> bool {
        matches!(self.kind(), "dt" | "ftr" | "sldNum" | "hdr" | "sldImg")
    }
}

fn read_shape(xml: &mut Xml<'_>, shape: &mut Shape) -> Result<(), Failure> {
    while let Some(element) = xml.child()? {
        match element.name() {
            "txBody" => shape.body = text::body(xml)?,
            "cNvPr" if element.flag("hidden") => {
                shape.hidden = Some(Hidden::Marked);
                xml.skip()?;
            }
            "ph" => {
                shape.placeholder = Some(placeholder(&element));
                xml.skip()?;
            }
            "off" => {
                shape.corner = element.number("x").zip(element.number("y"));
                xml.skip()?;
            }
            "ext" if shape.extent.is_none() && element.attribute("cx").is_some() => {
                shape.extent = element.number("cx").zip(element.number("cy"));
                xml.skip()?;
            }
            "nvSpPr" | "nvPr" | "spPr" | "xfrm" => read_shape(xml, shape)?,
            _ => xml.skip()?,
        }
    }
    Ok(())
}

/// Returns the text of the notes that the reader stands in.
pub(super) fn notes(xml: &mut Xml<'_>) -> Result<String, Failure> {
    let mut lines = Vec::new();
    while let Some(element) = xml.child()? {
        if element.name() == "sp" {
            let mut shape = Shape::default();
            read_shape(xml, &mut shape)?;
            if shape.kind() == "body" {
                lines.push(shape.body.text());
            }
        } else {
            lines.push(notes(xml)?);
        }
    }
    lines.retain(|line| !line.trim().is_empty());
    Ok(lines.join("\n"))
}

fn diagram_lines(xml: &mut Xml<'_>, lines: &mut Vec<String>) -> Result<(), Failure> {
    while let Some(element) = xml.child()? {
        match element.name() {
            // Points for connections and for the diagram itself hold no text of their own.
            "pt" if element.attribute("type").is_none_or(|kind| kind == "node" || kind == "asst") => {
                let mut own = Vec::new();
                diagram_lines(xml, &mut own)?;
                lines.append(&mut own);
            }
            "pt" => xml.skip()?,
            "t" => lines.push(text::body(xml)?.text()),
            _ => diagram_lines(xml, lines)?,
        }
    }
    Ok(())
}
