//! Opens a zip archive and hands out its parts as text, with the relations between them. It knows no document format.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io::{Cursor, Read};

use zip::ZipArchive;
use zip::result::ZipError;

use crate::Failure;
use crate::budget::Budget;
use crate::xml::Xml;

/// An archive of parts.
#[derive(Debug)]
pub(crate) struct Package<'a> {
    archive: RefCell<ZipArchive<Cursor<&'a [u8]>>>,
    /// Places in the archive by name; names of parts do not differ by case alone.
    places: HashMap<String, usize>,
    budget: &'a Budget,
}

/// Where a part leads to.
#[derive(Clone, Debug)]
pub(crate) struct Relation {
    /// The last word of the type: `slide`, `styles`.
    pub(crate) kind: String,
    /// Name of the part.
    pub(crate) target: String,
}

impl<'a> Package<'a> {
    pub(crate) fn open(bytes: &'a [u8], budget: &'a Budget) -> Result<Self, Failure> {
        let archive = ZipArchive::new(Cursor::new(bytes))
            .map_err(|error| budget.damaged(format!("as an archive: {error}")))?;
        let limit = budget.limits().parts;
        if u32::try_from(archive.len()).map_or(true, |parts| parts > limit) {
            return Err(budget.over("has too many parts", format!("{limit} parts")));
        }
        let names = archive.file_names_raw().enumerate();
        let places = names.map(|(place, name)| (key(&String::from_utf8_lossy(name)), place)).collect();
        Ok(Self { archive: RefCell::new(archive), places, budget })
    }

    pub(crate) fn budget(&self) -> &'a Budget {
        self.budget
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.places.contains_key(&key(name))
    }

    /// Returns a part as text, or `None` when there is none of that name.
    pub(crate) fn text(&self, name: &str) -> Result<Option<String>, Failure> {
        let Some(place) = self.places.get(&key(name)) else { return Ok(None) };
        let mut archive = self.archive.borrow_mut();
        let part = archive.by_index(*place).map_err(|error| match error {
            ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED) => self.budget.encrypted(),
            error => self.budget.damaged(format!("in its part {name}: {error}")),
        })?;
        // One byte more than allowed tells that the limit is passed; what the archive says of sizes is not believed.
        let mut bytes = Vec::new();
        part.take(self.budget.unpacked_left().saturating_add(1))
            .read_to_end(&mut bytes)
            .map_err(|error| self.budget.damaged(format!("in its part {name}: {error}")))?;
        self.budget.unpack(u64::try_from(bytes.len()).unwrap_or(u64::MAX))?;
        Ok(Some(decode(bytes)))
    }

    /// Returns a part that the format cannot do without.
    pub(crate) fn required(&self, name: &str) -> Result<String, Failure> {
        self.text(name)?.ok_or_else(|| self.budget.damaged(format!("its part {name} is missing")))
    }

    /// Returns the relations of a part, or of the whole package when the name is empty, by their ids.
    pub(crate) fn relations(&self, part: &str) -> Result<HashMap<String, Relation>, Failure> {
        let (folder, file) = part.rsplit_once('/').unwrap_or(("", part));
        let name = format!("{folder}/_rels/{file}.rels");
        let Some(text) = self.text(&name)? else { return Ok(HashMap::new()) };
        let mut xml = Xml::new(&text, self.budget);
        let mut relations = HashMap::new();
        if xml.root()?.is_none() {
            return Ok(relations);
        }
        while let Some(element) = xml.child()? {
            let outside = element.attribute("TargetMode").is_some_and(|mode| mode == "External");
            if let (Some(id), Some(kind), Some(target)) =
                (element.attribute("Id"), element.attribute("Type"), element.attribute("Target"))
                && !outside
            {
                let kind = kind.rsplit('/').next().unwrap_or_default().to_owned();
                relations.insert(id, Relation { kind, target: resolve(folder, &target) });
            }
            xml.skip()?;
        }
        Ok(relations)
    }

    /// Returns the name of the first part that the part leads to in this way.
    pub(crate) fn related(&self, part: &str, kind: &str) -> Result<Option<String>, Failure> {
        let relations = self.relations(part)?;
        let mut targets: Vec<String> = relations
            .into_values()
            .filter(|relation| relation.kind == kind)
            .map(|found| found.target)
            .collect();
        targets.sort();
        Ok(targets.into_iter().next())
    }

    /// Returns the name of the part that the document begins with.
    pub(crate) fn main_part(&self, usual: &str) -> Result<String, Failure> {
        let named = self.related("", "officeDocument")?.filter(|name| self.has(name));
        Ok(named.unwrap_or_else(|| usual.to_owned()))
    }
}

/// Returns the name that a relative address leads to.
pub(crate) fn resolve(folder: &str, target: &str) -> String {
    let base = if target.starts_with('/') { "" } else { folder };
    let mut steps: Vec<&str> = Vec::new();
    for step in base.split('/').chain(target.split('/')) {
        match step {
            "" | "." => {}
            ".." => {
                steps.pop();
            }
            step => steps.push(step),
        }
    }
    steps.join("/")
}

fn key(name: &str) -> String {
    name.replace('\\', "/").trim_start_matches('/').to_lowercase()
}

/// Returns the text of an XML part, in whatever encoding it says it is.
fn decode(bytes: Vec<u8>) -> String {
    if let Some((encoding, _)) = encoding_rs::Encoding::for_bom(&bytes) {
        return encoding.decode(&bytes).0.into_owned();
    }
    let bytes = match String::from_utf8(bytes) {
        Ok(text) => return text,
        Err(error) => error.into_bytes(),
    };
    let start = String::from_utf8_lossy(bytes.get(..200).unwrap_or(&bytes)).into_owned();
    let label = start.split("encoding=").nth(1).and_then(|rest| rest.split(['"', '\'']).nth(1));
    let encoding = label.and_then(|label| encoding_rs::Encoding::for_label(label.as_bytes()));
    encoding.unwrap_or(encoding_rs::UTF_8).decode(&bytes).0.into_owned()
}
