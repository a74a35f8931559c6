//! The `source` interface over [`Source`].

use super::{emit, host, receive_batch, receive_schema, send_schema, start, types};
use crate::bindings::source::exports::sextant::plugin::source as exports;
use crate::{Batches, Error, Operator, Predicate, Request, Result, Source, Table};
use arrow_schema::{Schema, SchemaRef};
use std::cell::RefCell;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

/// A [`Source`] as the component's export.
#[derive(Debug)]
pub struct SourceExport<S>(PhantomData<S>);

impl<S: Source> exports::Guest for SourceExport<S> {
    type Connection = Connection<S>;
    type Scan = Scan;

    fn open(config: String) -> Result<exports::Connection, types::Error> {
        start();
        let source = S::open(crate::export::parse_config(&config)?, host())?;
        Ok(exports::Connection::new(Connection(source)))
    }
}

/// An open source.
pub struct Connection<S>(S);

impl<S> fmt::Debug for Connection<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Connection")
    }
}

impl<S: Source> Connection<S> {
    fn receive(&self, request: exports::Request) -> Result<(Request, SchemaRef)> {
        let table = self.0.table(&request.table)?;
        let table = table
            .ok_or_else(|| Error::not_found(format!("there is no table {:?}", request.table)))?;
        check_described(&table, &request.described)?;
        let request = receive_request(&table, request)?;
        let schema = request.project(&table.columns);
        Ok((request, schema))
    }
}

impl<S: Source> exports::GuestConnection for Connection<S> {
    fn tables(&self) -> Result<Vec<exports::Table>, types::Error> {
        let tables = self.0.tables()?;
        Ok(tables.into_iter().map(send_table).collect::<Result<_>>()?)
    }

    fn partitions(&self, request: exports::Request) -> Result<Vec<Vec<u8>>, types::Error> {
        let (request, _) = self.receive(request)?;
        Ok(self.0.partitions(&request)?)
    }

    fn scan(
        &self,
        request: exports::Request,
        partition: Vec<u8>,
    ) -> Result<exports::Scan, types::Error> {
        let (request, schema) = self.receive(request)?;
        let batches = self.0.scan(&request, &partition)?;
        Ok(exports::Scan::new(Scan {
            batches: RefCell::new(batches),
            schema,
        }))
    }
}

/// A running scan.
pub struct Scan {
    batches: RefCell<Batches>,
    schema: SchemaRef,
}

impl fmt::Debug for Scan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Scan")
    }
}

impl exports::GuestScan for Scan {
    fn next(&self, out: &exports::Sink) -> Result<bool, types::Error> {
        let Some(batch) = self.batches.borrow_mut().next().transpose()? else {
            return Ok(false);
        };
        if batch.schema_ref() != &self.schema {
            let error = format!(
                "a batch has the columns {}, not {}",
                batch.schema(),
                self.schema
            );
            return Err(Error::internal(error).into());
        }
        emit(out, &batch);
        Ok(true)
    }
}

fn send_table(table: Table) -> Result<exports::Table> {
    Ok(exports::Table {
        columns: send_schema(table.columns.fields())?,
        name: table.name,
        comment: table.comment,
        keys: table
            .keys
            .into_iter()
            .map(|key| exports::Key {
                column: key.column as u32,
                operators: key.operators.into_iter().map(send_operator).collect(),
                required: key.required,
            })
            .collect(),
        pushdown: table
            .pushdown
            .into_iter()
            .map(|pushdown| exports::Pushdown {
                column: pushdown.column as u32,
                operators: pushdown.operators.into_iter().map(send_operator).collect(),
                exact: pushdown.exact,
            })
            .collect(),
        rows: table.rows,
        problem: table.problem.map(Into::into),
    })
}

/// That a request counts the columns that the table has.
fn check_described(table: &Table, described: &super::contract::Schema) -> Result<()> {
    match receive_schema(described)?.fields() == table.columns.fields() {
        true => Ok(()),
        false => Err(Error::unavailable(
            format!(
                "the columns of table {:?} have changed since they were described: ask again in a minute",
                table.name
            ),
            None,
        )),
    }
}

fn receive_request(table: &Table, request: exports::Request) -> Result<Request> {
    let predicates = request.predicates.into_iter().map(|predicate| {
        let column = predicate.column as usize;
        let field = table.columns.fields().get(column);
        let field = field.ok_or_else(|| Error::internal(format!("no column {column}")))?;
        let schema = Arc::new(Schema::new(vec![Arc::clone(field)]));
        let values = receive_batch(&schema, predicate.values)?;
        let operator = receive_operator(predicate.operator);
        Ok(Predicate {
            column,
            operator,
            values: Arc::clone(values.column(0)),
        })
    });
    Ok(Request {
        table: request.table,
        columns: request
            .columns
            .into_iter()
            .map(|column| column as usize)
            .collect(),
        predicates: predicates.collect::<Result<_>>()?,
        limit: request.limit,
        batch_rows: request.batch_rows as usize,
        partitions: request.partitions as usize,
    })
}

macro_rules! operators {
    ($($name:ident),*) => {
        fn send_operator(operator: Operator) -> exports::Operator {
            match operator {
                $(Operator::$name => exports::Operator::$name,)*
            }
        }

        fn receive_operator(operator: exports::Operator) -> Operator {
            match operator {
                $(exports::Operator::$name => Operator::$name,)*
            }
        }
    };
}

operators!(
    Eq, NotEq, Lt, LtEq, Gt, GtEq, InList, NotInList, Like, IsNull, IsNotNull
);
