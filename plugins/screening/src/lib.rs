//! Screening: who of one relation is on a list.
//!
//! `screen((SELECT id, name, birth, country, document FROM travellers), (SELECT ... FROM list))` reads
//! the list once into an index, streams the other relation past it, and gives a row for each hit, with
//! its score, the rule that made it one, and the reasons as JSON. It finds candidates for a person to look
//! at; it decides nothing about anybody.
//!
//! | step | how | module |
//! |---|---|---|
//! | words | names are prepared as `names.name_similarity` compares them: any script, one sound | `sextant_plugin_names` |
//! | candidates | the rarest words of a name, each with one letter wrong too (symmetric deletion, Garbe 2012), and neighbours written together | [`Index`] |
//! | score | the similarity of the names, shifted by what birth and country say | [`Evidence`] |
//! | documents | equal numbers are a hit, whatever the names | [`Index`] |
//!
//! The same rows give the same hits in any order and however they are spread.
//!
//! ```
//! use sextant_plugin_screening::{Index, Record, Screener};
//! use sextant_plugin_names::MatchKind;
//!
//! let person = |name: &str| Record { name: name.to_owned(), ..Record::default() };
//! let index = Index::new(vec![person("Тарас Вигаданенко"), person("Olena Mryia")], MatchKind::Person);
//! let mut screener = Screener::new(0.85);
//! let hits = screener.screen(&index, &person("VYHADANENKO TARAS"));
//! assert_eq!(hits.iter().map(|hit| hit.entry).collect::<Vec<_>>(), [1]);
//! assert_eq!(index.record(hits[0].entry).name, "Тарас Вигаданенко");
//! ```

mod birth;

mod record;

mod vocabulary;

mod index;

mod evidence;

mod screener;

mod columns;

mod call;

pub use birth::Birth;
pub use evidence::{Evidence, Rule};
pub use index::Index;
pub use record::Record;
pub use screener::{Hit, Screener};

use sextant_plugin_sdk::Functions;

/// The functions of this plugin.
pub fn functions() -> Functions {
    Functions::new().table(call::Screen)
}

sextant_plugin_sdk::export!(functions: functions);

#[cfg(test)]
mod tests;
