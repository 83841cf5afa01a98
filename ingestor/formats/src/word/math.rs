//! Writes equations on one line: `(a+b)/(2)`, `x^(2)`, `√(x)`.

use crate::Failure;
use crate::xml::{Element, Xml};

/// Reads the equation inside the current element.
pub(super) fn read(xml: &mut Xml<'_>) -> Result<String, Failure> {
    let mut text = String::new();
    while let Some(element) = xml.child()? {
        text.push_str(&part(xml, &element)?);
    }
    Ok(text)
}

fn part(xml: &mut Xml<'_>, element: &Element<'_>) -> Result<String, Failure> {
    let name = element.name();
    match name {
        "t" => xml.text(),
        "f" | "sSup" | "sSub" | "sSubSup" | "sPre" | "rad" | "nary" | "d" | "limLow" | "limUpp" => {
            let parts = Parts::read(xml)?;
            Ok(parts.write(name))
        }
        "mr" | "eqArr" => Ok(Parts::read(xml)?.base.join(", ")),
        "m" => {
            let mut rows = Vec::new();
            while let Some(row) = xml.child()? {
                rows.push(part(xml, &row)?);
            }
            rows.retain(|row| !row.is_empty());
            Ok(format!("[{}]", rows.join("; ")))
        }
        _ if name.ends_with("Pr") => xml.skip().map(|()| String::new()),
        _ => read(xml),
    }
}

/// The places of a structure.
#[derive(Debug, Default)]
struct Parts {
    base: Vec<String>,
    above: String,
    below: String,
    /// Numerator and denominator, or the degree of a root.
    numerator: String,
    denominator: String,
    degree: String,
    sign: Option<String>,
    opening: Option<String>,
    closing: Option<String>,
}

impl Parts {
    fn read(xml: &mut Xml<'_>) -> Result<Self, Failure> {
        let mut parts = Self::default();
        while let Some(element) = xml.child()? {
            match element.name() {
                "e" => parts.base.push(read(xml)?),
                "sup" => parts.above = read(xml)?,
                "sub" => parts.below = read(xml)?,
                "lim" => parts.below = read(xml)?,
                "num" => parts.numerator = read(xml)?,
                "den" => parts.denominator = read(xml)?,
                "deg" => parts.degree = read(xml)?,
                "naryPr" | "dPr" => xml.each_inside(|property| {
                    let value = property.attribute("val");
                    match property.name() {
                        "chr" => parts.sign = value,
                        "begChr" => parts.opening = value,
                        "endChr" => parts.closing = value,
                        _ => {}
                    }
                })?,
                _ => xml.skip()?,
            }
        }
        Ok(parts)
    }

    fn write(&self, name: &str) -> String {
        let base = self.base.concat();
        let below = script('_', &self.below);
        let above = script('^', &self.above);
        match name {
            "f" => format!("{}/{}", grouped(&self.numerator), grouped(&self.denominator)),
            "rad" if self.degree.is_empty() => format!("√({base})"),
            "rad" => format!("√({}&{base})", self.degree),
            "nary" => format!("{}{below}{above} {base}", self.sign.as_deref().unwrap_or("∫")),
            "d" => {
                let (opening, closing) = (self.opening.as_deref(), self.closing.as_deref());
                format!("{}{}{}", opening.unwrap_or("("), self.base.join(", "), closing.unwrap_or(")"))
            }
            _ => format!("{base}{below}{above}"),
        }
    }
}

fn script(sign: char, text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("{sign}{}", grouped(text)) }
}

/// Puts what is longer than one character into brackets.
fn grouped(text: &str) -> String {
    if text.chars().nth(1).is_none() { text.to_owned() } else { format!("({text})") }
}
