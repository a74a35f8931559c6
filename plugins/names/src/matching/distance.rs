//! How far two sounds are apart: the optimal string alignment distance with costs of letters.
//!
//! An edit costs [`EDIT`]. Letters that transliterations and ears confuse cost less, so do vowels among
//! each other, and least of all an `h` or a glide beside a vowel that one side leaves out. Ukkonen's
//! rule ends the search where every way already costs more than the caller can use.

use super::lanes::{LANES, Lanes};
use super::sound::is_vowel;
use super::weights::EDIT;
use std::array::from_fn;

/// The longest sounds that are compared; what follows is left out.
pub(super) const LETTERS_MAX: usize = 128;

/// Letters are their place in the alphabet, anything else is 0.
const CLASSES: usize = 2 * LANES;

/// What is above every limit that lanes are compared with.
const FAR: u8 = u8::MAX;

/// What replacing a letter by another costs.
const COSTS: [[u8; CLASSES]; CLASSES] = costs();

/// The same as tables of lanes, by the class of the one letter.
static REPLACEMENTS: [[Lanes; 2]; CLASSES] = {
    let mut tables = [[Lanes::new([0; LANES]); 2]; CLASSES];
    let mut i = 0;
    while i < CLASSES {
        tables[i] = table(&COSTS[i]);
        i += 1;
    }
    tables
};

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
/// What leaving out a vowel costs, an `h`, and an `i` or `j` beside a vowel.
const VOWEL: u8 = 6;
const BREATH: u8 = 3;
const GLIDE: u8 = 4;
const TRANSPOSITION: u8 = 6;

const fn class(byte: u8) -> usize {
    if byte.is_ascii_lowercase() {
        (byte - b'a') as usize + 1
    } else {
        0
    }
}

const fn costs() -> [[u8; CLASSES]; CLASSES] {
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

/// What leaving out a letter costs that is no glide, by its class.
static OMISSIONS: [Lanes; 2] = {
    let mut costs = [EDIT as u8; CLASSES];
    let mut i = 0;
    while i < VOWELS.len() {
        costs[class(VOWELS[i])] = VOWEL;
        i += 1;
    }
    costs[class(b'h')] = BREATH;
    table(&costs)
};

/// All bits for vowels, and for what may be a glide, by the class.
static IS_VOWEL: [Lanes; 2] = those_of(VOWELS);
static IS_GLIDE: [Lanes; 2] = those_of(b"ij");

const fn those_of(letters: &[u8]) -> [Lanes; 2] {
    let mut are = [0; CLASSES];
    let mut i = 0;
    while i < letters.len() {
        are[class(letters[i])] = u8::MAX;
        i += 1;
    }
    table(&are)
}

const fn table(bytes: &[u8; CLASSES]) -> [Lanes; 2] {
    let mut halves = [[0; LANES]; 2];
    let mut i = 0;
    while i < CLASSES {
        halves[i / LANES][i % LANES] = bytes[i];
        i += 1;
    }
    [Lanes::new(halves[0]), Lanes::new(halves[1])]
}

/// What leaving out a letter of a sound costs.
fn omission(sound: &[u8], place: usize) -> u8 {
    match sound[place] {
        b'h' => BREATH,
        byte @ (b'i' | b'j') => {
            let before = place.checked_sub(1).is_some_and(|at| is_vowel(sound[at]));
            let after = sound.get(place + 1).is_some_and(|&byte| is_vowel(byte));
            match (before || after, byte) {
                (true, _) => GLIDE,
                (false, b'i') => VOWEL,
                (false, _) => EDIT as u8,
            }
        }
        byte if is_vowel(byte) => VOWEL,
        _ => EDIT as u8,
    }
}

/// The distance of two sounds, or none where it is above `limit`.
pub(super) fn distance(a: &[u8], b: &[u8], limit: u16) -> Option<u16> {
    let (a, b) = (
        &a[..a.len().min(LETTERS_MAX)],
        &b[..b.len().min(LETTERS_MAX)],
    );
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    let found = match u8::try_from(limit) {
        Ok(FAR) | Err(_) => return letter_by_letter(a, b, limit),
        _ if short.is_empty() => return letter_by_letter(a, b, limit),
        Ok(limit) if long.len() <= LANES => in_lanes::<1>(short, long, limit),
        Ok(limit) if short.len() <= LANES => in_lanes::<1>(long, short, limit),
        Ok(limit) if short.len() <= 2 * LANES => in_lanes::<2>(long, short, limit),
        Ok(_) => return letter_by_letter(a, b, limit),
    };
    found.map(u16::from)
}

/// The distance, a row of its table at once: the letters of `across` lie side by side in `K` times
/// sixteen lanes, and the cheapest way along a row is found in steps of 1, 2, 4 letters and more (Hillis
/// and Steele, "Data Parallel Algorithms", 1986). `limit` is below [`FAR`], and `across` is not empty.
fn in_lanes<const K: usize>(down: &[u8], across: &[u8], limit: u8) -> Option<u8> {
    let last = across.len() - 1;
    let letters: [Lanes; K] = from_fn(|k| part(across, k * LANES));
    let classes = letters.map(classes);
    let (zero, far) = (Lanes::splat(0), Lanes::splat(FAR));
    let one: [Lanes; K] = from_fn(|k| omissions(across, k * LANES));
    let two = add(&one, &up::<1, K>(&one, zero));
    let four = add(&two, &up::<2, K>(&two, zero));
    let eight = add(&four, &up::<4, K>(&four, zero));
    let sixteen = add(&eight, &up::<8, K>(&eight, zero));
    // What leaving out all letters up to each costs.
    let all: [Lanes; K] = from_fn(|k| match k {
        0 => sixteen[0],
        _ => sixteen[k].add(sixteen[k - 1]),
    });
    let (mut before, mut previous) = ([far; K], all);
    let (mut first_before, mut first_previous) = (FAR, 0);
    let (mut near_before, limits) = (true, Lanes::splat(limit));
    for (i, &letter) in down.iter().enumerate() {
        let omitted = omission(down, i);
        let first = omitted.saturating_add(first_previous);
        let costs = &REPLACEMENTS[class(letter)];
        let same: [Lanes; K] = from_fn(|k| letters[k].equals(Lanes::splat(letter)));
        let diagonal = up::<1, K>(&previous, Lanes::splat(first_previous));
        let mut row: [Lanes; K] = from_fn(|k| {
            let replaced = diagonal[k].add(classes[k].look_up(costs).and_not(same[k]));
            let left_out = previous[k].add(Lanes::splat(omitted));
            replaced.min(left_out).min(all[k].add(Lanes::splat(first)))
        });
        if i > 0 {
            let same_before = up::<1, K>(&same, zero);
            let crossed: [Lanes; K] =
                from_fn(|k| same_before[k].and(letters[k].equals(Lanes::splat(down[i - 1]))));
            if crossed.iter().any(|crossed| crossed.any()) {
                let from = up::<2, K>(&before, Lanes::splat(first_before));
                row = from_fn(|k| {
                    let swapped = from[k].add(Lanes::splat(TRANSPOSITION));
                    row[k].min(swapped.or(far.and_not(crossed[k])))
                });
            }
        }
        row = along::<1, K>(row, &one, far);
        row = along::<2, K>(row, &two, far);
        row = along::<4, K>(row, &four, far);
        if last >= 8 {
            row = along::<8, K>(row, &eight, far);
        }
        if K > 1 {
            row = from_fn(|k| match k {
                0 => row[0],
                _ => row[k].min(row[k - 1].add(sixteen[k])),
            });
        }
        let near = first <= limit || row.iter().any(|row| row.at_most(limits).any());
        if !near && !near_before {
            return None;
        }
        near_before = near;
        (before, previous) = (previous, row);
        (first_before, first_previous) = (first_previous, first);
    }
    let found = previous[last / LANES].get(last % LANES);
    (found <= limit).then_some(found)
}

/// At most sixteen letters from a place on.
#[inline(always)]
fn part(letters: &[u8], from: usize) -> Lanes {
    let rest = letters.get(from..).unwrap_or_default();
    Lanes::load(rest.get(..LANES).unwrap_or(rest))
}

/// The classes of letters.
#[inline(always)]
fn classes(letters: Lanes) -> Lanes {
    let places = letters.subtract(Lanes::splat(b'a' - 1));
    places.and(letters.is_within(b'a', b'z'))
}

/// What leaving out each of at most sixteen letters costs: nothing can be left out behind the last.
#[inline(always)]
fn omissions(letters: &[u8], from: usize) -> Lanes {
    let own = part(letters, from);
    let before = match from.checked_sub(1) {
        Some(before) => part(letters, before),
        None => own.up::<1>(Lanes::splat(0)),
    };
    let is_vowel = |letters: Lanes| classes(letters).look_up(&IS_VOWEL);
    let beside = is_vowel(before).or(is_vowel(part(letters, from + 1)));
    let class = classes(own);
    let is_glide = class.look_up(&IS_GLIDE).and(beside);
    let costs = class.look_up(&OMISSIONS).and_not(is_glide);
    let costs = costs.or(Lanes::splat(GLIDE).and(is_glide));
    costs.or(own.equals(Lanes::splat(0)))
}

#[inline(always)]
fn up<const BY: usize, const K: usize>(lanes: &[Lanes; K], before: Lanes) -> [Lanes; K] {
    from_fn(|k| lanes[k].up::<BY>(if k == 0 { before } else { lanes[k - 1] }))
}

#[inline(always)]
fn add<const K: usize>(a: &[Lanes; K], b: &[Lanes; K]) -> [Lanes; K] {
    from_fn(|k| a[k].add(b[k]))
}

/// The cheaper of each way, and of that of so many letters before, with those left out.
#[inline(always)]
fn along<const BY: usize, const K: usize>(
    row: [Lanes; K],
    left_out: &[Lanes; K],
    far: Lanes,
) -> [Lanes; K] {
    let before = up::<BY, K>(&row, far);
    from_fn(|k| row[k].min(before[k].add(left_out[k])))
}

/// The distance of sounds that are too long, or too far apart, for lanes of bytes.
fn letter_by_letter(a: &[u8], b: &[u8], limit: u16) -> Option<u16> {
    let mut rows = [[0_u16; LETTERS_MAX + 1]; 3];
    let mut omissions = [0_u16; LETTERS_MAX];
    let [before, previous, current] = &mut rows;
    for place in 0..b.len() {
        omissions[place] = u16::from(omission(b, place));
        previous[place + 1] = previous[place] + omissions[place];
    }
    let (mut before, mut previous, mut current) = (before, previous, current);
    let mut least_before = 0;
    for i in 0..a.len() {
        let omitted = u16::from(omission(a, i));
        current[0] = previous[0] + omitted;
        let mut least = current[0];
        for j in 0..b.len() {
            let replaced = if a[i] == b[j] {
                0
            } else {
                COSTS[class(a[i])][class(b[j])]
            };
            let mut cost = (previous[j] + u16::from(replaced))
                .min(previous[j + 1] + omitted)
                .min(current[j] + omissions[j]);
            if i > 0 && j > 0 && a[i] == b[j - 1] && a[i - 1] == b[j] {
                cost = cost.min(before[j - 1] + u16::from(TRANSPOSITION));
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
        assert_eq!(apart("novak", "novka"), u16::from(TRANSPOSITION));
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

    /// Words of letters that are often confused, swapped and left out, of every length up to 40.
    fn words() -> Vec<Vec<u8>> {
        let mut state = 7_u32;
        let mut next = move || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 16) as usize
        };
        let letters = b"aiouhjkgszcxvrn7\xd0";
        let word = |length: usize| {
            (0..length)
                .map(|_| letters[next() % letters.len()])
                .collect()
        };
        let lengths = [
            0, 1, 2, 3, 4, 5, 7, 8, 9, 12, 15, 16, 17, 20, 31, 32, 33, 40,
        ];
        lengths
            .iter()
            .flat_map(|&length| [length; 2])
            .map(word)
            .collect()
    }

    #[test]
    fn lanes_find_what_letter_by_letter_is_found() {
        let words = words();
        for a in &words {
            for b in &words {
                let mut mistyped = a.clone();
                if a.len() > 2 {
                    mistyped.swap(a.len() / 2, a.len() / 2 - 1);
                }
                for b in [b, &mistyped] {
                    for limit in [9, 60, 254] {
                        let known = letter_by_letter(a, b, limit);
                        assert_eq!(distance(a, b, limit), known, "{a:?} {b:?} {limit}");
                    }
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
