//! The words of a list, and how a word is found with a letter wrong.
//!
//! Two words that are one edit apart have a word in common once at most one letter was deleted from
//! each (symmetric deletion: Garbe, "1000x Faster Spelling Correction", 2012). So every word is filed
//! under itself and under all its deletions, and found by the same of the word that is asked.

use hashbrown::HashMap;

/// Shorter words have no deletions: too many others are a letter away.
const FUZZY_BYTES_MIN: usize = 4;

/// Words, numbered as they are added.
#[derive(Debug, Default)]
pub(crate) struct Vocabulary {
    numbers: HashMap<Box<[u8]>, u32>,
    deletions: Buckets,
}

impl Vocabulary {
    /// The number of a word, which is added if it is new.
    pub(crate) fn add(&mut self, word: &[u8]) -> u32 {
        let next = self.numbers.len() as u32;
        *self.numbers.entry_ref(word).or_insert(next)
    }

    pub(crate) fn len(&self) -> usize {
        self.numbers.len()
    }

    /// Files the deletions, once all words are added.
    pub(crate) fn finish(&mut self) {
        let mut filed = Vec::new();
        for (word, &number) in &self.numbers {
            each_deletion(word, |hash| filed.push((hash, number)));
        }
        self.deletions = Buckets::new(filed);
    }

    /// Visits a word and those a letter away, with whether it is the word itself. A word may be
    /// visited more than once.
    pub(crate) fn find(&self, word: &[u8], mut visit: impl FnMut(u32, bool)) {
        let own = self.numbers.get(word).copied();
        if let Some(number) = own {
            visit(number, true);
        }
        each_deletion(word, |hash| {
            for &number in self.deletions.of(hash) {
                if Some(number) != own {
                    visit(number, false);
                }
            }
        });
    }
}

/// The hashes of a word and of what is left of it without one letter.
fn each_deletion(word: &[u8], mut visit: impl FnMut(u32)) {
    if word.len() < FUZZY_BYTES_MIN {
        return;
    }
    visit(hash(word.iter().copied()));
    for left_out in 0..word.len() {
        // Of equal neighbours one deletion is as good as the other.
        if left_out > 0 && word[left_out] == word[left_out - 1] {
            continue;
        }
        let rest = word.iter().enumerate().filter(|(i, _)| *i != left_out);
        visit(hash(rest.map(|(_, &byte)| byte)));
    }
}

/// FNV-1a (Fowler, Noll and Vo 1991), mixed so that its low bits can be used.
fn hash(bytes: impl Iterator<Item = u8>) -> u32 {
    let hash = bytes.fold(0x811c_9dc5_u32, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    });
    (hash ^ (hash >> 15)).wrapping_mul(0x2c1b_3c6d)
}

/// Numbers by hashes, in buckets that lie side by side. Hashes that share a bucket are not told
/// apart: what is found is looked at anyway.
#[derive(Debug, Default)]
struct Buckets {
    starts: Vec<u32>,
    numbers: Vec<u32>,
}

impl Buckets {
    fn new(filed: Vec<(u32, u32)>) -> Self {
        let count = (filed.len() * 2).next_power_of_two().max(2);
        let bucket = |hash: u32| hash as usize & (count - 1);
        let mut starts = vec![0_u32; count + 1];
        for &(hash, _) in &filed {
            starts[bucket(hash) + 1] += 1;
        }
        for i in 0..count {
            starts[i + 1] += starts[i];
        }
        let mut next = starts.clone();
        let mut numbers = vec![0; filed.len()];
        for (hash, number) in filed {
            let slot = &mut next[bucket(hash)];
            numbers[*slot as usize] = number;
            *slot += 1;
        }
        for i in 0..count {
            numbers[starts[i] as usize..starts[i + 1] as usize].sort_unstable();
        }
        Self { starts, numbers }
    }

    fn of(&self, hash: u32) -> &[u32] {
        if self.starts.is_empty() {
            return &[];
        }
        let bucket = hash as usize & (self.starts.len() - 2);
        let (start, end) = (self.starts[bucket], self.starts[bucket + 1]);
        &self.numbers[start as usize..end as usize]
    }
}
