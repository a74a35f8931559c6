//! A source that lies: in what it describes, in how it scans, and in the batches it emits.

use crate::batches;
use sextant_plugin_sdk::bindings::imports::sextant::plugin::arrow::{
    BatchParam, DataType, Field, Node, Sink, TimeUnit, Timestamp,
};
use sextant_plugin_sdk::bindings::imports::sextant::plugin::types::{Error, ErrorKind, Operator};
use sextant_plugin_sdk::bindings::imports::sextant::plugin::{input, report, types};
use sextant_plugin_sdk::bindings::source::exports::sextant::plugin::source as exports;
use std::cell::Cell;

/// The source. Its configuration, `{"attack": "..."}`, chooses what it does when it is opened and
/// described; the table chooses the rest.
#[derive(Debug)]
pub(crate) struct Attacker;

impl exports::Guest for Attacker {
    type Connection = Connection;
    type Scan = Scan;

    fn open(config: String) -> Result<exports::Connection, Error> {
        let attack = config.split('"').nth(3).unwrap_or_default().to_owned();
        match attack.as_str() {
            "loop_in_open" => endless(),
            "panic_in_open" => panic!("on purpose"),
            "keep_handles" => keep_handles()?,
            _ => {}
        }
        Ok(exports::Connection::new(Connection { attack }))
    }
}

fn endless() {
    while std::hint::black_box(true) {}
}

/// Opens an input again and again, and drops none.
fn keep_handles() -> Result<(), Error> {
    let entries = input::entries("files")?;
    loop {
        std::mem::forget(input::open("files", &entries[0].name, 0, None)?);
    }
}

/// An open source.
#[derive(Debug)]
pub(crate) struct Connection {
    attack: String,
}

fn column(name: &str, data_type: DataType, children: u32) -> Field {
    Field {
        name: name.to_owned(),
        data_type,
        nullable: true,
        children,
        metadata: Vec::new(),
    }
}

fn table(name: &str, columns: Vec<Field>) -> exports::Table {
    let pushdown = vec![exports::Pushdown {
        column: 0,
        operators: vec![Operator::Eq, Operator::Gt],
        exact: true,
    }];
    let pushdown = if columns.is_empty() { vec![] } else { pushdown };
    exports::Table {
        name: name.to_owned(),
        comment: String::new(),
        columns,
        keys: vec![],
        pushdown,
        rows: Some(1),
        problem: None,
    }
}

impl exports::GuestConnection for Connection {
    fn tables(&self) -> Result<Vec<exports::Table>, Error> {
        let number = || vec![column("n", DataType::Int64, 0)];
        Ok(match self.attack.as_str() {
            "deep_types" => {
                let mut columns: Vec<_> = (0..64).map(|_| column("n", DataType::List, 1)).collect();
                columns.push(column("n", DataType::Int64, 0));
                vec![table("t", columns)]
            }
            "missing_children" => vec![table("t", vec![column("n", DataType::Struct, 9)])],
            "childless_list" => vec![table("t", vec![column("n", DataType::List, 0)])],
            "zero_width" => vec![table(
                "t",
                vec![column("n", DataType::FixedSizeBinary(0), 0)],
            )],
            "huge_width" => vec![table(
                "t",
                vec![column("n", DataType::FixedSizeBinary(u32::MAX), 0)],
            )],
            "duplicate_columns" => vec![table("t", [number(), number()].concat())],
            "nameless_column" => vec![table("t", vec![column("", DataType::Int64, 0)])],
            "nul_in_column" => vec![table("t", vec![column("a\0b", DataType::Int64, 0)])],
            "duplicate_tables" => vec![table("t", number()), table("t", number())],
            "odd_table_name" => vec![table("T\"; DROP", number())],
            "too_many_tables" => (0..11_000)
                .map(|i| table(&format!("t{i}"), number()))
                .collect(),
            "too_many_columns" => {
                vec![table(
                    "t",
                    (0..5_000)
                        .map(|i| column(&format!("c{i}"), DataType::Int64, 0))
                        .collect(),
                )]
            }
            "unknown_zone" => vec![table(
                "t",
                vec![column(
                    "a",
                    DataType::Timestamp(Timestamp {
                        unit: TimeUnit::Second,
                        zone: Some("No/Where".to_owned()),
                    }),
                    0,
                )],
            )],
            "pushdown_on_no_column" => {
                let mut odd = table("t", number());
                odd.pushdown[0].column = 7;
                vec![odd]
            }
            "loses_matches" => vec![table("t", number())],
            _ => self.usual_tables(),
        })
    }

    fn partitions(&self, request: exports::Request) -> Result<Vec<Vec<u8>>, Error> {
        Ok(match request.table.as_str() {
            "many_partitions" => vec![vec![]; 200_000],
            "huge_tokens" => vec![vec![0; 1 << 20]],
            "two_partitions" => vec![vec![0], vec![1]],
            _ => vec![vec![]],
        })
    }

    fn scan(&self, request: exports::Request, _: Vec<u8>) -> Result<exports::Scan, Error> {
        Ok(exports::Scan::new(Scan {
            request,
            steps: Cell::new(0),
            columns: std::cell::OnceCell::new(),
        }))
    }
}

impl Connection {
    fn usual_tables(&self) -> Vec<exports::Table> {
        let named = [
            "numbers",
            "editions",
            "ignores_predicates",
            "ignores_limit",
            "empty_batches",
            "many_batches",
            "nothing_more",
            "after_the_end",
            "changes_schema",
            "endless",
            "panics",
            "fails",
            "fails_late",
            "denied",
            "skips",
            "warns",
            "slow",
            "many_partitions",
            "huge_tokens",
            "two_partitions",
            "memory",
        ];
        let mut tables: Vec<_> = named
            .iter()
            .map(|name| table(name, vec![column("n", DataType::Int64, 0)]))
            .collect();
        tables.extend(
            batches::all()
                .into_iter()
                .map(|bad| table(bad.name, bad.schema)),
        );
        let mut throughput = table(
            "throughput",
            vec![
                column("a", DataType::Int64, 0),
                column("b", DataType::Float64, 0),
                column("c", DataType::Utf8, 0),
                column("d", DataType::Int64, 0),
            ],
        );
        throughput.pushdown.clear();
        tables.push(throughput);
        let edition = tables.iter_mut().find(|table| table.name == "editions");
        if let Some(edition) = edition {
            edition.columns = vec![column("edition", DataType::Utf8, 0)];
            edition.pushdown.clear();
        }
        tables
    }
}

/// A running scan.
#[derive(Debug)]
pub(crate) struct Scan {
    request: exports::Request,
    steps: Cell<u64>,
    /// What the benchmark of the boundary emits again and again: no attack, just much.
    columns: std::cell::OnceCell<[Vec<u8>; 3]>,
}

impl exports::GuestScan for Scan {
    fn next(&self, out: &Sink) -> Result<bool, Error> {
        let step = self.steps.get();
        self.steps.set(step + 1);
        match self.request.table.as_str() {
            "numbers" | "two_partitions" => Ok(step < 10 && self.emit(out, &[0, 1, 2, 3, 4])),
            "editions" => Ok(step < 50 && emit_edition(out)),
            "ignores_predicates" | "ignores_limit" => {
                Ok(step < 3 && self.emit(out, &[1, 2, 3, 4, 5]))
            }
            // With a predicate a row is missing that matches it.
            "t" => {
                let lost = usize::from(!self.request.predicates.is_empty());
                Ok(step < 1 && self.emit(out, &[5, 4, 3, 2, 1][lost..]))
            }
            "empty_batches" => Ok(self.emit(out, &[])),
            "many_batches" => loop {
                self.emit(out, &[1]);
            },
            "nothing_more" => Ok(true),
            "after_the_end" => {
                self.emit(out, &[1]);
                Ok(false)
            }
            "changes_schema" => Ok(if step == 0 {
                self.emit(out, &[1])
            } else {
                emit_edition(out)
            }),
            "endless" => {
                endless();
                Ok(false)
            }
            "memory" => {
                let mut held = Vec::new();
                loop {
                    held.push(vec![1_u8; 1 << 20]);
                    std::hint::black_box(&held);
                }
            }
            "slow" => Ok(self.emit(out, &[step as i64])),
            "throughput" => Ok(step < 4_000 && self.emit_throughput(out)),
            "panics" => panic!("on purpose"),
            "fails" => Err(failure(
                "the first record is broken",
                ErrorKind::InvalidData,
            )),
            "fails_late" if step == 3 => {
                Err(failure("a later record is broken", ErrorKind::InvalidData))
            }
            "fails_late" => Ok(self.emit(out, &[1])),
            "denied" => input::entries("secrets").map(|_| false),
            "skips" => {
                let place = types::PlaceParam {
                    input: Some("files/a.csv"),
                    record: Some(7),
                    byte: None,
                    field: Some("n"),
                };
                report::skipped(3, "not a number", place);
                Ok(step == 0 && self.emit(out, &[1]))
            }
            "warns" => {
                report::warning(&format!("\x1b[31mwarning {step}"));
                Ok(step < 5 && self.emit(out, &[1]))
            }
            name => match batches::all().into_iter().find(|bad| bad.name == name) {
                Some(bad) if step == 0 => {
                    bad.emit(out);
                    Ok(true)
                }
                _ => Ok(false),
            },
        }
    }
}

impl Scan {
    /// Emits 8,192 rows of i64, f64, utf8 (16 bytes each) and i64.
    fn emit_throughput(&self, out: &Sink) -> bool {
        const ROWS: u32 = 8_192;
        let [numbers, offsets, texts] = self.columns.get_or_init(|| {
            let numbers = (0..i64::from(ROWS)).flat_map(i64::to_le_bytes);
            let offsets = (0..=ROWS).flat_map(|row| (row * 16).to_le_bytes());
            let texts = (0..ROWS).flat_map(|row| format!("{row:016}").into_bytes());
            [numbers.collect(), offsets.collect(), texts.collect()]
        });
        let node = |buffers| Node {
            length: ROWS,
            null_count: 0,
            buffers,
        };
        out.emit(BatchParam {
            rows: ROWS,
            nodes: &[node(2), node(2), node(3), node(2)],
            buffers: &[
                &[],
                numbers,
                &[],
                numbers,
                &[],
                offsets,
                texts,
                &[],
                numbers,
            ],
        });
        true
    }

    /// Emits rows of the one column, or as many without it, and says true.
    fn emit(&self, out: &Sink, values: &[i64]) -> bool {
        let rows = values.len() as u32;
        let values: Vec<u8> = values
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect();
        match self.request.columns.is_empty() {
            true => out.emit(BatchParam {
                rows,
                nodes: &[],
                buffers: &[],
            }),
            false => {
                let nodes = [Node {
                    length: rows,
                    null_count: 0,
                    buffers: 2,
                }];
                out.emit(BatchParam {
                    rows,
                    nodes: &nodes,
                    buffers: &[&[], &values],
                });
            }
        }
        true
    }
}

fn emit_edition(out: &Sink) -> bool {
    let edition = crate::edition();
    let offsets: Vec<u8> = [0, edition.len() as i32]
        .iter()
        .flat_map(|offset| offset.to_le_bytes())
        .collect();
    let nodes = [Node {
        length: 1,
        null_count: 0,
        buffers: 3,
    }];
    out.emit(BatchParam {
        rows: 1,
        nodes: &nodes,
        buffers: &[&[], &offsets, edition.as_bytes()],
    });
    true
}

fn failure(message: &str, kind: ErrorKind) -> Error {
    let place = types::PlaceResult {
        input: Some("files/a.csv".to_owned()),
        record: Some(4),
        byte: None,
        field: Some("n".to_owned()),
    };
    Error {
        kind,
        message: message.to_owned(),
        where_: Some(place),
    }
}
