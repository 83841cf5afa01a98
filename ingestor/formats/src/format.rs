//! Tells packed formats by their content.

use serde::{Deserialize, Serialize};

use crate::Limits;
use crate::budget::Budget;
use crate::package::Package;

const ZIP: &[u8] = b"PK\x03\x04";
const COMPOUND_FILE: &[u8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";
/// How the directory of a compound file writes the name of the stream that holds an encrypted package.
const ENCRYPTED_STREAM: &str = "EncryptedPackage";
/// A header block that is longer says nothing more of what a file is.
const MAX_HEADER_BYTES: usize = 64 * 1024;

/// A packed format, told by its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Format {
    /// `docx`, with or without macros, and its templates.
    Word,
    /// `xlsx`, with or without macros, and its templates.
    Excel,
    /// `pptx`, with or without macros, its shows and templates.
    PowerPoint,
    /// `epub`.
    Ebook,
    /// `eml`: one mail as it was sent.
    Mail,
}

impl Format {
    /// Returns the format that the bytes are in. The name of the file counts only for mail, which is text, and for what is
    /// too damaged or too well protected to tell: reading that names the failure.
    pub fn of(bytes: &[u8], name: &str) -> Option<Self> {
        if is_encrypted_office(bytes) {
            return Some(by_ending(name).unwrap_or(Self::Word));
        }
        if !bytes.starts_with(ZIP) {
            return is_mail(bytes, name).then_some(Self::Mail);
        }
        let budget = Budget::new(Self::Word, bytes.len(), Limits::DEFAULT);
        let Ok(package) = Package::open(bytes, &budget) else { return by_ending(name) };
        if package.has("META-INF/container.xml")
            || package
                .text("mimetype")
                .ok()
                .flatten()
                .is_some_and(|kind| kind.trim() == "application/epub+zip")
        {
            return Some(Self::Ebook);
        }
        let types = package.text("[Content_Types].xml").ok().flatten().unwrap_or_default();
        by_content_types(&types).or_else(|| by_parts(&package))
    }

    /// Returns the usual ending of a file's name, without its dot.
    pub fn name(self) -> &'static str {
        match self {
            Self::Word => "docx",
            Self::Excel => "xlsx",
            Self::PowerPoint => "pptx",
            Self::Ebook => "epub",
            Self::Mail => "eml",
        }
    }

    /// Returns what an editor calls it.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Word => "Word document",
            Self::Excel => "Excel workbook",
            Self::PowerPoint => "PowerPoint presentation",
            Self::Ebook => "e-book",
            Self::Mail => "mail",
        }
    }
}

/// Whether an Office document is encrypted: its package is then a stream in a compound file of the old kind.
pub(crate) fn is_encrypted_office(bytes: &[u8]) -> bool {
    let name: Vec<u8> = ENCRYPTED_STREAM.encode_utf16().flat_map(u16::to_le_bytes).collect();
    bytes.starts_with(COMPOUND_FILE) && bytes.windows(name.len()).any(|window| window == name)
}

fn by_ending(name: &str) -> Option<Format> {
    let (_, ending) = name.rsplit_once('.')?;
    match ending.to_ascii_lowercase().as_str() {
        "docx" | "docm" | "dotx" | "dotm" => Some(Format::Word),
        "xlsx" | "xlsm" | "xltx" | "xltm" => Some(Format::Excel),
        "pptx" | "pptm" | "ppsx" | "ppsm" | "potx" | "potm" => Some(Format::PowerPoint),
        "epub" => Some(Format::Ebook),
        _ => None,
    }
}

/// Looks for the type of the main part; parts of other formats inside are of other types.
fn by_content_types(types: &str) -> Option<Format> {
    const MAIN: &[(&str, Format)] = &[
        ("wordprocessingml.document.main+xml", Format::Word),
        ("wordprocessingml.template.main+xml", Format::Word),
        ("ms-word.document.macroEnabled.main+xml", Format::Word),
        ("ms-word.template.macroEnabledTemplate.main+xml", Format::Word),
        ("spreadsheetml.sheet.main+xml", Format::Excel),
        ("spreadsheetml.template.main+xml", Format::Excel),
        ("ms-excel.sheet.macroEnabled.main+xml", Format::Excel),
        ("ms-excel.template.macroEnabled.main+xml", Format::Excel),
        ("presentationml.presentation.main+xml", Format::PowerPoint),
        ("presentationml.slideshow.main+xml", Format::PowerPoint),
        ("presentationml.template.main+xml", Format::PowerPoint),
        ("ms-powerpoint.presentation.macroEnabled.main+xml", Format::PowerPoint),
        ("ms-powerpoint.slideshow.macroEnabled.main+xml", Format::PowerPoint),
        ("ms-powerpoint.template.macroEnabled.main+xml", Format::PowerPoint),
    ];
    MAIN.iter().find(|(kind, _)| types.contains(kind)).map(|(_, format)| *format)
}

fn by_parts(package: &Package<'_>) -> Option<Format> {
    let usual = [
        ("word/document.xml", Format::Word),
        ("xl/workbook.xml", Format::Excel),
        ("ppt/presentation.xml", Format::PowerPoint),
    ];
    usual.into_iter().find(|(part, _)| package.has(part)).map(|(_, format)| format)
}

/// A file that is called a mail needs one header of mail; any other must have what a server adds.
fn is_mail(bytes: &[u8], name: &str) -> bool {
    let start = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let start = String::from_utf8_lossy(start.get(..MAX_HEADER_BYTES).unwrap_or(start)).to_lowercase();
    let mut lines = start.lines().peekable();
    // Some programs put the line before it that divides the mails of a mailbox.
    lines.next_if(|line| line.starts_with("from "));
    let mut found = Vec::new();
    for line in lines.take_while(|line| !line.trim().is_empty()) {
        if line.starts_with([' ', '\t']) {
            continue;
        }
        let Some((field, _)) = line.split_once(':') else { return false };
        if field.is_empty() || !field.bytes().all(|byte| byte.is_ascii_graphic()) {
            return false;
        }
        found.push(field.to_owned());
    }
    let has = |fields: &[&str]| fields.iter().any(|field| found.iter().any(|found| found == field));
    let is_sent = has(&["from"]) && has(&["date"]) && has(&["message-id", "mime-version", "received"]);
    let is_named = name.to_ascii_lowercase().ends_with(".eml");
    is_sent || is_named && has(&["from", "to", "subject", "date", "received", "mime-version", "return-path"])
}
