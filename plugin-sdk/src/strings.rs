//! Text columns, whatever their layout.

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
