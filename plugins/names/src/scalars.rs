//! The functions as SQL sees them: their descriptions, and the loops over columns.

use crate::romanize::{RUSSIAN, Romanizer, UKRAINIAN};
use crate::{DamerauLevenshtein, JaroWinkler, Normalizer, Phonetic};
use arrow_array::builder::{Float64Builder, StringViewBuilder};
use arrow_array::{ArrayRef, Int64Array};
use arrow_schema::{ArrowError, DataType};
use sextant_plugin_sdk::{Arguments, Description, Parameter, Result, Scalar, SimpleScalar};
use std::sync::Arc;

/// `romanize_ukrainian(text)`.
pub(crate) fn romanize_ukrainian() -> impl Scalar {
    let description = Description::new(
        "romanize_ukrainian",
        "Romanises Ukrainian by the table of the Cabinet of Ministers of Ukraine, resolution 55 of \
         27 January 2010 (passports and place names). A word in capitals stays in capitals; what is \
         no Ukrainian letter stays as it is.",
    )
    .parameter(Parameter::text("text", "Ukrainian text in Cyrillic letters."))
    .example("SELECT names.romanize_ukrainian('Юрій')", "Yurii")
    .example("SELECT names.romanize_ukrainian('Знам''янка, ЗГОРАНИ')", "\"Znamianka, ZGHORANY\"");
    SimpleScalar::new(description, DataType::Utf8View, |arguments| {
        let mut romanizer = Romanizer::default();
        map_text(arguments, |text, results| {
            results.try_append_value(romanizer.romanize(&UKRAINIAN, text))
        })
    })
}

/// `romanize_russian(text)`.
pub(crate) fn romanize_russian() -> impl Scalar {
    let description = Description::new(
        "romanize_russian",
        "Romanises Russian by the table of ICAO Doc 9303 part 3 section 6, which Russian passports \
         have followed since 2013. A word in capitals stays in capitals; what is no Russian letter \
         stays as it is.",
    )
    .parameter(Parameter::text("text", "Russian text in Cyrillic letters."))
    .example(
        "SELECT names.romanize_russian('Юлия Щеглова')",
        "Iuliia Shcheglova",
    );
    SimpleScalar::new(description, DataType::Utf8View, |arguments| {
        let mut romanizer = Romanizer::default();
        map_text(arguments, |text, results| {
            results.try_append_value(romanizer.romanize(&RUSSIAN, text))
        })
    })
}

/// `normalize(text)`.
pub(crate) fn normalize() -> impl Scalar {
    let description = Description::new(
        "normalize",
        "The canonical comparison form of a name: Cyrillic romanised (one of ґ є і ї makes the text \
         Ukrainian, otherwise one of ы э ё ъ Russian, otherwise it is taken as Ukrainian), Unicode \
         NFKD, diacritics and apostrophes dropped, special Latin letters plain (ł l, ø o, ß ss), \
         small letters, punctuation as single spaces. For comparing, not for showing; the order of \
         the words stays.",
    )
    .parameter(Parameter::text("text", "A name in any script; other scripts are not romanised."))
    .example("SELECT names.normalize('  Łukasz  O''Brien-Żółć ')", "lukasz obrien zolc")
    .example("SELECT names.normalize('ЩЕРБАК, Юрій')", "shcherbak yurii");
    SimpleScalar::new(description, DataType::Utf8View, |arguments| {
        let mut normalizer = Normalizer::new();
        map_text(arguments, |text, results| {
            results.try_append_value(normalizer.normalize(text))
        })
    })
}

/// `jaro_winkler(a, b)`.
pub(crate) fn jaro_winkler() -> impl Scalar {
    let description = Description::new(
        "jaro_winkler",
        "The similarity of two texts after Jaro (1989) and Winkler (1990), from 0 to 1, on Unicode \
         characters: 1 where they are equal and only there. The prefix scale is 0.1 for at most four \
         characters, applied where the Jaro similarity is above 0.7. Case counts: compare \
         normalized texts.",
    )
    .parameter(Parameter::text("a", "A text."))
    .parameter(Parameter::text("b", "The text to compare with; the order does not matter."))
    .example("SELECT round(names.jaro_winkler('MARTHA', 'MARHTA'), 4)", "0.9611")
    .example("SELECT round(names.jaro_winkler('DWAYNE', 'DUANE'), 4)", "0.84");
    SimpleScalar::new(description, DataType::Float64, |arguments| {
        let (a, b) = (arguments.strings(0)?, arguments.strings(1)?);
        let mut comparator = JaroWinkler::new();
        let pairs = (0..arguments.rows()).map(|row| Some((a.get(row)?, b.get(row)?)));
        let mut similarities = Float64Builder::with_capacity(arguments.rows());
        for pair in pairs {
            similarities.append_option(pair.map(|(a, b)| comparator.similarity(a, b)));
        }
        Ok(Arc::new(similarities.finish()))
    })
}

/// `damerau_levenshtein(a, b)`.
pub(crate) fn damerau_levenshtein() -> impl Scalar {
    let description = Description::new(
        "damerau_levenshtein",
        "The unrestricted Damerau-Levenshtein distance (Lowrance and Wagner 1975): how many \
         insertions, deletions, substitutions and transpositions of neighbouring characters make one \
         text of the other. A metric, unlike the optimal string alignment. Case counts: compare \
         normalized texts.",
    )
    .parameter(Parameter::text("a", "A text."))
    .parameter(Parameter::text("b", "The text to compare with; the order does not matter."))
    .example("SELECT names.damerau_levenshtein('CA', 'ABC')", "2");
    SimpleScalar::new(description, DataType::Int64, |arguments| {
        let (a, b) = (arguments.strings(0)?, arguments.strings(1)?);
        let mut comparator = DamerauLevenshtein::new();
        let pairs = (0..arguments.rows()).map(|row| Some((a.get(row)?, b.get(row)?)));
        let distances = pairs.map(|pair| pair.map(|(a, b)| comparator.distance(a, b) as i64));
        Ok(Arc::new(distances.collect::<Int64Array>()))
    })
}

/// `phonetic(text)`.
pub(crate) fn phonetic() -> impl Scalar {
    let description = Description::new(
        "phonetic",
        "The Daitch-Mokotoff Soundex of a normalized name (Mokotoff 1985, Daitch 1986; the chart of \
         JewishGen): six digits, and where a spelling can be spoken in several ways every code, \
         ascending, joined by |. Several words are coded as one, so give one name at a time. Null \
         where the text has no Latin or Cyrillic letter.",
    )
    .parameter(Parameter::text("text", "One name, in Latin or Cyrillic letters."))
    .example("SELECT names.phonetic('Peters')", "734000|739400")
    .example("SELECT names.phonetic('Щербак'), names.phonetic('Szczerbak')", "297500,297500");
    SimpleScalar::new(description, DataType::Utf8View, |arguments| {
        let (mut coder, mut key) = (Phonetic::new(), String::new());
        map_text(arguments, |text, results| {
            match coder.key(text, &mut key) {
                true => results.try_append_value(&key)?,
                false => results.append_null(),
            }
            Ok(())
        })
    })
}

/// Computes a text for each row that has one; `append` adds what it becomes.
fn map_text(
    arguments: &Arguments<'_>,
    mut append: impl FnMut(&str, &mut StringViewBuilder) -> std::result::Result<(), ArrowError>,
) -> Result<ArrayRef> {
    let texts = arguments.strings(0)?;
    let mut results = StringViewBuilder::with_capacity(arguments.rows());
    for row in 0..arguments.rows() {
        match texts.get(row) {
            Some(text) => append(text, &mut results)?,
            None => results.append_null(),
        }
    }
    Ok(Arc::new(results.finish()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::cast::AsArray;
    use arrow_array::types::{Float64Type, Int64Type};
    use arrow_array::{Array, LargeStringArray, StringArray, StringViewArray};
    use sextant_plugin_sdk::testing::call;

    /// The same texts in the three layouts.
    fn layouts(texts: &[Option<&str>]) -> [ArrayRef; 3] {
        [
            Arc::new(StringArray::from_iter(texts)),
            Arc::new(LargeStringArray::from_iter(texts)),
            Arc::new(StringViewArray::from_iter(texts)),
        ]
    }

    #[test]
    fn text_functions_take_every_layout_and_keep_nulls() {
        let texts = [Some("Юрій Щербак-Заїченко"), None, Some(""), Some("Žižka")];
        type Case = (Box<dyn Scalar>, [Option<&'static str>; 4]);
        let cases: [Case; 4] = [
            (
                Box::new(romanize_ukrainian()),
                [
                    Some("Yurii Shcherbak-Zaichenko"),
                    None,
                    Some(""),
                    Some("Žižka"),
                ],
            ),
            (
                Box::new(romanize_russian()),
                [
                    Some("Iurіi Shcherbak-Zaїchenko"),
                    None,
                    Some(""),
                    Some("Žižka"),
                ],
            ),
            (
                Box::new(normalize()),
                [
                    Some("yurii shcherbak zaichenko"),
                    None,
                    Some(""),
                    Some("zizka"),
                ],
            ),
            (
                Box::new(phonetic()),
                [Some("194975"), None, None, Some("445000")],
            ),
        ];
        for (function, expected) in cases {
            let name = function.describe().name;
            for column in layouts(&texts) {
                let result = call(function.as_ref(), vec![column]).expect("a result");
                let result: Vec<_> = result.as_string_view().iter().collect();
                assert_eq!(result, expected, "{name}");
            }
        }
    }

    #[test]
    fn comparisons_take_every_layout_and_keep_nulls() {
        let a = layouts(&[Some("DWAYNE"), None, Some(""), Some("Юрій")]);
        let b = layouts(&[Some("DUANE"), Some("x"), None, Some("Юрій")]);
        for (a, b) in a.iter().flat_map(|a| b.iter().map(move |b| (a, b))) {
            let columns = vec![Arc::clone(a), Arc::clone(b)];
            let similar = call(&jaro_winkler(), columns.clone()).expect("similarities");
            let percent = |similar: f64| (similar * 100.0).round();
            let similar = similar.as_primitive::<Float64Type>().iter();
            let similar: Vec<_> = similar.map(|similar| similar.map(percent)).collect();
            assert_eq!(similar, [Some(84.0), None, None, Some(100.0)]);
            let distances = call(&damerau_levenshtein(), columns).expect("distances");
            let distances: Vec<_> = distances.as_primitive::<Int64Type>().iter().collect();
            assert_eq!(distances, [Some(2), None, None, Some(0)]);
        }
    }

    #[test]
    fn an_empty_batch_gives_an_empty_column() {
        for column in layouts(&[]) {
            assert_eq!(
                call(&normalize(), vec![Arc::clone(&column)])
                    .expect("a column")
                    .len(),
                0
            );
            assert_eq!(
                call(&jaro_winkler(), vec![Arc::clone(&column), column])
                    .expect("a column")
                    .len(),
                0
            );
        }
    }

    #[test]
    fn another_type_is_an_error_and_no_panic() {
        let numbers: ArrayRef = Arc::new(Int64Array::from(vec![1]));
        let error = call(&normalize(), vec![numbers]).expect_err("an error");
        assert_eq!(error.message(), "argument 0 is Int64, not text");
    }
}
