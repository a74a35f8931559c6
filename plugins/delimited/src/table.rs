//! The columns of a table, and which field of an entry each of them is.
//!
//! Where the configuration leaves names or types open, the first entry that has a record decides for
//! all entries. With a header, fields are found by name in every entry anew, so entries may have them
//! in different orders.

use crate::columns::Nulls;
use crate::config::{Column, Options, Type};
use crate::infer::Guess;
use crate::records::{After, Records};
use arrow_schema::{Schema, SchemaRef};
use sextant_plugin_sdk::{Error, Host, Result};
use std::sync::Arc;

/// The columns of a table.
#[derive(Debug)]
pub(crate) struct Shape {
    /// The columns.
    pub(crate) columns: Vec<Column>,
    /// The columns as Arrow has them.
    pub(crate) schema: SchemaRef,
    /// Whether the columns are those of the data; then no entry may have others.
    found: bool,
}

/// Which fields of an entry's records the columns are.
#[derive(Debug)]
pub(crate) struct Layout {
    /// How many fields a record has.
    pub(crate) fields: usize,
    /// The field of each column.
    pub(crate) positions: Vec<usize>,
}

impl Shape {
    /// The columns of a table; reads data only where the configuration leaves something open.
    pub(crate) fn new(host: &Host, options: &Options) -> Result<Self> {
        let found = options.columns.is_empty();
        let kinds: Option<Vec<_>> = options.columns.iter().map(typed).collect();
        let columns = match kinds {
            Some(columns) if !found => columns,
            _ => look(host, options)?,
        };
        let schema = Arc::new(Schema::new(
            columns.iter().map(Column::field).collect::<Vec<_>>(),
        ));
        Ok(Self {
            columns,
            schema,
            found,
        })
    }

    /// The layout of an entry with a header, or of any entry of a table without.
    pub(crate) fn layout(&self, header: Option<&[String]>) -> Result<Layout> {
        let Some(header) = header else {
            return Ok(Layout {
                fields: self.columns.len(),
                positions: (0..self.columns.len()).collect(),
            });
        };
        let names = names(header);
        if self.found
            && let Some(other) = names
                .iter()
                .find(|&name| self.columns.iter().all(|column| column.from != *name))
        {
            return Err(Error::invalid_data(format!(
                "expected the header of the first entry, found a column {other:?} that it does not have; hint: list \
                 the columns that are wanted"
            )));
        }
        let positions = self
            .columns
            .iter()
            .map(|column| position(&names, &column.from));
        Ok(Layout {
            fields: names.len(),
            positions: positions.collect::<Result<_>>()?,
        })
    }
}

fn typed(column: &Column<Option<Type>>) -> Option<Column> {
    let Column {
        name,
        from,
        kind,
        nullable,
    } = column.clone();
    kind.map(|kind| Column {
        name,
        from,
        kind,
        nullable,
    })
}

/// The names in a header; a column without one is named by its number.
fn names(header: &[String]) -> Vec<String> {
    let name = |(i, name): (usize, &String)| {
        if name.is_empty() {
            numbered(i)
        } else {
            name.clone()
        }
    };
    header.iter().enumerate().map(name).collect()
}

/// A control character in a name comes of a wrong delimiter, of other line ends, or of data.
fn check_names(names: &[String]) -> Result<()> {
    match names.iter().find(|name| name.chars().any(char::is_control)) {
        None => Ok(()),
        Some(name) => Err(Error::invalid_data(format!(
            "expected names of columns in the first record, found {name:?}; hint: look at delimiter, \
             quote and line ends, set header = false, or list the columns"
        ))),
    }
}

fn numbered(field: usize) -> String {
    format!("column_{}", field + 1)
}

fn position(names: &[String], wanted: &str) -> Result<usize> {
    let mut found = names.iter().enumerate().filter(|(_, name)| *name == wanted);
    match (found.next(), found.next()) {
        (Some((position, _)), None) => Ok(position),
        (None, _) => Err(Error::invalid_data(format!(
            "expected a column {wanted:?} in the header, found none"
        ))
        .in_field(wanted)),
        (Some(_), Some(_)) => Err(Error::invalid_data(format!(
            "expected one column {wanted:?} in the header, found several"
        ))
        .in_field(wanted)),
    }
}

/// Finds what the configuration leaves open in the first entry that has a record.
fn look(host: &Host, options: &Options) -> Result<Vec<Column>> {
    for entry in host.entries(&options.input)? {
        let mut records = Records::new(host.read(&entry)?, options.dialect, 0)?;
        let Some(first) = records.first()? else {
            continue;
        };
        let names = if options.header {
            names(&first)
        } else {
            (0..first.len()).map(numbered).collect()
        };
        let columns = if options.columns.is_empty() {
            check_names(&names).map_err(|error| error.in_input(entry.to_string()))?;
            names
                .iter()
                .map(|name| Column::found(name.clone(), options.infer))
                .collect()
        } else {
            options.columns.clone()
        };
        let positions = if options.header {
            let positions = columns.iter().map(|column| position(&names, &column.from));
            positions
                .collect::<Result<_>>()
                .map_err(|error| error.in_input(entry.to_string()))?
        } else {
            (0..columns.len()).collect::<Vec<_>>()
        };
        let fields = if options.header {
            names.len()
        } else {
            columns.len()
        };
        if options.header {
            records.skip_header()
        } else {
            records.keep_first()
        }
        records.expect_fields(fields);
        return infer(&mut records, options, &columns, &positions);
    }
    let message = format!(
        "expected a record in input {:?} to learn the columns from, found none; hint: list the columns with their types",
        options.input
    );
    Err(Error::invalid_data(message).in_input(options.input.clone()))
}

/// Gives the columns without a type one that fits the first records. Records that cannot be read are
/// left out of account; a scan will report them.
fn infer(
    records: &mut Records,
    options: &Options,
    columns: &[Column<Option<Type>>],
    positions: &[usize],
) -> Result<Vec<Column>> {
    let nulls = Nulls::new(&options.nulls, options.dialect.trim);
    let mut guesses = vec![Guess::new(); columns.len()];
    let mut left = if columns.iter().all(|column| column.kind.is_some()) {
        0
    } else {
        options.infer_rows
    };
    while left > 0 {
        let after = records.advance(left);
        let group = records.group();
        left -= group.rows();
        for (guess, &position) in guesses.iter_mut().zip(positions) {
            group
                .values(position)
                .for_each(|field| guess.see(field, &nulls));
        }
        if matches!(after, Ok(After::End) | Err(_)) {
            break;
        }
    }
    let typed = columns.iter().zip(guesses).map(|(column, guess)| {
        let kind = column.kind.clone().map_or_else(|| guess.kind(), Ok)?;
        Ok(Column {
            name: column.name.clone(),
            from: column.from.clone(),
            kind,
            nullable: column.nullable,
        })
    });
    typed.collect()
}

/// The layout of the entry whose records stand at its start, which are left at the first record
/// after the header; none in an entry without one.
pub(crate) fn start(records: &mut Records, header: bool, shape: &Shape) -> Result<Option<Layout>> {
    let layout = if header {
        let Some(header) = records.first()? else {
            return Ok(None);
        };
        records.skip_header();
        shape.layout(Some(&header))?
    } else {
        shape.layout(None)?
    };
    records.expect_fields(layout.fields);
    Ok(Some(layout))
}
