//! Texts on which the short way through common text is compared with the library.

use std::fs;
use std::path::Path;

use proptest::prelude::{Just, Strategy, any, prop, prop_oneof};

use super::is_common;

/// At least one character of each class, for words and for sentences.
const CLASSES: [char; 18] =
    ['a', 'B', 'ƻ', '1', '.', '!', ',', ':', '\'', '"', '(', ' ', '\n', '\r', '_', '²', '%', '’'];

/// Returns all texts of these classes up to this many characters.
pub(in crate::chunk) fn short_texts(most_chars: u32) -> impl Iterator<Item = String> {
    (1..=most_chars).flat_map(|chars| {
        (0..CLASSES.len().pow(chars)).map(move |number| {
            let class = |place| CLASSES[number / CLASSES.len().pow(place) % CLASSES.len()];
            (0..chars).map(class).collect()
        })
    })
}

/// Returns texts that show the class of each common character.
pub(in crate::chunk) fn probes() -> impl Iterator<Item = String> {
    let frames = [
        "@", "a@", "@a", "a@b", "1@2", "a@1", "_@_", "a.@", "A.@", "1.@", "?@", "? @a", ". @a", ". @A",
        ".@ A", ".@.", "@.A", "@.1", "@. A", "a'@", "a:@", "a,@", "1,@", "_@a", "@_1", ".)@", ".) @ B",
        ". @ b", "@@", " @ ", "a @ B",
    ];
    ('\0'..=char::MAX).filter(|c| is_common(*c)).flat_map(move |c| {
        frames.into_iter().map(move |frame| frame.replace('@', c.encode_utf8(&mut [0; 4])))
    })
}

/// Returns lines with many marks; now and then a line holds characters of any script.
pub(in crate::chunk) fn mixed() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        8 => "[a-zA-Z]{1,6}",
        4 => Just(" ".to_owned()),
        4 => "[.!?]{1,2}",
        4 => "[-.,:;'\"()0-9_ ]{1,3}",
        2 => "[\u{a0}-\u{24f}\u{2010}-\u{203a}]{1,3}",
        1 => "[\n\r\t]{1,2}",
        1 => any::<char>().prop_map(String::from),
    ];
    prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

/// Returns the documents that come with the product.
pub(in crate::chunk) fn documents() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let folders = ["deploy/local/samples", ".", "loadtest/sets/shop"];
    let files = folders.iter().filter_map(|folder| fs::read_dir(root.join(folder)).ok()).flatten().flatten();
    files.filter_map(|file| fs::read_to_string(file.path()).ok()).collect()
}
