//! Reading the file: its records one by one, and a record's fields into cells.

use crate::tables::Kind;
use serde_json::{Map, Value};
use sextant_plugin_sdk::xml::{Element, Step, XmlReader};
use sextant_plugin_sdk::{Cell, Error, InputReader, Result, RowReader, Rows, date};
use std::borrow::Cow;
use std::collections::HashSet;

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
        let wanted: Vec<_> = (0..columns).map(|column| rows.wants(column)).collect();
        let file = self.file.as_str();
        self.kind.rows(element, &wanted, &mut |row| {
            if let Some((field, found)) = row.bad() {
                let message = format!("expected a day as DD.MM.YYYY, found {:?}", shortened(found));
                let error = Error::invalid_data(message).in_field(field);
                return rows.bad(error.at_record(number).at_byte(element.byte()));
            }
            let other = wanted[columns - 3].then(|| row.other()).flatten();
            let mut cells = vec![edrpou.into()];
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
    rest: Option<(Element<'a>, &'static [&'static str])>,
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

    pub(crate) fn text(self, text: &str) -> Self {
        self.with(|| Field::text(Cow::Owned(text.to_owned())))
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

    /// The text of a field of an element, where that is there.
    pub(crate) fn field(self, element: Option<Element<'a>>, name: &'static str) -> Self {
        self.with(|| {
            let found = element.and_then(|element| element.child(name));
            found.map_or(Field::Null, |found| Field::text(found.text()))
        })
    }

    /// A field that is a day.
    pub(crate) fn day(self, element: Option<Element<'a>>, name: &'static str) -> Self {
        self.with(|| {
            let found = element.and_then(|element| element.child(name));
            found.map_or(Field::Null, |found| Field::day(name, found.text()))
        })
    }

    /// A field that says yes or no; anything else is null.
    pub(crate) fn flag(self, element: Element<'a>, name: &str) -> Self {
        self.with(|| {
            let found = element.child(name).map(|found| found.text().to_lowercase());
            match found.as_deref() {
                Some("так" | "yes" | "1") => Field::Bool(true),
                Some("ні" | "no" | "0") => Field::Bool(false),
                _ => Field::Null,
            }
        })
    }

    /// The element's own text.
    pub(crate) fn own(mut self, element: Element<'a>) -> Self {
        self.has_own = true;
        self.with(|| Field::text(element.text()))
    }

    /// What is packed into the element's own text.
    pub(crate) fn packed(
        mut self,
        element: Element<'a>,
        unpack: impl FnOnce(Self, &str) -> Self,
    ) -> Self {
        self.has_own = true;
        let text = element.text();
        unpack(self, &text)
    }

    /// Says which fields of the element are in columns: what else there is goes into `other`. A name
    /// that ends with a slash is an element whose rows are in another table; its attributes are not.
    pub(crate) fn rest(mut self, element: Element<'a>, known: &'static [&'static str]) -> Self {
        self.rest = Some((element, known));
        self
    }

    /// The first field that should be a day and is none.
    fn bad(&self) -> Option<(&'static str, &str)> {
        self.values.iter().find_map(|value| match value {
            Field::NoDay(name, text) => Some((*name, text.as_ref())),
            _ => None,
        })
    }

    /// What no column is for, as a JSON object: from paths to texts, or lists of texts.
    fn other(&self) -> Option<String> {
        let (element, known) = self.rest?;
        let mut found = Map::new();
        if !self.has_own {
            put(&mut found, element.name(), &element.text());
        }
        collect(element, "", known, &mut found);
        (!found.is_empty()).then(|| Value::Object(found).to_string())
    }
}

fn collect(element: Element<'_>, prefix: &str, known: &[&str], found: &mut Map<String, Value>) {
    put_attributes(element, prefix, found);
    let mut seen = HashSet::new();
    for child in element.children() {
        let path = format!("{prefix}{}", child.name());
        let below = format!("{path}/");
        if known.contains(&below.as_str()) {
            put_attributes(child, &below, found);
            continue;
        }
        // Columns hold the first of several, and what is in it.
        let is_of_columns = |known: &&str| *known == path || known.starts_with(&below);
        let is_known = known.iter().any(is_of_columns) && seen.insert(path.clone());
        let known = if is_known { known } else { &[] };
        if !known.contains(&path.as_str()) {
            put(found, &path, &child.text());
        }
        collect(child, &below, known, found);
    }
}

fn put_attributes(element: Element<'_>, prefix: &str, found: &mut Map<String, Value>) {
    for (name, value) in element.attributes() {
        put(found, &format!("{prefix}@{name}"), value);
    }
}

fn put(found: &mut Map<String, Value>, path: &str, text: &str) {
    if text.is_empty() {
        return;
    }
    let value = Value::String(text.to_owned());
    match found.get_mut(path) {
        None => {
            found.insert(path.to_owned(), value);
        }
        Some(Value::Array(values)) => values.push(value),
        Some(first) => *first = Value::Array(vec![first.take(), value]),
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
