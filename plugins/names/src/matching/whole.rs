//! Names written together: for words that were joined, split or cut elsewhere, and for typing errors.

use super::distance::distance;
use super::tokens::Prepared;
use super::weights::{
    EDIT, EDITS_LETTERS_MIN, EDITS_MAX, EDITS_SCORE, EDITS_SIMILARITY_MIN, WHOLE_MIN, WHOLE_SHARE,
};

/// The score of two names whose letters are compared without word limits; 0 where they are far apart, or
/// where it is certain not to be `above` another score.
///
/// Two edits in a name of some length leave a score just above the threshold, if `edits` allows it: such
/// a pair is as often a mistyped name as it is another one, and somebody should look.
pub(super) fn similarity(a: &Prepared, b: &Prepared, edits: bool, above: f64) -> f64 {
    let (x, y) = (&a.joined[..], &b.joined[..]);
    let letters = x.len().max(y.len());
    let apart = x.len().abs_diff(y.len());
    let far = apart > 2 && apart as f64 > 0.15 * letters as f64;
    if x.is_empty() || y.is_empty() || far || (a.asides && b.asides) {
        return 0.0;
    }
    let other_limits = a.tokens.len() != b.tokens.len();
    let edits = edits && letters >= EDITS_LETTERS_MIN;
    let scale = f64::from(EDIT) * letters as f64;
    let Some(limit) = limit(scale, other_limits, edits, above) else {
        return 0.0;
    };
    let Some(found) = distance(x, y, limit) else {
        return 0.0;
    };
    let similarity = 1.0 - f64::from(found) / scale;
    if similarity >= WHOLE_MIN && other_limits {
        return similarity;
    }
    let share = similarity * WHOLE_SHARE;
    if edits && found <= EDITS_MAX && similarity >= EDITS_SIMILARITY_MIN {
        return share.max(EDITS_SCORE);
    }
    share
}

/// How far apart names may be for a score that is above another; none where no distance is small enough.
fn limit(scale: f64, other_limits: bool, edits: bool, above: f64) -> Option<u16> {
    let by_share = above / WHOLE_SHARE;
    let least = match other_limits {
        true => by_share.min(above.max(WHOLE_MIN)),
        false => by_share,
    };
    let by_edits = if edits && above < EDITS_SCORE {
        EDITS_MAX
    } else {
        0
    };
    let by_likeness = EDITS_MAX.max((0.25 * scale) as u16);
    let by_score = ((1.0 - least) * scale).max(f64::from(by_edits)) as u16;
    (least <= 1.0 || by_edits > 0).then_some(by_likeness.min(by_score))
}
