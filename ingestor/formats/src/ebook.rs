//! Reads e-books: their chapters in reading order, each as the web page that it is. Books whose text is encrypted for one
//! shop's readers cannot be read.

use std::collections::HashMap;

use percent_encoding::percent_decode_str;
use quick_xml::Reader;
use quick_xml::events::Event;

use crate::package::{Package, resolve};
use crate::properties::{date, property};
use crate::xml::Xml;
use crate::{Content, Contents, Failure, Piece};

/// Elements of HTML that never have an end tag.
const VOID: &[&str] = &[
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track",
    "wbr",
];

/// What a book's package says.
#[derive(Debug, Default)]
struct Book {
    contents: Contents,
    authors: Vec<String>,
    /// Names of parts by the ids that the order of reading uses.
    chapters: HashMap<String, String>,
    order: Vec<String>,
}

pub(crate) fn read(package: &Package<'_>) -> Result<Contents, Failure> {
    let budget = package.budget();
    refuse_encrypted(package)?;
    let part = root_part(package)?;
    let mut book = read_package(package, &part)?;
    let mut number = 0_usize;
    for id in &book.order {
        let Some(chapter) = book.chapters.get(id) else { continue };
        let Some(text) = package.text(chapter)? else { continue };
        number = number.saturating_add(1);
        budget.page(number, "chapters")?;
        budget.text(text.len())?;
        if !text.trim().is_empty() {
            let content = Content::Html { text: with_end_tags(&text) };
            book.contents.pieces.push(Piece { page: None, content, hidden: None });
        }
    }
    book.contents.author = property(&book.authors.join(", "));
    Ok(book.contents)
}

/// Returns the name of the part that describes the book.
fn root_part(package: &Package<'_>) -> Result<String, Failure> {
    let container = package.required("META-INF/container.xml")?;
    let mut xml = Xml::new(&container, package.budget());
    let mut part = None;
    if xml.root()?.is_some() {
        xml.each_inside(|element| {
            if element.name() == "rootfile" && part.is_none() {
                part = element.attribute("full-path");
            }
        })?;
    }
    part.ok_or_else(|| package.budget().damaged("it does not say where its contents are"))
}

/// Encrypted fonts hide nothing that is read; anything else encrypted does.
fn refuse_encrypted(package: &Package<'_>) -> Result<(), Failure> {
    let Some(text) = package.text("META-INF/encryption.xml")? else { return Ok(()) };
    let mut xml = Xml::new(&text, package.budget());
    let mut is_encrypted = false;
    if xml.root()?.is_some() {
        xml.each_inside(|element| {
            let algorithm = element.attribute("Algorithm").unwrap_or_default();
            is_encrypted |= element.name() == "EncryptionMethod" && algorithm.contains("/xmlenc#");
        })?;
    }
    if is_encrypted { Err(package.budget().encrypted()) } else { Ok(()) }
}

fn read_package(package: &Package<'_>, part: &str) -> Result<Book, Failure> {
    let text = package.required(part)?;
    let folder = part.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut xml = Xml::new(&text, package.budget());
    let mut book = Book::default();
    if xml.root()?.is_none() {
        return Ok(book);
    }
    while let Some(element) = xml.child()? {
        match element.name() {
            "metadata" => read_metadata(&mut xml, &mut book)?,
            "manifest" => xml.each_inside(|item| {
                let kind = item.attribute("media-type").unwrap_or_default();
                // The list of chapters repeats their headings.
                let is_list =
                    item.attribute("properties").is_some_and(|all| all.split(' ').any(|one| one == "nav"));
                if let (Some(id), Some(address)) = (item.attribute("id"), item.attribute("href"))
                    && kind.contains("html")
                    && !is_list
                {
                    let address = address.split('#').next().unwrap_or_default();
                    let name = percent_decode_str(address).decode_utf8_lossy();
                    book.chapters.insert(id, resolve(folder, &name));
                }
            })?,
            "spine" => xml.each_inside(|item| book.order.extend(item.attribute("idref")))?,
            _ => xml.skip()?,
        }
    }
    // A chapter is read once, however often the order names it.
    let mut seen = std::collections::HashSet::new();
    book.order.retain(|id| seen.insert(id.clone()));
    Ok(book)
}

fn read_metadata(xml: &mut Xml<'_>, book: &mut Book) -> Result<(), Failure> {
    while let Some(element) = xml.child()? {
        let is_change = element.attribute("property").is_some_and(|property| property == "dcterms:modified");
        let name = element.name().to_owned();
        if name == "dc-metadata" {
            read_metadata(xml, book)?;
            continue;
        }
        let Some(value) = property(&xml.text()?) else { continue };
        let contents = &mut book.contents;
        match name.as_str() {
            "title" if contents.title.is_none() => contents.title = Some(value),
            "creator" => book.authors.push(value),
            "language" if contents.language.is_none() => contents.language = Some(value),
            "date" if contents.created.is_none() => contents.created = date(&value),
            "meta" if is_change => contents.modified = date(&value),
            _ => {}
        }
    }
    Ok(())
}

/// Writes `<a id="x"/>` as `<a id="x"></a>`: a reader of HTML takes the first for an element that never ends. What is no XML
/// stays as it is.
fn with_end_tags(text: &str) -> String {
    let mut reader = Reader::from_str(text);
    let config = reader.config_mut();
    config.check_end_names = false;
    config.allow_unmatched_ends = true;
    config.allow_dangling_amp = true;
    let mut written = String::with_capacity(text.len());
    let mut done = 0;
    while let Ok(event) = reader.read_event() {
        if let Event::Eof = event {
            break;
        }
        let here = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX);
        match event {
            Event::Empty(element) if !VOID.contains(&element.local_name().into_inner()) => {
                written.push_str(&format!("<{}></{}>", &*element, element.name().into_inner()));
            }
            _ => written.push_str(text.get(done..here).unwrap_or_default()),
        }
        done = here;
    }
    written.push_str(text.get(done..).unwrap_or_default());
    written
}

#[cfg(test)]
mod tests {
    use super::with_end_tags;
    use crate::testing::{contents, failure, sketch};
    use crate::{Failure, Format};

    const CONTAINER: (&str, &str) = (
        "META-INF/container.xml",
        "<container><rootfiles><rootfile full-path='OPS/book.opf'/></rootfiles></container>",
    );
    const BOOK: (&str, &str) = (
        "OPS/book.opf",
        "<package><metadata><dc:title>Handbook</dc:title><dc:creator>Ann</dc:creator><dc:creator>Bob</dc:creator>\
         <dc:language>de-AT</dc:language><dc:date>2020-05</dc:date></metadata>\
         <manifest><item id='b' href='b%20c.xhtml' media-type='application/xhtml+xml'/>\
         <item id='a' href='../a.html' media-type='text/html'/>\
         <item id='n' href='nav.xhtml' properties='nav' media-type='application/xhtml+xml'/>\
         <item id='i' href='i.png' media-type='image/png'/></manifest>\
         <spine><itemref idref='n'/><itemref idref='b'/><itemref idref='a'/><itemref idref='b'/></spine></package>",
    );

    #[test]
    fn chapters_come_in_the_order_of_reading_with_the_books_properties() {
        let parts = [
            CONTAINER,
            BOOK,
            ("OPS/b c.xhtml", "<p>one</p>"),
            ("a.html", "<p>two</p>"),
            ("OPS/nav.xhtml", "<p>no</p>"),
        ];
        let book = contents(Format::Ebook, &parts);
        assert_eq!(sketch(&book), ["html <p>one</p>", "html <p>two</p>"]);
        assert_eq!(book.title.as_deref(), Some("Handbook"));
        assert_eq!(book.author.as_deref(), Some("Ann, Bob"));
        assert_eq!(book.language.as_deref(), Some("de-AT"));
        assert_eq!(book.created.as_deref(), Some("2020-05-01T00:00:00Z"));
    }

    #[test]
    fn empty_elements_get_end_tags_and_the_rest_stays() {
        for (written, expected) in [
            ("<title/><p id='a'/>é<br/>&nbsp;<i>x</i>", "<title></title><p id='a'></p>é<br/>&nbsp;<i>x</i>"),
            ("<p>a & b < c", "<p>a & b < c"),
            ("", ""),
        ] {
            assert_eq!(with_end_tags(written), expected);
        }
    }

    #[test]
    fn a_protected_book_is_refused_and_one_with_protected_fonts_is_read() {
        let encryption =
            |algorithm: &str| format!("<e><d><EncryptionMethod Algorithm='{algorithm}'/></d></e>");
        let shop = encryption("http://www.w3.org/2001/04/xmlenc#aes128-cbc");
        let parts = [CONTAINER, BOOK, ("META-INF/encryption.xml", shop.as_str())];
        assert_eq!(failure(Format::Ebook, &parts), Failure::Encrypted { format: "e-book".to_owned() });
        let fonts = encryption("http://www.idpf.org/2008/embedding");
        contents(Format::Ebook, &[CONTAINER, BOOK, ("META-INF/encryption.xml", &fonts)]);
    }

    #[test]
    fn a_book_without_contents_is_damaged() {
        assert!(matches!(failure(Format::Ebook, &[CONTAINER]), Failure::Damaged { .. }));
    }
}
