//! Names of pages, made of host and path, that any file system and any editor can live with.

use percent_encoding::percent_decode_str;
use sha2::{Digest, Sha256};
use url::Url;

use crate::media;

/// Longer parts are cut.
const PART_BYTES: usize = 120;
/// Longer names become the hash of their address.
const NAME_BYTES: usize = 900;
/// Folders with such endings would pass for files that are being written.
const TEMPORARY: [&str; 8] = ["tmp", "temp", "part", "partial", "crdownload", "swp", "swx", "bak"];
/// What a name does not begin with: hidden files, temporary files and collections do.
const RESERVED_STARTS: [char; 4] = ['.', '~', '#', '@'];

/// Returns the name of a page: `https://example.com/shop/?page=2` becomes `example.com/shop/index-1f2e3d4c.html`.
pub(crate) fn of(url: &Url, ending: &str) -> String {
    let mut parts = vec![host(url)];
    let segments: Vec<&str> = url.path().split('/').filter(|segment| !segment.is_empty()).collect();
    let (folders, last) = match segments.split_last() {
        Some((last, folders)) if !url.path().ends_with('/') => (folders, *last),
        _ => (segments.as_slice(), "index"),
    };
    parts.extend(folders.iter().map(|segment| folder(segment)));
    let last = plain(last);
    let stem = match last.rsplit_once('.') {
        Some((stem, own)) if !stem.is_empty() && media::named(own) == Some(ending) => stem,
        _ => &last,
    };
    let query = url.query().map(|_| format!("-{}", hash(url.as_str(), 8))).unwrap_or_default();
    parts.push(format!("{}{query}.{ending}", short(stem)));
    let name = parts.join("/");
    if name.len() <= NAME_BYTES { name } else { format!("{}/{}.{ending}", host(url), hash(url.as_str(), 32)) }
}

/// Returns the name for a page whose own name another page has already.
pub(crate) fn distinct(url: &Url, ending: &str) -> String {
    let name = of(url, ending);
    let stem = name.strip_suffix(&format!(".{ending}")).unwrap_or(&name);
    format!("{stem}-{}.{ending}", hash(&format!("{url}#"), 8))
}

fn host(url: &Url) -> String {
    let host = url.host_str().unwrap_or("unknown").trim_matches(['[', ']']).replace(':', "-");
    url.port().map_or_else(|| host.clone(), |port| format!("{host}-{port}"))
}

fn folder(segment: &str) -> String {
    let mut part = short(&plain(segment));
    let is_taken = part.rsplit_once('.').is_some_and(|(_, ending)| {
        media::named(ending).is_some() || TEMPORARY.iter().any(|known| known.eq_ignore_ascii_case(ending))
    });
    // A page and a folder may share a path on the web, though not on a disk.
    if is_taken || part.ends_with('~') {
        part.push('_');
    }
    part
}

/// Returns a segment of a path as people read it, without what a file's name cannot hold.
fn plain(segment: &str) -> String {
    let decoded = percent_decode_str(segment).decode_utf8().unwrap_or_else(|_| segment.into());
    let is_unfit = |c: char| c.is_control() || matches!(c, '/' | '\\');
    let decoded: String = decoded.chars().map(|c| if is_unfit(c) { '_' } else { c }).collect();
    if decoded.starts_with(RESERVED_STARTS) { format!("_{decoded}") } else { decoded }
}

fn short(part: &str) -> String {
    if part.len() <= PART_BYTES {
        return part.to_owned();
    }
    let cut = part.floor_char_boundary(PART_BYTES);
    format!("{}-{}", part.get(..cut).unwrap_or_default(), hash(part, 8))
}

fn hash(text: &str, digits: usize) -> String {
    let hex: String = Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect();
    hex.chars().take(digits).collect()
}

#[cfg(test)]
mod tests {
    use super::{distinct, of};

    fn name(url: &str, ending: &str) -> String {
        of(&url.parse().expect("an address"), ending)
    }

    #[test]
    fn a_name_is_made_of_host_and_path() {
        for (url, ending, expected) in [
            ("https://example.com/", "html", "example.com/index.html"),
            ("https://example.com/about", "html", "example.com/about.html"),
            ("https://example.com/about.htm", "html", "example.com/about.html"),
            ("https://example.com/shop/", "html", "example.com/shop/index.html"),
            ("https://example.com/a.php", "html", "example.com/a.php.html"),
            ("https://example.com/v1.2", "html", "example.com/v1.2.html"),
            ("https://example.com/list.pdf", "pdf", "example.com/list.pdf"),
            ("https://example.com/list.html/2", "html", "example.com/list.html_/2.html"),
            ("https://example.com/%C3%BCber%20uns", "html", "example.com/über uns.html"),
            ("https://example.com/%FF", "html", "example.com/%FF.html"),
            ("https://example.com/.well-known/x", "html", "example.com/_.well-known/x.html"),
            ("https://example.com/@anna/a~/b", "html", "example.com/_@anna/a~_/b.html"),
            ("https://example.com/a%2Fb%00c", "html", "example.com/a_b_c.html"),
            ("http://[2606::1]:8080/x", "html", "2606--1-8080/x.html"),
        ] {
            assert_eq!(name(url, ending), expected, "{url}");
        }
    }

    #[test]
    fn queries_and_equal_names_are_told_apart() {
        let (one, two) = (name("https://a.de/p?x=1", "html"), name("https://a.de/p?x=2", "html"));
        assert!(one.starts_with("a.de/p-") && one != two, "{one} {two}");
        let other = distinct(&"https://a.de/p".parse().expect("an address"), "html");
        assert!(other.starts_with("a.de/p-") && other.ends_with(".html"), "{other}");
    }

    #[test]
    fn no_part_and_no_name_is_longer_than_a_file_system_takes() {
        let long = name(&format!("https://a.de/{}/{}", "ü".repeat(300), "x".repeat(300)), "html");
        assert!(long.split('/').all(|part| part.len() <= 150), "{long}");
        let deep = name(&format!("https://a.de/{}", "folder/".repeat(400)), "html");
        assert!(deep.len() < 100, "{deep}");
    }
}
