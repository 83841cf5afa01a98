//! Any bytes as a PDF: its text and the picture of its first page.
#![no_main]

use formats::Limits;
use libfuzzer_sys::fuzz_target;

/// A small allowance, so that what goes over it shows as slow or large.
const LIMITS: Limits = Limits { unpacked_bytes: 8 * 1024 * 1024, text_bytes: 1024 * 1024, pages: 50, ..Limits::DEFAULT };

fuzz_target!(|data: &[u8]| {
    _ = pdf::read(data, &LIMITS);
    _ = pdf::picture(data, 1, &LIMITS);
});
