//! What the readers of packed formats found, put into text and blocks.

use formats::{Content, Contents, Piece};

use super::builder::Builder;
use super::encoding::{clean, smuggled};
use super::{Extracted, Kind, Own, Unreadable, html};
use crate::metadata::{milliseconds, rfc_3339};

/// Fewer hidden words are an accident of the layout.
const FEWEST_HIDDEN_WORDS: usize = 2;

/// Puts the pieces of a document together. What a person does not see in it is held.
///
/// # Errors
/// [`Unreadable::NeedsOcr`] when all that it shows are pictures of text, [`Unreadable::NoText`] when it shows nothing.
pub fn assemble(kind: Kind, name: &str, contents: Contents) -> Result<Extracted, Unreadable> {
    let mut builder = Builder::default();
    builder.title = contents.title;
    builder.author = contents.author;
    builder.declared_language = contents.language;
    builder.own = Own {
        created: contents.created.as_deref().and_then(rfc_3339),
        modified_ms: contents.modified.as_deref().and_then(milliseconds),
        pages: contents.pages,
        ..Own::default()
    };
    let mut scans = Vec::new();
    for Piece { page, content, hidden } in contents.pieces {
        if let Some(page) = page {
            builder.page(page);
        }
        match content {
            Content::Scan => scans.push(page.unwrap_or(1)),
            Content::Html { text } => {
                // A chapter's title is none of the whole book.
                let own = builder.title.take();
                html::read(&clean(&text), &mut builder)?;
                builder.title = own.or(builder.title);
            }
            content => {
                let smuggled = smuggled(&texts(&content).concat());
                match hidden {
                    // The end of a line that runs off the page, a mark: nothing that anybody needs to decide on.
                    Some(_) if words(&content) < FEWEST_HIDDEN_WORDS => {}
                    Some(_) => builder.hidden(|builder| add(content, builder)),
                    None => add(content, &mut builder),
                }
                if let Some(smuggled) = smuggled {
                    builder.hidden(|builder| builder.paragraph(&clean(&smuggled)));
                }
            }
        }
    }
    if builder.is_empty() && !scans.is_empty() {
        return Err(Unreadable::NeedsOcr { pages: scans.len() });
    }
    let extracted = builder.finish(kind, name)?;
    Ok(Extracted { unread_pages: scans, ..extracted })
}

fn words(content: &Content) -> usize {
    texts(content).iter().map(|text| text.split_whitespace().count()).sum()
}

fn texts(content: &Content) -> Vec<&str> {
    match content {
        Content::Heading { text, .. } | Content::Paragraph { text } | Content::Code { text } => vec![text],
        Content::List { items } => items.iter().map(String::as_str).collect(),
        Content::Table { header, rows } => {
            header.iter().chain(rows.iter().flatten()).map(String::as_str).collect()
        }
        Content::Html { .. } | Content::Scan => Vec::new(),
    }
}

fn add(content: Content, builder: &mut Builder) {
    let all = |texts: Vec<String>| -> Vec<String> { texts.iter().map(|text| clean(text)).collect() };
    match content {
        Content::Heading { level, text } => builder.heading(level, &clean(&text)),
        Content::Paragraph { text } => builder.paragraph(&clean(&text)),
        Content::List { items } => builder.list(&all(items)),
        Content::Table { header, rows } => {
            let rows: Vec<Vec<String>> = rows.into_iter().map(all).collect();
            builder.table(&all(header), &rows);
        }
        Content::Code { text } => builder.code(&clean(&text)),
        Content::Html { .. } | Content::Scan => {}
    }
}

#[cfg(test)]
mod tests {
    use formats::{Content, Contents, Hidden, Piece};

    use super::super::Hold;
    use super::{Kind, Unreadable, assemble};

    fn piece(page: u32, text: &str, hidden: Option<Hidden>) -> Piece {
        Piece { page: Some(page), content: Content::Paragraph { text: text.to_owned() }, hidden }
    }

    #[test]
    fn every_block_knows_its_page_and_hidden_text_is_held() {
        let pieces = vec![
            piece(1, "Opening\u{200b} hours", None),
            piece(1, "tiny words", Some(Hidden::Tiny)),
            piece(3, "Prices", None),
            Piece { page: Some(4), content: Content::Scan, hidden: None },
        ];
        let contents =
            Contents { title: Some("Shop".to_owned()), pages: Some(4), pieces, ..Contents::default() };
        let extracted = assemble(Kind::Pdf, "a.pdf", contents).expect("has text");
        assert_eq!(extracted.text, "Opening hours\n\ntiny words\n\nPrices");
        assert_eq!(
            (extracted.page_at(0), extracted.page_at(26), extracted.page_at(27)),
            (Some(1), Some(1), Some(3))
        );
        let holds: Vec<Option<Hold>> = extracted.blocks.iter().map(|block| block.hold).collect();
        assert_eq!(
            (extracted.unread_pages.as_slice(), holds),
            (&[4][..], vec![None, Some(Hold::Hidden), None])
        );
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
