//! The picture of a scanned page, for optical character recognition. It draws no pages: a picture comes back as it was
//! scanned, with the turns that show it upright.

mod png;

use formats::{Failure, Limits};
use hayro_syntax::Filter;
use hayro_syntax::object::stream::{ImageColorSpace, ImageDecodeParams};
use hayro_syntax::object::{Array, Dict, Object, Stream, String as PdfString};

use crate::geometry::Matrix;
use crate::{failure, guard};

/// A picture of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// The whole file.
    pub bytes: Vec<u8>,
    /// What the file is.
    pub kind: PictureKind,
    /// Quarter turns clockwise, 0 to 3, after which it lies as the page shows it.
    pub turns: u8,
}

/// What a picture's file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PictureKind {
    /// JPEG.
    Jpeg,
    /// PNG.
    Png,
}

pub(crate) fn missing() -> Failure {
    Failure::Unsupported { found: "a page without a picture".to_owned() }
}

/// Returns a picture as a file. `place` is where its unit square lies on the page.
pub(crate) fn unpack(stream: &Stream<'_>, place: Matrix, limits: &Limits) -> Result<Picture, Failure> {
    let turns = turns(place);
    let colours = Colours::of(stream.dict());
    if stream.filters().as_slice() == [Filter::DctDecode] && colours.components() != 4 {
        return Ok(Picture { bytes: stream.raw_data().into_owned(), kind: PictureKind::Jpeg, turns });
    }
    let number = |key: &[u8]| stream.dict().get::<u32>(key).unwrap_or(0);
    let (width, height) = (number(b"Width"), number(b"Height"));
    let bits =
        if stream.dict().get::<bool>(b"ImageMask") == Some(true) { 1 } else { number(b"BitsPerComponent") };
    let pixels = u64::from(width).saturating_mul(u64::from(height));
    if pixels > limits.unpacked_bytes || !guard::unpacks_within(&stream.raw_data(), limits.unpacked_bytes) {
        return Err(failure::over_limit(
            "has a picture that is too large",
            format!("{} pixels", limits.unpacked_bytes),
        ));
    }
    let asked = ImageDecodeParams {
        is_indexed: matches!(colours, Colours::Palette { .. }),
        bpc: u8::try_from(bits).ok().filter(|bits| *bits > 0),
        num_components: Some(colours.components()),
        target_dimension: None,
        width,
        height,
    };
    let unpacked = stream.decoded_image(&asked).map_err(|_| unreadable())?;
    let samples = match &unpacked.image_data {
        None => {
            Samples { width, height, bits: u8::try_from(bits).unwrap_or(8), components: colours.components() }
        }
        Some(own) => Samples {
            width: own.width,
            height: own.height,
            bits: own.bits_per_component,
            components: match own.color_space {
                Some(ImageColorSpace::Gray) => 1,
                Some(ImageColorSpace::Rgb) => 3,
                Some(ImageColorSpace::Cmyk) => 4,
                Some(ImageColorSpace::Unknown(count)) => count,
                None => colours.components(),
            },
        },
    };
    let inverted =
        stream.dict().get::<Array<'_>>(b"Decode").and_then(|decode| decode.iter::<f32>().next()) == Some(1.0);
    let (pixels, colour) = samples.pixels(&unpacked.data, &colours, inverted).ok_or_else(unreadable)?;
    let bytes = png::write(samples.width, samples.height, colour, &pixels).ok_or_else(unreadable)?;
    Ok(Picture { bytes, kind: PictureKind::Png, turns })
}

fn unreadable() -> Failure {
    failure::damaged("the picture of the page cannot be unpacked")
}

/// The turns that a placement makes; down is positive.
fn turns(place: Matrix) -> u8 {
    match place.direction(1.0, 0.0) {
        (x, y) if x.abs() >= y.abs() => {
            if x >= 0.0 {
                0
            } else {
                2
            }
        }
        (_, y) => {
            if y >= 0.0 {
                1
            } else {
                3
            }
        }
    }
}

/// What the samples of a picture mean.
#[derive(Clone, Debug, PartialEq)]
enum Colours {
    Gray,
    /// One ink: a full sample is dark.
    Ink,
    Rgb,
    Cmyk,
    Palette {
        base: u8,
        table: Vec<u8>,
    },
}

impl Colours {
    fn of(dict: &Dict<'_>) -> Self {
        dict.get::<Object<'_>>(b"ColorSpace").map_or(Self::Gray, |space| Self::named(&space, true))
    }

    fn named(space: &Object<'_>, palettes: bool) -> Self {
        let parts: Vec<Object<'_>> = match space {
            Object::Array(parts) => parts.iter::<Object<'_>>().take(4).collect(),
            other => vec![other.clone()],
        };
        let family = parts.first().and_then(|name| name.clone().into_name());
        let components = |count: Option<u32>| match count {
            Some(3) => Self::Rgb,
            Some(4) => Self::Cmyk,
            _ => Self::Gray,
        };
        match family.as_deref() {
            Some(b"DeviceRGB" | b"CalRGB" | b"RGB" | b"Lab") => Self::Rgb,
            Some(b"DeviceCMYK" | b"CMYK") => Self::Cmyk,
            Some(b"Separation") => Self::Ink,
            Some(b"ICCBased") => match parts.get(1) {
                Some(Object::Stream(profile)) => components(profile.dict().get::<u32>(b"N")),
                _ => Self::Gray,
            },
            Some(b"Indexed" | b"I") if palettes => {
                let base = parts.get(1).map_or(Self::Rgb, |base| Self::named(base, false)).components();
                let table = match parts.get(3) {
                    Some(Object::String(table)) => PdfString::as_bytes(table).to_vec(),
                    Some(Object::Stream(table)) => {
                        table.decoded_data().map(|table| table.into_owned()).unwrap_or_default()
                    }
                    _ => Vec::new(),
                };
                Self::Palette { base, table }
            }
            _ => Self::Gray,
        }
    }

    fn components(&self) -> u8 {
        match self {
            Self::Gray | Self::Ink | Self::Palette { .. } => 1,
            Self::Rgb => 3,
            Self::Cmyk => 4,
        }
    }
}

/// How samples lie in memory.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Samples {
    width: u32,
    height: u32,
    bits: u8,
    components: u8,
}

impl Samples {
    /// Eight bits for gray, or for each of red, green and blue; missing samples are white.
    fn pixels(&self, packed: &[u8], colours: &Colours, inverted: bool) -> Option<(Vec<u8>, png::Colour)> {
        let palette = matches!(colours, Colours::Palette { .. });
        let samples = self.unpacked(packed, palette)?;
        let flip = |sample: u8| if inverted && !palette { 255 - sample } else { sample };
        let turned = samples.into_iter().map(flip);
        Some(match (colours, self.components) {
            (Colours::Palette { base, table }, 1) => {
                (turned.flat_map(|index| entry(table, *base, index)).collect(), png::Colour::Rgb)
            }
            (Colours::Ink, 1) => (turned.map(|ink| 255 - ink).collect(), png::Colour::Gray),
            (_, 1) => (turned.collect(), png::Colour::Gray),
            (_, 3) => (turned.collect(), png::Colour::Rgb),
            (_, 4) => (
                turned
                    .collect::<Vec<u8>>()
                    .as_chunks::<4>()
                    .0
                    .iter()
                    .flat_map(|inks| from_inks(*inks))
                    .collect(),
                png::Colour::Rgb,
            ),
            _ => return None,
        })
    }

    /// One byte for each sample, stretched to the whole range unless it is an index.
    fn unpacked(&self, packed: &[u8], palette: bool) -> Option<Vec<u8>> {
        let row = usize::try_from(self.width).ok()?.checked_mul(usize::from(self.components))?;
        let rows = usize::try_from(self.height).ok()?;
        let total = row.checked_mul(rows)?;
        let bits = usize::from(self.bits);
        if !matches!(bits, 1 | 2 | 4 | 8 | 16) || row == 0 {
            return None;
        }
        let row_bytes = row.checked_mul(bits)?.div_ceil(8);
        let mut samples = Vec::with_capacity(total.min(packed.len().saturating_mul(8)));
        for line in packed.chunks(row_bytes).take(rows) {
            let in_line =
                line.iter().flat_map(|byte| (0..(8 / bits).max(1)).map(move |place| (*byte, place)));
            let step = if bits == 16 { 2 } else { 1 };
            let stretch = if palette || bits >= 8 { 1 } else { 255 / ((1_u16 << bits) - 1) };
            let mask = if bits >= 8 { 0xff } else { (1_u16 << bits) - 1 };
            let whole = in_line.step_by(step).take(row).map(|(byte, place)| {
                let shift = if bits >= 8 { 0 } else { 8 - bits * (place + 1) };
                u8::try_from(((u16::from(byte) >> shift) & mask) * stretch).unwrap_or(u8::MAX)
            });
            samples.extend(whole);
        }
        // A picture that is cut off has the rest of its page in white.
        samples.resize(total, u8::MAX);
        Some(samples)
    }
}

fn entry(table: &[u8], base: u8, index: u8) -> [u8; 3] {
    let start = usize::from(index) * usize::from(base);
    match table.get(start..start + usize::from(base)) {
        Some([gray]) => [*gray; 3],
        Some([red, green, blue]) => [*red, *green, *blue],
        Some([c, m, y, k]) => from_inks([*c, *m, *y, *k]),
        _ => [u8::MAX; 3],
    }
}

fn from_inks([cyan, magenta, yellow, black]: [u8; 4]) -> [u8; 3] {
    let light = |ink: u8| {
        let product = u16::from(255 - ink) * u16::from(255 - black) / 255;
        u8::try_from(product).unwrap_or(u8::MAX)
    };
    [light(cyan), light(magenta), light(yellow)]
}
