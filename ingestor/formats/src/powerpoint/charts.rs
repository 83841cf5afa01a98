//! Reads what a chart shows: its title, and the values of its series by category.

use crate::Failure;
use crate::budget::Budget;
use crate::collector::one_line;
use crate::table::Rows;
use crate::xml::Xml;

/// A chart.
#[derive(Debug, Default)]
pub(super) struct Chart {
    pub(super) title: String,
    series: Vec<Series>,
}

#[derive(Debug, Default)]
struct Series {
    name: String,
    categories: Vec<String>,
    values: Vec<String>,
}

impl Chart {
    /// Returns a table with a row for each category and a column for each series.
    pub(super) fn rows(&self, budget: &Budget) -> Result<Rows, Failure> {
        let Some(first) = self.series.first() else { return Ok(Vec::new()) };
        let height = self.series.iter().map(|series| series.values.len()).max().unwrap_or(0);
        budget.cells(height.saturating_add(1).saturating_mul(self.series.len().saturating_add(1)))?;
        let head = std::iter::once(String::new()).chain(self.series.iter().map(|series| series.name.clone()));
        let mut rows: Rows = vec![head.collect()];
        for place in 0..height {
            let at = |texts: &[String]| texts.get(place).cloned().unwrap_or_default();
            let values = self.series.iter().map(|series| at(&series.values));
            rows.push(std::iter::once(at(&first.categories)).chain(values).collect());
        }
        Ok(rows)
    }
}

pub(super) fn read(text: &str, budget: &Budget) -> Result<Chart, Failure> {
    let mut xml = Xml::new(text, budget);
    let mut chart = Chart::default();
    if xml.root()?.is_some() {
        walk(&mut xml, &mut chart)?;
    }
    Ok(chart)
}

fn walk(xml: &mut Xml<'_>, chart: &mut Chart) -> Result<(), Failure> {
    while let Some(element) = xml.child()? {
        match element.name() {
            "title" if chart.title.is_empty() && chart.series.is_empty() => {
                chart.title = one_line(&xml.text()?);
            }
            "ser" => chart.series.push(series(xml)?),
            // Axes have titles too; they name no value.
            "valAx" | "catAx" | "dateAx" | "serAx" | "legend" => xml.skip()?,
            _ => walk(xml, chart)?,
        }
    }
    Ok(())
}

fn series(xml: &mut Xml<'_>) -> Result<Series, Failure> {
    let mut series = Series::default();
    while let Some(element) = xml.child()? {
        match element.name() {
            "tx" => series.name = points(xml)?.join(" "),
            "cat" | "xVal" => series.categories = points(xml)?,
            "val" | "yVal" => series.values = points(xml)?,
            _ => xml.skip()?,
        }
    }
    Ok(series)
}

/// Returns the values that the chart keeps a copy of.
fn points(xml: &mut Xml<'_>) -> Result<Vec<String>, Failure> {
    let mut values = Vec::new();
    while let Some(element) = xml.child()? {
        match element.name() {
            "v" => values.push(xml.text()?),
            "f" | "formatCode" => xml.skip()?,
            _ => values.extend(points(xml)?),
        }
    }
    Ok(values)
}
