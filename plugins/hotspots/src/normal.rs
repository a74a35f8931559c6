//! The normal distribution.

use std::f64::consts::FRAC_1_SQRT_2;

/// How probable a value at least so many standard deviations from the mean is, on either side.
pub(crate) fn two_sided_p(z: f64) -> f64 {
    libm::erfc(z.abs() * FRAC_1_SQRT_2)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `2 * scipy.stats.norm.sf(z)`, SciPy 1.17.1.
    #[test]
    fn p_is_that_of_scipy() {
        for (z, p) in [
            (0.0, 1.0),
            (1.0, 0.317_310_507_862_914_15),
            (-1.959_963_984_540_054, 0.05),
            (2.575_829_303_548_900_4, 0.010_000_000_000_000_007),
            (8.0, 1.244_192_114_854_348e-15),
        ] {
            let found = two_sided_p(z);
            assert!((found - p).abs() <= 1e-12 * p, "{z}: {found} and {p}");
        }
    }
}
