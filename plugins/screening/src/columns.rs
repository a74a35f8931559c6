//! The columns of a relation, by their names, and its rows as records.

use crate::birth::Birth;
use crate::record::{Record, country, documents};
use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Int64Type};
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::{DataType, SchemaRef};
use sextant_plugin_sdk::{Error, Result, Strings};

/// The names of the columns, and what they hold.
const KNOWN: [&str; 5] = ["id", "name", "birth", "country", "document"];

/// Where the columns of a relation are.
#[derive(Clone, Debug)]
pub(crate) struct Columns {
    relation: &'static str,
    pub(crate) id: usize,
    name: usize,
    birth: Option<usize>,
    country: Option<usize>,
    document: Option<usize>,
}

impl Columns {
    /// The columns of a relation. A column of another name is an error: misspelt, it would be ignored
    /// silently.
    pub(crate) fn new(relation: &'static str, schema: &SchemaRef) -> Result<Self> {
        let names = schema.fields().iter().map(|field| field.name().as_str());
        let unknown = names.into_iter().find(|name| !KNOWN.contains(name));
        if let Some(unknown) = unknown {
            return Err(Error::unsupported(format!(
                "relation {relation}: expected columns id, name and perhaps birth, country, document, found {unknown:?}; hint: rename it with AS"
            )));
        }
        let find = |name: &str| schema.index_of(name).ok();
        let needed = |name: &str| {
            find(name).ok_or_else(|| {
                Error::unsupported(format!("relation {relation}: expected a column {name:?}"))
            })
        };
        let columns = Self {
            relation,
            id: needed("id")?,
            name: needed("name")?,
            birth: find("birth"),
            country: find("country"),
            document: find("document"),
        };
        let texts = [Some(columns.name), columns.country, columns.document];
        for column in texts.into_iter().flatten() {
            let field = schema.field(column);
            columns.check(field.name(), field.data_type(), is_text, "text")?;
        }
        if let Some(birth) = columns.birth {
            let data_type = schema.field(birth).data_type();
            let is_birth = |data_type: &DataType| {
                is_text(data_type) || matches!(data_type, DataType::Date32 | DataType::Int64)
            };
            columns.check(
                "birth",
                data_type,
                is_birth,
                "text, a date or a year as BIGINT",
            )?;
        }
        Ok(columns)
    }

    fn check(
        &self,
        name: &str,
        data_type: &DataType,
        is_due: impl Fn(&DataType) -> bool,
        due: &str,
    ) -> Result<()> {
        match is_due(data_type) || *data_type == DataType::Null {
            true => Ok(()),
            false => Err(Error::unsupported(format!(
                "relation {}, column {name}: expected {due}, found {data_type}",
                self.relation
            ))),
        }
    }

    /// The rows of a batch; none where there is neither a name nor a document. `first` is the number of its first row.
    pub(crate) fn records(&self, batch: &RecordBatch, first: u64) -> Result<Vec<Option<Record>>> {
        let texts = |column: Option<usize>| column.and_then(|i| Strings::new(batch.column(i)));
        let (names, countries) = (texts(Some(self.name)), texts(self.country));
        let numbers = texts(self.document);
        let rows = 0..batch.num_rows();
        let records = rows.map(|row| {
            let text = |column: &Option<Strings<'_>>| {
                column
                    .as_ref()
                    .and_then(|column| column.get(row))
                    .map(str::to_owned)
            };
            let birth = match self.birth {
                Some(column) => self.birth(batch.column(column), row, first)?,
                None => None,
            };
            let documents = text(&numbers).as_deref().map(documents).unwrap_or_default();
            let name = text(&names).or_else(|| (!documents.is_empty()).then(String::new));
            Ok(name.map(|name| Record {
                name,
                birth,
                country: text(&countries).as_deref().and_then(country),
                documents,
                row: 0,
            }))
        });
        records.collect()
    }

    fn birth(&self, column: &ArrayRef, row: usize, first: u64) -> Result<Option<Birth>> {
        if column.is_null(row) || column.data_type() == &DataType::Null {
            return Ok(None);
        }
        let refused = |found: String| {
            Error::invalid_data(format!(
                "relation {}: expected a birth such as 1965, 1965-1970 or 1965-03-02, found {found}",
                self.relation
            ))
            .at_record(first + row as u64 + 1)
            .in_field("birth")
        };
        let birth = match column.data_type() {
            DataType::Date32 => Birth::from_days(column.as_primitive::<Date32Type>().value(row)),
            DataType::Int64 => {
                let year = column.as_primitive::<Int64Type>().value(row);
                let year = i16::try_from(year)
                    .ok()
                    .filter(|year| (0..10_000).contains(year));
                return year.map(|year| Some(Birth::year(year))).ok_or_else(|| {
                    refused(column.as_primitive::<Int64Type>().value(row).to_string())
                });
            }
            _ => {
                let text = Strings::new(column).and_then(|texts| texts.get(row));
                let text = text.unwrap_or_default();
                if text.trim().is_empty() {
                    return Ok(None);
                }
                Birth::parse(text)
            }
        };
        match birth {
            Some(birth) => Ok(Some(birth)),
            None => Err(refused(
                match Strings::new(column).and_then(|texts| texts.get(row)) {
                    Some(text) => format!("{text:?}"),
                    None => "a day that no calendar has".to_owned(),
                },
            )),
        }
    }
}

fn is_text(data_type: &DataType) -> bool {
    matches!(
        data_type,
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View
    )
}
