//! Matching, identifiers and the older romanisations as SQL sees them.

use crate::identifiers::{IdentifierKind, Verdict, check_identifier, normalize_identifier};
use crate::{MatchKind, Matcher, Scheme, romanize_by};
use arrow_array::ArrayRef;
use arrow_array::builder::{BooleanBuilder, Float64Builder, StringViewBuilder};
use arrow_schema::DataType;
use sextant_plugin_sdk::{Arguments, Description, Error, Parameter, Result, Scalar, SimpleScalar};
use std::sync::Arc;

/// `name_similarity(a, b, kind)`.
pub(crate) fn name_similarity() -> impl Scalar {
    let description = of_two_names(
        "name_similarity",
        "How likely two names mean the same, from 0 to 1; 0.7 or more is a match for every kind. Any \
         scripts; knows transliterations, patronymics, particles, initials, short forms, gendered \
         surnames, legal forms and numbers. 0 where a name has no letter or digit.",
    )
    .example(
        "SELECT names.name_similarity('Юрій Щербак', 'Shcherbak Yurii', 'person')",
        "1.0",
    );
    SimpleScalar::new(description, DataType::Float64, |arguments| {
        let mut matcher = Matcher::new();
        let mut similarities = Float64Builder::with_capacity(arguments.rows());
        each_pair(arguments, |pair| {
            similarities.append_option(pair.map(|(a, b, kind)| matcher.similarity(a, b, kind)));
            Ok(())
        })?;
        Ok(Arc::new(similarities.finish()))
    })
}

/// `name_explain(a, b, kind)`.
pub(crate) fn name_explain() -> impl Scalar {
    let description = of_two_names(
        "name_explain",
        "Why two names have their similarity, as a JSON object: kind, score, match, rule, matched (a, b, \
         similarity, how), only_a, only_b, conflict, excess and, for organisations, forms.",
    )
    .example(
        "SELECT names.name_explain('Щербак Юрій', 'Yurii Shcherbak', 'person') LIKE '%\"match\":true%'",
        "true",
    );
    SimpleScalar::new(description, DataType::Utf8View, |arguments| {
        let mut matcher = Matcher::new();
        let mut explanations = StringViewBuilder::with_capacity(arguments.rows());
        each_pair(arguments, |pair| {
            match pair {
                Some((a, b, kind)) => {
                    explanations.try_append_value(matcher.explain(a, b, kind).to_string())?;
                }
                None => explanations.append_null(),
            }
            Ok(())
        })?;
        Ok(Arc::new(explanations.finish()))
    })
}

/// `romanize_by(text, scheme)`.
pub(crate) fn romanize_by_scalar() -> impl Scalar {
    let names: Vec<_> = Scheme::NAMES.iter().map(|(_, name)| *name).collect();
    let description = Description::new(
        "romanize_by",
        "Romanises Ukrainian, Russian or Belarusian by a table that was in force before, or is elsewhere: \
         what a document of its time says.",
    )
    .parameter(Parameter::text("text", "A text in Cyrillic letters."))
    .parameter(Parameter::text("scheme", &names.join(", ")))
    .example("SELECT names.romanize_by('Юрій', 'ukrainian_1996')", "Yurii");
    SimpleScalar::new(description, DataType::Utf8View, |arguments| {
        let (texts, schemes) = (arguments.strings(0)?, arguments.strings(1)?);
        let mut romanization = Named::new("scheme", romanization);
        let mut results = StringViewBuilder::with_capacity(arguments.rows());
        for row in 0..arguments.rows() {
            match texts.get(row).zip(schemes.get(row)) {
                Some((text, scheme)) => {
                    results.try_append_value(romanize_by(romanization.get(scheme, row)?, text))?;
                }
                None => results.append_null(),
            }
        }
        Ok(Arc::new(results.finish()))
    })
}

fn romanization(name: &str) -> Result<Scheme> {
    let known = Scheme::NAMES.iter().find(|(_, known)| *known == name);
    known.map(|(scheme, _)| *scheme).ok_or_else(|| {
        let names: Vec<_> = Scheme::NAMES.iter().map(|(_, name)| *name).collect();
        Error::invalid_data(format!(
            "no table of romanisation {name:?}; expected one of {}",
            names.join(", ")
        ))
    })
}

/// `normalize_identifier(kind, text)`.
pub(crate) fn normalize_identifier_scalar() -> impl Scalar {
    let description = of_identifier(
        "normalize_identifier",
        "The form of an identifier by which it is compared: separators out, capitals, look-alike letters \
         settled. Null where the text cannot be such an identifier.",
    )
    .example(
        "SELECT names.normalize_identifier('plate_ua', 'аа 1234 вс')",
        "AA1234BC",
    );
    SimpleScalar::new(description, DataType::Utf8View, |arguments| {
        map_identifier(arguments, normalize_identifier)
    })
}

/// `check_identifier(kind, text)`.
pub(crate) fn check_identifier_scalar() -> impl Scalar {
    let description = of_identifier(
        "check_identifier",
        "Whether the form and the check digits of an identifier fit. It does not say that the number was \
         issued.",
    )
    .example("SELECT names.check_identifier('imei', '490154203237518')", "true");
    SimpleScalar::new(description, DataType::Boolean, |arguments| {
        let mut verdicts = BooleanBuilder::with_capacity(arguments.rows());
        each_identifier(arguments, |identifier| {
            verdicts
                .append_option(identifier.map(|(kind, text)| check_identifier(kind, text).valid));
            Ok(())
        })?;
        Ok(Arc::new(verdicts.finish()))
    })
}

/// `explain_identifier(kind, text)`.
pub(crate) fn explain_identifier_scalar() -> impl Scalar {
    let description = of_identifier(
        "explain_identifier",
        "What was read from an identifier, or what does not fit: the check digit expected, the birthday \
         and sex of a Ukrainian taxpayer, the region of a plate, the fields of a machine-readable zone.",
    )
    .example("SELECT names.explain_identifier('imei', '490154203237519')", "\"check digit is 9, expected 8\"");
    SimpleScalar::new(description, DataType::Utf8View, |arguments| {
        map_identifier(arguments, |kind, text| {
            let Verdict { explanation, .. } = check_identifier(kind, text);
            Some(explanation.into_owned())
        })
    })
}

fn of_two_names(name: &'static str, text: &'static str) -> Description {
    Description::new(name, text)
        .parameter(Parameter::text("a", "A name."))
        .parameter(Parameter::text(
            "b",
            "The name to compare with; the order does not matter.",
        ))
        .parameter(Parameter::text(
            "kind",
            "person, company, organization, legalentity or vessel.",
        ))
}

fn of_identifier(name: &'static str, text: &'static str) -> Description {
    Description::new(name, text)
        .parameter(Parameter::text(
            "kind",
            "edrpou, rntrc, passport_ua, id_card_ua, iban, imei, imo, vin, mrz or plate_ua.",
        ))
        .parameter(Parameter::text("text", "The identifier as it is written."))
}

/// What a name in a column stands for, looked up anew only where the name is not that of the row before.
struct Named<'a, T> {
    argument: &'static str,
    last: Option<(&'a str, T)>,
    look_up: fn(&str) -> Result<T>,
}

impl<'a, T: Copy> Named<'a, T> {
    fn new(argument: &'static str, look_up: fn(&str) -> Result<T>) -> Self {
        Self {
            argument,
            last: None,
            look_up,
        }
    }

    /// What a row's name stands for; an error says the argument, and the row in its batch.
    fn get(&mut self, name: &'a str, row: usize) -> Result<T> {
        match self.last {
            Some((last, found)) if last == name => Ok(found),
            _ => {
                let found = (self.look_up)(name)
                    .map_err(|error| error.in_field(self.argument).at_record(row as u64 + 1))?;
                self.last = Some((name, found));
                Ok(found)
            }
        }
    }
}

/// Visits the rows; a row with a null has none.
fn each_pair(
    arguments: &Arguments<'_>,
    mut visit: impl FnMut(Option<(&str, &str, MatchKind)>) -> Result<()>,
) -> Result<()> {
    let (a, b) = (arguments.strings(0)?, arguments.strings(1)?);
    let kinds = arguments.strings(2)?;
    let mut match_kind = Named::new("kind", match_kind);
    for row in 0..arguments.rows() {
        match (a.get(row), b.get(row), kinds.get(row)) {
            (Some(a), Some(b), Some(kind)) => visit(Some((a, b, match_kind.get(kind, row)?)))?,
            _ => visit(None)?,
        }
    }
    Ok(())
}

fn each_identifier(
    arguments: &Arguments<'_>,
    mut visit: impl FnMut(Option<(IdentifierKind, &str)>) -> Result<()>,
) -> Result<()> {
    let (kinds, texts) = (arguments.strings(0)?, arguments.strings(1)?);
    let mut identifier_kind = Named::new("kind", identifier_kind);
    for row in 0..arguments.rows() {
        match (kinds.get(row), texts.get(row)) {
            (Some(kind), Some(text)) => visit(Some((identifier_kind.get(kind, row)?, text)))?,
            _ => visit(None)?,
        }
    }
    Ok(())
}

fn map_identifier(
    arguments: &Arguments<'_>,
    compute: impl Fn(IdentifierKind, &str) -> Option<String>,
) -> Result<ArrayRef> {
    let mut results = StringViewBuilder::with_capacity(arguments.rows());
    each_identifier(arguments, |identifier| {
        match identifier.and_then(|(kind, text)| compute(kind, text)) {
            Some(result) => results.try_append_value(result)?,
            None => results.append_null(),
        }
        Ok(())
    })?;
    Ok(Arc::new(results.finish()))
}

fn match_kind(name: &str) -> Result<MatchKind> {
    MatchKind::from_name(name).ok_or_else(|| {
        Error::invalid_data(format!(
            "no kind of name {name:?}; expected person, company, organization, legalentity or vessel"
        ))
    })
}

fn identifier_kind(name: &str) -> Result<IdentifierKind> {
    IdentifierKind::from_name(name).ok_or_else(|| {
        let known: Vec<&str> = IdentifierKind::NAMES
            .iter()
            .filter_map(|(_, names)| names.first().copied())
            .collect();
        let known = known.join(", ");
        Error::invalid_data(format!(
            "no kind of identifier {name:?}; expected one of {known}"
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::StringArray;
    use sextant_plugin_sdk::testing::call;

    #[test]
    fn an_unknown_name_is_an_error_that_says_argument_and_row() {
        let a: ArrayRef = Arc::new(StringArray::from(vec!["a", "b", "c"]));
        let kinds: ArrayRef = Arc::new(StringArray::from(vec![Some("person"), None, Some("ship")]));
        let columns = vec![Arc::clone(&a), a, kinds];
        let error = call(&name_similarity(), columns).expect_err("an error");
        assert_eq!(
            error.to_string(),
            "record 3, field \"kind\": no kind of name \"ship\"; expected person, company, organization, legalentity or vessel"
        );
    }
}
