//! Text columns, whatever their layout; and how short texts are copied.

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, LargeStringArray, StringArray, StringViewArray};
use arrow_schema::DataType;

/// A text column: Arrow has three layouts, and a function should not have to care.
#[derive(Clone, Copy, Debug)]
pub struct Strings<'a> {
    layout: Layout<'a>,
    repeated: bool,
}

#[derive(Clone, Copy, Debug)]
enum Layout<'a> {
    Small(&'a StringArray),
    Large(&'a LargeStringArray),
    View(&'a StringViewArray),
}

impl<'a> Strings<'a> {
    /// A text column, or none where the array is of another type.
    pub fn new(array: &'a ArrayRef) -> Option<Self> {
        let layout = match array.data_type() {
            DataType::Utf8 => Layout::Small(array.as_string()),
            DataType::LargeUtf8 => Layout::Large(array.as_string()),
            DataType::Utf8View => Layout::View(array.as_string_view()),
            _ => return None,
        };
        Some(Self {
            layout,
            repeated: false,
        })
    }

    /// The same column, whose one row stands for every row.
    #[must_use]
    pub(crate) fn repeated(mut self) -> Self {
        self.repeated = true;
        self
    }

    /// The text of a row; none where it is null.
    #[inline]
    pub fn get(&self, row: usize) -> Option<&'a str> {
        let row = if self.repeated { 0 } else { row };
        match self.layout {
            Layout::Small(array) => array.is_valid(row).then(|| array.value(row)),
            Layout::Large(array) => array.is_valid(row).then(|| array.value(row)),
            Layout::View(array) => array.is_valid(row).then(|| array.value(row)),
        }
    }
}

/// How long a text is that is copied as it is.
const PIECED_BYTES: usize = 32;

/// Gives a text to be copied, a short one in pieces of 16, 8, 4, 2 and 1 bytes. Most texts are short, and
/// for those a call to copy memory, which leaves the guest's own code, costs more than the copy does; to copy
/// as many bytes as are known beforehand takes no call.
///
/// ```
/// use sextant_plugin_sdk::in_pieces;
///
/// let mut all = String::new();
/// in_pieces("Kyiv", |piece| all.push_str(piece));
/// assert_eq!(all, "Kyiv");
/// ```
#[inline]
pub fn in_pieces(text: &str, mut copy: impl FnMut(&str)) {
    let mut rest = text;
    if text.len() < PIECED_BYTES {
        rest = piece::<16>(rest, &mut copy);
        rest = piece::<8>(rest, &mut copy);
        rest = piece::<4>(rest, &mut copy);
        rest = piece::<2>(rest, &mut copy);
        rest = piece::<1>(rest, &mut copy);
    }
    // It is long, or a piece would have ended within a character.
    if !rest.is_empty() {
        copy(rest);
    }
}

/// Gives the first bytes of a text, if it has so many, and gives back the others.
#[inline]
fn piece<'a, const BYTES: usize>(text: &'a str, copy: &mut impl FnMut(&str)) -> &'a str {
    match text.split_at_checked(BYTES) {
        Some((first, rest)) => {
            copy(first);
            rest
        }
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_every_length_are_copied_whole() {
        let plain: String = ('!'..='~').collect();
        let wide = "a київ €1 𝄞".repeat(5);
        for text in [plain, wide] {
            for (start, _) in text.char_indices() {
                for (end, _) in text[start..].char_indices() {
                    let text = &text[start..start + end];
                    let mut copy = String::from("before");
                    in_pieces(text, |piece| copy.push_str(piece));
                    assert_eq!(copy.strip_prefix("before"), Some(text));
                }
            }
        }
    }
}
