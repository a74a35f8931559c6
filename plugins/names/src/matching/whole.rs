//! Names written together: for words that were joined, split or cut elsewhere, and for typing errors.

use super::distance::distance;
use super::tokens::Prepared;
use super::weights::{
    EDIT, EDITS_LETTERS_MIN, EDITS_MAX, EDITS_SCORE, EDITS_SIMILARITY_MIN, WHOLE_MIN, WHOLE_SHARE,
};

/// The score of two names whose letters are compared without word limits; 0 where they are far apart.
///
/// Two edits in a name of some length leave a score just above the threshold, if `edits` allows it: such
/// a pair is as often a mistyped name as it is another one, and somebody should look.
pub(super) fn similarity(a: &Prepared, b: &Prepared, edits: bool) -> f64 {
    let (x, y) = (&a.joined[..], &b.joined[..]);
    let letters = x.len().max(y.len());
    let apart = x.len().abs_diff(y.len());
    let far = apart > 2 && apart as f64 > 0.15 * letters as f64;
    if x.is_empty() || y.is_empty() || far || (a.asides && b.asides) {
        return 0.0;
    }
    let scale = f64::from(EDIT) * letters as f64;
    let limit = EDITS_MAX.max((0.25 * scale) as u16);
    let Some(found) = distance(x, y, limit) else {
        return 0.0;
    };
    let similarity = 1.0 - f64::from(found) / scale;
    if similarity >= WHOLE_MIN && a.tokens.len() != b.tokens.len() {
        return similarity;
    }
    let share = similarity * WHOLE_SHARE;
    let few = found <= EDITS_MAX && letters >= EDITS_LETTERS_MIN;
    if edits && few && similarity >= EDITS_SIMILARITY_MIN {
        return share.max(EDITS_SCORE);
    }
    share
}
