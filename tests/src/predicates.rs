//! Random predicates on a table of a source, which are pushed down, and on a copy of it, which has no plugin.

use crate::{lines, try_query};
use arrow::array::{Array, ArrayRef, RecordBatch};
use arrow::compute::concat_batches;
use arrow::datatypes::DataType;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use sextant::{Host, Session};

/// A table beside a copy of it in memory.
#[derive(Debug)]
pub struct Tested {
    host: Host,
    session: Session,
    table: String,
    columns: RecordBatch,
}

/// What came of predicates on a table.
#[derive(Debug)]
pub struct Asked {
    /// Queries whose rows are others than those of the copy.
    pub differing: Vec<String>,
    /// How many plans were looked at.
    pub explained: usize,
    /// How many of these push something down.
    pub pushed: usize,
}

impl Asked {
    /// The rows have to be the same, and enough of it pushed down for that to say something.
    pub fn check(&self) {
        assert!(
            self.differing.is_empty(),
            "other rows: {:#?}",
            self.differing
        );
        let (pushed, explained) = (self.pushed, self.explained);
        assert!(
            pushed > explained / 3,
            "{pushed} of {explained} were pushed"
        );
    }
}

impl Tested {
    /// Copies a table, of which SQL has the name.
    pub fn new(host: Host, table: &str) -> Self {
        let session = host.session().expect("a session");
        let make = format!("CREATE TABLE copy AS SELECT * FROM {table}");
        try_query(&host, &session, &make).unwrap_or_else(|error| panic!("{table}: {error}"));
        let copy = try_query(&host, &session, "SELECT * FROM copy").expect("it was made");
        let columns = concat_batches(&copy[0].schema(), &copy).expect("they are of one schema");
        Self {
            host,
            session,
            table: table.to_owned(),
            columns,
        }
    }

    fn rows(&self, sql: &str) -> Vec<String> {
        let found = try_query(&self.host, &self.session, sql);
        let mut found = lines(&found.unwrap_or_else(|error| panic!("{sql}: {error}")));
        found.sort_unstable();
        found
    }

    /// Asks both with so many predicates, which a seed decides.
    pub fn ask(&self, predicates: usize, seed: &str) -> Asked {
        let mut random = Random::new(seed);
        let mut asked = Asked {
            differing: Vec::new(),
            explained: 0,
            pushed: 0,
        };
        for number in 0..predicates {
            let filters = (0..1 + random.below(3)).map(|_| self.filter(&mut random));
            let filters = filters.collect::<Vec<_>>().join(" AND ");
            let sql = format!("SELECT * FROM {} WHERE {filters}", self.table);
            let due = self.rows(&format!("SELECT * FROM copy WHERE {filters}"));
            // Each plan is described anew, which takes as long as its query.
            if number % 5 == 0 {
                let plan = self.rows(&format!("EXPLAIN {sql}")).join("\n");
                asked.explained += 1;
                asked.pushed += usize::from(plan.contains("pushed=["));
            }
            if self.rows(&sql) != due {
                asked.differing.push(sql);
            }
        }
        asked
    }

    /// A filter on a column, by any operator that its type has.
    fn filter(&self, random: &mut Random) -> String {
        let schema = self.columns.schema();
        let position = random.below(schema.fields().len());
        let field = schema.field(position);
        let column = self.columns.column(position);
        let name = format!("\"{}\"", field.name());
        let operators = match field.data_type() {
            DataType::List(_) | DataType::Interval(_) => 2,
            DataType::Utf8 => 11,
            _ => 10,
        };
        let operator = random.below(operators);
        let mut value = || literal(column, random);
        match operator {
            0 => format!("{name} IS NULL"),
            1 => format!("{name} IS NOT NULL"),
            2 => format!("{name} = {}", value()),
            3 => format!("{name} <> {}", value()),
            4 => format!("{name} < {}", value()),
            5 => format!("{name} <= {}", value()),
            6 => format!("{name} > {}", value()),
            7 => format!("{name} >= {}", value()),
            8 => format!("{name} IN ({}, {}, {})", value(), value(), value()),
            9 => format!("{name} NOT IN ({}, {})", value(), value()),
            _ => format!("{name} LIKE {}", pattern(column, random)),
        }
    }
}

/// A value of a column as text, of those that are not null.
fn shown(column: &ArrayRef, random: &mut Random) -> String {
    let valid: Vec<_> = (0..column.len())
        .filter(|&row| column.is_valid(row))
        .collect();
    let row = valid[random.below(valid.len())];
    let options = FormatOptions::default();
    let shown = ArrayFormatter::try_new(column, &options).expect("it can be shown");
    shown.value(row).to_string()
}

/// A literal of a column's type: mostly a value of it, sometimes one beside.
fn literal(column: &ArrayRef, random: &mut Random) -> String {
    let shown = shown(column, random);
    let text = |text: &str| format!("'{}'", text.replace('\'', "''"));
    match column.data_type() {
        DataType::Utf8 => match random.below(6) {
            0 => text(&shown.chars().take(2).collect::<String>()),
            1 => text(&format!("{shown}z")),
            2 => text(&format!("{shown} ")),
            _ => text(&shown),
        },
        DataType::Binary => format!("arrow_cast(X'{shown}', 'Binary')"),
        other => format!("arrow_cast({}, {})", text(&shown), text(&other.to_string())),
    }
}

/// A pattern made of a value: its beginning, its end, or a letter of it left open. A backslash would keep
/// it from being pushed down.
fn pattern(column: &ArrayRef, random: &mut Random) -> String {
    let shown = shown(column, random).replace('\'', "''");
    let letters: Vec<char> = shown.chars().filter(|&letter| letter != '\\').collect();
    let half = letters.len() / 2;
    let part = |letters: &[char]| letters.iter().collect::<String>();
    match random.below(3) {
        _ if shown.contains("''") => "'%O''H_r%'".to_owned(),
        0 => format!("'{}%'", part(&letters[..half])),
        1 => format!("'%{}'", part(&letters[half..])),
        _ => format!("'_{}'", part(letters.get(1..).unwrap_or_default())),
    }
}

/// SplitMix64 (Steele, Lea and Flood 2014).
struct Random(u64);

impl Random {
    fn new(seed: &str) -> Self {
        Self(seed.bytes().fold(7, |seed, byte| {
            seed.wrapping_mul(31).wrapping_add(u64::from(byte))
        }))
    }

    fn below(&mut self, count: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % count as u64) as usize
    }
}
