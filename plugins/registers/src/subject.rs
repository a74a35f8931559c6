//! Reading the file: its records one by one, and a record's fields into cells.

use crate::fields::{Known, left_over};
use crate::tables::Kind;
use sextant_plugin_sdk::xml::{Element, Step, XmlReader};
use sextant_plugin_sdk::{Cell, Error, InputReader, Result, RowReader, Rows, date};
use std::borrow::Cow;

/// Bytes of a record: some companies have thousands of founders.
const RECORD_BYTES_MAX: usize = 8 << 20;
/// Elements of a record.
const RECORD_NODES_MAX: usize = 200_000;

/// The element that a file is.
const FILE: &str = "DATA";
/// A record, in the register's layout of today and in its older one.
const RECORDS: [&str; 2] = ["SUBJECT", "RECORD"];

/// Reads the records of a file.
pub(crate) struct Reader {
    kind: Kind,
    /// For each column of the table, whether it is wanted, as the first record has asked.
    wanted: Vec<bool>,
    file: String,
    xml: XmlReader,
    /// Whether the file's element was begun.
    is_open: bool,
    number: u64,
}

impl Reader {
    pub(crate) fn new(kind: Kind, file: String, input: InputReader) -> Result<Self> {
        let xml = XmlReader::new(input)?
            .record_bytes_max(RECORD_BYTES_MAX)
            .record_nodes_max(RECORD_NODES_MAX);
        Ok(Self {
            kind,
            wanted: Vec::new(),
            file,
            xml,
            is_open: false,
            number: 0,
        })
    }

    /// Goes on to the next record; false where there is none. What stands between records may be one by
    /// another name, so it is a bad one.
    fn find(&mut self, rows: &mut Rows) -> Result<bool> {
        loop {
            let byte = self.xml.byte();
            let (found, byte, is_element) = match self.xml.step()? {
                Step::Open(element) if !self.is_open && element.name() == FILE => {
                    self.is_open = true;
                    continue;
                }
                Step::Open(element) if self.is_open && RECORDS.contains(&element.name()) => {
                    return Ok(true);
                }
                Step::Close => continue,
                Step::End if self.is_open => return Ok(false),
                Step::End => ("the end of the file".to_owned(), byte, false),
                Step::Open(element) => (format!("<{}>", element.name()), element.byte(), true),
                Step::Text(text) => (format!("{:?}", shortened(text)), byte, false),
            };
            if !self.is_open {
                let message = format!("expected <{FILE}>, found {found}");
                return Err(Error::invalid_data(message).at_byte(byte));
            }
            if is_element {
                self.xml.skip()?;
            }
            let [subject, record] = RECORDS;
            let message = format!("expected <{subject}> or <{record}>, found {found}");
            rows.bad(Error::invalid_data(message).at_byte(byte))?;
        }
    }
}

impl RowReader for Reader {
    fn read(&mut self, rows: &mut Rows) -> Result<bool> {
        if !self.find(rows)? {
            return Ok(false);
        }
        self.number += 1;
        let number = self.number;
        let element = self
            .xml
            .element()
            .map_err(|error| error.at_record(number))?;
        let edrpou = element.child("EDRPOU").map(|code| code.text());
        let edrpou = edrpou.as_deref().filter(|code| !code.is_empty());
        let columns = self.kind.columns();
        if self.wanted.is_empty() {
            self.wanted = (0..columns).map(|column| rows.wants(column)).collect();
        }
        let (wanted, file) = (self.wanted.as_slice(), self.file.as_str());
        self.kind.rows(element, wanted, &mut |row: Row<'_>| {
            if let Some((field, found)) = row.bad() {
                let message = format!("expected a day as DD.MM.YYYY, found {:?}", shortened(found));
                let error = Error::invalid_data(message).in_field(field);
                return rows.bad(error.at_record(number).at_byte(element.byte()));
            }
            let other = wanted[columns - 3].then(|| row.other()).flatten();
            let mut cells = Vec::with_capacity(columns);
            cells.push(edrpou.into());
            cells.extend(row.values.iter().map(Field::cell));
            cells.resize(columns - 3, Cell::Null);
            cells.extend([
                other.as_deref().into(),
                Cell::Text(file),
                Cell::Int(number as i64),
            ]);
            rows.push(&cells)
        })?;
        Ok(true)
    }
}

/// The columns of a row that are the table's own, one behind the other, and what is left of its element.
pub(crate) struct Row<'a> {
    /// For each column of the table, whether it is wanted; the first is not among the values.
    wanted: &'a [bool],
    values: Vec<Field<'a>>,
    rest: Option<(Element<'a>, &'static [Known])>,
    /// Whether a column holds the element's own text.
    has_own: bool,
}

/// The value of a column.
enum Field<'a> {
    Null,
    Text(Cow<'a, str>),
    Date(i32),
    Float(f64),
    Bool(bool),
    /// What should have been a day, with the name of its field.
    NoDay(&'static str, Cow<'a, str>),
}

impl<'a> Field<'a> {
    fn cell(&self) -> Cell<'_> {
        match self {
            Self::Text(text) => Cell::Text(text),
            Self::Date(days) => Cell::Date(*days),
            Self::Float(value) => Cell::Float(*value),
            Self::Bool(value) => Cell::Bool(*value),
            Self::Null | Self::NoDay(..) => Cell::Null,
        }
    }

    fn text(text: Cow<'a, str>) -> Self {
        match text.is_empty() {
            true => Self::Null,
            false => Self::Text(text),
        }
    }

    fn day(name: &'static str, text: Cow<'a, str>) -> Self {
        match date::day(&text) {
            _ if text.is_empty() => Self::Null,
            Some(days) => Self::Date(days),
            None => Self::NoDay(name, text),
        }
    }
}

impl<'a> Row<'a> {
    pub(crate) fn new(wanted: &'a [bool]) -> Self {
        Self {
            wanted,
            values: Vec::with_capacity(wanted.len()),
            rest: None,
            has_own: false,
        }
    }

    /// Adds a column, which is made only if somebody wants it.
    fn with(mut self, make: impl FnOnce() -> Field<'a>) -> Self {
        let column = 1 + self.values.len();
        self.values.push(match self.wanted[column] {
            true => make(),
            false => Field::Null,
        });
        self
    }

    pub(crate) fn null(self) -> Self {
        self.with(|| Field::Null)
    }

    pub(crate) fn text(self, text: &'a str) -> Self {
        self.with(|| Field::text(Cow::Borrowed(text)))
    }

    pub(crate) fn date(self, days: Option<i32>) -> Self {
        self.with(|| days.map_or(Field::Null, Field::Date))
    }

    pub(crate) fn float(self, value: Option<f64>) -> Self {
        self.with(|| value.map_or(Field::Null, Field::Float))
    }

    pub(crate) fn bool(self, value: bool) -> Self {
        self.with(|| Field::Bool(value))
    }

    /// The text of a field, where that is there.
    pub(crate) fn field(self, field: Option<Element<'a>>) -> Self {
        self.with(|| field.map_or(Field::Null, |field| Field::text(field.text())))
    }

    /// A field that is a day.
    pub(crate) fn day(self, field: Option<Element<'a>>, name: &'static str) -> Self {
        self.with(|| field.map_or(Field::Null, |field| Field::day(name, field.text())))
    }

    /// A field that says yes or no; anything else is null.
    pub(crate) fn flag(self, field: Option<Element<'a>>) -> Self {
        self.with(|| {
            let said = field.map(|field| field.text().to_lowercase());
            match said.as_deref() {
                Some("так" | "yes" | "1") => Field::Bool(true),
                Some("ні" | "no" | "0") => Field::Bool(false),
                _ => Field::Null,
            }
        })
    }

    /// Says which fields of the element are in columns: what else there is goes into `other`.
    pub(crate) fn rest(mut self, element: Element<'a>, known: &'static [Known]) -> Self {
        self.rest = Some((element, known));
        self
    }

    /// Says that the element's own text is in columns, and none of its fields.
    pub(crate) fn rest_but_text(mut self, element: Element<'a>) -> Self {
        self.has_own = true;
        self.rest(element, &[])
    }

    /// The first field that should be a day and is none.
    fn bad(&self) -> Option<(&'static str, &str)> {
        self.values.iter().find_map(|value| match value {
            Field::NoDay(name, text) => Some((*name, text.as_ref())),
            _ => None,
        })
    }

    /// What no column is for.
    fn other(&self) -> Option<String> {
        let (element, known) = self.rest?;
        left_over(element, known, self.has_own)
    }
}

/// A text that may be long, as errors show it.
fn shortened(text: &str) -> String {
    const CHARS_MAX: usize = 60;
    match text.char_indices().nth(CHARS_MAX) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}
