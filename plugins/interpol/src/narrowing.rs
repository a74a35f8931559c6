//! What a query's predicates leave to be asked for. Every slice that comes out of it has each notice
//! that a predicate takes, and may have more: the rows are filtered afterwards.

use crate::slice::{AGE_MAX, SEXES, Slice, is_code};
use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Int32Type};
use arrow_array::{Array, ArrayRef};
use arrow_schema::{DataType, Schema};
use chrono::{Datelike, NaiveDate};
use sextant_plugin_sdk::{Operator, Predicate, Strings};
use std::time::{SystemTime, UNIX_EPOCH};

/// More slices than this to begin with are not made: one part of the predicates less narrows then.
const SLICES_MAX: usize = 64;

/// How far an age may be off what the years say: a birthday is yet to come, the API counts otherwise,
/// it is another year there.
const AGE_SLACK: i64 = 1;

/// What predicates say of a notice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Narrowing {
    name: Option<String>,
    forename: Option<String>,
    /// It has one of them.
    nationalities: Option<Vec<String>>,
    sexes: Option<Vec<char>>,
    warrant_countries: Option<Vec<String>>,
    /// The years of birth, from and to.
    years: (Option<i32>, Option<i32>),
}

/// The slices that have every notice that the predicates take, among those with one of the
/// nationalities and of the ages that the configuration asks for.
pub(crate) fn slices(
    columns: &Schema,
    predicates: &[Predicate],
    nationalities: Option<&[String]>,
    ages: (u8, u8),
    year: i32,
) -> Vec<Slice> {
    let mut narrowing = Narrowing::default();
    for predicate in predicates {
        narrowing.add(columns.field(predicate.column).name(), predicate);
    }
    // Someone may have a nationality of either list and not both, so that one of them is asked for.
    if let Some(configured) = nationalities
        && narrowing
            .nationalities
            .as_ref()
            .is_none_or(|own| own.len() > configured.len())
    {
        narrowing.nationalities = Some(configured.to_vec());
    }
    let (from, to) = narrowing.ages(year);
    let ages = (from.max(ages.0), to.min(ages.1));
    if ages.0 > ages.1 {
        return Vec::new();
    }
    let first = Slice {
        name: narrowing.name,
        forename: narrowing.forename,
        ages,
        ..Slice::default()
    };
    let slices = each(vec![first], narrowing.nationalities, |slice, code| {
        slice.nationality = Some(code);
    });
    let slices = each(slices, narrowing.sexes, |slice, sex| slice.sex = Some(sex));
    each(slices, narrowing.warrant_countries, |slice, code| {
        slice.warrant_country = Some(code);
    })
}

/// Each slice with each of the values.
fn each<T: Clone>(
    slices: Vec<Slice>,
    values: Option<Vec<T>>,
    set: impl Fn(&mut Slice, T),
) -> Vec<Slice> {
    let Some(values) = values.filter(|values| slices.len() * values.len() <= SLICES_MAX) else {
        return slices;
    };
    let with = |slice: &Slice| {
        let slices = values.iter().map(|value| {
            let mut slice = slice.clone();
            set(&mut slice, value.clone());
            slice
        });
        slices.collect::<Vec<_>>()
    };
    slices.iter().flat_map(with).collect()
}

impl Narrowing {
    /// What a predicate says. Where two say something of the same column, the first narrows.
    fn add(&mut self, column: &str, predicate: &Predicate) {
        let is_equality = matches!(predicate.operator, Operator::Eq | Operator::InList);
        match column {
            "birth_year" | "date_of_birth" => self.add_years(predicate),
            "nationalities" if self.nationalities.is_none() => {
                self.nationalities = match predicate.operator {
                    Operator::Like => codes(&predicate.values, of_pattern),
                    _ if is_equality => codes(&predicate.values, first_of_list),
                    _ => None,
                };
            }
            "issuing_country" if is_equality && self.warrant_countries.is_none() => {
                self.warrant_countries = codes(&predicate.values, whole);
            }
            "sex" if is_equality && self.sexes.is_none() => self.sexes = sexes(&predicate.values),
            "name" if is_equality && self.name.is_none() => self.name = name(&predicate.values),
            "forename" if is_equality && self.forename.is_none() => {
                self.forename = name(&predicate.values);
            }
            _ => {}
        }
    }

    fn add_years(&mut self, predicate: &Predicate) {
        let years = years(&predicate.values);
        let (Some(&first), Some(&last)) = (years.iter().min(), years.iter().max()) else {
            return;
        };
        let (from, to) = &mut self.years;
        match predicate.operator {
            Operator::Eq | Operator::InList => {
                *from = Some(from.map_or(first, |from| from.max(first)));
                *to = Some(to.map_or(last, |to| to.min(last)));
            }
            Operator::Gt | Operator::GtEq => {
                *from = Some(from.map_or(first, |from| from.max(first)))
            }
            Operator::Lt | Operator::LtEq => *to = Some(to.map_or(last, |to| to.min(last))),
            _ => {}
        }
    }

    /// The ages that someone who was born in the years may have in this year.
    fn ages(&self, year: i32) -> (u8, u8) {
        let age = |years: i64| years.clamp(0, i64::from(AGE_MAX)) as u8;
        let (from, to) = self.years;
        // Whoever was born in a year is, before the birthday, a year younger than the years say.
        let youngest = to.map_or(0, |to| age(i64::from(year) - i64::from(to) - 1 - AGE_SLACK));
        let oldest = from.map_or(AGE_MAX, |from| {
            age(i64::from(year) - i64::from(from) + AGE_SLACK)
        });
        (youngest, oldest)
    }
}

/// The year in which the query began.
pub(crate) fn this_year() -> i32 {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH);
    let days = elapsed.map_or(0, |elapsed| elapsed.as_secs() / 86_400);
    i32::try_from(days).map_or(1970, year_of)
}

/// The year of a day since 1970-01-01.
fn year_of(days: i32) -> i32 {
    NaiveDate::from_epoch_days(days).map_or(1970, |date| date.year())
}

fn years(values: &ArrayRef) -> Vec<i32> {
    match values.data_type() {
        DataType::Int32 => values
            .as_primitive::<Int32Type>()
            .iter()
            .flatten()
            .collect(),
        DataType::Date32 => {
            let days = values.as_primitive::<Date32Type>().iter().flatten();
            days.map(year_of).collect()
        }
        _ => Vec::new(),
    }
}

fn texts(values: &ArrayRef) -> Option<Vec<&str>> {
    let texts = Strings::new(values)?;
    let texts: Vec<_> = (0..values.len()).filter_map(|row| texts.get(row)).collect();
    (!texts.is_empty()).then_some(texts)
}

/// The codes that `read` finds, each once; none where there is a value in which it finds none.
fn codes(values: &ArrayRef, read: impl Fn(&str) -> Option<&str>) -> Option<Vec<String>> {
    let codes = texts(values)?.into_iter().map(|text| {
        let code = read(text).filter(|code| is_code(code))?;
        Some(code.to_owned())
    });
    let mut codes = codes.collect::<Option<Vec<_>>>()?;
    codes.sort_unstable();
    codes.dedup();
    Some(codes)
}

/// Of a code alone.
fn whole(code: &str) -> Option<&str> {
    Some(code)
}

/// Of nationalities as the column has them: whoever has all of them has the first.
fn first_of_list(list: &str) -> Option<&str> {
    list.split("; ").next()
}

/// Of `%UA%`, `UA%` or `%UA`.
fn of_pattern(pattern: &str) -> Option<&str> {
    let code = pattern.strip_prefix('%').unwrap_or(pattern);
    Some(code.strip_suffix('%').unwrap_or(code))
}

fn sexes(values: &ArrayRef) -> Option<Vec<char>> {
    let sexes = texts(values)?.into_iter().map(|text| {
        let mut known = SEXES.into_iter();
        known.find(|sex| text.chars().eq([*sex]))
    });
    let mut sexes = sexes.collect::<Option<Vec<_>>>()?;
    sexes.sort_unstable();
    sexes.dedup();
    Some(sexes)
}

/// A single name of which the API cannot think that it is a pattern.
fn name(values: &ArrayRef) -> Option<String> {
    let texts = texts(values)?;
    let [name] = texts.as_slice() else {
        return None;
    };
    let is_plain = name
        .chars()
        .all(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '\''));
    let has_letter = name.chars().any(char::is_alphabetic);
    (is_plain && has_letter).then(|| (*name).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tables::{Kind, Relation};
    use arrow_array::{Date32Array, Int32Array, StringArray};
    use std::sync::Arc;

    const ALL: (u8, u8) = (0, AGE_MAX);

    fn texts(texts: &[&str]) -> ArrayRef {
        Arc::new(StringArray::from(texts.to_vec()))
    }

    fn slices_of(
        predicates: &[(&str, Operator, ArrayRef)],
        nationalities: Option<&[String]>,
    ) -> Vec<Slice> {
        let schema = Relation::Notices(Kind::Red).schema();
        let predicates: Vec<_> = predicates
            .iter()
            .map(|(column, operator, values)| Predicate {
                column: schema.index_of(column).unwrap(),
                operator: *operator,
                values: Arc::clone(values),
            })
            .collect();
        slices(&schema, &predicates, nationalities, ALL, 2030)
    }

    fn shown(predicates: &[(&str, Operator, ArrayRef)]) -> Vec<String> {
        let slices = slices_of(predicates, None);
        slices.iter().map(Slice::to_string).collect()
    }

    #[test]
    fn values_narrow() {
        use Operator::{Eq, InList, Like, NotEq};
        assert_eq!(shown(&[]), ["all"]);
        assert_eq!(
            shown(&[
                ("nationalities", InList, texts(&["UA; PL", "DE", "UA"])),
                ("sex", Eq, texts(&["F"]))
            ]),
            ["nationality DE, sex F", "nationality UA, sex F"]
        );
        for pattern in ["%UA%", "UA%", "%UA"] {
            let like = ("nationalities", Like, texts(&[pattern]));
            assert_eq!(shown(&[like]), ["nationality UA"], "{pattern}");
        }
        // What the API cannot be asked for is left to the filter.
        for predicate in [
            ("nationalities", Eq, texts(&["ua"])),
            ("nationalities", InList, texts(&["UA", "Ukraine"])),
            ("nationalities", Like, texts(&["%U%"])),
            ("nationalities", NotEq, texts(&["UA"])),
            ("sex", InList, texts(&["M", "X"])),
            ("name", Eq, texts(&["IVAN%"])),
            ("name", InList, texts(&["A", "B"])),
            ("forename", Eq, texts(&["-"])),
            ("place_of_birth", Eq, texts(&["KYIV"])),
        ] {
            let text = format!("{predicate:?}");
            assert_eq!(shown(&[predicate]), ["all"], "{text}");
        }
        let named = slices_of(
            &[
                ("name", Eq, texts(&["O'DREAM"])),
                ("forename", Eq, texts(&["Ann-Eve"])),
            ],
            None,
        );
        assert_eq!(named[0].name.as_deref(), Some("O'DREAM"));
        assert_eq!(named[0].forename.as_deref(), Some("Ann-Eve"));
    }

    #[test]
    fn years_become_ages_with_room_on_both_sides() {
        let year = |year: i32| -> ArrayRef { Arc::new(Int32Array::from(vec![year])) };
        let ages = |predicates: &[(&str, Operator, ArrayRef)]| {
            let slices = slices_of(predicates, None);
            slices.iter().map(|slice| slice.ages).collect::<Vec<_>>()
        };
        // Born in 1990, in 2030: 39 or 40.
        assert_eq!(
            ages(&[("birth_year", Operator::Eq, year(1990))]),
            [(38, 41)]
        );
        assert_eq!(
            ages(&[("birth_year", Operator::GtEq, year(1990))]),
            [(0, 41)]
        );
        assert_eq!(
            ages(&[("birth_year", Operator::Lt, year(1990))]),
            [(38, AGE_MAX)]
        );
        let between = [
            ("birth_year", Operator::GtEq, year(1980)),
            ("birth_year", Operator::LtEq, year(1990)),
        ];
        assert_eq!(ages(&between), [(38, 51)]);
        // `date -d 1990-06-01 +%s` divided by 86,400.
        let day: ArrayRef = Arc::new(Date32Array::from(vec![7_456]));
        assert_eq!(ages(&[("date_of_birth", Operator::Eq, day)]), [(38, 41)]);
        assert_eq!(
            ages(&[("birth_year", Operator::Lt, year(1800))]),
            [(AGE_MAX, AGE_MAX)]
        );
        assert_eq!(
            ages(&[("birth_year", Operator::Gt, year(i32::MAX))]),
            [(0, 0)]
        );
        let never = [
            ("birth_year", Operator::GtEq, year(1990)),
            ("birth_year", Operator::LtEq, year(1950)),
        ];
        assert!(ages(&never).is_empty());
    }

    #[test]
    fn the_configuration_narrows_too() {
        let own = ["UA".to_owned(), "PL".to_owned()];
        let whole = slices_of(&[], Some(&own));
        assert_eq!(
            whole.iter().map(Slice::to_string).collect::<Vec<_>>(),
            ["nationality UA", "nationality PL"]
        );
        let one = slices_of(
            &[("nationalities", Operator::Eq, texts(&["DE"]))],
            Some(&own),
        );
        assert_eq!(one[0].to_string(), "nationality DE");
        let schema = Relation::Notices(Kind::Red).schema();
        assert!(
            slices(&schema, &[], None, (18, 30), 2030)[0]
                .query()
                .starts_with("?ageMin=18&ageMax=30&")
        );
    }

    #[test]
    fn too_many_slices_are_not_made() {
        let many: Vec<_> = ('A'..='Z')
            .flat_map(|a| ('A'..='C').map(move |b| format!("{a}{b}")))
            .collect();
        let many: Vec<_> = many.iter().map(String::as_str).collect();
        let in_list = ("nationalities", Operator::InList, texts(&many));
        assert_eq!(shown(&[in_list]), ["all"]);
    }

    #[test]
    fn a_clock_says_the_year() {
        assert_eq!(
            [year_of(0), year_of(-1), year_of(7_456)],
            [1970, 1969, 1990]
        );
        assert!(this_year() >= 2024);
    }
}
