//! Writes PNG files of eight bits a sample (ISO/IEC 15948).

use std::io::Write as _;

use flate2::write::ZlibEncoder;
use flate2::{Compression, Crc};

/// The samples of a pixel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Colour {
    Gray,
    Rgb,
}

/// Returns the file, or nothing when the pixels are not as many as the size says.
pub(super) fn write(width: u32, height: u32, colour: Colour, pixels: &[u8]) -> Option<Vec<u8>> {
    let (kind, samples) = match colour {
        Colour::Gray => (0, 1),
        Colour::Rgb => (2, 3),
    };
    let row = usize::try_from(width).ok()?.checked_mul(samples)?;
    if row == 0 || pixels.len() != row.checked_mul(usize::try_from(height).ok()?)? {
        return None;
    }
    // Recognition reads the file at once: packing it fast matters more than packing it well.
    let mut packer = ZlibEncoder::new(Vec::new(), Compression::fast());
    for line in pixels.chunks(row) {
        packer.write_all(&[0]).ok()?;
        packer.write_all(line).ok()?;
    }
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    let mut head = [width.to_be_bytes(), height.to_be_bytes()].concat();
    head.extend([8, kind, 0, 0, 0]);
    chunk(&mut file, *b"IHDR", &head)?;
    chunk(&mut file, *b"IDAT", &packer.finish().ok()?)?;
    chunk(&mut file, *b"IEND", &[])?;
    Some(file)
}

fn chunk(file: &mut Vec<u8>, kind: [u8; 4], content: &[u8]) -> Option<()> {
    file.extend(u32::try_from(content.len()).ok()?.to_be_bytes());
    let mut sum = Crc::new();
    for part in [&kind[..], content] {
        sum.update(part);
        file.extend(part);
    }
    file.extend(sum.sum().to_be_bytes());
    Some(())
}
