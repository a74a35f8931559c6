//! Sixteen bytes that are computed with at once: in the sandbox by its vector instructions, elsewhere
//! byte by byte.

/// How many bytes are computed with at once.
pub(super) const LANES: usize = 16;

#[cfg(target_arch = "wasm32")]
pub(super) use vector::Lanes;

#[cfg(not(target_arch = "wasm32"))]
pub(super) use bytes::Lanes;

impl Lanes {
    /// At most sixteen bytes of a text, and zeros behind them.
    ///
    /// Two words that overlap hold any length of eight or more, without a loop and without a call.
    #[inline(always)]
    pub(super) fn load(bytes: &[u8]) -> Self {
        match (bytes.first_chunk(), bytes.last_chunk()) {
            (Some(first), Some(last)) => {
                let missing = 8 * (LANES - bytes.len()) as u32;
                let last = u64::from_le_bytes(*last).checked_shr(missing);
                Self::from_words(u64::from_le_bytes(*first), last.unwrap_or_default())
            }
            _ => Self::from_words(short_word(bytes), 0),
        }
    }

    /// All bits set where a byte is within bounds.
    #[inline(always)]
    pub(super) fn is_within(self, least: u8, most: u8) -> Self {
        let above = self.subtract(Self::splat(least));
        above.at_most(Self::splat(most - least))
    }

    /// What a table of 32 bytes says of each lane, which holds less than 32.
    #[inline(always)]
    pub(super) fn look_up(self, table: &[Self; 2]) -> Self {
        let beyond = self.subtract(Self::splat(LANES as u8));
        table[0].pick(self).or(table[1].pick(beyond))
    }
}

/// Less than eight bytes as a word.
#[inline(always)]
fn short_word(bytes: &[u8]) -> u64 {
    if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        let (first, last) = (u32::from_le_bytes(*first), u32::from_le_bytes(*last));
        return u64::from(first) | u64::from(last) << (8 * (bytes.len() - 4));
    }
    let byte = |place: usize| {
        bytes
            .get(place)
            .map_or(0, |&byte| u64::from(byte) << (8 * place))
    };
    byte(0) | byte(1) | byte(2)
}

#[cfg(target_arch = "wasm32")]
mod vector {
    use std::arch::wasm32 as simd;
    use std::arch::wasm32::v128;

    #[derive(Clone, Copy, Debug)]
    pub(in super::super) struct Lanes(v128);

    impl Lanes {
        #[rustfmt::skip]
        pub(in super::super) const fn new(b: [u8; 16]) -> Self {
            Self(simd::u8x16(
                b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7],
                b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15],
            ))
        }

        #[inline(always)]
        pub(super) fn from_words(low: u64, high: u64) -> Self {
            Self(simd::u64x2(low, high))
        }

        #[inline(always)]
        pub(in super::super) fn splat(byte: u8) -> Self {
            Self(simd::u8x16_splat(byte))
        }

        #[inline(always)]
        pub(in super::super) fn get(self, place: usize) -> u8 {
            let picked = self.pick(Self::splat(place as u8));
            simd::u8x16_extract_lane::<0>(picked.0)
        }

        #[inline(always)]
        pub(super) fn pick(self, places: Self) -> Self {
            Self(simd::i8x16_swizzle(self.0, places.0))
        }

        #[inline(always)]
        pub(in super::super) fn any(self) -> bool {
            simd::v128_any_true(self.0)
        }

        #[inline(always)]
        #[rustfmt::skip]
        pub(in super::super) fn up<const BY: usize>(self, before: Self) -> Self {
            let (low, high) = (before.0, self.0);
            Self(match BY {
                1 => simd::i8x16_shuffle::<15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30>(low, high),
                2 => simd::i8x16_shuffle::<14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29>(low, high),
                4 => simd::i8x16_shuffle::<12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27>(low, high),
                8 => simd::i8x16_shuffle::<8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23>(low, high),
                _ => low,
            })
        }

        #[inline(always)]
        pub(in super::super) fn add(self, other: Self) -> Self {
            Self(simd::u8x16_add_sat(self.0, other.0))
        }

        #[inline(always)]
        pub(in super::super) fn subtract(self, other: Self) -> Self {
            Self(simd::u8x16_sub(self.0, other.0))
        }

        #[inline(always)]
        pub(in super::super) fn min(self, other: Self) -> Self {
            Self(simd::u8x16_min(self.0, other.0))
        }

        #[inline(always)]
        pub(in super::super) fn and(self, other: Self) -> Self {
            Self(simd::v128_and(self.0, other.0))
        }

        #[inline(always)]
        pub(in super::super) fn and_not(self, other: Self) -> Self {
            Self(simd::v128_andnot(self.0, other.0))
        }

        #[inline(always)]
        pub(in super::super) fn or(self, other: Self) -> Self {
            Self(simd::v128_or(self.0, other.0))
        }

        #[inline(always)]
        pub(in super::super) fn equals(self, other: Self) -> Self {
            Self(simd::u8x16_eq(self.0, other.0))
        }

        #[inline(always)]
        pub(in super::super) fn at_most(self, other: Self) -> Self {
            Self(simd::u8x16_le(self.0, other.0))
        }
    }
}

#[cfg(not(target_arch = "wasm32"))]
mod bytes {
    use std::array::from_fn;

    #[derive(Clone, Copy, Debug)]
    pub(in super::super) struct Lanes([u8; 16]);

    fn mask(is: bool) -> u8 {
        if is { u8::MAX } else { 0 }
    }

    impl Lanes {
        pub(in super::super) const fn new(bytes: [u8; 16]) -> Self {
            Self(bytes)
        }

        #[inline(always)]
        pub(super) fn from_words(low: u64, high: u64) -> Self {
            Self((u128::from(low) | u128::from(high) << 64).to_le_bytes())
        }

        #[inline(always)]
        pub(in super::super) fn splat(byte: u8) -> Self {
            Self([byte; 16])
        }

        #[inline(always)]
        pub(in super::super) fn get(self, place: usize) -> u8 {
            self.0[place % 16]
        }

        /// The bytes at places; 0 for a place that there is not.
        #[inline(always)]
        pub(super) fn pick(self, places: Self) -> Self {
            Self(places.0.map(|place| match place {
                0..16 => self.0[usize::from(place)],
                _ => 0,
            }))
        }

        /// Whether any lane is not 0.
        #[inline(always)]
        pub(in super::super) fn any(self) -> bool {
            self.0 != [0; 16]
        }

        /// The lanes moved up, where the last ones of `before` come in.
        #[inline(always)]
        pub(in super::super) fn up<const BY: usize>(self, before: Self) -> Self {
            Self(from_fn(|i| match i.checked_sub(BY) {
                Some(place) => self.0[place],
                None => before.0[16 + i - BY],
            }))
        }

        #[inline(always)]
        fn both(self, other: Self, of: impl Fn(u8, u8) -> u8) -> Self {
            Self(from_fn(|i| of(self.0[i], other.0[i])))
        }

        /// The sum of each pair, at most 255.
        #[inline(always)]
        pub(in super::super) fn add(self, other: Self) -> Self {
            self.both(other, |a, b| a.saturating_add(b))
        }

        #[inline(always)]
        pub(in super::super) fn subtract(self, other: Self) -> Self {
            self.both(other, |a, b| a.wrapping_sub(b))
        }

        #[inline(always)]
        pub(in super::super) fn min(self, other: Self) -> Self {
            self.both(other, |a, b| a.min(b))
        }

        #[inline(always)]
        pub(in super::super) fn and(self, other: Self) -> Self {
            self.both(other, |a, b| a & b)
        }

        #[inline(always)]
        pub(in super::super) fn and_not(self, other: Self) -> Self {
            self.both(other, |a, b| a & !b)
        }

        #[inline(always)]
        pub(in super::super) fn or(self, other: Self) -> Self {
            self.both(other, |a, b| a | b)
        }

        #[inline(always)]
        pub(in super::super) fn equals(self, other: Self) -> Self {
            self.both(other, |a, b| mask(a == b))
        }

        #[inline(always)]
        pub(in super::super) fn at_most(self, other: Self) -> Self {
            self.both(other, |a, b| mask(a <= b))
        }
    }
}
