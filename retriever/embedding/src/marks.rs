//! Looks at 64 bytes at once: which of them are of a kind, as one bit each. Loops over such bits depend on no length of a
//! word, so a processor foresees their branches.

/// Bytes in a block.
pub const BLOCK_BYTES: usize = 64;

/// Returns the block that begins at a place, filled up with spaces where the text ends.
pub fn block_at(bytes: &[u8], place: usize) -> [u8; BLOCK_BYTES] {
    let rest = bytes.get(place..).unwrap_or_default();
    rest.first_chunk().copied().unwrap_or_else(|| {
        let mut block = [b' '; BLOCK_BYTES];
        block[..rest.len()].copy_from_slice(rest);
        block
    })
}

/// Sets bit `n` where byte `n` is of the kind. The test should have no branches, so that many bytes are tested at once.
#[inline]
pub fn marks(block: &[u8; BLOCK_BYTES], is_of_kind: impl Fn(u8) -> bool) -> u64 {
    // Moves the lowest bit of each byte into the highest byte.
    const GATHER: u64 = 0x0102_0408_1020_4080;
    let mut found = [0_u8; BLOCK_BYTES];
    for (found, byte) in found.iter_mut().zip(block) {
        *found = u8::from(is_of_kind(*byte));
    }
    let (eights, _) = found.as_chunks::<8>();
    let gathered = |eight: &[u8; 8]| u64::from_le_bytes(*eight).wrapping_mul(GATHER) >> 56;
    eights.iter().enumerate().fold(0, |marks, (place, eight)| marks | gathered(eight) << (place * 8))
}

/// Returns how many bytes at the start are ASCII.
pub fn leading_ascii(bytes: &[u8]) -> usize {
    let (eights, rest) = bytes.as_chunks::<8>();
    for (place, eight) in eights.iter().enumerate() {
        let beyond = u64::from_le_bytes(*eight) & 0x8080_8080_8080_8080;
        if beyond != 0 {
            return place * 8 + beyond.trailing_zeros() as usize / 8;
        }
    }
    bytes.len() - rest.len() + rest.iter().take_while(|byte| byte.is_ascii()).count()
}

/// Returns the places of the bits that are set, from the lowest.
pub fn places(marks: u64) -> impl Iterator<Item = usize> {
    let mut rest = marks;
    std::iter::from_fn(move || {
        let place = (rest != 0).then_some(rest.trailing_zeros() as usize);
        rest &= rest.wrapping_sub(1);
        place
    })
}

#[cfg(test)]
mod tests {
    use super::{BLOCK_BYTES, block_at, leading_ascii, marks, places};

    #[test]
    fn each_byte_of_the_kind_has_its_bit() {
        for byte in 0..=u8::MAX {
            for place in 0..BLOCK_BYTES {
                let mut block = [b'-'; BLOCK_BYTES];
                block[place] = byte;
                let expected = if byte.is_ascii_alphanumeric() { 1 << place } else { 0 };
                assert_eq!(marks(&block, |byte| byte.is_ascii_alphanumeric()), expected, "{byte} at {place}");
            }
        }
        assert!(places(1 | 1 << 7 | 1 << 63).eq([0, 7, 63]));
        assert_eq!(places(0).count(), 0);
    }

    #[test]
    fn what_stands_before_a_character_beyond_ascii_is_counted() {
        for length in 0..40 {
            let ascii = "x".repeat(length);
            assert_eq!(leading_ascii(ascii.as_bytes()), length);
            assert_eq!(leading_ascii((ascii + "é and more").as_bytes()), length);
        }
    }

    #[test]
    fn a_last_block_is_filled_up() {
        let text = [b'x'; BLOCK_BYTES + 2];
        assert_eq!(block_at(&text, 1), [b'x'; BLOCK_BYTES]);
        let last = block_at(&text, BLOCK_BYTES);
        assert!(last[..2] == *b"xx" && last[2..].iter().all(|byte| *byte == b' '));
        assert_eq!(block_at(&text, 1000), [b' '; BLOCK_BYTES]);
    }
}
