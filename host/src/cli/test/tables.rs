//! What every table must bear: whatever is pushed down to it (columns, a limit, predicates), and
//! however it is split, the same rows come as from a copy of all of it.

use super::keys::Keys;
use super::{Arguments, Bench, ROWS_MAX, Random, Tally, same_rows};
use crate::error::{Error, Result};
use crate::registry::Source;
use crate::sql::Session;
use crate::wasm::{Operator, Pushdown, Scope, TableDescription};
use arrow::array::{Array, ArrayRef};
use arrow::compute::concat_batches;
use arrow::datatypes::DataType;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use std::collections::BTreeMap;
use std::sync::Arc;

pub(super) fn test(bench: &Bench, arguments: &Arguments, tally: &mut Tally) -> Result<()> {
    let snapshot = bench.host.snapshot();
    if bench.plugin()?.is_source() && snapshot.sources().is_empty() {
        super::super::note(
            "note: no table was tested: there is no examples/sextant.toml with a source",
        );
    }
    let keys = Keys::of(bench)?;
    for source in snapshot.sources().values() {
        let tables = describe(bench, source);
        for table in tables.as_deref().into_iter().flatten() {
            let name = format!("\"{}\".\"{}\"", source.name(), table.name);
            let Some(relation) = keys.relation(source.name(), table) else {
                super::super::note(&format!(
                    "note: {name} is asked by key, and was not tested: examples/keys.toml has none for it"
                ));
                continue;
            };
            let tested = Tested::new(bench, table, &name, relation);
            match tested {
                Ok(tested) => tested.test(arguments, tally),
                Err(error) => tally.add(&name, Err(error)),
            }
        }
        tally.add(&format!("source {}", source.name()), tables.map(|_| ()));
    }
    Ok(())
}

pub(super) fn describe(bench: &Bench, source: &Source) -> Result<Vec<Arc<TableDescription>>> {
    let scope = Scope::new(bench.host.limits());
    let tables = bench.host.block_on(source.tables(&scope))?;
    match tables.iter().find_map(|table| table.problem.clone()) {
        Some(problem) => Err(problem),
        None => Ok(tables.to_vec()),
    }
}

/// A table beside a copy of all its rows.
struct Tested<'a> {
    bench: &'a Bench,
    session: Session,
    table: &'a TableDescription,
    name: &'a str,
    /// What stands behind FROM: the table, or what some keys bring.
    relation: String,
    columns: Vec<ArrayRef>,
}

impl<'a> Tested<'a> {
    fn new(
        bench: &'a Bench,
        table: &'a TableDescription,
        name: &'a str,
        relation: String,
    ) -> Result<Self> {
        let session = bench.session()?;
        // More rows than may be looked at are refused with the next query.
        let copy = format!(
            "CREATE TABLE copy AS SELECT * FROM {relation} LIMIT {}",
            ROWS_MAX + 1
        );
        bench.answer(&session, &copy)?;
        let batches = bench.answer(&session, "SELECT * FROM copy")?;
        let all = concat_batches(&table.columns, &batches);
        let all = all.map_err(|error| Error::internal(error.to_string()))?;
        Ok(Self {
            bench,
            session,
            table,
            name,
            relation,
            columns: all.columns().to_vec(),
        })
    }

    fn rows(&self) -> usize {
        self.columns.first().map_or(0, |column| column.len())
    }

    fn test(&self, arguments: &Arguments, tally: &mut Tally) {
        let name = self.name;
        for partitions in [1, 8] {
            let setting = format!("SET datafusion.execution.target_partitions = {partitions}");
            let result = self
                .bench
                .answer(&self.session, &setting)
                .and_then(|_| self.same("*", ""));
            tally.add(&format!("{name}: in {partitions} partitions"), result);
        }
        for field in self.table.columns.fields() {
            let column = quoted(field.name());
            tally.add(&format!("{name}: {column} alone"), self.same(&column, ""));
        }
        tally.add(&format!("{name}: no columns"), self.same("count(*)", ""));
        let rows = self.rows();
        for limit in [0, 1, rows / 2, rows, rows + 1] {
            tally.add(&format!("{name}: limit {limit}"), self.limited(limit));
        }
        let mut random = Random::new(arguments.seed);
        let mut pushed = 0;
        for _ in 0..arguments.predicates {
            let Some(predicates) = self.predicates(&mut random) else {
                return;
            };
            let filter = format!("WHERE {predicates}");
            pushed += usize::from(self.is_pushed(&filter));
            tally.add(&format!("{name}: {filter}"), self.same("*", &filter));
        }
        let result = match pushed {
            0 if arguments.predicates > 0 => Err(Error::plugin(
                "it says that it takes predicates, and none was sent",
            )),
            _ => Ok(()),
        };
        tally.add(&format!("{name}: predicates are pushed down"), result);
    }

    /// That the table and its copy give the same rows.
    fn same(&self, columns: &str, filter: &str) -> Result<()> {
        let ask = |table: &str| {
            let sql = format!("SELECT {columns} FROM {table} {filter}");
            self.bench.lines(&self.session, &sql)
        };
        let (found, due) = (ask(&self.relation)?, ask("copy")?);
        same_rows(
            &format!("SELECT {columns} FROM {} {filter}", self.name),
            found,
            due,
        )
    }

    /// That as many rows come as are asked for, all of them rows of the table.
    fn limited(&self, limit: usize) -> Result<()> {
        let sql = format!("SELECT * FROM {} LIMIT {limit}", self.relation);
        let found = self.bench.lines(&self.session, &sql)?;
        let due = limit.min(self.rows());
        if found.len() != due {
            let found = found.len();
            return Err(Error::plugin(format!(
                "{found} rows instead of {due}: {sql}"
            )));
        }
        let mut rows: BTreeMap<String, usize> = BTreeMap::new();
        for row in self.bench.lines(&self.session, "SELECT * FROM copy")? {
            *rows.entry(row).or_default() += 1;
        }
        for row in found {
            match rows.get_mut(&row).filter(|left| **left > 0) {
                Some(left) => *left -= 1,
                None => {
                    return Err(Error::plugin(format!(
                        "a row that the table does not have, {row:?}: {sql}"
                    )));
                }
            }
        }
        Ok(())
    }

    fn is_pushed(&self, filter: &str) -> bool {
        let sql = format!("EXPLAIN SELECT * FROM {} {filter}", self.relation);
        let plan = self.bench.lines(&self.session, &sql);
        // A key is always sent; something has to be beside it.
        let sign = match self.table.required_keys.is_empty() {
            true => "",
            false => " AND ",
        };
        plan.is_ok_and(|lines| {
            let mut pushed = lines.iter().filter(|line| line.contains("pushed=["));
            pushed.any(|line| line.contains(sign))
        })
    }

    /// One to three predicates of kinds that the table takes; none where it takes none.
    fn predicates(&self, random: &mut Random) -> Option<String> {
        let takes: Vec<_> = self.table.pushdown.iter().collect();
        let predicates = (0..1 + random.below(3)).map(|_| {
            let pushdown: &Pushdown = random.of(&takes)?;
            let operator = *random.of(&pushdown.operators)?;
            Some(self.predicate(random, pushdown.column, operator))
        });
        let predicates: Vec<_> = predicates.collect::<Option<_>>()?;
        Some(predicates.join(" AND "))
    }

    fn predicate(&self, random: &mut Random, column: usize, operator: Operator) -> String {
        let field = self.table.columns.field(column);
        let name = quoted(field.name());
        let mut value = || self.value(random, column);
        match operator {
            Operator::IsNull => format!("{name} IS NULL"),
            Operator::IsNotNull => format!("{name} IS NOT NULL"),
            Operator::Eq => format!("{name} = {}", value()),
            Operator::NotEq => format!("{name} <> {}", value()),
            Operator::Lt => format!("{name} < {}", value()),
            Operator::LtEq => format!("{name} <= {}", value()),
            Operator::Gt => format!("{name} > {}", value()),
            Operator::GtEq => format!("{name} >= {}", value()),
            Operator::InList => format!("{name} IN ({}, {}, {})", value(), value(), value()),
            Operator::NotInList => format!("{name} NOT IN ({}, {})", value(), value()),
            Operator::Like => format!("{name} LIKE {}", text(&self.pattern(random, column))),
        }
    }

    /// A literal of a column's type: mostly a value of it, sometimes one beside.
    fn value(&self, random: &mut Random, column: usize) -> String {
        let data_type = self.table.columns.field(column).data_type();
        let shown = self.shown(random, column).unwrap_or_default();
        match data_type {
            DataType::Boolean => (random.below(2) == 0).to_string(),
            _ if data_type.is_string() => match random.below(4) {
                0 => text(&shown.chars().take(2).collect::<String>()),
                1 => text(&format!("{shown}z")),
                _ => text(&shown),
            },
            _ if data_type.is_binary() => {
                let digits: String = shown.chars().filter(char::is_ascii_hexdigit).collect();
                format!("arrow_cast(X'{digits}', {})", text(&data_type.to_string()))
            }
            // An empty column shows nothing that could be a value.
            _ if shown.is_empty() => {
                let name = text(&data_type.to_string());
                format!("arrow_cast(arrow_cast(0, 'Int32'), {name})")
            }
            _ => format!(
                "arrow_cast({}, {})",
                text(&shown),
                text(&data_type.to_string())
            ),
        }
    }

    /// A pattern made of a value: its beginning, its end, or a letter of it left open.
    fn pattern(&self, random: &mut Random, column: usize) -> String {
        let shown = self.shown(random, column).unwrap_or_default();
        let letters: Vec<_> = shown.chars().filter(|c| !"%_\\".contains(*c)).collect();
        let half = letters.len().div_ceil(2);
        let part = |letters: &[char]| letters.iter().collect::<String>();
        match random.below(3) {
            0 => format!("{}%", part(&letters[..half])),
            1 => format!("%{}", part(&letters[half..])),
            _ => format!("_{}", part(letters.get(1..).unwrap_or_default())),
        }
    }

    /// A value of a column as text, if there is one that is not null.
    fn shown(&self, random: &mut Random, column: usize) -> Option<String> {
        let column = &self.columns[column];
        let valid: Vec<_> = (0..column.len())
            .filter(|&row| column.is_valid(row))
            .collect();
        let row = *random.of(&valid)?;
        let options = FormatOptions::default();
        let shown = ArrayFormatter::try_new(column, &options).ok()?;
        Some(shown.value(row).to_string())
    }
}

pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// What a plugin says is data, also in SQL.
pub(super) fn text(value: &str) -> String {
    format!("'{}'", value.replace('\'', "''"))
}
