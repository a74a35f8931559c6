//! A mapping that was checked, ready to read with: the tables and their columns, and which names and
//! paths mean what.

use crate::mapping::{ColumnMapping, Holds, Kind, Mapping, Mark, Messages, TableMapping};
use crate::path::{Matcher, Path, Pattern};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use sextant_plugin_sdk::xml::Element;
use sextant_plugin_sdk::{Error, Result, Table};
use std::collections::HashSet;
use std::sync::Arc;

/// Among how many lists the elements that begin records are divided.
const BUCKETS: usize = 32;
/// How many columns of the mapping a table may have.
const COLUMNS_MAX: usize = 256;
/// The column that every table must have; it is the first one.
const ID: &str = "id";
/// The column that the element of a record may say as well.
const KIND: &str = "kind";
/// The columns behind it: the message, and the marks in the order of [`Mark::ALL`].
const SHARED: [&str; 5] = [
    "message_id",
    Mark::Handling.name(),
    Mark::SourceEvaluation.name(),
    Mark::InformationEvaluation.name(),
    Mark::Evaluation.name(),
];
/// The last columns, and whether they are texts, and may be null.
const LAST: [(&str, bool, bool); 4] = [
    ("other", true, true),
    ("within", false, true),
    ("source", true, false),
    ("record", false, false),
];

/// What to read, and as what.
#[derive(Debug)]
pub(crate) struct Plan {
    /// In the order of [`Kind::ALL`].
    tables: Vec<TablePlan>,
    /// The elements that begin records, by [`bucket`]: every element of a file is looked up here.
    begins: Buckets,
    messages: Vec<String>,
    headers: Vec<String>,
    references: Vec<String>,
    /// For what encloses records: the marks, by their numbers, and then the message's identifier.
    envelope: Matcher,
}

type Buckets = [Vec<(String, Kind)>; BUCKETS];

/// What to read of the records of a table.
#[derive(Debug)]
pub(crate) struct TablePlan {
    pub(crate) columns: Vec<Column>,
    /// What the column `kind` says, by the element.
    kinds: Vec<(String, String)>,
    /// For the columns, by their numbers, and then for the marks.
    pub(crate) matcher: Matcher,
    pub(crate) schema: SchemaRef,
}

/// A column of the mapping.
#[derive(Debug)]
pub(crate) struct Column {
    pub(crate) name: String,
    /// Whether what the element of a record says of its kind comes first.
    pub(crate) is_kind: bool,
    pub(crate) holds: Holds,
    pub(crate) join: Option<String>,
    /// Its position in the table. Behind a day or number comes its text.
    pub(crate) at: usize,
}

impl Plan {
    /// Where the message's identifier is among the columns of [`envelope`](Self::envelope).
    pub(crate) const MESSAGE_ID: usize = Mark::ALL.len();

    /// # Errors
    ///
    /// [`InvalidConfig`](sextant_plugin_sdk::ErrorKind::InvalidConfig) for a mapping without sense.
    pub(crate) fn new(mapping: &Mapping) -> Result<Self> {
        let no_messages = Messages::default();
        let messages = mapping.messages.as_ref().unwrap_or(&no_messages);
        let marks = marks(mapping, 0)?;
        let mut envelope = marks.clone();
        let field = "mapping.messages.paths";
        envelope.extend(patterns(&messages.paths, Self::MESSAGE_ID, false, field)?);
        let mut tables = Vec::new();
        for kind in Kind::ALL {
            let field = format!("mapping.tables.{}", kind.name());
            let table = mapping.tables.get(&kind);
            let table = table.ok_or_else(|| Error::internal(format!("no {field}")))?;
            tables.push(TablePlan::new(table, mapping, &field)?);
        }
        Ok(Self {
            tables,
            begins: in_buckets(begins(mapping)?),
            messages: messages.elements.clone(),
            headers: messages.headers.clone().unwrap_or_default(),
            references: mapping.references.clone().unwrap_or_default(),
            envelope: Matcher::new(envelope),
        })
    }

    pub(crate) fn table(&self, kind: Kind) -> &TablePlan {
        &self.tables[kind as usize]
    }

    /// What says which values of enclosing elements are marks and identifiers.
    pub(crate) fn envelope(&self) -> &Matcher {
        &self.envelope
    }

    /// The table whose records begin with an element of that name.
    pub(crate) fn begins(&self, name: &str) -> Option<Kind> {
        let mut begins = self.begins[bucket(name)].iter();
        begins
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, kind)| *kind)
    }

    /// Whether an element of that name is a message.
    pub(crate) fn is_message(&self, name: &str) -> bool {
        is_one_of(&self.messages, name)
    }

    /// Whether what stands in an element of that name is said of the element around it.
    pub(crate) fn is_header(&self, name: &str) -> bool {
        is_one_of(&self.headers, name)
    }

    /// Whether an element has nothing but attributes, one of which refers to a record.
    pub(crate) fn is_reference(&self, element: Element<'_>) -> bool {
        let mut attributes = element.attributes();
        attributes.any(|(name, _)| is_one_of(&self.references, name))
            && element.children().next().is_none()
            && element.text().is_empty()
    }
}

impl TablePlan {
    fn new(table: &TableMapping, mapping: &Mapping, field: &str) -> Result<Self> {
        let given = &table.columns.0;
        let columns = columns(given, field)?;
        let mut all_patterns = Vec::new();
        for (number, (name, column)) in given.iter().enumerate() {
            let field = format!("{field}.columns.{name}");
            all_patterns.extend(patterns(&column.paths, number, false, &field)?);
        }
        all_patterns.extend(marks(mapping, given.len())?);
        let kinds = table.kinds.iter();
        Ok(Self {
            schema: Arc::new(schema(&columns, field)?),
            columns,
            kinds: kinds
                .map(|(element, kind)| (element.clone(), kind.clone()))
                .collect(),
            matcher: Matcher::new(all_patterns),
        })
    }

    /// The position of the column `other`, the first of the last four.
    pub(crate) fn other(&self) -> usize {
        self.schema.fields().len() - LAST.len()
    }

    /// What the column `kind` says of a record that begins with an element of that name.
    pub(crate) fn kind(&self, element: &str) -> Option<&str> {
        let mut kinds = self.kinds.iter();
        kinds
            .find(|(known, _)| known.eq_ignore_ascii_case(element))
            .map(|(_, kind)| kind.as_str())
    }

    pub(crate) fn table(&self, kind: Kind) -> Table {
        Table::new(kind.name(), Arc::clone(&self.schema))
            .comment(kind.comment())
            .filtered()
    }
}

fn is_one_of(names: &[String], name: &str) -> bool {
    names.iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// The patterns of the marks; the first mark is the column `first`.
fn marks(mapping: &Mapping, first: usize) -> Result<Vec<Pattern>> {
    let mut marks = Vec::new();
    for mark in Mark::ALL {
        if let Some(paths) = mapping.shared.get(&mark) {
            let field = format!("mapping.shared.{}", mark.name());
            marks.extend(patterns(&paths.paths, first + mark as usize, true, &field)?);
        }
    }
    Ok(marks)
}

fn patterns(paths: &[String], column: usize, is_own: bool, field: &str) -> Result<Vec<Pattern>> {
    let pattern = |text: &String| {
        let path = Path::new(text).map_err(|error| error.in_field(field))?;
        Ok(Pattern {
            column,
            path,
            is_own,
        })
    };
    paths.iter().map(pattern).collect()
}

/// Which elements begin records of which table.
fn begins(mapping: &Mapping) -> Result<Vec<(String, Kind)>> {
    let mut begins: Vec<(String, Kind)> = Vec::new();
    for (&kind, table) in &mapping.tables {
        for element in &table.elements {
            let known = begins
                .iter()
                .find(|(known, _)| known.eq_ignore_ascii_case(element));
            let wrong = match known {
                Some((_, other)) if *other != kind => format!(
                    "expected an element of one table, found {element:?} also in {:?}",
                    other.name()
                ),
                _ if mapping
                    .messages
                    .as_ref()
                    .is_some_and(|messages| is_one_of(&messages.elements, element)) =>
                {
                    format!("expected an element that is no message, found {element:?}")
                }
                Some(_) => continue,
                None => {
                    begins.push((element.clone(), kind));
                    continue;
                }
            };
            let field = format!("mapping.tables.{}.elements", kind.name());
            return Err(Error::invalid_config(wrong).in_field(field));
        }
    }
    Ok(begins)
}

/// Divides names by the low bits of their first byte, which a letter has in both cases.
fn bucket(name: &str) -> usize {
    let first = name.bytes().next().unwrap_or_default();
    usize::from(first) % BUCKETS
}

fn in_buckets(begins: Vec<(String, Kind)>) -> Buckets {
    let mut buckets: Buckets = std::array::from_fn(|_| Vec::new());
    for (name, kind) in begins {
        buckets[bucket(&name)].push((name, kind));
    }
    buckets
}

/// The columns of a mapping, and where in the table they are.
fn columns(given: &[(String, ColumnMapping)], field: &str) -> Result<Vec<Column>> {
    let wrong = |message: String| Err(Error::invalid_config(message).in_field(field));
    let found = given.len();
    if found > COLUMNS_MAX {
        return wrong(format!(
            "expected at most {COLUMNS_MAX} columns, found {found}"
        ));
    }
    let is_id =
        |(name, column): &(String, ColumnMapping)| name == ID && column.holds == Holds::Text;
    if !given.iter().any(is_id) {
        return wrong(format!(
            "expected a column {ID:?} of type \"text\", found none"
        ));
    }
    let mut columns = Vec::new();
    let mut next = 1 + SHARED.len();
    for (name, column) in given {
        check(name, column, &format!("{field}.columns.{name}"))?;
        columns.push(Column {
            name: name.clone(),
            is_kind: name == KIND,
            holds: column.holds,
            join: column.join.clone(),
            at: if name == ID { 0 } else { next },
        });
        next += match column.holds {
            _ if name == ID => 0,
            Holds::Text => 1,
            Holds::Date | Holds::Float | Holds::Int => 2,
        };
    }
    Ok(columns)
}

fn check(name: &str, column: &ColumnMapping, field: &str) -> Result<()> {
    let is_name_byte =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    if name.is_empty() || !name.bytes().all(is_name_byte) {
        let message = format!("expected a name of a-z, 0-9 and _, found {name:?}");
        return Err(Error::invalid_config(message).in_field(field));
    }
    if column.join.is_some() && column.holds != Holds::Text {
        let message = "expected no \"join\" but on a column of type \"text\"";
        return Err(Error::invalid_config(message).in_field(field));
    }
    Ok(())
}

fn schema(columns: &[Column], field: &str) -> Result<Schema> {
    let text = |name: &str| Field::new(name, DataType::Utf8, true);
    let mut fields = vec![text(ID)];
    fields.extend(SHARED.map(text));
    for column in columns.iter().filter(|column| column.name != ID) {
        let data_type = match column.holds {
            Holds::Text => DataType::Utf8,
            Holds::Date => DataType::Date32,
            Holds::Float => DataType::Float64,
            Holds::Int => DataType::Int64,
        };
        fields.push(Field::new(&column.name, data_type, true));
        if column.holds != Holds::Text {
            fields.push(text(&format!("{}_text", column.name)));
        }
    }
    fields.extend(LAST.map(|(name, is_text, nullable)| {
        let data_type = if is_text {
            DataType::Utf8
        } else {
            DataType::Int64
        };
        Field::new(name, data_type, nullable)
    }));
    let mut names = HashSet::new();
    let twice = fields
        .iter()
        .find(|field| !names.insert(field.name().clone()));
    if let Some(twice) = twice {
        let message = format!(
            "expected columns with names of their own, found {:?} twice",
            twice.name()
        );
        return Err(Error::invalid_config(message).in_field(field));
    }
    Ok(Schema::new(fields))
}
