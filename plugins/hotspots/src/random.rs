//! Random numbers for permutations: the same ones for the same seed, on every machine.

/// SplitMix64 (Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA
/// 2014).
#[derive(Clone, Debug)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below a bound of at most 2^24. The 40 highest bits are multiplied and shifted, not
    /// divided; the favour that some numbers find is below 2^-16.
    fn below(&mut self, bound: usize) -> usize {
        (((self.bits() >> 24) * bound as u64) >> 40) as usize
    }

    /// Draws so many of the items and puts them first, in the order drawn (Durstenfeld, "Algorithm
    /// 235: Random permutation", 1964).
    pub(crate) fn draw<T>(&mut self, items: &mut [T], count: usize) {
        for place in 0..count.min(items.len()) {
            let drawn = place + self.below(items.len() - place);
            items.swap(place, drawn);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first numbers for the seed 1234567, as the reference implementation gives them
    /// (Vigna, splitmix64.c; quoted in many test suites).
    #[test]
    fn numbers_are_those_of_the_reference() {
        let mut random = Random::new(1_234_567);
        let numbers = [(); 3].map(|()| random.bits());
        assert_eq!(
            numbers,
            [
                6_457_827_717_110_365_317,
                3_203_168_211_198_807_973,
                9_817_491_932_198_370_423
            ]
        );
    }

    #[test]
    fn every_item_is_drawn_first_about_as_often() {
        let mut random = Random::new(1);
        let mut counts = [0_i32; 7];
        let mut items = [0, 1, 2, 3, 4, 5, 6];
        for _ in 0..70_000 {
            random.draw(&mut items, 1);
            counts[items[0]] += 1;
        }
        // Six standard deviations of a binomial count of 10,000 are 556.
        assert!(
            counts.iter().all(|count| (count - 10_000).abs() < 556),
            "{counts:?}"
        );
        items.sort_unstable();
        assert_eq!(items, [0, 1, 2, 3, 4, 5, 6]);
    }
}
