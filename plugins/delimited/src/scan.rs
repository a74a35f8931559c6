//! A scan: batches from the ranges of a partition, one after the other.

use crate::columns::{Columns, Failure, Nulls};
use crate::config::{OnError, Options};
use crate::ranges::Range;
use crate::records::{After, Records};
use crate::table::{self, Layout, Shape};
use arrow_array::RecordBatch;
use sextant_plugin_sdk::{Entry, Error, Host, Request, Result};
use std::collections::VecDeque;
use std::rc::Rc;

/// The batches of a partition.
#[derive(Debug)]
pub(crate) struct Scan {
    host: Host,
    options: Rc<Options>,
    shape: Rc<Shape>,
    /// The columns of the request, among those of the table.
    wanted: Vec<usize>,
    entries: Vec<Entry>,
    ranges: VecDeque<Range>,
    records: Option<Records>,
    columns: Columns,
    batch_rows: usize,
    /// How many rows are still wanted.
    rows_left: u64,
    skipped: Skipped,
}

impl Scan {
    /// A scan of ranges for a request.
    pub(crate) fn new(
        host: &Host,
        options: &Rc<Options>,
        shape: &Rc<Shape>,
        ranges: Vec<Range>,
        request: &Request,
    ) -> Result<Self> {
        let wanted = request
            .columns
            .iter()
            .map(|&column| shape.columns.get(column).cloned());
        let wanted: Option<Vec<_>> = wanted.collect();
        let wanted = wanted.ok_or_else(|| {
            Error::internal("the request wants a column that the table does not have")
        })?;
        let nulls = Nulls::new(&options.nulls, options.dialect.trim);
        Ok(Self {
            entries: host.entries(&options.input)?,
            columns: Columns::new(request.project(&shape.schema), wanted, nulls),
            host: host.clone(),
            options: Rc::clone(options),
            shape: Rc::clone(shape),
            wanted: request.columns.clone(),
            ranges: ranges.into(),
            records: None,
            batch_rows: request.batch_rows.max(1),
            rows_left: request.limit.unwrap_or(u64::MAX),
            skipped: Skipped {
                host: host.clone(),
                count: 0,
                first: None,
            },
        })
    }

    fn next_batch(&mut self) -> Result<Option<RecordBatch>> {
        let rows_max = usize::try_from(self.rows_left)
            .unwrap_or(usize::MAX)
            .min(self.batch_rows);
        while self.columns.rows() < rows_max && !self.columns.is_heavy() {
            let Some(records) = &mut self.records else {
                let Some(range) = self.ranges.pop_front() else {
                    break;
                };
                self.records = self.open(&range)?;
                continue;
            };
            let after = records.advance(rows_max - self.columns.rows())?;
            append(
                records,
                &mut self.columns,
                self.options.on_error,
                &mut self.skipped,
            )?;
            match after {
                After::More => {}
                After::Broken(error) if self.options.on_error == OnError::Fail => {
                    return Err(error);
                }
                After::Broken(error) => self.skipped.add(1, error),
                After::End => self.records = None,
            }
        }
        let rows = self.columns.rows();
        self.rows_left -= rows as u64;
        if rows == 0 {
            Ok(None)
        } else {
            self.columns.finish().map(Some)
        }
    }

    /// Opens a range at its first record; none where it has no records.
    fn open(&mut self, range: &Range) -> Result<Option<Records>> {
        let entry = self.entries.iter().find(|entry| entry.name == range.entry);
        let entry = entry.ok_or_else(|| {
            Error::not_found(format!(
                "expected an entry {:?} in input {:?}",
                range.entry, self.options.input
            ))
        })?;
        let opened = open(&self.host, entry, range, &self.options, &self.shape);
        let opened = opened.map_err(|error| error.in_input(entry.to_string()))?;
        let Some((records, layout)) = opened else {
            return Ok(None);
        };
        let fields: Vec<_> = self
            .wanted
            .iter()
            .map(|&column| layout.positions[column])
            .collect();
        self.columns.read_from(&fields);
        Ok(Some(records))
    }
}

impl Iterator for Scan {
    type Item = Result<RecordBatch>;

    fn next(&mut self) -> Option<Self::Item> {
        let batch = self.next_batch();
        if !matches!(batch, Ok(Some(_))) {
            // After the end, or an error, there is nothing more.
            self.rows_left = 0;
            self.records = None;
            self.columns.undo(0);
            self.skipped.report();
        }
        batch.transpose()
    }
}

fn open(
    host: &Host,
    entry: &Entry,
    range: &Range,
    options: &Options,
    shape: &Shape,
) -> Result<Option<(Records, Layout)>> {
    let dialect = range.dialect(options.dialect)?;
    if range.start == 0 {
        let reader = match range.length {
            None => host.read(entry)?,
            length => host.read_range(entry, 0, length)?,
        };
        let mut records = Records::new(reader, dialect, 0)?;
        let layout = table::start(&mut records, options.header, shape)?;
        return Ok(layout.map(|layout| (records, layout)));
    }
    // The header tells the layout. It may also stand in this range, after a long comment.
    let mut start = range.start;
    let layout = if options.header {
        let mut head = Records::new(host.read(entry)?, dialect, 0)?;
        let Some(layout) = table::start(&mut head, true, shape)? else {
            return Ok(None);
        };
        start = start.max(head.position().unwrap_or(0));
        layout
    } else {
        shape.layout(None)?
    };
    let length = range
        .length
        .map(|length| (range.start + length).saturating_sub(start));
    let mut records = Records::new(host.read_range(entry, start, length)?, dialect, start)?;
    records.expect_fields(layout.fields);
    Ok(Some((records, layout)))
}

/// Appends the group that was read last, without the records that a column cannot take.
fn append(
    records: &mut Records,
    columns: &mut Columns,
    on_error: OnError,
    skipped: &mut Skipped,
) -> Result<()> {
    let before = columns.rows();
    let failures = columns.append(records.group(), on_error == OnError::Skip);
    let Some(first) = failures.first() else {
        return Ok(());
    };
    let error = first.error(columns, records);
    if on_error == OnError::Fail {
        return Err(error);
    }
    let mut rows: Vec<_> = failures.iter().map(|failure| failure.row).collect();
    rows.dedup();
    skipped.add(rows.len() as u64, error);
    columns.undo(before);
    records.remove(&rows);
    match columns.append(records.group(), false).first() {
        None => Ok(()),
        Some(Failure { row, .. }) => Err(Error::internal(format!(
            "row {row} was readable, and then was not"
        ))),
    }
}

/// The records that were left out and not yet reported.
#[derive(Debug)]
struct Skipped {
    host: Host,
    count: u64,
    first: Option<Error>,
}

impl Skipped {
    fn add(&mut self, count: u64, error: Error) {
        self.count += count;
        self.first.get_or_insert(error);
    }

    fn report(&mut self) {
        if let Some(first) = self.first.take() {
            self.host.skipped(std::mem::take(&mut self.count), &first);
        }
    }
}

impl Drop for Skipped {
    /// A scan may be given up before its end, and what it left out must be known all the same.
    fn drop(&mut self) {
        self.report();
    }
}
