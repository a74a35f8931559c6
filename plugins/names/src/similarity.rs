//! Similarity and distance of two texts, on Unicode scalar values. Case and spelling count: compare
//! normalized forms to be free of them.
//!
//! Jaro-Winkler is our own for texts of up to 64 characters below U+0800, which is nearly every
//! name: it keeps its table between pairs, where the `rapidfuzz` crate clears two kilobytes for
//! each, and measured about twice as fast both natively and as wasm with SIMD. All else is
//! `rapidfuzz`, which is also what the tests compare with.

use rapidfuzz::distance;
use std::cell::RefCell;
use std::fmt;

/// The similarity of two texts after Jaro (1989) and Winkler (1990), from 0 to 1.
///
/// See [`JaroWinkler`], which this keeps one of for each thread.
pub fn jaro_winkler(a: &str, b: &str) -> f64 {
    thread_local! {
        static SCRATCH: RefCell<JaroWinkler> = RefCell::new(JaroWinkler::new());
    }
    SCRATCH.with_borrow_mut(|scratch| scratch.similarity(a, b))
}

/// The distance of two texts after Damerau and Levenshtein: how many insertions, deletions,
/// substitutions and transpositions of neighbours make one of the other.
///
/// It is the unrestricted distance, a metric (Lowrance and Wagner 1975, in the linear space of Zhao
/// and Sahni 2019), not the optimal string alignment: from `CA` to `ABC` it is 2, not 3.
pub fn damerau_levenshtein(a: &str, b: &str) -> usize {
    if a == b {
        0
    } else if a.is_ascii() && b.is_ascii() {
        distance::damerau_levenshtein::distance(a.bytes(), b.bytes())
    } else {
        distance::damerau_levenshtein::distance(a.chars(), b.chars())
    }
}

/// How many characters of each text fit in a word of bits.
const WORD_CHARS: usize = 64;
/// The characters that UTF-8 writes in one or two bytes.
const TABLE_CHARS: usize = 0x800;
/// At most so many characters count as a common prefix, each for so much.
const PREFIX_CHARS: usize = 4;
const PREFIX_SCALE: f64 = 0.1;
/// The Jaro similarity above which a common prefix counts.
const BOOST_THRESHOLD: f64 = 0.7;

/// Computes Jaro-Winkler similarities, reusing its buffers.
///
/// Winkler's prefix scale is 0.1 for each of at most four characters; as in his `strcmp95.c`, the
/// prefix counts only where the Jaro similarity is above 0.7, and half transpositions are rounded
/// down. Two empty texts have similarity 1, an empty one and another 0.
pub struct JaroWinkler {
    /// Where each character stands in `a`: bit `i` for position `i`. All zero between calls.
    positions: Box<[u64; TABLE_CHARS]>,
    a: Vec<u32>,
    b: Vec<u32>,
}

impl fmt::Debug for JaroWinkler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JaroWinkler").finish_non_exhaustive()
    }
}

impl Default for JaroWinkler {
    fn default() -> Self {
        Self::new()
    }
}

impl JaroWinkler {
    /// A comparator; it holds a table of 16 KiB.
    pub fn new() -> Self {
        Self {
            positions: Box::new([0; TABLE_CHARS]),
            a: Vec::new(),
            b: Vec::new(),
        }
    }

    /// The similarity of two texts, from 0 to 1: 1 where they are equal and only there, and the
    /// same whichever comes first.
    pub fn similarity(&mut self, a: &str, b: &str) -> f64 {
        if a.is_ascii() && b.is_ascii() {
            let (a, b) = (a.as_bytes(), b.as_bytes());
            return if a.len().max(b.len()) <= WORD_CHARS {
                similarity_in_words(&mut self.positions, a, b)
            } else {
                distance::jaro_winkler::similarity(a.iter().copied(), b.iter().copied())
            };
        }
        decode(a, &mut self.a);
        decode(b, &mut self.b);
        let (a, b) = (&self.a[..], &self.b[..]);
        let in_table = |text: &[u32]| text.iter().all(|&c| (c as usize) < TABLE_CHARS);
        if a.len().max(b.len()) <= WORD_CHARS && in_table(a) && in_table(b) {
            similarity_in_words(&mut self.positions, a, b)
        } else {
            distance::jaro_winkler::similarity(a.iter().copied(), b.iter().copied())
        }
    }
}

fn decode(text: &str, chars: &mut Vec<u32>) {
    chars.clear();
    chars.extend(text.chars().map(u32::from));
}

/// The similarity of texts of at most 64 characters below U+0800, with a bit for each character.
#[inline(always)]
fn similarity_in_words<C>(positions: &mut [u64; TABLE_CHARS], a: &[C], b: &[C]) -> f64
where
    C: Copy + PartialEq + Into<u32>,
{
    if a.is_empty() || b.is_empty() {
        return if a.len() == b.len() { 1.0 } else { 0.0 };
    }
    // Masking the index spares the check of bounds; it changes no character below U+0800.
    let index = |c: C| c.into() as usize % TABLE_CHARS;
    in_fours(a, |i, c| positions[index(c)] |= 1 << i);
    let (mut in_a, mut in_b) = (0_u64, 0_u64);
    // Characters match where they stand no further apart than `reach`; `window` has a bit for each
    // position of `a` within it.
    let reach = (a.len().max(b.len()) / 2).saturating_sub(1);
    let mut window = (1_u64 << (reach + 1)) - 1;
    in_fours(b, |j, c| {
        let free = positions[index(c)] & window & !in_a;
        in_a |= free & free.wrapping_neg();
        in_b |= u64::from(free != 0) << j;
        window = (window << 1) | u64::from(j < reach);
    });
    let out_of_order = out_of_order(a, in_a, b, in_b);
    in_fours(a, |_, c| positions[index(c)] = 0);
    if in_a == 0 {
        return 0.0;
    }
    let matches = f64::from(in_a.count_ones());
    let in_order = matches - f64::from(out_of_order / 2);
    let jaro = (matches / a.len() as f64 + matches / b.len() as f64 + in_order / matches) / 3.0;
    if jaro <= BOOST_THRESHOLD {
        return jaro;
    }
    let prefix = a
        .iter()
        .zip(b)
        .take(PREFIX_CHARS)
        .take_while(|(a, b)| a == b)
        .count();
    jaro + prefix as f64 * PREFIX_SCALE * (1.0 - jaro)
}

/// Visits characters with their positions, four in each turn of the loop: in the sandbox, every turn
/// of a loop looks at the clock, which costs as much as a character.
#[inline(always)]
fn in_fours<C: Copy>(text: &[C], mut visit: impl FnMut(usize, C)) {
    let (fours, rest) = text.as_chunks::<4>();
    for (turn, four) in fours.iter().enumerate() {
        for (i, &c) in four.iter().enumerate() {
            visit(turn * 4 + i, c);
        }
    }
    for (i, &c) in rest.iter().enumerate() {
        visit(fours.len() * 4 + i, c);
    }
}

/// How many of the matching characters, each side in its own order, differ.
#[inline(always)]
fn out_of_order<C: Copy + PartialEq>(a: &[C], mut in_a: u64, b: &[C], mut in_b: u64) -> u32 {
    let mut count = 0;
    while in_a != 0 && in_b != 0 {
        let (i, j) = (
            in_a.trailing_zeros() as usize,
            in_b.trailing_zeros() as usize,
        );
        count += u32::from(a[i] != b[j]);
        in_a &= in_a - 1;
        in_b &= in_b - 1;
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every text of at most five letters out of three.
    fn short_texts() -> Vec<String> {
        let mut texts = vec![String::new()];
        let mut longest = texts.clone();
        for _ in 0..5 {
            longest = longest
                .iter()
                .flat_map(|text| ['a', 'b', 'я'].map(|c| format!("{text}{c}")))
                .collect();
            texts.extend_from_slice(&longest);
        }
        texts
    }

    /// A sequence of numbers by xorshift, always the same.
    fn numbers() -> impl FnMut(usize) -> usize {
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        move |below| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state % below as u64) as usize
        }
    }

    fn assert_near(found: f64, known: f64, tolerance: f64) {
        assert!(
            (found - known).abs() < tolerance,
            "{found} instead of {known}"
        );
    }

    /// The names and values that Winkler prints for his comparator, to three digits in "Overview of
    /// Record Linkage and Current Research Directions" (2006).
    #[test]
    fn jaro_winkler_gives_the_published_values() {
        let known = [
            ("MARTHA", "MARHTA", 0.9611),
            ("DIXON", "DICKSONX", 0.8133),
            ("DWAYNE", "DUANE", 0.84),
        ];
        for (a, b, value) in known {
            assert_near(jaro_winkler(a, b), value, 0.00005);
        }
        let table = [
            ("SHACKLEFORD", "SHACKELFORD", 0.982),
            ("DUNNINGHAM", "CUNNIGHAM", 0.896),
            ("NICHLESON", "NICHULSON", 0.956),
            ("JONES", "JOHNSON", 0.832),
            ("MASSEY", "MASSIE", 0.933),
            ("ABROMS", "ABRAMS", 0.922),
            ("JERALDINE", "GERALDINE", 0.926),
            ("MICHELLE", "MICHAEL", 0.921),
            ("JULIES", "JULIUS", 0.933),
            ("TANYA", "TONYA", 0.880),
            ("SEAN", "SUSAN", 0.805),
            ("JON", "JOHN", 0.933),
        ];
        for (a, b, value) in table {
            assert_near(jaro_winkler(a, b), value, 0.0006);
        }
    }

    #[test]
    fn jaro_winkler_at_its_limits() {
        assert_eq!(jaro_winkler("", ""), 1.0);
        assert_eq!(jaro_winkler("", "a"), 0.0);
        assert_eq!(jaro_winkler("a", ""), 0.0);
        assert_eq!(jaro_winkler("a", "b"), 0.0);
        assert_eq!(jaro_winkler("ж", "ж"), 1.0);
        for count in [63, 64, 65, 200] {
            let (latin, cyrillic) = ("x".repeat(count), "ж".repeat(count));
            assert_eq!(jaro_winkler(&latin, &latin), 1.0);
            assert_eq!(jaro_winkler(&cyrillic, &cyrillic), 1.0);
            assert_eq!(jaro_winkler(&latin, &cyrillic), 0.0);
        }
    }

    #[test]
    fn jaro_winkler_is_symmetric_one_for_equals_and_what_rapidfuzz_says() {
        let texts = short_texts();
        let mut scratch = JaroWinkler::new();
        for a in &texts {
            for b in &texts {
                let found = scratch.similarity(a, b);
                assert_near(
                    found,
                    distance::jaro_winkler::similarity(a.chars(), b.chars()),
                    1e-12,
                );
                assert_eq!(found, scratch.similarity(b, a), "{a} {b}");
                assert_eq!(found == 1.0, a == b, "{a} {b}");
                assert!((0.0..=1.0).contains(&found));
            }
        }
    }

    #[test]
    fn jaro_winkler_agrees_with_rapidfuzz_on_long_texts_of_any_script() {
        let mut number = numbers();
        let scripts: [&[char]; 4] = [
            &['a', 'b', 'c', 'd', 'e'],
            &['а', 'б', 'в', 'г', 'ї'],
            &['a', 'é', 'ß', 'я'],
            &['王', '小', 'a'],
        ];
        let mut scratch = JaroWinkler::new();
        for round in 0..20_000 {
            let script = scripts[round % scripts.len()];
            let mut text = || -> String {
                let count = number(80);
                (0..count).map(|_| script[number(script.len())]).collect()
            };
            let (a, b) = (text(), text());
            let expected = distance::jaro_winkler::similarity(a.chars(), b.chars());
            assert_near(scratch.similarity(&a, &b), expected, 1e-12);
        }
        assert!(scratch.positions.iter().all(|&positions| positions == 0));
    }

    /// The algorithm as Lowrance and Wagner (1975) print it, with a full matrix.
    fn lowrance_wagner(a: &[char], b: &[char]) -> usize {
        let far = a.len() + b.len();
        let mut h = vec![vec![far; b.len() + 2]; a.len() + 2];
        for (i, row) in h.iter_mut().enumerate().skip(1) {
            row[1] = i - 1;
        }
        for (j, cell) in h[1].iter_mut().enumerate().skip(1) {
            *cell = j - 1;
        }
        let mut last_row = std::collections::HashMap::new();
        for i in 1..=a.len() {
            let mut last_column = 0;
            for j in 1..=b.len() {
                let (k, l) = (last_row.get(&b[j - 1]).copied().unwrap_or(0), last_column);
                let cost = usize::from(a[i - 1] != b[j - 1]);
                if cost == 0 {
                    last_column = j;
                }
                let transposed = h[k][l] + (i - k - 1) + 1 + (j - l - 1);
                h[i + 1][j + 1] = (h[i][j] + cost)
                    .min(h[i + 1][j] + 1)
                    .min(h[i][j + 1] + 1)
                    .min(transposed);
            }
            last_row.insert(a[i - 1], i);
        }
        h[a.len() + 1][b.len() + 1]
    }

    #[test]
    fn damerau_levenshtein_is_the_unrestricted_distance() {
        assert_eq!(damerau_levenshtein("CA", "ABC"), 2);
        assert_eq!(damerau_levenshtein("kitten", "sitting"), 3);
        assert_eq!(damerau_levenshtein("Юрій", "Юірй"), 1);
        assert_eq!(damerau_levenshtein("", "王小明"), 3);
        assert_eq!(damerau_levenshtein("", ""), 0);
        let texts: Vec<(String, Vec<char>)> = short_texts()
            .into_iter()
            .map(|text| (text.clone(), text.chars().collect()))
            .collect();
        for (a, a_chars) in &texts {
            for (b, b_chars) in &texts {
                let found = damerau_levenshtein(a, b);
                assert_eq!(found, lowrance_wagner(a_chars, b_chars), "{a} {b}");
                assert_eq!(found, damerau_levenshtein(b, a), "{a} {b}");
                assert_eq!(found == 0, a == b);
            }
        }
    }
}
