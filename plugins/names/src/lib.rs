//! Names: romanisation, a canonical comparison form, similarity and a phonetic key.
//!
//! Every scalar function takes text and is null where an argument is null. None of them decides whether
//! two names mean the same person: they compute forms, keys and numbers that a query combines.
//!
//! | function | result | after |
//! |---|---|---|
//! | `romanize_ukrainian(text)` | text | Cabinet of Ministers of Ukraine, resolution 55 of 2010 |
//! | `romanize_russian(text)` | text | ICAO Doc 9303-3, the order of Russian passports |
//! | `normalize(text)` | text | Unicode NFKD and the two above |
//! | `jaro_winkler(a, b)` | 0 to 1 | Jaro 1989, Winkler 1990 |
//! | `damerau_levenshtein(a, b)` | edits | Lowrance and Wagner 1975 |
//! | `name_similarity(a, b, kind)` | 0 to 1 | see [`Matcher`] |
//! | `name_explain(a, b, kind)` | JSON | the same |
//! | `romanize_by(text, scheme)` | text | older and other tables, see [`Scheme`] |
//! | `normalize_identifier(kind, text)` and two more | text, boolean | the standards named in [`identifiers`] |
//! | `phonetic(text)` | codes | Daitch and Mokotoff 1985 |
//! | `most_common(text)` | text | counting, over groups |
//! | `median_absolute_deviation(value)` | number | Hampel 1974, over groups |
//!
//! The same computations are plain Rust functions, so that native code and benchmarks can call
//! them. Where many values are computed, keep a [`Normalizer`], [`JaroWinkler`],
//! [`DamerauLevenshtein`] or [`Phonetic`]: it reuses its buffers.
//!
//! ```
//! use sextant_plugin_names::{jaro_winkler, normalize, phonetic, romanize_ukrainian};
//!
//! assert_eq!(romanize_ukrainian("Юрій"), "Yurii");
//! assert_eq!(normalize("Łukasz O'Brien-Żółć"), "lukasz obrien zolc");
//! assert!((jaro_winkler("MARTHA", "MARHTA") - 0.9611).abs() < 0.0001);
//! assert_eq!(phonetic("Щербак"), phonetic("Szczerbak"));
//! ```

mod romanize;

mod normalize;

mod similarity;

mod phonetic;

mod romanize_schemes;

mod matching;

pub mod identifiers;

mod scalars;

mod matching_scalars;

mod aggregates;

pub use aggregates::{
    Counts, MedianAbsoluteDeviation, MostCommon, Samples, median_absolute_deviation,
};
pub use identifiers::{IdentifierKind, Verdict, check_identifier, normalize_identifier};
pub use matching::{
    Grounds, Key, MatchKind, Matcher, Prepared, THRESHOLD, name_explain, name_similarity,
};
pub use normalize::{Normalizer, normalize};
pub use phonetic::{Phonetic, phonetic};
pub use romanize::{romanize_russian, romanize_ukrainian};
pub use romanize_schemes::{Scheme, romanize_by};
pub use similarity::{DamerauLevenshtein, JaroWinkler, damerau_levenshtein, jaro_winkler};

use sextant_plugin_sdk::Functions;

/// The functions of this plugin.
pub fn functions() -> Functions {
    Functions::new()
        .scalar(scalars::romanize_ukrainian())
        .scalar(scalars::romanize_russian())
        .scalar(scalars::normalize())
        .scalar(scalars::jaro_winkler())
        .scalar(scalars::damerau_levenshtein())
        .scalar(scalars::phonetic())
        .scalar(matching_scalars::romanize_by_scalar())
        .scalar(matching_scalars::name_similarity())
        .scalar(matching_scalars::name_explain())
        .scalar(matching_scalars::normalize_identifier_scalar())
        .scalar(matching_scalars::check_identifier_scalar())
        .scalar(matching_scalars::explain_identifier_scalar())
        .aggregate(MostCommon)
        .aggregate(MedianAbsoluteDeviation)
}

#[cfg(feature = "plugin")]
sextant_plugin_sdk::export!(functions: functions);
