//! A scan of one list file: records come in, the rows of one table come out in batches.
//!
//! It holds one entity and one batch. It decides what becomes of a bad record, and ends early where
//! no more rows are wanted.

use crate::entity::{Entity, Record, Records};
use crate::tables::{ListTable, Provenance};
use arrow_array::RecordBatch;
use serde::Deserialize;
use sextant_plugin_sdk::{
    Cell, Error, Host, Operator, Predicate, Request, Result, RowBuilder, Strings,
};
use std::collections::HashSet;

/// What becomes of a record that cannot be used, in a file that is sound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnError {
    /// The query fails. The default: somebody who is on a list is missing otherwise.
    #[default]
    Fail,
    /// It is left out and the analyst is told.
    Skip,
}

/// The batches of one list file.
pub(crate) struct Scan {
    host: Host,
    from: Provenance,
    table: ListTable,
    records: Records,
    on_error: OnError,
    filters: Vec<Filter>,
    builder: RowBuilder,
    /// How many more rows are wanted.
    wanted: Option<u64>,
    /// The entity whose rows are being given out, and which row comes next.
    current: Option<(Box<Entity>, usize)>,
    skipped: u64,
    first_skipped: Option<Error>,
    ended: bool,
}

impl Scan {
    pub(crate) fn new(
        host: Host,
        from: Provenance,
        table: ListTable,
        records: Records,
        on_error: OnError,
        request: &Request,
    ) -> Result<Self> {
        Ok(Self {
            host,
            from,
            table,
            records,
            on_error,
            filters: request
                .predicates
                .iter()
                .map(Filter::new)
                .collect::<Result<_>>()?,
            builder: RowBuilder::new(&table.schema(), request)?,
            wanted: request.limit,
            current: None,
            skipped: 0,
            first_skipped: None,
            ended: false,
        })
    }

    /// Collects rows until a batch is full or nothing is left.
    fn fill(&mut self) -> Result<()> {
        while !self.ended && !self.builder.is_full() {
            let more = self.wanted != Some(0) && (self.current.is_some() || self.advance()?);
            if more {
                self.give_row()?;
            } else {
                self.ended = true;
            }
        }
        Ok(())
    }

    /// Goes on to the next entity; false where there is none.
    fn advance(&mut self) -> Result<bool> {
        for record in self.records.by_ref() {
            match record? {
                Record::Entity(entity) => {
                    self.current = Some((entity, 0));
                    return Ok(true);
                }
                Record::Bad(error) if self.on_error == OnError::Fail => return Err(error),
                Record::Bad(error) => {
                    self.skipped += 1;
                    self.first_skipped
                        .get_or_insert_with(|| error.in_input(self.from.source.clone()));
                }
                Record::Unread(what) => self.host.warning(&format!("{}: {what}", self.from.source)),
            }
        }
        Ok(false)
    }

    /// Adds the next row of the current entity, if it is one that is wanted.
    fn give_row(&mut self) -> Result<()> {
        let Some((entity, row)) = &mut self.current else {
            return Ok(());
        };
        if *row == self.table.rows(entity) {
            self.current = None;
            return Ok(());
        }
        let cells = self.table.row(&self.from, entity, *row);
        *row += 1;
        if self.filters.iter().all(|filter| filter.takes(&cells)) {
            self.builder.push(&cells)?;
            self.wanted = self.wanted.map(|wanted| wanted - 1);
        }
        Ok(())
    }

    /// Says what was left out, once.
    fn report(&mut self) {
        if let Some(first) = self.first_skipped.take() {
            self.host.skipped(self.skipped, &first);
        }
    }
}

impl Iterator for Scan {
    type Item = Result<RecordBatch>;

    fn next(&mut self) -> Option<Self::Item> {
        let filled = self.fill();
        self.ended |= filled.is_err();
        if self.ended {
            self.report();
        }
        match filled {
            Err(error) => {
                self.builder.finish().ok();
                self.current = None;
                Some(Err(error.in_input(self.from.source.clone())))
            }
            Ok(()) if self.builder.is_empty() => None,
            Ok(()) => Some(self.builder.finish()),
        }
    }
}

/// `=` or `IN` on a text column.
#[derive(Debug)]
pub(crate) struct Filter {
    column: usize,
    values: HashSet<String>,
}

impl Filter {
    fn new(predicate: &Predicate) -> Result<Self> {
        let taken = matches!(predicate.operator, Operator::Eq | Operator::InList);
        let values = Strings::new(&predicate.values).filter(|_| taken);
        let values = values.ok_or_else(|| {
            let message = format!(
                "a predicate {:?} on column {} was not taken",
                predicate.operator, predicate.column
            );
            Error::internal(message)
        })?;
        let values = (0..predicate.values.len())
            .filter_map(|row| values.get(row))
            .map(str::to_owned);
        Ok(Self {
            column: predicate.column,
            values: values.collect(),
        })
    }

    /// A null satisfies no comparison.
    fn takes(&self, row: &[Cell<'_>]) -> bool {
        matches!(row.get(self.column), Some(Cell::Text(text)) if self.values.contains(*text))
    }
}

/// Whether rows of a list can satisfy the predicates on the column `list`, the first of each table.
pub(crate) fn wants_list(request: &Request, list: &str) -> Result<bool> {
    const LIST_COLUMN: usize = 0;
    let mut on_list = request
        .predicates
        .iter()
        .filter(|predicate| predicate.column == LIST_COLUMN);
    on_list.try_fold(true, |wanted, predicate| {
        Ok(wanted && Filter::new(predicate)?.takes(&[Cell::Text(list)]))
    })
}
