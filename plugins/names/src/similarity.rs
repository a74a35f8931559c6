//! Similarity and distance of two texts, on Unicode scalar values. Case and spelling count: compare
//! normalized forms to be free of them.
//!
//! Texts of up to 64 characters below U+0800, which is nearly every name, are compared by our own
//! code with a bit for each character: it keeps its table between pairs, where the `rapidfuzz` crate
//! clears two kilobytes for each. Both natively and as wasm with SIMD, Jaro-Winkler measured about
//! twice as fast, and Damerau-Levenshtein, which the crate computes cell by cell, from five times on
//! names to fifteen and more on longer texts. All else is `rapidfuzz`, which is also what the tests
//! compare with.

use crate::romanize::is_ascii;
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
/// See [`DamerauLevenshtein`], which this keeps one of for each thread.
pub fn damerau_levenshtein(a: &str, b: &str) -> usize {
    thread_local! {
        static SCRATCH: RefCell<DamerauLevenshtein> = RefCell::new(DamerauLevenshtein::new());
    }
    SCRATCH.with_borrow_mut(|scratch| scratch.distance(a, b))
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
    positions: Box<Positions>,
    decoded: Decoded,
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
            positions: Box::new(Positions::new()),
            decoded: Decoded::new(),
        }
    }

    /// The similarity of two texts, from 0 to 1: 1 where they are equal and only there, and the
    /// same whichever comes first.
    pub fn similarity(&mut self, a: &str, b: &str) -> f64 {
        match self.decoded.pair(a, b) {
            Pair::Ascii(a, b) => similarity_in_words(&mut self.positions, a, b),
            Pair::Table(a, b) => similarity_in_words(&mut self.positions, a, b),
            Pair::LongAscii(a, b) => {
                distance::jaro_winkler::similarity(a.iter().copied(), b.iter().copied())
            }
            Pair::Other => distance::jaro_winkler::similarity(a.chars(), b.chars()),
        }
    }
}

/// Computes Damerau-Levenshtein distances, reusing its buffers.
///
/// It is the unrestricted distance, a metric (Lowrance and Wagner 1975), not the optimal string
/// alignment: from `CA` to `ABC` it is 2, not 3. Short texts are compared a column at a time in the
/// bits of a word, as Myers (1999) and Hyyrö (2003) do for lesser distances; others in the linear
/// space of Zhao and Sahni (2019).
pub struct DamerauLevenshtein {
    positions: Box<Positions>,
    decoded: Decoded,
}

impl fmt::Debug for DamerauLevenshtein {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DamerauLevenshtein").finish_non_exhaustive()
    }
}

impl Default for DamerauLevenshtein {
    fn default() -> Self {
        Self::new()
    }
}

impl DamerauLevenshtein {
    /// A comparator; it holds a table of 16 KiB.
    pub fn new() -> Self {
        Self {
            positions: Box::new(Positions::new()),
            decoded: Decoded::new(),
        }
    }

    /// The distance of two texts in edits: 0 where they are equal and only there, and the same
    /// whichever comes first.
    pub fn distance(&mut self, a: &str, b: &str) -> usize {
        match self.decoded.pair(a, b) {
            Pair::Ascii(a, b) => distance_in_words(&mut self.positions, a, b),
            Pair::Table(a, b) => distance_in_words(&mut self.positions, a, b),
            Pair::LongAscii(a, b) => {
                distance::damerau_levenshtein::distance(a.iter().copied(), b.iter().copied())
            }
            Pair::Other => distance::damerau_levenshtein::distance(a.chars(), b.chars()),
        }
    }
}

/// Two texts as the comparators take them.
enum Pair<'a> {
    /// At most 64 characters each, all ASCII.
    Ascii(&'a [u8], &'a [u8]),
    /// At most 64 characters each, all below U+0800.
    Table(&'a [u16], &'a [u16]),
    /// Longer, and a character is still a byte, which spares decoding each over and over.
    LongAscii(&'a [u8], &'a [u8]),
    /// Longer or of other scripts.
    Other,
}

/// Room for the characters of two texts.
struct Decoded {
    a: [u16; WORD_CHARS],
    b: [u16; WORD_CHARS],
}

impl Decoded {
    fn new() -> Self {
        Self {
            a: [0; WORD_CHARS],
            b: [0; WORD_CHARS],
        }
    }

    #[inline(always)]
    fn pair<'a>(&'a mut self, a: &'a str, b: &'a str) -> Pair<'a> {
        if is_ascii(a) && is_ascii(b) {
            let (a, b) = (a.as_bytes(), b.as_bytes());
            return if a.len().max(b.len()) <= WORD_CHARS {
                Pair::Ascii(a, b)
            } else {
                Pair::LongAscii(a, b)
            };
        }
        match (decode(a, &mut self.a), decode(b, &mut self.b)) {
            (Some(a), Some(b)) => Pair::Table(a, b),
            _ => Pair::Other,
        }
    }
}

/// The characters of a text, where they are at most 64 and all below U+0800.
fn decode<'a>(text: &str, chars: &'a mut [u16; WORD_CHARS]) -> Option<&'a [u16]> {
    let mut rest = text.as_bytes();
    if is_ascii(text) {
        let chars = chars.get_mut(..rest.len())?;
        for (char, &byte) in chars.iter_mut().zip(rest) {
            *char = byte.into();
        }
        return Some(chars);
    }
    let mut count = 0;
    while !rest.is_empty() {
        if let Some((&eight, after)) = rest.split_first_chunk()
            && let Some(four) = four_of_two_bytes(eight)
        {
            *chars[count..].first_chunk_mut()? = four;
            (count, rest) = (count + four.len(), after);
            continue;
        }
        let char;
        (char, rest) = match rest {
            [byte @ ..0x80, after @ ..] => (u16::from(*byte), after),
            [lead @ ..0xe0, next, after @ ..] => {
                let (high, low) = (u16::from(lead & 0x1f), u16::from(next & 0x3f));
                (high << 6 | low, after)
            }
            _ => return None,
        };
        *chars.get_mut(count)? = char;
        count += 1;
    }
    Some(&chars[..count])
}

/// The four characters of eight bytes, where UTF-8 writes each of them in two; a word of Cyrillic
/// letters is read so at a fraction of the turns of a loop.
#[inline(always)]
fn four_of_two_bytes(bytes: [u8; 8]) -> Option<[u16; 4]> {
    // Lanes of 16 bits with the leading byte below: 110xxxxx, then 10xxxxxx.
    let lanes = u64::from_le_bytes(bytes);
    if lanes & 0xc0e0_c0e0_c0e0_c0e0 != 0x80c0_80c0_80c0_80c0 {
        return None;
    }
    let high = (lanes & 0x001f_001f_001f_001f) << 6;
    let low = (lanes >> 8) & 0x003f_003f_003f_003f;
    Some([0, 16, 32, 48].map(|shift| ((high | low) >> shift) as u16))
}

/// Where each character below U+0800 stands in a text of at most 64: bit `i` for position `i`. All
/// zero between calls.
struct Positions([u64; TABLE_CHARS]);

impl Positions {
    fn new() -> Self {
        Self([0; TABLE_CHARS])
    }

    #[inline(always)]
    fn add<C: Copy + Into<u32>>(&mut self, text: &[C]) {
        in_fours(text, |i, c| self.0[index(c)] |= 1 << i);
    }

    #[inline(always)]
    fn of<C: Into<u32>>(&self, c: C) -> u64 {
        self.0[index(c)]
    }

    #[inline(always)]
    fn clear<C: Copy + Into<u32>>(&mut self, text: &[C]) {
        in_fours(text, |_, c| self.0[index(c)] = 0);
    }
}

/// Masking the index spares the check of bounds; it changes no character below U+0800.
#[inline(always)]
fn index<C: Into<u32>>(c: C) -> usize {
    c.into() as usize % TABLE_CHARS
}

/// The similarity of texts of at most 64 characters below U+0800, with a bit for each character.
#[inline(always)]
fn similarity_in_words<C>(positions: &mut Positions, a: &[C], b: &[C]) -> f64
where
    C: Copy + PartialEq + Into<u32>,
{
    if a.is_empty() || b.is_empty() {
        return if a.len() == b.len() { 1.0 } else { 0.0 };
    }
    positions.add(a);
    let (mut in_a, mut in_b) = (0_u64, 0_u64);
    // Characters match where they stand no further apart than `reach`; `window` has a bit for each
    // position of `a` within it.
    let reach = (a.len().max(b.len()) / 2).saturating_sub(1);
    let mut window = (1_u64 << (reach + 1)) - 1;
    in_fours(b, |j, c| {
        let free = positions.of(c) & window & !in_a;
        in_a |= free & free.wrapping_neg();
        in_b |= u64::from(free != 0) << j;
        window = (window << 1) | u64::from(j < reach);
    });
    let out_of_order = out_of_order(a, in_a, b, in_b);
    positions.clear(a);
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

/// The distance of texts of at most 64 characters below U+0800.
#[inline(always)]
fn distance_in_words<C: Copy + Into<u32>>(positions: &mut Positions, a: &[C], b: &[C]) -> usize {
    // A column costs several times what a bit does, so the longer text is the one in bits.
    let (a, b) = if a.len() < b.len() { (b, a) } else { (a, b) };
    if a.is_empty() {
        return 0;
    }
    positions.add(a);
    let mut column = Column::first();
    in_fours(b, |_, c| column = column.next(positions.of(c)));
    positions.clear(a);
    column.foot(a.len(), b.len())
}

/// A column of the table of distances `H`, where `H[i][j]` is that of the first `i` characters of
/// `a` and the first `j` of `b`. Each word has a bit for each character of `a`: the lowest is row 1,
/// of `a[1]`. Bits beyond the last row are noise that no row sees: carries and shifts go to later
/// rows, except for those of `matches`, which is zero there.
///
/// Neighbours in `H` differ by at most one, and `H[i][j]` is `H[i-1][j-1]` or one more. Myers (1999)
/// computes the differences of a column from those of the one before, all rows at once: the step
/// down the diagonal is free where the characters match, or where it follows from the neighbours.
/// Hyyrö (2003) lets it be free too where two neighbours are transposed.
///
/// The unrestricted distance also has transpositions with edits between: `a[k]` is `b[j]` and `a[i]`
/// is `b[l]`, which costs `H[k-1][l-1] + (i-k-1) + 1 + (j-l-1)`. Where characters stand between
/// them in both texts, substitutions cost no more (Zhao and Sahni 2019); this leaves two kinds. For
/// `l = j-1` the step to `H[i][j]` is free if `H[k-1][j-2] + (i-k)` is `H[i-1][j-1]`. It is never
/// less, and equal just where the diagonal step to `H[k][j-1]` costs one, and so does each step down
/// from there to `H[i-1][j-1]`. This is a run of ones, which a carry goes through. For `k = i-1` the
/// same holds with rows for columns, so that runs are kept from one column to the next.
struct Column {
    /// Where `a` has the character of this column.
    matches: u64,
    /// Where `H[i][j]` is `H[i-1][j-1]`.
    free: u64,
    /// Where `H[i][j]` is one more than `H[i-1][j]`.
    rises: u64,
    /// Where it is one less.
    falls: u64,
    /// Where `H[i][j]` is one more than `H[i][j-1]`.
    grows: u64,
    /// Where an earlier column has the character of row `i+1`, the diagonal step there to row `i`
    /// costs one, and row `i` grows from there to the column before this.
    open: u64,
}

impl Column {
    /// Before the first character of `b`: `H[i][0]` is `i`.
    #[inline(always)]
    fn first() -> Self {
        Self {
            matches: 0,
            free: 0,
            rises: u64::MAX,
            falls: 0,
            grows: 0,
            open: 0,
        }
    }

    /// The next column; its character stands in `a` at `matches`.
    #[inline(always)]
    fn next(&self, matches: u64) -> Self {
        let open = (self.open & self.grows) | ((self.matches >> 1) & !self.free);
        let neighbours_in_a = (open & matches) << 1;
        let neighbours_in_b = through(self.rises, (matches & !self.free) << 1) & self.matches;
        let equal = matches | neighbours_in_a | neighbours_in_b;
        let free = through(self.rises, equal) | self.falls;
        // The topmost row, of no characters of `a`, grows too.
        let grows = self.falls | !(free | self.rises);
        let (grows_above, shrinks_above) = ((grows << 1) | 1, (free & self.rises) << 1);
        Self {
            matches,
            free,
            rises: shrinks_above | !(free | grows_above),
            falls: grows_above & free,
            grows,
            open,
        }
    }

    /// `H` in the last of so many rows, where this is the last of so many columns.
    #[inline(always)]
    fn foot(&self, rows: usize, columns: usize) -> usize {
        let rows = u64::MAX >> (WORD_CHARS - rows);
        let ones = |word: u64| (word & rows).count_ones() as usize;
        columns + ones(self.rises) - ones(self.falls)
    }
}

/// The bits of `starts`, and from each on all that a carry reaches: those after it as far as `runs`
/// has ones, and the one after these.
#[inline(always)]
fn through(runs: u64, starts: u64) -> u64 {
    ((starts & runs).wrapping_add(runs) ^ runs) | starts
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
        assert!(scratch.positions.0.iter().all(|&positions| positions == 0));
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

    #[test]
    fn damerau_levenshtein_agrees_with_rapidfuzz_on_long_texts_of_any_script() {
        let mut number = numbers();
        let scripts: [&[char]; 5] = [
            &['a', 'b'],
            &['a', 'b', 'c', 'd', 'e'],
            &['а', 'б', 'в', 'г', 'ї', ' '],
            &['a', 'é', 'ß', 'я', '\u{7ff}'],
            &['王', '小', 'a', '\u{800}'],
        ];
        let mut scratch = DamerauLevenshtein::new();
        for round in 0..20_000 {
            let script = scripts[round % scripts.len()];
            let count = number(70);
            let a: Vec<char> = (0..count).map(|_| script[number(script.len())]).collect();
            // Half of the pairs are a few edits apart, the others have little in common.
            let mut b = a.clone();
            for _ in 0..number([8, 200][round % 2]) {
                let (at, c) = (number(b.len() + 1), script[number(script.len())]);
                match number(4) {
                    0 => b.insert(at, c),
                    _ if at == b.len() => {}
                    1 => {
                        b.remove(at);
                    }
                    2 => b[at] = c,
                    _ => b.swap(at, at.saturating_sub(1)),
                }
            }
            let (a, b) = (String::from_iter(a), String::from_iter(b));
            let expected = distance::damerau_levenshtein::distance(a.chars(), b.chars());
            assert_eq!(scratch.distance(&a, &b), expected, "{a} {b}");
        }
        assert!(scratch.positions.0.iter().all(|&positions| positions == 0));
    }
}
