//! Scripts that are written without spaces: their text is searched by pairs of neighbouring characters.

use unicode_segmentation::UnicodeSegmentation;

/// Returns whether a character belongs to a script written without spaces between words (Han, Kana, Thai, Lao,
/// Khmer, Myanmar ...) or to Hangul, whose words carry their endings.
pub fn is_dense(character: char) -> bool {
    matches!(u32::from(character),
        0x0E00..=0x0E4F | 0x0E5A..=0x0E7F | 0x0E80..=0x0ECF | 0x0EDA..=0x0EFF // Thai, Lao without digits
        | 0x1000..=0x103F | 0x1050..=0x109F                  // Myanmar
        | 0x1780..=0x17D3                                    // Khmer
        | 0x0F40..=0x0FBC                                    // Tibetan
        | 0x1100..=0x11FF | 0xAC00..=0xD7AF                  // Hangul
        | 0x3005..=0x3007 | 0x3041..=0x3096 | 0x309D..=0x309F | 0x30A1..=0x30FA | 0x30FC..=0x30FF // Kana
        | 0x3400..=0x4DBF | 0x4E00..=0x9FFF | 0xF900..=0xFAFF | 0x20000..=0x3FFFF) // Han
}

/// Characters that only hold a sentence together; pairs do not reach across them.
const PARTICLES: &str =
    "的了吗呢吧啊嘛么是在和与及或也都就被把这那哪很请您你我他她它们はがをにでともかへのですますかねよ";

/// Calls `found` with each pair of neighbouring characters of a run, or with the character itself where it is alone.
pub(crate) fn pairs(run: &str, mut found: impl FnMut(String)) {
    let is_particle = |grapheme: &str| {
        let mut characters = grapheme.chars();
        matches!((characters.next(), characters.next()), (Some(one), None) if PARTICLES.contains(one))
    };
    let graphemes: Vec<&str> = run.graphemes(true).collect();
    for stretch in graphemes.split(|grapheme| is_particle(grapheme)) {
        match stretch {
            [] => {}
            [alone] => found((*alone).to_owned()),
            many => many.windows(2).for_each(|pair| found(pair.concat())),
        }
    }
}
