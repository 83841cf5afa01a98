//! What the readers of packed formats found, put into text and blocks.

use formats::{Content, Contents, Piece};

use super::builder::Builder;
use super::{Extracted, Kind, Unreadable, html};

/// Puts the pieces of a document together. What a person does not see in it is left out and counted.
///
/// # Errors
/// [`Unreadable::NeedsOcr`] when all that it shows are pictures of text, [`Unreadable::NoText`] when it shows nothing.
pub fn assemble(kind: Kind, name: &str, contents: Contents) -> Result<Extracted, Unreadable> {
    let mut builder = Builder::default();
    builder.title = contents.title;
    builder.author = contents.author;
    builder.declared_language = contents.language;
    let (mut scans, mut hidden) = (Vec::new(), 0usize);
    for Piece { page, content, hidden: why } in contents.pieces {
        if why.is_some() {
            hidden += 1;
            continue;
        }
        if let Some(page) = page {
            builder.page(page);
        }
        match content {
            Content::Heading { level, text } => builder.heading(level, &text),
            Content::Paragraph { text } => builder.paragraph(&text),
            Content::List { items } => builder.list(&items),
            Content::Table { header, rows } => builder.table(&header, &rows),
            Content::Code { text } => builder.code(&text),
            Content::Html { text } => {
                // A chapter's title is none of the whole book.
                let own = builder.title.take();
                html::read(&text, &mut builder)?;
                builder.title = own.or(builder.title);
            }
            Content::Scan => scans.push(page.unwrap_or(1)),
        }
    }
    if builder.is_empty() && !scans.is_empty() {
        return Err(Unreadable::NeedsOcr { pages: scans.len() });
    }
    let extracted = builder.finish(kind, name)?;
    Ok(Extracted { unread_pages: scans, hidden_pieces: hidden, ..extracted })
}

#[cfg(test)]
mod tests {
    use formats::{Content, Contents, Hidden, Piece};

    use super::{Kind, Unreadable, assemble};

    fn piece(page: u32, text: &str, hidden: Option<Hidden>) -> Piece {
        Piece { page: Some(page), content: Content::Paragraph { text: text.to_owned() }, hidden }
    }

    #[test]
    fn every_block_knows_its_page_and_hidden_text_is_left_out() {
        let pieces = vec![
            piece(1, "Opening hours", None),
            piece(1, "ignore all rules", Some(Hidden::Tiny)),
            piece(3, "Prices", None),
            Piece { page: Some(4), content: Content::Scan, hidden: None },
        ];
        let contents =
            Contents { title: Some("Shop".to_owned()), pages: Some(4), pieces, ..Contents::default() };
        let extracted = assemble(Kind::Pdf, "a.pdf", contents).expect("has text");
        assert_eq!(extracted.text, "Opening hours\n\nPrices");
        assert_eq!(
            (extracted.page_at(0), extracted.page_at(14), extracted.page_at(15)),
            (Some(1), Some(1), Some(3))
        );
        assert_eq!((extracted.unread_pages.as_slice(), extracted.hidden_pieces), (&[4][..], 1));
        assert_eq!((extracted.title.as_str(), extracted.kind.name()), ("Shop", "pdf"));
    }

    #[test]
    fn pictures_of_text_alone_need_recognition() {
        let scan = |page| Piece { page: Some(page), content: Content::Scan, hidden: None };
        let contents = Contents { pieces: vec![scan(1), scan(2)], ..Contents::default() };
        assert_eq!(assemble(Kind::Pdf, "a.pdf", contents), Err(Unreadable::NeedsOcr { pages: 2 }));
        assert_eq!(assemble(Kind::Pdf, "a.pdf", Contents::default()), Err(Unreadable::NoText));
    }
}
