//! Any bytes as a mail, an e-book or an office document.
#![no_main]

use formats::{Format, Limits};
use libfuzzer_sys::fuzz_target;

const LIMITS: Limits = Limits { unpacked_bytes: 8 * 1024 * 1024, text_bytes: 1024 * 1024, ..Limits::DEFAULT };

fuzz_target!(|data: &[u8]| {
    for name in ["a.eml", "a.docx", "a.xlsx", "a.pptx", "a.epub"] {
        if let Some(format) = Format::of(data, name) {
            _ = formats::read(format, data, &LIMITS);
        }
    }
    _ = formats::read(Format::Mail, data, &LIMITS);
});
