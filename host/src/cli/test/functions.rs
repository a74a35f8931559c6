//! What every function must bear: its own examples, no rows, nulls, values of every type that it
//! says it takes, and the same rows in other batches, partitions and orders.

use super::tables::text;
use super::{Bench, Tally, lines, same_rows};
use crate::error::{Error, Result};
use crate::sql::{Session, subqueries_of_calls};
use crate::wasm::{FunctionDescription, FunctionKind, Volatility};
use arrow::datatypes::DataType;

/// Rows that a function is asked with.
const ROWS: usize = 1_000;

/// Settings under which the same call is made again.
const SPREADS: [[&str; 2]; 2] = [
    [
        "SET datafusion.execution.batch_size = 7",
        "SET datafusion.execution.target_partitions = 5",
    ],
    [
        "SET datafusion.execution.batch_size = 8192",
        "SET datafusion.execution.target_partitions = 1",
    ],
];

pub(super) fn test(bench: &Bench, function: &FunctionDescription, tally: &mut Tally) -> Result<()> {
    let name = format!("{}.{}", bench.plugin()?.name(), function.name);
    if function.examples.is_empty() {
        super::super::note(&format!("note: {name} has no examples"));
    }
    let session = bench.confined()?;
    for (sql, expected) in &function.examples {
        let run = || expect(bench, &session, sql, expected);
        tally.add(&format!("{name}: example {sql}"), run());
        if function.kind == FunctionKind::Table {
            other_relations(bench, &session, (&name, sql, expected), tally);
        }
    }
    for data_types in signatures(function) {
        let call = Call {
            name: &name,
            function,
            data_types,
        };
        call.test(bench, tally)?;
    }
    Ok(())
}

fn expect(bench: &Bench, session: &Session, sql: &str, expected: &str) -> Result<()> {
    let found = bench
        .answer(session, sql)
        .map(|rows| lines(&rows).join("\n"))?;
    match found.trim_end() == expected.trim_end() {
        true => Ok(()),
        false => Err(Error::plugin(format!(
            "expected {expected:?}, found {found:?}"
        ))),
    }
}

/// An example of a table function without rows, and with its rows in another order.
fn other_relations(
    bench: &Bench,
    session: &Session,
    (name, sql, expected): (&str, &str, &str),
    tally: &mut Tally,
) {
    let Some((statement, relations)) = subqueries_of_calls(sql, bench.host.limits()) else {
        return;
    };
    let with = |what: &str| {
        relations.iter().fold(statement.clone(), |sql, relation| {
            let other = format!("(SELECT * FROM ({relation}) AS of_example {what})");
            sql.replace(&format!("({relation})"), &other)
        })
    };
    let empty = with("LIMIT 0");
    let result = bench.answer(session, &empty).map(|_| ()).or_else(refused);
    tally.add(&format!("{name}: no rows: {empty}"), result);
    let shuffled = with("ORDER BY random()");
    // Without ORDER BY rows may come in any order.
    let due = expected.trim_end().lines().map(str::to_owned).collect();
    let found = bench.lines(session, &shuffled);
    let result = found.and_then(|found| same_rows(&shuffled, found, due));
    tally.add(
        &format!("{name}: rows in another order: {shuffled}"),
        result,
    );
}

/// A plugin may say that it cannot do something; everything else is a fault.
fn refused(error: Error) -> Result<()> {
    match error.is_plugin() || error.is_data() || error.is_config() || error.is_not_found() {
        true => Ok(()),
        false => Err(error),
    }
}

/// The types with which a function can be asked without knowing what it means: the first of each
/// parameter, the second, and so on.
fn signatures(function: &FunctionDescription) -> Vec<Vec<DataType>> {
    let guessable = function
        .parameters
        .iter()
        .all(|parameter| !parameter.constant && !parameter.types.iter().any(DataType::is_nested));
    if !guessable || function.kind == FunctionKind::Table || function.parameters.is_empty() {
        return Vec::new();
    }
    let parameters = || function.parameters.iter();
    let widest = parameters().map(|parameter| parameter.types.len()).max();
    let choice = |choice: usize| {
        let types = parameters().map(|parameter| {
            let chosen = parameter.types.get(choice).or(parameter.types.first());
            chosen.cloned().unwrap_or(DataType::Utf8)
        });
        types.collect()
    };
    (0..widest.unwrap_or_default().max(1)).map(choice).collect()
}

/// Calls of a scalar or aggregate function with arguments of given types.
struct Call<'a> {
    name: &'a str,
    function: &'a FunctionDescription,
    data_types: Vec<DataType>,
}

impl Call<'_> {
    fn test(&self, bench: &Bench, tally: &mut Tally) -> Result<()> {
        let session = bench.session()?;
        let shown: Vec<_> = self.data_types.iter().map(ToString::to_string).collect();
        let shown = shown.join(", ");
        let nulls = self.query(null, ROWS);
        let none = self.query(null, 0);
        for (what, sql, rows) in [("nulls", nulls, ROWS), ("no rows", none, 0)] {
            let result = self.counted(bench, &session, &sql, rows);
            tally.add(&format!("{}: {what} of {shown}", self.name), result);
        }
        let values = self.query(sample, ROWS);
        let result = self
            .counted(bench, &session, &values, ROWS)
            .or_else(refused);
        tally.add(&format!("{}: values of {shown}", self.name), result);
        let result = self.spread(bench, &values);
        tally.add(
            &format!("{}: in other batches and partitions, {shown}", self.name),
            result,
        );
        Ok(())
    }

    /// A call on so many rows of made-up arguments, with its rows in order.
    fn query(&self, value: fn(&DataType, usize) -> String, rows: usize) -> String {
        let columns = self.data_types.iter().enumerate();
        let columns: Vec<_> = columns
            .map(|(i, data_type)| format!("{} AS a{i}", value(data_type, i)))
            .collect();
        let names: Vec<_> = (0..columns.len()).map(|i| format!("a{i}")).collect();
        let (name, names) = (self.name, names.join(", "));
        let relation = format!(
            "(SELECT value, {} FROM generate_series(1, {rows}))",
            columns.join(", ")
        );
        match self.is_aggregate() {
            true => format!(
                "SELECT value % 10 AS g, {name}({names}) FROM {relation} GROUP BY g ORDER BY g"
            ),
            false => format!("SELECT value, {name}({names}) FROM {relation} ORDER BY value"),
        }
    }

    fn is_aggregate(&self) -> bool {
        self.function.kind == FunctionKind::Aggregate
    }

    fn counted(&self, bench: &Bench, session: &Session, sql: &str, rows: usize) -> Result<()> {
        let due = if self.is_aggregate() {
            rows.min(10)
        } else {
            rows
        };
        let found = bench.lines(session, sql)?.len();
        match found == due {
            true => Ok(()),
            false => Err(Error::plugin(format!(
                "{found} rows came back instead of {due}: {sql}"
            ))),
        }
    }

    /// The same rows give the same results however they are cut and spread.
    fn spread(&self, bench: &Bench, sql: &str) -> Result<()> {
        if self.function.volatility == Volatility::Volatile {
            return Ok(());
        }
        let mut answers = Vec::new();
        for settings in SPREADS {
            let session = bench.session()?;
            for setting in settings {
                bench.answer(&session, setting)?;
            }
            match bench.lines(&session, sql) {
                Ok(answer) => answers.push(answer),
                Err(error) => return refused(error),
            }
        }
        match answers.windows(2).all(|pair| pair[0] == pair[1]) {
            true => Ok(()),
            false => Err(Error::plugin(format!(
                "the results depend on how the rows are cut and spread: {sql}"
            ))),
        }
    }
}

fn null(data_type: &DataType, _: usize) -> String {
    format!("arrow_cast(NULL, {})", text(&data_type.to_string()))
}

/// A value made of the column `value`, a whole number; every eleventh is null.
fn sample(data_type: &DataType, argument: usize) -> String {
    let number = format!("(value * {} % 1000)", 2 * argument + 3);
    let made = match data_type {
        text if text.is_string() => {
            format!("substr(md5(CAST({number} / 7 AS TEXT)), 1, CAST(value % 9 AS INT) + 1)")
        }
        DataType::Boolean => format!("{number} % 2 = 0"),
        DataType::Date32 | DataType::Time32(_) => format!("arrow_cast({number}, 'Int32')"),
        DataType::Float16 | DataType::Float32 | DataType::Float64 => {
            format!("CAST({number} AS DOUBLE) / 8")
        }
        DataType::Int8 | DataType::UInt8 => format!("{number} % 100"),
        _ => number,
    };
    let name = text(&data_type.to_string());
    let cast = match data_type.is_binary() {
        true => format!("arrow_cast(CAST({made} AS TEXT), {name})"),
        false => format!("arrow_cast({made}, {name})"),
    };
    format!("CASE WHEN value % 11 = 0 THEN NULL ELSE {cast} END")
}
