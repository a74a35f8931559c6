//! How far two sounds are apart: the optimal string alignment distance with costs of letters.
//!
//! An edit costs [`EDIT`]. Letters that transliterations and ears confuse cost less, so do vowels among
//! each other, and least of all an `h` or a glide beside a vowel that one side leaves out. Ukkonen's
//! rule ends the search where every way already costs more than the caller can use.

use super::sound::is_vowel;
use super::weights::EDIT;

/// The longest sounds that are compared; what follows is left out.
pub(super) const LETTERS_MAX: usize = 128;

/// Most sounds have less letters than this.
const SHORT: usize = 24;

/// Letters are their place in the alphabet, anything else is 0.
const CLASSES: usize = 27;

/// What replacing a letter by another costs.
const REPLACEMENTS: [[u8; CLASSES]; CLASSES] = replacements();

/// Pairs of letters with the cost of replacing one by the other.
const CONFUSED: &[(u8, u8, u8)] = &[
    (b'i', b'e', 4),
    (b'o', b'u', 4),
    (b'i', b'j', 2),
    (b'g', b'h', 2),
    (b's', b'z', 3),
    (b'c', b'k', 3),
    (b'c', b's', 3),
    (b'c', b'x', 3),
    (b'c', b'j', 4),
    (b's', b'x', 3),
    (b'j', b'z', 3),
    (b'j', b'g', 4),
    (b'b', b'v', 5),
    (b'v', b'u', 3),
    (b'v', b'f', 4),
    (b'd', b't', 4),
    (b'p', b'b', 4),
    (b'k', b'g', 4),
    (b'h', b'k', 4),
    (b'l', b'r', 7),
    (b'm', b'n', 6),
    (b'z', b'd', 6),
];

const VOWELS: &[u8] = b"aeiou";
const VOWEL_FOR_VOWEL: u8 = 5;
const TRANSPOSITION: u16 = 6;

const fn class(byte: u8) -> usize {
    if byte.is_ascii_lowercase() {
        (byte - b'a') as usize + 1
    } else {
        0
    }
}

const fn replacements() -> [[u8; CLASSES]; CLASSES] {
    let mut costs = [[EDIT as u8; CLASSES]; CLASSES];
    let mut i = 0;
    while i < VOWELS.len() * VOWELS.len() {
        let (a, b) = (VOWELS[i / VOWELS.len()], VOWELS[i % VOWELS.len()]);
        costs[class(a)][class(b)] = VOWEL_FOR_VOWEL;
        i += 1;
    }
    let mut i = 0;
    while i < CONFUSED.len() {
        let (a, b, cost) = CONFUSED[i];
        costs[class(a)][class(b)] = cost;
        costs[class(b)][class(a)] = cost;
        i += 1;
    }
    costs
}

/// What leaving out each letter of a sound costs.
fn omission(sound: &[u8], place: usize) -> u16 {
    match sound[place] {
        b'h' => 3,
        b'i' | b'j' => {
            let before = place.checked_sub(1).is_some_and(|at| is_vowel(sound[at]));
            let after = sound.get(place + 1).is_some_and(|&byte| is_vowel(byte));
            match (before || after, sound[place]) {
                (true, _) => 4,
                (false, b'i') => 6,
                (false, _) => EDIT,
            }
        }
        byte if is_vowel(byte) => 6,
        _ => EDIT,
    }
}

/// The distance of two sounds, or none where it is above `limit`.
pub(super) fn distance(a: &[u8], b: &[u8], limit: u16) -> Option<u16> {
    let (a, b) = (
        &a[..a.len().min(LETTERS_MAX)],
        &b[..b.len().min(LETTERS_MAX)],
    );
    if a == b {
        return Some(0);
    }
    // Clearing the rows for the longest sounds would take longer than most comparisons.
    match b.len() {
        0..SHORT => distance_in::<SHORT>(a, b, limit),
        _ => distance_in::<{ LETTERS_MAX + 1 }>(a, b, limit),
    }
}

/// The same of sounds whose second one has less than `N` letters.
fn distance_in<const N: usize>(a: &[u8], b: &[u8], limit: u16) -> Option<u16> {
    let mut omissions = [0_u16; N];
    let mut rows = [[0_u16; N]; 3];
    let [before, previous, current] = &mut rows;
    for place in 0..b.len() {
        omissions[place] = omission(b, place);
        previous[place + 1] = previous[place] + omissions[place];
    }
    let (mut before, mut previous, mut current) = (before, previous, current);
    let mut least_before = 0;
    for i in 0..a.len() {
        let costs = &REPLACEMENTS[class(a[i])];
        let omitted = omission(a, i);
        current[0] = previous[0] + omitted;
        let mut least = current[0];
        for j in 0..b.len() {
            let mut cost = previous[j];
            if a[i] != b[j] {
                cost = (cost + u16::from(costs[class(b[j])]))
                    .min(previous[j + 1] + omitted)
                    .min(current[j] + omissions[j]);
                if i > 0 && j > 0 && a[i] == b[j - 1] && a[i - 1] == b[j] {
                    cost = cost.min(before[j - 1] + TRANSPOSITION);
                }
            }
            current[j + 1] = cost;
            least = least.min(cost);
        }
        if least.min(least_before) > limit {
            return None;
        }
        least_before = least;
        (before, previous, current) = (previous, current, before);
    }
    let found = previous[b.len()];
    (found <= limit).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn apart(a: &str, b: &str) -> u16 {
        distance(a.as_bytes(), b.as_bytes(), u16::MAX).expect("there is no limit")
    }

    #[test]
    fn edits_cost_what_the_table_says() {
        assert_eq!(apart("novak", "novak"), 0);
        assert_eq!(apart("novak", "nobak"), 5);
        assert_eq!(apart("novak", "nopak"), EDIT);
        assert_eq!(apart("novak", "novka"), TRANSPOSITION);
        assert_eq!(apart("bohdan", "bogdan"), 2);
        assert_eq!(apart("ahmad", "amad"), 3);
        assert_eq!(apart("sergei", "serge"), 4);
        assert_eq!(apart("", "abc"), 6 + 2 * EDIT);
    }

    #[test]
    fn the_distance_is_symmetric_and_zero_for_equals_only() {
        let words = [
            "", "a", "ab", "ba", "iva", "via", "petro", "piotr", "hassan", "hasan",
        ];
        for a in words {
            for b in words {
                assert_eq!(apart(a, b), apart(b, a), "{a} {b}");
                assert_eq!(apart(a, b) == 0, a == b, "{a} {b}");
            }
        }
    }

    #[test]
    fn a_limit_only_hides_what_is_above_it() {
        let words = ["kovalenko", "kovalchuk", "koval", "shevchenko", "oklavenok"];
        for a in words {
            for b in words {
                let found = apart(a, b);
                for limit in 0..100 {
                    let limited = distance(a.as_bytes(), b.as_bytes(), limit);
                    assert_eq!(
                        limited,
                        (found <= limit).then_some(found),
                        "{a} {b} {limit}"
                    );
                }
            }
        }
    }

    #[test]
    fn longer_sounds_are_cut() {
        let long = "ab".repeat(100);
        assert_eq!(apart(&long, &long[..LETTERS_MAX]), 0);
    }
}
