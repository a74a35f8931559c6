//! From a file of records to the batches of a scan: a source reads records and hands over rows;
//! predicates, projection, limit, batches, and what becomes of a bad record are the same for all.

use crate::{
    Batches, Cell, Entry, Error, ErrorKind, Filter, Host, Partition, Request, Result, RowBuilder,
};
use arrow_array::RecordBatch;
use arrow_schema::Schema;
use serde::{Deserialize, Serialize};

/// What becomes of a record that cannot be used, in a file that is sound. A file that is not is an
/// error in any case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnError {
    /// The query fails. The default: what is missing from an answer cannot be seen in it.
    #[default]
    Fail,
    /// It is left out, and the analyst is told how many were and why the first was.
    Skip,
}

/// Reads a file record by record and gives the rows of one table.
pub trait RowReader {
    /// Reads the next record and pushes its rows, none, one or many; false at the end of the file.
    ///
    /// # Errors
    ///
    /// What ends the scan: a file that is not sound, and what [`Rows`] gives back.
    fn read(&mut self, rows: &mut Rows) -> Result<bool>;
}

impl<F: FnMut(&mut Rows) -> Result<bool>> RowReader for F {
    fn read(&mut self, rows: &mut Rows) -> Result<bool> {
        self(rows)
    }
}

/// Records after which a scan answers even where none of them had a row that is wanted, so that a long
/// search is not taken for an endless one.
const RECORDS_MAX: usize = 100_000;

/// Where a [`RowReader`] puts its rows.
#[derive(Debug)]
pub struct Rows {
    host: Host,
    file: String,
    filter: Filter,
    builder: RowBuilder,
    on_error: OnError,
    /// How many more rows are wanted.
    wanted: Option<u64>,
    /// For each column of the table, whether it is projected or filtered.
    used: Vec<bool>,
    skipped: u64,
    first_skipped: Option<Error>,
}

impl Rows {
    /// Adds a row, if it is one that is wanted: a cell for every column of the table; cells that
    /// are missing at the end are null.
    ///
    /// # Errors
    ///
    /// As [`bad`](Self::bad) for a number that does not fit into its column, and
    /// [`Internal`](ErrorKind::Internal) for a cell of another type than its column's.
    pub fn push(&mut self, row: &[Cell<'_>]) -> Result<()> {
        if self.wanted == Some(0) || !self.filter.takes(row) {
            return Ok(());
        }
        match self.builder.push(row) {
            Ok(()) => {
                self.wanted = self.wanted.map(|wanted| wanted - 1);
                Ok(())
            }
            Err(error) if error.kind() == ErrorKind::InvalidData => self.bad(error),
            Err(error) => Err(error),
        }
    }

    /// Says that a record cannot be used.
    ///
    /// # Errors
    ///
    /// The same error, unless the configuration says that bad records are left out.
    pub fn bad(&mut self, error: Error) -> Result<()> {
        match self.on_error {
            OnError::Fail => Err(error),
            OnError::Skip => {
                self.skipped += 1;
                self.first_skipped
                    .get_or_insert_with(|| error.in_input(self.file.clone()));
                Ok(())
            }
        }
    }

    /// Tells the analyst something that does not change the rows; the file is named.
    pub fn warn(&self, message: &str) {
        self.host.warning(&format!("{}: {message}", self.file));
    }

    /// Whether a column of the table is projected or filtered. What is not need not be made.
    pub fn wants(&self, column: usize) -> bool {
        self.used.get(column).is_some_and(|&used| used)
    }

    /// Whether the predicates on a column of the table take a value, so that the rest of a row whose value
    /// they do not take need not be made.
    pub fn takes_cell(&self, column: usize, cell: Cell<'_>) -> bool {
        self.filter.takes_cell(column, cell)
    }

    /// Whether no more rows are wanted.
    pub fn is_done(&self) -> bool {
        self.wanted == Some(0)
    }
}

/// The batches of one file: rows of a table with the given columns, as a request wants them. `file` is
/// the place of errors that name none.
pub fn scan_rows(
    host: &Host,
    file: String,
    columns: &Schema,
    request: &Request,
    on_error: OnError,
    reader: impl RowReader + 'static,
) -> Result<Batches> {
    let filter = Filter::new(columns, &request.predicates)?;
    let mut used = vec![false; columns.fields().len()];
    for column in request.columns.iter().copied().chain(filter.columns()) {
        used[column] = true;
    }
    Ok(Box::new(Scan {
        reader,
        ended: false,
        failure: None,
        rows: Rows {
            host: host.clone(),
            file,
            filter,
            builder: RowBuilder::new(columns, request)?,
            on_error,
            wanted: request.limit,
            used,
            skipped: 0,
            first_skipped: None,
        },
    }))
}

struct Scan<R> {
    reader: R,
    rows: Rows,
    ended: bool,
    /// What ended it, while the rows before that are given.
    failure: Option<Error>,
}

impl<R: RowReader> Scan<R> {
    /// Collects rows until a batch is full, nothing is left, or enough records were read.
    fn fill(&mut self) -> Result<()> {
        for _ in 0..RECORDS_MAX {
            if self.ended || self.rows.builder.is_full() {
                break;
            }
            self.ended = self.rows.is_done() || !self.reader.read(&mut self.rows)?;
        }
        Ok(())
    }
}

impl<R: RowReader> Iterator for Scan<R> {
    type Item = Result<RecordBatch>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(failure) = self.failure.take() {
            return Some(Err(failure));
        }
        let filled = self.fill();
        self.ended |= filled.is_err();
        let rows = &mut self.rows;
        if self.ended
            && let Some(first) = rows.first_skipped.take()
        {
            rows.host.skipped(rows.skipped, &first);
        }
        match filled {
            Err(error) => {
                let error = error.in_input(rows.file.clone());
                if rows.builder.is_empty() {
                    return Some(Err(error));
                }
                // A query may go without what cannot be read, and not without what was.
                self.failure = Some(error);
                Some(rows.builder.finish())
            }
            Ok(()) if rows.builder.is_empty() && self.ended => None,
            Ok(()) => Some(rows.builder.finish()),
        }
    }
}

/// A partition that is an entry, as its token says it.
#[derive(Deserialize, Serialize)]
struct Token {
    input: String,
    name: String,
    size: Option<u64>,
    seekable: bool,
    version: String,
}

impl Host {
    /// A partition for each entry of the inputs.
    ///
    /// # Errors
    ///
    /// [`NotFound`](ErrorKind::NotFound) where an input is empty, and those of
    /// [`entries`](Self::entries).
    pub fn partition_by_entry<'a>(
        &self,
        inputs: impl IntoIterator<Item = &'a str>,
    ) -> Result<Vec<Partition>> {
        let mut partitions = Vec::new();
        for input in inputs {
            let entries = self.entries(input)?;
            if entries.is_empty() {
                let error = Error::not_found("expected a file, found an empty input");
                return Err(error.in_input(input));
            }
            for entry in entries {
                let token = Token {
                    input: entry.input,
                    name: entry.name,
                    size: entry.size,
                    seekable: entry.seekable,
                    version: entry.version,
                };
                partitions.push(serde_json::to_vec(&token)?);
            }
        }
        Ok(partitions)
    }

    /// The entry of a partition that [`partition_by_entry`](Self::partition_by_entry) made. Whether
    /// its file is still there is seen when it is opened.
    ///
    /// # Errors
    ///
    /// [`Internal`](ErrorKind::Internal) for any other partition.
    pub fn entry_of(&self, partition: &Partition) -> Result<Entry> {
        let token: Token = serde_json::from_slice(partition)
            .map_err(|error| Error::internal(format!("not a partition of an entry: {error}")))?;
        Ok(Entry {
            input: token.input,
            name: token.name,
            size: token.size,
            seekable: token.seekable,
            version: token.version,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Operator;
    use crate::testing::TestHost;
    use arrow_array::Int32Array;
    use arrow_array::cast::AsArray;
    use arrow_array::types::Int32Type;
    use arrow_schema::{DataType, Field};
    use std::sync::Arc;

    fn columns() -> Schema {
        Schema::new(vec![
            Field::new("n", DataType::Int32, true),
            Field::new("text", DataType::Utf8, true),
        ])
    }

    fn request() -> Request {
        Request {
            table: "t".to_owned(),
            columns: vec![0],
            predicates: Vec::new(),
            limit: None,
            batch_rows: 4,
            partitions: 1,
        }
    }

    /// Two rows for each number up to 9; 5 is bad, and 7 does not fit into its column.
    fn reader() -> impl RowReader {
        let mut number = 0;
        move |rows: &mut Rows| -> Result<bool> {
            number += 1;
            match number {
                5 => rows.bad(Error::invalid_data("five").at_record(5))?,
                7 => rows.push(&[Cell::Int(1 << 40)])?,
                _ => {
                    rows.push(&[Cell::Int(number), Cell::Text("a")])?;
                    rows.push(&[Cell::Int(number), Cell::Text("b")])?;
                }
            }
            Ok(number < 9)
        }
    }

    fn numbers(host: &TestHost, request: &Request, on_error: OnError) -> Result<Vec<Vec<i32>>> {
        let batches = scan_rows(
            &host.host(),
            "files/a".to_owned(),
            &columns(),
            request,
            on_error,
            reader(),
        )?;
        let numbers = |batch: RecordBatch| {
            let column = batch.column(0).as_primitive::<Int32Type>();
            column.values().to_vec()
        };
        batches.map(|batch| batch.map(numbers)).collect()
    }

    #[test]
    fn batches_hold_whole_records() {
        let host = TestHost::new();
        let batches = numbers(&host, &request(), OnError::Skip).unwrap();
        assert_eq!(
            batches,
            [
                vec![1, 1, 2, 2],
                vec![3, 3, 4, 4],
                vec![6, 6, 8, 8],
                vec![9, 9]
            ]
        );
        let reports = host.skipped();
        assert_eq!(reports.len(), 1);
        assert_eq!(reports[0].0, 2);
        assert_eq!(reports[0].1.to_string(), "files/a, record 5: five");
    }

    #[test]
    fn a_bad_record_is_an_error_with_its_file() {
        let error = numbers(&TestHost::new(), &request(), OnError::Fail).unwrap_err();
        assert_eq!(error.to_string(), "files/a, record 5: five");
    }

    #[test]
    fn predicates_and_limits_end_early() {
        let after = |limit, predicate: Option<(usize, Arc<dyn arrow_array::Array>)>| {
            let mut request = request();
            request.limit = limit;
            request.predicates = predicate
                .map(|(column, values)| crate::Predicate {
                    column,
                    operator: Operator::Eq,
                    values,
                })
                .into_iter()
                .collect();
            numbers(&TestHost::new(), &request, OnError::Fail)
        };
        assert_eq!(after(Some(3), None).unwrap(), [vec![1, 1, 2]]);
        assert_eq!(after(Some(0), None).unwrap(), Vec::<Vec<i32>>::new());
        let text: Arc<dyn arrow_array::Array> = Arc::new(arrow_array::StringArray::from(vec!["b"]));
        assert_eq!(after(Some(4), Some((1, text))).unwrap(), [vec![1, 2, 3, 4]]);
        let four: Arc<dyn arrow_array::Array> = Arc::new(Int32Array::from(vec![4]));
        assert!(
            after(None, Some((0, four))).is_err(),
            "it reads on to the bad record"
        );
    }

    #[test]
    fn unused_columns_are_told() {
        let batches = scan_rows(
            &TestHost::new().host(),
            String::new(),
            &columns(),
            &request(),
            OnError::Fail,
            move |rows: &mut Rows| -> Result<bool> {
                let wanted = [0, 1, 9].map(|column| rows.wants(column));
                rows.push(&[Cell::Int(i64::from(wanted == [true, false, false]))])?;
                Ok(false)
            },
        );
        let batches: Vec<_> = batches.unwrap().map(Result::unwrap).collect();
        let column = batches[0].column(0).as_primitive::<Int32Type>();
        assert_eq!(column.values(), &[1]);
    }

    #[test]
    fn entries_are_partitions() {
        let host = TestHost::new()
            .entry("files", "a.txt", "a")
            .entry("files", "b.txt", "bb")
            .entry("more", "c.txt", "")
            .host();
        let partitions = host.partition_by_entry(["files", "more"]).unwrap();
        let names = partitions
            .iter()
            .map(|partition| host.entry_of(partition).unwrap().to_string());
        assert_eq!(
            names.collect::<Vec<_>>(),
            ["files/a.txt", "files/b.txt", "more/c.txt"]
        );
        assert_eq!(
            host.entry_of(&partitions[0]).unwrap(),
            host.entries("files").unwrap()[0]
        );
        assert!(host.entry_of(&b"{}".to_vec()).is_err());
    }
}
