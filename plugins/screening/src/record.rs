//! What is known of somebody: a row of either relation.

use crate::Birth;

/// A row of either relation.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Record {
    /// The name, in any script.
    pub name: String,
    /// When they were born, where that is known.
    pub birth: Option<Birth>,
    /// Nationality or country, in small letters; equal texts are equal countries.
    pub country: Option<Box<str>>,
    /// The numbers of documents, in capitals and without separators.
    pub documents: Box<[Box<str>]>,
    /// Which row of its relation this is.
    pub row: u32,
}

/// A text of documents, several of them with `;` between, as numbers that can be compared.
pub(crate) fn documents(text: &str) -> Box<[Box<str>]> {
    let numbers = text.split(';').map(|number| {
        let kept = number.chars().filter(|c| c.is_alphanumeric());
        kept.flat_map(char::to_uppercase).collect::<String>()
    });
    // Shorter ones are no numbers of documents, and would be equal by chance.
    let numbers = numbers.filter(|number| number.chars().count() >= 4);
    numbers.map(String::into_boxed_str).collect()
}

/// A country as it is compared.
pub(crate) fn country(text: &str) -> Option<Box<str>> {
    let text = text.trim().to_lowercase();
    (!text.is_empty()).then(|| text.into_boxed_str())
}
