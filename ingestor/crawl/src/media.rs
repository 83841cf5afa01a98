//! Which kinds of files are worth fetching, and which ending a kind has. What the bytes really are is for others to find
//! out: servers say what they like.

/// Media types that are taken, with their endings.
const TYPES: &[(&str, &str)] = &[
    ("text/html", "html"),
    ("application/xhtml+xml", "html"),
    ("text/plain", "txt"),
    ("text/markdown", "md"),
    ("text/csv", "csv"),
    ("application/json", "json"),
    ("application/pdf", "pdf"),
    ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx"),
    ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"),
    ("application/vnd.openxmlformats-officedocument.presentationml.presentation", "pptx"),
    ("application/epub+zip", "epub"),
    ("message/rfc822", "eml"),
];
/// Types that say nothing, so that the path's ending decides.
const VAGUE: &[&str] =
    &["", "application/octet-stream", "binary/octet-stream", "application/x-download", "text/plain"];

/// Returns the ending of a file of this type at this path; `None` when it is of no use.
pub(crate) fn ending(content_type: &str, path: &str) -> Option<&'static str> {
    let media = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let by_type = TYPES.iter().find(|(known, _)| *known == media).map(|(_, ending)| *ending);
    if !VAGUE.contains(&media.as_str()) {
        return by_type;
    }
    let by_path = path.rsplit_once('.').and_then(|(_, after)| named(after));
    // A server that says nothing at all mostly sends pages.
    let is_bare = media.is_empty() && !has_ending(path);
    by_path.or(by_type).or(if is_bare { Some("html") } else { None })
}

/// Returns one of the endings by its name.
pub(crate) fn named(text: &str) -> Option<&'static str> {
    let text = if text.eq_ignore_ascii_case("htm") { "html" } else { text };
    TYPES.iter().map(|(_, ending)| *ending).find(|ending| ending.eq_ignore_ascii_case(text))
}

fn has_ending(path: &str) -> bool {
    path.rsplit('/').next().is_some_and(|last| last.contains('.'))
}

#[cfg(test)]
mod tests {
    use super::ending;

    #[test]
    fn the_type_decides_and_where_it_is_vague_the_path() {
        for (content_type, path, expected) in [
            ("text/html; charset=utf-8", "/a.php", Some("html")),
            ("TEXT/HTML", "/a.pdf", Some("html")),
            ("application/pdf", "/download", Some("pdf")),
            ("application/octet-stream", "/a/price-list.PDF", Some("pdf")),
            ("application/octet-stream", "/a/setup.exe", None),
            ("text/plain", "/notes.md", Some("md")),
            ("text/plain", "/notes", Some("txt")),
            ("", "/about", Some("html")),
            ("", "/logo.png", None),
            ("image/png", "/about.html", None),
            ("application/rss+xml", "/feed", None),
        ] {
            assert_eq!(ending(content_type, path), expected, "{content_type} {path}");
        }
    }
}
