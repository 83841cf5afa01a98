//! What the codes of a page's strings mean: text, widths, and whether a font is bold or monospaced. It knows no positions.

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use hayro_cmap::{BfString, CMap, CMapName, CidFamily};
use hayro_font::{CMapResolverFn, Font, FontCache, FontGlyph, FontQuery, FontResolverFn};
use hayro_syntax::object::{Array, Dict, Name, Number, Object, String as PdfString};
use unicode_normalization::UnicodeNormalization as _;

/// Character identifiers are two bytes.
const MOST_IDENTIFIERS: i64 = 65_536;
/// A simple font's codes are one byte.
const MOST_CODES: i64 = 256;
const FIXED_PITCH: u32 = 1;
const FORCE_BOLD: u32 = 1 << 18;

/// The fonts of one document.
pub(crate) struct Fonts<'a> {
    cache: FontCache<'a>,
    programs: FontResolverFn,
    maps: CMapResolverFn,
    known: HashMap<usize, Rc<Face<'a>>>,
}

/// A font as text extraction sees it.
pub(crate) struct Face<'a> {
    font: Option<Font<'a>>,
    identifiers: Option<CMap>,
    codes: std::cell::RefCell<HashMap<u32, Letter>>,
    pub(crate) bold: bool,
    pub(crate) mono: bool,
}

/// What one code stands for.
#[derive(Clone, Debug)]
pub(crate) struct Letter {
    /// May be empty and may hold several characters.
    pub(crate) text: Rc<str>,
    /// How far the pen moves, in thousandths of the font size: right and up.
    pub(crate) advance: (f64, f64),
}

impl<'a> Fonts<'a> {
    pub(crate) fn new() -> Self {
        Self {
            cache: FontCache::new(),
            programs: Arc::new(|query| match query {
                FontQuery::Standard(font) => Some(font.get_font_data()),
                FontQuery::Fallback(query) => Some(query.pick_standard_font().get_font_data()),
            }),
            maps: Arc::new(hayro_cmap::load_embedded),
            known: HashMap::new(),
        }
    }

    /// The face of a font dictionary, which is the same as long as the dictionary's bytes are.
    pub(crate) fn face(&mut self, dict: &Dict<'a>) -> Rc<Face<'a>> {
        let place = dict.data().as_ptr() as usize;
        if let Some(face) = self.known.get(&place) {
            return Rc::clone(face);
        }
        let font = if is_sane(dict) { self.cache.font(dict, &self.programs, &self.maps) } else { None };
        let (bold, mono) = style(dict);
        let identifiers = self.identifiers(dict);
        let face = Rc::new(Face { font, identifiers, codes: std::cell::RefCell::default(), bold, mono });
        self.known.insert(place, Rc::clone(&face));
        face
    }

    /// The Unicode of a CJK collection's character identifiers, for a font that names its collection but maps nothing.
    fn identifiers(&self, dict: &Dict<'_>) -> Option<CMap> {
        if dict.contains_key(b"ToUnicode") {
            return None;
        }
        let info = descendant(dict)?.get::<Dict<'_>>(b"CIDSystemInfo")?;
        let registry = info.get::<PdfString<'_>>(b"Registry")?;
        let ordering = info.get::<PdfString<'_>>(b"Ordering")?;
        let name = match CidFamily::from_registry_ordering(&registry, &ordering) {
            CidFamily::AdobeJapan1 => CMapName::AdobeJapan1Ucs2,
            CidFamily::AdobeGB1 => CMapName::AdobeGb1Ucs2,
            CidFamily::AdobeCNS1 => CMapName::AdobeCns1Ucs2,
            CidFamily::AdobeKorea1 => CMapName::AdobeKorea1Ucs2,
            CidFamily::AdobeIdentity | CidFamily::Custom { .. } => return None,
        };
        // Only codes that are identifiers themselves can be looked up without the font's own code map.
        let encoding = dict.get::<Name<'_>>(b"Encoding")?;
        if !encoding.starts_with(b"Identity") {
            return None;
        }
        CMap::parse(hayro_cmap::load_embedded(name)?, hayro_cmap::load_embedded)
    }
}

impl Face<'_> {
    /// The first code of `bytes` and its length, which is never 0.
    pub(crate) fn first_code(&self, bytes: &[u8]) -> (u32, usize) {
        let (code, length) = self.font.as_ref().map_or((0, 1), |font| font.read_code(bytes, 0));
        (code, length.max(1))
    }

    pub(crate) fn letter(&self, code: u32) -> Letter {
        if let Some(letter) = self.codes.borrow().get(&code) {
            return letter.clone();
        }
        let advance = self.font.as_ref().map_or((0.0, 0.0), |font| {
            let advance = font.code_advance(code);
            (advance.x, advance.y)
        });
        let letter = Letter { text: Rc::from(self.text(code)), advance };
        self.codes.borrow_mut().insert(code, letter.clone());
        letter
    }

    pub(crate) fn is_horizontal(&self) -> bool {
        self.font.as_ref().is_none_or(Font::is_horizontal)
    }

    fn text(&self, code: u32) -> String {
        let Some(font) = &self.font else { return String::new() };
        let (known, one_byte) = match font.glyph(font.map_code(code), code) {
            FontGlyph::Outline(glyph) => (glyph.as_unicode(), self.identifiers.is_none()),
            FontGlyph::Type3(glyph) => (glyph.as_unicode(), true),
        };
        let known = known.or_else(|| self.identifiers.as_ref().and_then(|map| map.lookup_bf_string(code)));
        match known {
            Some(BfString::Char(character)) => plain(&character.to_string()),
            Some(BfString::String(text)) => plain(&text),
            // A font that maps nothing most often uses ASCII.
            None if one_byte => {
                char::from_u32(code).filter(|c| c.is_ascii_graphic() || *c == ' ').map(String::from)
            }
            None => None,
        }
        .unwrap_or_default()
    }
}

/// Spells out ligatures and presentation forms, and drops what is no text.
fn plain(text: &str) -> Option<String> {
    let mut spelt = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\u{a0}' | '\t' | '\n' | '\r' | '\u{2000}'..='\u{200a}' | '\u{3000}' => spelt.push(' '),
            '\u{fb00}'..='\u{fdff}' | '\u{fe70}'..='\u{fefc}' => {
                spelt.extend(std::iter::once(character).nfkc());
            }
            // Bullets of the symbol fonts of word processors.
            '\u{f0b7}' | '\u{f0a7}' | '\u{f0d8}' | '\u{f076}' | '\u{f06e}' => spelt.push('•'),
            '\u{f020}'..='\u{f07e}' => spelt.extend(char::from_u32(u32::from(character) - 0xf000)),
            '\u{fffd}' | '\u{feff}' => {}
            _ if character.is_control() => {}
            _ => spelt.push(character),
        }
    }
    Some(spelt)
}

/// Whether building the font costs no more than it should: ranges of widths are written out one by one.
fn is_sane(dict: &Dict<'_>) -> bool {
    let first = dict.get::<Number>(b"FirstChar").map_or(0, |number| number.as_i64());
    if !(0..MOST_CODES).contains(&first) {
        return false;
    }
    descendant(dict).is_none_or(|font| has_sane_ranges(&font, b"W", 1) && has_sane_ranges(&font, b"W2", 3))
}

/// `[first [w w w] first last w]`, with three numbers in place of each `w` in `W2`.
fn has_sane_ranges(font: &Dict<'_>, key: &[u8], numbers_each: usize) -> bool {
    let Some(widths) = font.get::<Array<'_>>(key) else { return true };
    let mut pending: Vec<i64> = Vec::new();
    let mut written = 0_i64;
    for value in widths.iter::<Object<'_>>() {
        match value {
            Object::Number(number) => pending.push(number.as_i64()),
            _ => pending.clear(),
        }
        if let [first, last, rest @ ..] = pending.as_slice()
            && rest.len() == numbers_each
        {
            let length = last.saturating_sub(*first).max(0);
            written = written.saturating_add(length);
            pending.clear();
        }
        if written > MOST_IDENTIFIERS {
            return false;
        }
    }
    true
}

fn descendant<'a>(dict: &Dict<'a>) -> Option<Dict<'a>> {
    dict.get::<Array<'_>>(b"DescendantFonts")?.iter::<Dict<'_>>().next()
}

/// Whether a font is bold and whether it is monospaced, by its descriptor and by the habits of font names.
fn style(dict: &Dict<'_>) -> (bool, bool) {
    let holder = descendant(dict).unwrap_or_else(|| dict.clone());
    let descriptor = holder.get::<Dict<'_>>(b"FontDescriptor").unwrap_or_default();
    let flags = descriptor.get::<u32>(b"Flags").unwrap_or(0);
    let weight = descriptor.get::<u32>(b"FontWeight").unwrap_or(0);
    let name =
        dict.get::<Name<'_>>(b"BaseFont").map(|name| name.as_str().to_ascii_lowercase()).unwrap_or_default();
    let named = |parts: &[&str]| parts.iter().any(|part| name.contains(part));
    let bold_name = ["bold", "black", "heavy", "demi", "-bd", "cmbx", "cmssbx", "sfbx"];
    let mono_name =
        ["courier", "mono", "consolas", "cmtt", "sftt", "lmtt", "ectt", "typewriter", "menlo", "fixed"];
    let bold = flags & FORCE_BOLD != 0 || weight >= 600 || name.ends_with("-medi") || named(&bold_name);
    (bold, flags & FIXED_PITCH != 0 || named(&mono_name))
}
