//! Where the bytes stand that mean something to a format, such as separators and quotes: the first stage of
//! splitting, and the only one that looks at every byte.
//!
//! The bitmap of 64 bytes is the idea of Langdale and Lemire, "Parsing Gigabytes of JSON per
//! Second" (VLDB Journal 28, 2019).
//!
//! ```
//! use sextant_plugin_sdk::marks::Marks;
//!
//! let tabs = Marks::new([b'\t']);
//! let places: Vec<_> = tabs.places("Київ\t\tLviv".as_bytes()).collect();
//! assert_eq!(places, [8, 9]);
//! ```

use wide::u8x16;

/// How many bytes are looked at together.
pub const BLOCK_BYTES: usize = 64;
/// How many of them are one vector.
const LANES: usize = 16;

/// The bytes to look for.
#[derive(Clone, Copy, Debug)]
pub struct Marks<const N: usize>([u8; N]);

impl<const N: usize> Marks<N> {
    /// Marks the bytes given; one may come twice.
    pub const fn new(bytes: [u8; N]) -> Self {
        Self(bytes)
    }

    /// The place of each mark, in their order.
    #[inline]
    pub fn places(self, bytes: &[u8]) -> impl Iterator<Item = usize> {
        let (mut position, mut mask) = (0, self.find(bytes, 0));
        std::iter::from_fn(move || {
            while mask == 0 {
                position += BLOCK_BYTES;
                if position >= bytes.len() {
                    return None;
                }
                mask = self.find(bytes, position);
            }
            let place = position + mask.trailing_zeros() as usize;
            mask &= mask - 1;
            Some(place)
        })
    }

    /// One bit for each byte from `position` on, set where the byte is a mark; at most 64.
    #[inline]
    pub fn find(self, bytes: &[u8], position: usize) -> u64 {
        match bytes.get(position..).and_then(<[u8]>::first_chunk) {
            Some(block) => self.find_in_block(block),
            None => self.find_in_rest(bytes, position),
        }
    }

    /// As [`find`](Self::find), where fewer than 64 bytes are left. The last 64 are looked at, if there are
    /// so many: in a guest, to copy the rest takes longer.
    fn find_in_rest(self, bytes: &[u8], position: usize) -> u64 {
        let count = bytes.len().saturating_sub(position);
        let last = bytes.last_chunk().map(|block| self.find_in_block(block));
        let mask = last.unwrap_or_else(|| {
            let mut block = [0; BLOCK_BYTES];
            block[BLOCK_BYTES - bytes.len()..].copy_from_slice(bytes);
            self.find_in_block(&block)
        });
        mask.checked_shr((BLOCK_BYTES - count) as u32).unwrap_or(0)
    }

    #[inline]
    fn find_in_block(self, block: &[u8; BLOCK_BYTES]) -> u64 {
        let mut mask = 0;
        let (lanes, _) = block.as_chunks::<LANES>();
        for (i, lane) in lanes.iter().enumerate() {
            let lane = u8x16::new(*lane);
            let marks = self.0.map(|mark| lane.simd_eq(u8x16::splat(mark)));
            let found = marks
                .into_iter()
                .fold(u8x16::splat(0), |found, mark| found | mark);
            mask |= u64::from(found.to_bitmask()) << (i * LANES);
        }
        mask
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_a_loop_over_the_bytes_finds() {
        let bytes: Vec<u8> = (0..1000u32)
            .map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8)
            .collect();
        let text: Vec<u8> = bytes
            .iter()
            .map(|byte| b",\n\"a\x2d\xac\x8a"[usize::from(byte % 7)])
            .collect();
        for bytes in [&bytes, &text] {
            // All lengths, so that the last bytes are few, many, or all there are.
            for length in (0..200).chain([bytes.len()]) {
                check(&bytes[..length], [b',', b'\n', b'"']);
                check(&bytes[..length], [0]);
            }
        }
    }

    fn check<const N: usize>(bytes: &[u8], marks: [u8; N]) {
        let is_mark = |byte: &u8| marks.contains(byte);
        for position in 0..bytes.len() + 2 {
            let rest = bytes.get(position..).unwrap_or_default().iter();
            let rest = rest.take(BLOCK_BYTES).enumerate();
            let expected = rest.fold(0, |mask, (i, byte)| mask | (u64::from(is_mark(byte)) << i));
            let found = Marks::new(marks).find(bytes, position);
            assert_eq!(found, expected, "from byte {position} of {}", bytes.len());
        }
        let places = Marks::new(marks).places(bytes);
        let expected = (0..bytes.len()).filter(|&at| is_mark(&bytes[at]));
        assert!(places.eq(expected), "in {} bytes", bytes.len());
    }
}
