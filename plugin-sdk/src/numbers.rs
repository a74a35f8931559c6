//! Numbers as files write them, from the bytes of a field.
//!
//! Each takes the whole field or nothing; none of them guesses, rounds or wraps around.

/// The powers of ten that a `f64` holds exactly.
const POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
];

/// A whole number of 64 bits: an optional sign and digits.
#[inline]
pub fn int64(text: &[u8]) -> Option<i64> {
    let (negative, digits) = sign(text);
    // Eighteen digits always fit.
    if digits.is_empty() || digits.len() > 18 {
        return str::from_utf8(text).ok()?.parse().ok();
    }
    let mut value = 0i64;
    for byte in digits {
        value = value * 10 + i64::from(digit(*byte)?);
    }
    Some(if negative { -value } else { value })
}

/// A whole number of 32 bits.
#[inline]
pub fn int32(text: &[u8]) -> Option<i32> {
    int64(text)?.try_into().ok()
}

/// A number as Rust reads it: `1`, `-1.5`, `2e-3`, `NaN`, `inf`.
///
/// A number that can be computed exactly from its digits is (Clinger, "How to Read Floating Point
/// Numbers Accurately", PLDI 1990); the standard library, which has the Eisel-Lemire algorithm,
/// reads the others. Both round correctly, so the two never differ.
#[inline]
pub fn float64(text: &[u8]) -> Option<f64> {
    exact_float(text).or_else(|| str::from_utf8(text).ok()?.parse().ok())
}

#[inline]
fn exact_float(text: &[u8]) -> Option<f64> {
    let (negative, digits) = sign(text);
    let mut mantissa = 0u64;
    let mut point = None;
    // Nineteen digits and a point always fit into the mantissa.
    if digits.len() > 20 {
        return None;
    }
    for (i, &byte) in digits.iter().enumerate() {
        match digit(byte) {
            Some(digit) => mantissa = mantissa.wrapping_mul(10).wrapping_add(u64::from(digit)),
            None if byte == b'.' && point.is_none() => point = Some(i),
            None => return None,
        }
    }
    let fraction = point.map_or(0, |point| digits.len() - point - 1);
    let count = digits.len() - usize::from(point.is_some());
    if count == 0 || count > 19 || mantissa > 1 << 53 {
        return None;
    }
    let value = mantissa as f64 / POWERS.get(fraction)?;
    Some(if negative { -value } else { value })
}

/// A number with a fixed count of digits after the point, as a count of the last of them. More
/// digits than that are refused unless they are zero.
pub fn decimal(text: &[u8], precision: u8, scale: u8) -> Option<i128> {
    let (negative, digits) = sign(text);
    let point = digits
        .iter()
        .position(|&byte| byte == b'.')
        .unwrap_or(digits.len());
    let (whole, fraction) = (
        &digits[..point],
        digits.get(point + 1..).unwrap_or_default(),
    );
    let kept = fraction.len().min(usize::from(scale));
    if whole.is_empty() && fraction.is_empty() || fraction[kept..].iter().any(|&byte| byte != b'0')
    {
        return None;
    }
    let mut value = 0i128;
    for byte in whole.iter().chain(&fraction[..kept]) {
        value = value
            .checked_mul(10)?
            .checked_add(i128::from(digit(*byte)?))?;
    }
    value = value.checked_mul(10i128.pow(u32::from(scale) - kept as u32))?;
    let fits = value < 10i128.pow(u32::from(precision));
    fits.then_some(if negative { -value } else { value })
}

#[inline]
fn sign(text: &[u8]) -> (bool, &[u8]) {
    match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    }
}

/// The number that a digit stands for.
#[inline]
pub fn digit(byte: u8) -> Option<u8> {
    let digit = byte.wrapping_sub(b'0');
    (digit < 10).then_some(digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers() {
        for text in [
            "0",
            "-7",
            "+7",
            "999999999999999999",
            "9223372036854775807",
            "-9223372036854775808",
            "00000000000000000000012",
        ] {
            assert_eq!(int64(text.as_bytes()), text.parse().ok(), "{text}");
            assert!(int64(text.as_bytes()).is_some(), "{text}");
        }
        for text in [
            "",
            "-",
            "+",
            "1 ",
            " 1",
            "1.0",
            "0x1",
            "9223372036854775808",
            "1e3",
            "٣",
        ] {
            assert_eq!(int64(text.as_bytes()), None, "{text}");
        }
        assert_eq!(int32(b"2147483647"), Some(i32::MAX));
        assert_eq!(int32(b"2147483648"), None);
    }

    #[test]
    fn floats_are_those_of_the_standard_library() {
        let mut texts: Vec<String> = [
            "0",
            "-0",
            "1.5",
            ".5",
            "5.",
            "9007199254740993",
            "9007199254740992",
            "0.30000000000000004",
            "1e300",
            "-1e-320",
            "123456789012345678901234567890",
            "0.00000000000000000000001",
            "1.7976931348623157e308",
            "0000000000000000000.1",
            "99999999999999999999",
            "NaN",
            "inf",
        ]
        .map(str::to_owned)
        .to_vec();
        let mut seed = 1u64;
        for _ in 0..20_000 {
            seed = seed
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            texts.push(f64::from_bits(seed).to_string());
            texts.push(format!(
                "{:.*}",
                (seed % 20) as usize,
                (seed >> 11) as f64 / 1e9
            ));
        }
        for text in texts {
            let expected: f64 = text.parse().unwrap();
            let found = float64(text.as_bytes()).unwrap();
            assert_eq!(found.to_bits(), expected.to_bits(), "{text}");
        }
        for text in ["", ".", "-", "1.2.3", "1,5", "--1", "1e", "0x10", " 1"] {
            assert_eq!(float64(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn decimals_are_never_rounded() {
        assert_eq!(decimal(b"12.30", 5, 2), Some(1230));
        assert_eq!(decimal(b"-12.3", 5, 2), Some(-1230));
        assert_eq!(decimal(b"12.3000", 5, 2), Some(1230));
        assert_eq!(decimal(b"999.99", 5, 2), Some(99_999));
        for text in ["12.345", "1000", "", ".", "1.2.0", "a"] {
            assert_eq!(decimal(text.as_bytes(), 5, 2), None, "{text}");
        }
    }
}
