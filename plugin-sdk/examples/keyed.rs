//! A source whose tables are asked by key, as a gateway is. What it knows is made up of the keys: an item
//! with the number `k` below 1,000 is there `k % 4` times, unless it is divisible by three. The table
//! `known` has all of them, to compare with. Each request is told as a warning.

use sextant_plugin_sdk::arrow_schema::{DataType, Field, Schema};
use sextant_plugin_sdk::serde::Deserialize;
use sextant_plugin_sdk::{
    Batches, Cell, Error, Host, OnError, Operator, Partition, Predicate, Request, Result, Rows,
    Source, Strings, Table, arrow_array, scan_rows,
};

/// What stands under `[source.NAME.config]`.
#[derive(Debug, Deserialize)]
#[serde(crate = "sextant_plugin_sdk::serde", deny_unknown_fields)]
pub struct Config {
    /// The number for which the far side fails.
    fails_at: Option<i64>,
}

/// Items by their numbers, and by pairs of a group and a number.
#[derive(Debug)]
pub struct Keyed {
    config: Config,
    host: Host,
}

const KNOWN: i64 = 1_000;

impl Source for Keyed {
    type Config = Config;

    fn open(config: Config, host: Host) -> Result<Self> {
        Ok(Self { config, host })
    }

    fn tables(&self) -> Result<Vec<Table>> {
        let columns = || {
            Schema::new(vec![
                Field::new("number", DataType::Int32, false),
                Field::new("copy", DataType::Int64, false),
                Field::new("label", DataType::Utf8, true),
                Field::new("grp", DataType::Utf8, false),
            ])
        };
        Ok(vec![
            Table::new("items", columns())
                .comment("An item, by its number")
                .requires("number"),
            Table::new("labels", columns())
                .comment("An item, by its label")
                .requires("label"),
            Table::new("pairs", columns())
                .comment("An item, by its group and number")
                .requires("grp")
                .requires("number"),
            Table::new("known", columns())
                .comment("All items")
                .filtered(),
        ])
    }

    fn scan(&self, request: &Request, _: &Partition) -> Result<Batches> {
        let columns = self.tables()?.remove(0).columns;
        let numbers: Vec<i64> = match request.table.as_str() {
            "items" | "pairs" => numbers(&request.predicates)?,
            "labels" => labels(&request.predicates)?,
            _ => (0..KNOWN).collect(),
        };
        if request.table != "known" {
            let asked: Vec<_> = numbers.iter().map(ToString::to_string).collect();
            for some in asked.chunks(100) {
                self.host.warning(&format!("asked {}", some.join(" ")));
            }
        }
        let fails_at = self.config.fails_at;
        let mut numbers = numbers.into_iter();
        let read = move |rows: &mut Rows| {
            let Some(number) = numbers.next() else {
                return Ok(false);
            };
            if fails_at == Some(number) {
                return Err(Error::unavailable(format!("no answer for {number}"), None));
            }
            let is_known = (0..KNOWN).contains(&number) && number % 3 != 0;
            let label = format!("item {number}");
            for copy in 0..if is_known { number % 4 } else { 0 } {
                let label = (number % 5 != 0).then_some(label.as_str());
                let group = ["a", "b"][(number % 2) as usize];
                rows.push(&[
                    Cell::Int(number),
                    Cell::Int(copy),
                    label.into(),
                    Cell::Text(group),
                ])?;
            }
            Ok(true)
        };
        let file = request.table.clone();
        scan_rows(&self.host, file, &columns, request, OnError::Fail, read)
    }
}

/// The values of the predicate on a column.
fn asked(predicates: &[Predicate], column: usize) -> Result<&arrow_array::ArrayRef> {
    let on_key = predicates.iter().find(|predicate| {
        predicate.column == column && matches!(predicate.operator, Operator::Eq | Operator::InList)
    });
    let on_key = on_key.ok_or_else(|| Error::unsupported("expected a key, found none"))?;
    Ok(&on_key.values)
}

fn numbers(predicates: &[Predicate]) -> Result<Vec<i64>> {
    let values = asked(predicates, 0)?;
    let numbers = values
        .as_any()
        .downcast_ref::<arrow_array::Int32Array>()
        .ok_or_else(|| Error::internal("a number is a number"))?;
    Ok(numbers
        .values()
        .iter()
        .map(|&number| number.into())
        .collect())
}

fn labels(predicates: &[Predicate]) -> Result<Vec<i64>> {
    let values = asked(predicates, 2)?;
    let labels = Strings::new(values).ok_or_else(|| Error::internal("a label is a text"))?;
    let labels = (0..values.len()).filter_map(|row| labels.get(row));
    let numbers = labels.filter_map(|label| label.strip_prefix("item ")?.parse().ok());
    Ok(numbers.collect())
}

sextant_plugin_sdk::export!(source: Keyed);
