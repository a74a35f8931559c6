//! Sources: tables that can be scanned.

use crate::{Error, Filter, Host, Result};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{Schema, SchemaRef};
use serde::de::DeserializeOwned;
use std::sync::Arc;

/// A source plugin: configured once, it offers tables.
///
/// Each partition of a scan runs in an instance of its own, so nothing is shared and nothing needs
/// a lock. `Config` is what stands under `[source.NAME.config]` in `sextant.toml`.
pub trait Source: Sized + 'static {
    /// The configuration. Give it `#[serde(deny_unknown_fields)]`, so that a misspelt key is an
    /// error and not a surprise.
    type Config: DeserializeOwned;

    /// Opens the source. Check the configuration here; read as little as possible.
    fn open(config: Self::Config, host: Host) -> Result<Self>;

    /// The tables. The same configuration and the same data give the same answer.
    fn tables(&self) -> Result<Vec<Table>>;

    /// One of the tables, by name; none where there is no such table. It is asked for before every
    /// split and scan: implement it where describing all of them costs more than describing one.
    fn table(&self, name: &str) -> Result<Option<Table>> {
        Ok(self.tables()?.into_iter().find(|table| table.name == name))
    }

    /// Splits a request into parts that are read independently, in about
    /// [`Request::partitions`] of them. One part, by default.
    fn partitions(&self, request: &Request) -> Result<Vec<Partition>> {
        let _ = request;
        Ok(vec![Partition::default()])
    }

    /// Reads one part. The batches have the columns of the request, in its order.
    fn scan(&self, request: &Request, partition: &Partition) -> Result<Batches>;
}

/// The batches of a scan, made one by one as the host asks for them.
pub type Batches = Box<dyn Iterator<Item = Result<RecordBatch>>>;

/// An opaque part of a request; it means the same in every instance with the same configuration.
pub type Partition = Vec<u8>;

/// How a predicate compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operator {
    /// Equal to the one value.
    Eq,
    /// Not equal to the one value.
    NotEq,
    /// Less than the one value.
    Lt,
    /// Less than or equal to the one value.
    LtEq,
    /// Greater than the one value.
    Gt,
    /// Greater than or equal to the one value.
    GtEq,
    /// Equal to one of the values.
    InList,
    /// Equal to none of the values.
    NotInList,
    /// Matches an SQL LIKE pattern without escape character.
    Like,
    /// Is null.
    IsNull,
    /// Is not null.
    IsNotNull,
}

/// A condition on one column. The predicates of a request are AND-ed; a null satisfies no
/// comparison.
#[derive(Clone, Debug)]
pub struct Predicate {
    /// The column, among the columns of the table.
    pub column: usize,
    /// How to compare.
    pub operator: Operator,
    /// The values, in the column's type: one for most operators, any number for the lists, none
    /// for the null tests. Never null.
    pub values: ArrayRef,
}

/// What a query wants of a table.
#[derive(Clone, Debug)]
pub struct Request {
    /// The table's name.
    pub table: String,
    /// The columns wanted, among the columns of the table; may be empty.
    pub columns: Vec<usize>,
    /// The predicates, all of a kind that the table said it takes.
    pub predicates: Vec<Predicate>,
    /// More rows than this are not needed, over all partitions together.
    pub limit: Option<u64>,
    /// How many rows a batch should have.
    pub batch_rows: usize,
    /// Into how many partitions the host would like the scan to be split.
    pub partitions: usize,
}

impl Request {
    /// The schema of the batches that this request wants of a table with the given columns.
    pub fn project(&self, columns: &Schema) -> SchemaRef {
        let fields = self
            .columns
            .iter()
            .map(|&i| Arc::clone(&columns.fields()[i]));
        Arc::new(Schema::new(fields.collect::<Vec<_>>()))
    }
}

/// A column that can be, or must be, given as a key.
#[derive(Clone, Debug)]
pub struct Key {
    /// The column.
    pub column: usize,
    /// With which operators.
    pub operators: Vec<Operator>,
    /// Whether a scan without it is refused.
    pub required: bool,
}

/// Which predicates on a column the source takes.
#[derive(Clone, Debug)]
pub struct Pushdown {
    /// The column.
    pub column: usize,
    /// The operators.
    pub operators: Vec<Operator>,
    /// Whether exactly the rows that match come back. The host filters again in any case.
    pub exact: bool,
}

/// A table that a source offers.
#[derive(Clone, Debug)]
pub struct Table {
    /// The name in SQL: lower case.
    pub name: String,
    /// What one row is and where it comes from.
    pub comment: String,
    /// The columns.
    pub columns: SchemaRef,
    /// Key columns.
    pub keys: Vec<Key>,
    /// Predicates that the source takes.
    pub pushdown: Vec<Pushdown>,
    /// About how many rows, where that is known without reading them.
    pub rows: Option<u64>,
    /// Why it cannot be described now.
    pub problem: Option<Error>,
}

impl Table {
    /// A table with a name and columns.
    pub fn new(name: impl Into<String>, columns: impl Into<SchemaRef>) -> Self {
        Self {
            name: name.into(),
            comment: String::new(),
            columns: columns.into(),
            keys: Vec::new(),
            pushdown: Vec::new(),
            rows: None,
            problem: None,
        }
    }

    /// A table that cannot be described now, so that the source's other tables serve. Using it fails
    /// with this error.
    pub fn broken(name: impl Into<String>, problem: Error) -> Self {
        Self {
            problem: Some(problem),
            ..Self::new(name, Schema::empty())
        }
    }

    /// Says what one row is and where it comes from.
    #[must_use]
    pub fn comment(mut self, comment: impl Into<String>) -> Self {
        self.comment = comment.into();
        self
    }

    /// Takes predicates on a column; `exact` where exactly the rows that match come back.
    ///
    /// # Panics
    ///
    /// When the table has no such column.
    #[must_use]
    pub fn takes(mut self, column: &str, operators: &[Operator], exact: bool) -> Self {
        let column = self.position(column);
        self.pushdown.push(Pushdown {
            column,
            operators: operators.to_vec(),
            exact,
        });
        self
    }

    /// Takes every predicate that a [`Filter`] evaluates, exactly, on every column: for a source whose
    /// rows go through [`scan_rows`](crate::scan_rows) or such a filter of its own.
    #[must_use]
    pub fn filtered(mut self) -> Self {
        let fields = self.columns.fields().iter().enumerate();
        self.pushdown = fields
            .map(|(column, field)| Pushdown {
                column,
                operators: Filter::operators(field.data_type()).to_vec(),
                exact: true,
            })
            .collect();
        self
    }

    /// Requires a column to be given as a key, by `=` or `IN`.
    ///
    /// # Panics
    ///
    /// When the table has no such column.
    #[must_use]
    pub fn requires(mut self, column: &str) -> Self {
        let column = self.position(column);
        let operators = vec![Operator::Eq, Operator::InList];
        self.keys.push(Key {
            column,
            operators,
            required: true,
        });
        self
    }

    /// Says about how many rows there are.
    #[must_use]
    pub fn rows(mut self, rows: u64) -> Self {
        self.rows = Some(rows);
        self
    }

    fn position(&self, column: &str) -> usize {
        match self.columns.index_of(column) {
            Ok(position) => position,
            Err(_) => panic!("table {:?} has no column {column:?}", self.name),
        }
    }
}
