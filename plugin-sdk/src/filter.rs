//! The predicates of a request, evaluated on rows of cells, so that a source of records can take
//! every predicate there is.

use crate::{Cell, Error, Operator, Predicate, Result, Strings};
use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Float64Type, Int32Type, Int64Type, TimestampMicrosecondType};
use arrow_array::{Array, ArrayRef};
use arrow_schema::{DataType, Schema, TimeUnit};
use std::cmp::Ordering;

/// The predicates of a request. They are AND-ed, and a null satisfies no comparison.
///
/// Values compare as in Arrow's kernels, which filter again: texts and bytes by their bytes, floats in
/// the total order of IEEE 754.
///
/// ```
/// use sextant_plugin_sdk::arrow_array::StringArray;
/// use sextant_plugin_sdk::arrow_schema::{DataType, Field, Schema};
/// use sextant_plugin_sdk::{Cell, Filter, Operator, Predicate};
/// use std::sync::Arc;
///
/// let columns = Schema::new(vec![Field::new("name", DataType::Utf8, true)]);
/// let like = Predicate {
///     column: 0,
///     operator: Operator::Like,
///     values: Arc::new(StringArray::from(vec!["Ky_v%"])),
/// };
/// let filter = Filter::new(&columns, &[like])?;
/// assert!(filter.takes(&[Cell::Text("Kyiv region")]));
/// assert!(!filter.takes(&[Cell::Text("Lviv")]));
/// assert!(!filter.takes(&[Cell::Null]));
/// # Ok::<(), sextant_plugin_sdk::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Filter(Vec<Condition>);

#[derive(Clone, Debug)]
struct Condition {
    column: usize,
    operator: Operator,
    values: Values,
}

/// The values of a predicate; those of lists are sorted.
#[derive(Clone, Debug)]
enum Values {
    None,
    Bools(Vec<bool>),
    /// Also days and microseconds.
    Ints(Vec<i64>),
    Floats(Vec<f64>),
    Bytes(Vec<Vec<u8>>),
    Pattern(Vec<char>),
}

impl Filter {
    /// The operators that are evaluated on a column of a type.
    pub fn operators(data_type: &DataType) -> &'static [Operator] {
        use Operator::{Eq, Gt, GtEq, InList, IsNotNull, IsNull, Like, Lt, LtEq, NotEq, NotInList};
        match data_type {
            DataType::Utf8 => &[
                Eq, NotEq, Lt, LtEq, Gt, GtEq, InList, NotInList, IsNull, IsNotNull, Like,
            ],
            DataType::Boolean
            | DataType::Int32
            | DataType::Int64
            | DataType::Float64
            | DataType::Binary
            | DataType::Date32
            | DataType::Timestamp(TimeUnit::Microsecond, _) => &[
                Eq, NotEq, Lt, LtEq, Gt, GtEq, InList, NotInList, IsNull, IsNotNull,
            ],
            _ => &[IsNull, IsNotNull],
        }
    }

    /// The predicates of a request on a table with the given columns.
    ///
    /// # Errors
    ///
    /// [`Internal`](crate::ErrorKind::Internal) for a predicate that [`operators`](Self::operators)
    /// does not have, which a table that does not say it takes it does not get.
    pub fn new(columns: &Schema, predicates: &[Predicate]) -> Result<Self> {
        let conditions = predicates.iter().map(|predicate| {
            let field = columns.fields().get(predicate.column);
            Condition::new(predicate)
                .filter(|_| field.is_some())
                .ok_or_else(|| {
                    Error::internal(format!(
                        "a predicate {:?} on column {} was not taken",
                        predicate.operator, predicate.column
                    ))
                })
        });
        Ok(Self(conditions.collect::<Result<_>>()?))
    }

    /// Whether a row satisfies all predicates. It has a cell for every column of the table; cells
    /// that are missing at the end are null.
    #[inline]
    pub fn takes(&self, row: &[Cell<'_>]) -> bool {
        let cell = |column: usize| *row.get(column).unwrap_or(&Cell::Null);
        self.0
            .iter()
            .all(|condition| condition.takes(cell(condition.column)))
    }

    /// Whether a value of a column satisfies the predicates on that column: to leave out a whole
    /// file, or to look no further into a record.
    pub fn takes_cell(&self, column: usize, cell: Cell<'_>) -> bool {
        let mut on_column = self.0.iter().filter(|condition| condition.column == column);
        on_column.all(|condition| condition.takes(cell))
    }

    /// The columns that predicates are on; one may come twice.
    pub fn columns(&self) -> impl Iterator<Item = usize> {
        self.0.iter().map(|condition| condition.column)
    }
}

impl Condition {
    fn new(predicate: &Predicate) -> Option<Self> {
        let operator = predicate.operator;
        if !Filter::operators(predicate.values.data_type()).contains(&operator) {
            return None;
        }
        let is_list = matches!(operator, Operator::InList | Operator::NotInList);
        let values = match operator {
            Operator::IsNull | Operator::IsNotNull => Values::None,
            _ if !is_list && predicate.values.len() != 1 => return None,
            Operator::Like => {
                Values::Pattern(Strings::new(&predicate.values)?.get(0)?.chars().collect())
            }
            _ => Values::new(&predicate.values)?,
        };
        Some(Self {
            column: predicate.column,
            operator,
            values,
        })
    }

    fn takes(&self, cell: Cell<'_>) -> bool {
        let is_null = cell == Cell::Null;
        match self.operator {
            Operator::IsNull => is_null,
            Operator::IsNotNull => !is_null,
            _ if is_null => false,
            Operator::Like => match (&self.values, cell) {
                (Values::Pattern(pattern), Cell::Text(text)) => is_like(text, pattern),
                _ => true,
            },
            Operator::InList => self.values.contain(cell),
            Operator::NotInList => !self.values.contain(cell),
            operator => self
                .values
                .compare(cell)
                .is_none_or(|order| match operator {
                    Operator::Eq => order.is_eq(),
                    Operator::NotEq => order.is_ne(),
                    Operator::Lt => order.is_lt(),
                    Operator::LtEq => order.is_le(),
                    Operator::Gt => order.is_gt(),
                    _ => order.is_ge(),
                }),
        }
    }
}

impl Values {
    fn new(array: &ArrayRef) -> Option<Self> {
        let ints = |values: &mut dyn Iterator<Item = i64>| {
            let mut values: Vec<_> = values.collect();
            values.sort_unstable();
            Self::Ints(values)
        };
        Some(match array.data_type() {
            DataType::Boolean => {
                let mut values: Vec<_> = array.as_boolean().iter().flatten().collect();
                values.sort_unstable();
                Self::Bools(values)
            }
            DataType::Int32 => {
                let array = array.as_primitive::<Int32Type>();
                ints(&mut array.iter().flatten().map(i64::from))
            }
            DataType::Int64 => ints(&mut array.as_primitive::<Int64Type>().iter().flatten()),
            DataType::Date32 => {
                let array = array.as_primitive::<Date32Type>();
                ints(&mut array.iter().flatten().map(i64::from))
            }
            DataType::Timestamp(TimeUnit::Microsecond, _) => {
                let array = array.as_primitive::<TimestampMicrosecondType>();
                ints(&mut array.iter().flatten())
            }
            DataType::Float64 => {
                let array = array.as_primitive::<Float64Type>();
                let mut values: Vec<_> = array.iter().flatten().collect();
                values.sort_unstable_by(f64::total_cmp);
                Self::Floats(values)
            }
            DataType::Utf8 => {
                let strings = Strings::new(array)?;
                let texts = (0..array.len()).filter_map(|row| strings.get(row));
                Self::bytes(texts.map(str::as_bytes))
            }
            DataType::Binary => Self::bytes(array.as_binary::<i32>().iter().flatten()),
            _ => return None,
        })
    }

    fn bytes<'a>(values: impl Iterator<Item = &'a [u8]>) -> Self {
        let mut values: Vec<_> = values.map(<[u8]>::to_vec).collect();
        values.sort_unstable();
        Self::Bytes(values)
    }

    /// Whether a list has the value. A cell of another type than its column's is taken, so that
    /// whoever builds the row finds it.
    fn contain(&self, cell: Cell<'_>) -> bool {
        match (self, cell) {
            (Self::Bools(values), Cell::Bool(value)) => values.contains(&value),
            (Self::Ints(values), Cell::Int(value) | Cell::Timestamp(value)) => {
                values.binary_search(&value).is_ok()
            }
            (Self::Ints(values), Cell::Date(value)) => {
                values.binary_search(&i64::from(value)).is_ok()
            }
            (Self::Floats(values), Cell::Float(value)) => values
                .binary_search_by(|known| known.total_cmp(&value))
                .is_ok(),
            (Self::Bytes(values), Cell::Text(value)) => contains(values, value.as_bytes()),
            (Self::Bytes(values), Cell::Bytes(value)) => contains(values, value),
            _ => true,
        }
    }

    /// How a cell stands to the one value; none where it is of another type.
    fn compare(&self, cell: Cell<'_>) -> Option<Ordering> {
        Some(match (self, cell) {
            (Self::Bools(values), Cell::Bool(value)) => value.cmp(values.first()?),
            (Self::Ints(values), Cell::Int(value) | Cell::Timestamp(value)) => {
                value.cmp(values.first()?)
            }
            (Self::Ints(values), Cell::Date(value)) => i64::from(value).cmp(values.first()?),
            (Self::Floats(values), Cell::Float(value)) => value.total_cmp(values.first()?),
            (Self::Bytes(values), Cell::Text(value)) => {
                value.as_bytes().cmp(values.first()?.as_slice())
            }
            (Self::Bytes(values), Cell::Bytes(value)) => value.cmp(values.first()?.as_slice()),
            _ => return None,
        })
    }
}

fn contains(values: &[Vec<u8>], value: &[u8]) -> bool {
    values
        .binary_search_by(|known| known.as_slice().cmp(value))
        .is_ok()
}

/// Whether a text matches a LIKE pattern: `%` stands for any text, `_` for one character. Whenever a
/// character does not match, the last `%` takes one more.
fn is_like(text: &str, pattern: &[char]) -> bool {
    let mut rest = text.chars();
    let mut at = 0;
    // Where to go on after the last `%`, in the pattern and in the text.
    let mut retry: Option<(usize, std::str::Chars<'_>)> = None;
    loop {
        if pattern.get(at) == Some(&'%') {
            at += 1;
            retry = Some((at, rest.clone()));
            continue;
        }
        let here = rest.clone().next();
        match (here, pattern.get(at)) {
            (None, None) => return true,
            (Some(character), Some(&wanted)) if wanted == '_' || wanted == character => {
                rest.next();
                at += 1;
            }
            (None, Some(_)) => return false,
            (Some(_), _) => {
                let Some((after, from)) = &mut retry else {
                    return false;
                };
                from.next();
                (at, rest) = (*after, from.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::{
        BinaryArray, BooleanArray, Date32Array, Float64Array, Int32Array, StringArray,
        TimestampMicrosecondArray, new_empty_array,
    };
    use arrow_schema::Field;
    use std::sync::Arc;

    fn takes(operator: Operator, values: impl Array + 'static, cell: Cell<'_>) -> bool {
        let columns = Schema::new(vec![Field::new("c", values.data_type().clone(), true)]);
        let predicate = Predicate {
            column: 0,
            operator,
            values: Arc::new(values),
        };
        Filter::new(&columns, &[predicate]).unwrap().takes(&[cell])
    }

    #[test]
    fn every_operator_on_a_number() {
        let is = |operator, cell| takes(operator, Int32Array::from(vec![5]), Cell::Int(cell));
        let of = |operator| [4, 5, 6].map(|cell| is(operator, cell));
        assert_eq!(of(Operator::Eq), [false, true, false]);
        assert_eq!(of(Operator::NotEq), [true, false, true]);
        assert_eq!(of(Operator::Lt), [true, false, false]);
        assert_eq!(of(Operator::LtEq), [true, true, false]);
        assert_eq!(of(Operator::Gt), [false, false, true]);
        assert_eq!(of(Operator::GtEq), [false, true, true]);
        let list =
            |operator, cell| takes(operator, Int32Array::from(vec![9, 1, 5]), Cell::Int(cell));
        assert!(list(Operator::InList, 1) && list(Operator::InList, 9));
        assert!(!list(Operator::InList, 4) && list(Operator::NotInList, 4));
        assert!(!list(Operator::NotInList, 5));
    }

    #[test]
    fn a_null_satisfies_no_comparison() {
        let five = || Int32Array::from(vec![5]);
        for operator in Filter::operators(&DataType::Int32) {
            let values = match operator {
                Operator::IsNull | Operator::IsNotNull => Int32Array::from(Vec::<i32>::new()),
                _ => five(),
            };
            let expected = *operator == Operator::IsNull;
            assert_eq!(
                takes(*operator, values, Cell::Null),
                expected,
                "{operator:?}"
            );
        }
        assert!(!takes(Operator::NotInList, five(), Cell::Null));
        assert!(!takes(
            Operator::InList,
            Int32Array::from(Vec::<i32>::new()),
            Cell::Int(1)
        ));
    }

    #[test]
    fn every_type_has_its_order() {
        let lt = Operator::Lt;
        assert!(takes(lt, StringArray::from(vec!["б"]), Cell::Text("a")));
        assert!(takes(
            lt,
            BinaryArray::from(vec![b"b".as_slice()]),
            Cell::Bytes(b"ab")
        ));
        assert!(takes(lt, BooleanArray::from(vec![true]), Cell::Bool(false)));
        assert!(takes(lt, Date32Array::from(vec![10]), Cell::Date(-3)));
        let instant = TimestampMicrosecondArray::from(vec![10]).with_timezone("UTC");
        assert!(takes(lt, instant, Cell::Timestamp(9)));
        // Total order: negative zero before zero, and nothing is beyond NaN.
        assert!(takes(lt, Float64Array::from(vec![0.0]), Cell::Float(-0.0)));
        assert!(takes(
            lt,
            Float64Array::from(vec![f64::NAN]),
            Cell::Float(f64::INFINITY)
        ));
        assert!(takes(
            Operator::Eq,
            Float64Array::from(vec![f64::NAN]),
            Cell::Float(f64::NAN)
        ));
    }

    #[test]
    fn like_has_two_wildcards_and_no_escape() {
        let like = |text, pattern| {
            takes(
                Operator::Like,
                StringArray::from(vec![pattern]),
                Cell::Text(text),
            )
        };
        for (text, pattern) in [
            ("", ""),
            ("", "%"),
            ("Київ", "К__в"),
            ("abcabd", "%ab_"),
            ("aaab", "%a%b"),
            ("a%b", "a%b"),
            ("x", "%%_%"),
            ("mississippi", "m%iss%pi"),
        ] {
            assert!(like(text, pattern), "{text:?} LIKE {pattern:?}");
        }
        for (text, pattern) in [
            ("", "_"),
            ("a", ""),
            ("Київ", "К_в"),
            ("abcabd", "%ab"),
            ("mississippi", "m%iss%pix"),
            ("A", "a"),
        ] {
            assert!(!like(text, pattern), "{text:?} LIKE {pattern:?}");
        }
    }

    #[test]
    fn a_predicate_that_was_not_taken_is_refused() {
        let columns = Schema::new(vec![Field::new("c", DataType::Int32, true)]);
        let refused = |column, operator, values: ArrayRef| {
            let predicate = Predicate {
                column,
                operator,
                values,
            };
            Filter::new(&columns, &[predicate]).unwrap_err().to_string()
        };
        let one: ArrayRef = Arc::new(Int32Array::from(vec![1]));
        assert_eq!(
            refused(0, Operator::Like, Arc::clone(&one)),
            "a predicate Like on column 0 was not taken"
        );
        refused(1, Operator::Eq, one);
        refused(0, Operator::Eq, new_empty_array(&DataType::Int32));
        refused(0, Operator::Eq, new_empty_array(&DataType::Float32));
    }

    #[test]
    fn a_column_alone_can_be_asked() {
        let columns = Schema::new(vec![
            Field::new("list", DataType::Utf8, true),
            Field::new("n", DataType::Int32, true),
        ]);
        let text = Predicate {
            column: 0,
            operator: Operator::Eq,
            values: Arc::new(StringArray::from(vec!["un"])),
        };
        let number = Predicate {
            column: 1,
            operator: Operator::Gt,
            values: Arc::new(Int32Array::from(vec![3])),
        };
        let filter = Filter::new(&columns, &[text, number]).unwrap();
        assert!(filter.takes_cell(0, Cell::Text("un")) && !filter.takes_cell(0, Cell::Text("eu")));
        assert_eq!(filter.columns().collect::<Vec<_>>(), [0, 1]);
        assert!(!filter.takes(&[Cell::Text("un")]), "missing cells are null");
        assert!(filter.takes(&[Cell::Text("un"), Cell::Int(4)]));
    }
}
