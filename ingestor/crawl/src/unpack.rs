//! Unpacks what servers pack, within limits. It knows gzip and nothing of where the bytes come from.

use std::io::Read;

use flate2::read::MultiGzDecoder;

use crate::error::Failure;

/// What short answers may unpack to, whatever the ratio.
const FREE_BYTES: usize = 64 * 1024;

/// Whether the bytes begin as gzip does.
pub(crate) fn is_packed(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0x1f, 0x8b])
}

/// Unpacks gzip to at most so many bytes, and to at most `ratio` times what was sent.
pub(crate) fn unpack(packed: &[u8], limit_bytes: usize, ratio: usize) -> Result<Vec<u8>, Failure> {
    let by_ratio = packed.len().saturating_mul(ratio).max(FREE_BYTES);
    let most = limit_bytes.min(by_ratio);
    let mut bytes = Vec::new();
    let limit = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
    let read = MultiGzDecoder::new(packed).take(limit).read_to_end(&mut bytes);
    if bytes.len() > most {
        return Err(if by_ratio < limit_bytes {
            Failure::Bomb { ratio }
        } else {
            Failure::TooLarge { limit_bytes }
        });
    }
    read.map_err(|error| Failure::Packing(error.to_string()))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::unpack;
    use crate::error::Failure;

    fn packed(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).expect("packs");
        encoder.finish().expect("packs")
    }

    #[test]
    fn packed_bytes_come_out_as_they_were() {
        assert_eq!(unpack(&packed(b"Hello"), 100, 2).expect("unpacks"), b"Hello");
    }

    #[test]
    fn a_bomb_is_stopped_by_its_ratio_or_by_the_limit() {
        let bomb = packed(&vec![0; 5_000_000]);
        assert_eq!(unpack(&bomb, 10_000_000, 100).expect_err("is refused"), Failure::Bomb { ratio: 100 });
        let failure = unpack(&bomb, 100_000, 10_000).expect_err("is refused");
        assert_eq!(failure, Failure::TooLarge { limit_bytes: 100_000 });
    }

    #[test]
    fn broken_packing_is_an_error() {
        let cut = packed(&(0..=255).cycle().take(9_000).collect::<Vec<u8>>());
        assert!(matches!(unpack(&cut[..cut.len() - 9], 100_000, 100), Err(Failure::Packing(_))));
    }
}
