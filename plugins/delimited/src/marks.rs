//! Which of 64 bytes mean something: the first stage of splitting, and the only one that looks at
//! every byte.
//!
//! The bitmap of 64 bytes is the idea of Langdale and Lemire, "Parsing Gigabytes of JSON per
//! Second" (VLDB Journal 28, 2019). In WASM it is made with `simd128`, elsewhere in 64-bit words.

/// How many bytes are looked at together.
pub(crate) const BLOCK_BYTES: usize = 64;

/// The bytes to look for: delimiter, newline, and quote.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Marks([u8; 3]);

impl Marks {
    /// Marks a delimiter, newlines, and a quote where there is one.
    pub(crate) fn new(delimiter: u8, quote: Option<u8>) -> Self {
        Self([delimiter, b'\n', quote.unwrap_or(delimiter)])
    }

    /// One bit for each byte from `position` on, set where the byte is a mark; at most 64.
    #[inline]
    pub(crate) fn find(self, bytes: &[u8], position: usize) -> u64 {
        match bytes.get(position..).and_then(<[u8]>::first_chunk) {
            Some(block) => self.find_in_block(block),
            None => self.find_in_rest(bytes.get(position..).unwrap_or_default()),
        }
    }

    #[cold]
    fn find_in_rest(self, rest: &[u8]) -> u64 {
        let mut block = [0; BLOCK_BYTES];
        block[..rest.len()].copy_from_slice(rest);
        self.find_in_block(&block) & ((1 << rest.len()) - 1)
    }

    #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
    #[inline]
    fn find_in_block(self, block: &[u8; BLOCK_BYTES]) -> u64 {
        use core::arch::wasm32::{u8x16_bitmask, u8x16_eq, u8x16_splat, u64x2, v128_or};
        let [first, second, third] = self.0.map(|mark| u8x16_splat(mark));
        let mut mask = 0;
        let (lanes, _) = block.as_chunks();
        for (i, lane) in lanes.iter().enumerate() {
            let lane = u128::from_le_bytes(*lane);
            let lane = u64x2(lane as u64, (lane >> 64) as u64);
            let found = v128_or(
                u8x16_eq(lane, first),
                v128_or(u8x16_eq(lane, second), u8x16_eq(lane, third)),
            );
            mask |= u64::from(u8x16_bitmask(found)) << (i * 16);
        }
        mask
    }

    #[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
    #[inline]
    fn find_in_block(self, block: &[u8; BLOCK_BYTES]) -> u64 {
        let mut mask = 0;
        let (words, _) = block.as_chunks();
        for (i, word) in words.iter().enumerate() {
            let word = u64::from_le_bytes(*word);
            let found = self
                .0
                .iter()
                .fold(0, |found, &mark| found | equal(word, mark));
            // Gathers the lowest bit of every byte in the highest byte; the partial products have
            // no bit in common, so nothing is carried.
            mask |= ((found >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56) << (i * 8);
        }
        mask
    }
}

/// The highest bit of every byte that equals `mark`, exactly (Warren, Hacker's Delight, 6-1).
#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
#[inline]
fn equal(word: u64, mark: u8) -> u64 {
    const LOW: u64 = 0x7f7f_7f7f_7f7f_7f7f;
    let difference = word ^ (u64::from(mark) * 0x0101_0101_0101_0101);
    !(((difference & LOW) + LOW) | difference | LOW)
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
        for (bytes, quote) in [(&bytes, Some(b'"')), (&text, Some(b'"')), (&text, None)] {
            let marks = Marks::new(b',', quote);
            for position in 0..bytes.len() + 2 {
                let rest = bytes.get(position..).unwrap_or_default();
                let expected = rest
                    .iter()
                    .take(64)
                    .enumerate()
                    .fold(0, |mask, (i, &byte)| {
                        mask | (u64::from(byte == b',' || byte == b'\n' || Some(byte) == quote)
                            << i)
                    });
                assert_eq!(
                    marks.find(bytes, position),
                    expected,
                    "from byte {position}"
                );
            }
        }
    }
}
