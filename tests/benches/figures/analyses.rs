//! Aggregates and table functions of plugins, against the same code natively.

use crate::{Bound, Figure, assert_same, medians, native_rows, native_runtime, random, timed};
use arrow::array::{
    Array, ArrayRef, BooleanArray, Float64Array, Int64Array, RecordBatch, UInt32Array,
};
use arrow::datatypes::{DataType, FieldRef};
use datafusion::common::Result as DataFusionResult;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, EmitTo, GroupsAccumulator, Signature, Volatility,
};
use datafusion::prelude::SessionContext;
use sextant_plugin_graph::{Direction, Edges};
use sextant_plugin_names::{MedianAbsoluteDeviation, Samples};
use sextant_plugin_sdk::{Accumulator as GuestAccumulator, Arguments, BoundAggregate};
use sextant_tests::{TestWorkspace, lines, try_query};
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

const BATCH_ROWS: usize = 8_192;

/// Writes columns of numbers as an Arrow file.
fn write_arrow(path: &Path, columns: Vec<(&str, ArrayRef)>) -> Vec<RecordBatch> {
    let all = RecordBatch::try_from_iter(columns).expect("equal lengths");
    let file = File::create(path).expect("it can be made");
    let mut writer =
        arrow::ipc::writer::FileWriter::try_new(file, &all.schema()).expect("it can be written");
    let mut batches = Vec::new();
    for start in (0..all.num_rows()).step_by(BATCH_ROWS) {
        let batch = all.slice(start, BATCH_ROWS.min(all.num_rows() - start));
        writer.write(&batch).expect("it can be written");
        batches.push(batch);
    }
    writer.finish().expect("it can be written");
    batches
}

fn numbers(rows: usize, mut next: impl FnMut() -> u64, below: u64) -> ArrayRef {
    Arc::new(Int64Array::from_iter_values(
        (0..rows).map(|_| (next() % below) as i64),
    ))
}

/// 10 million values in 100,000 groups.
pub(crate) fn aggregate(_: bool) -> Vec<Figure> {
    const ROWS: usize = 10_000_000;
    let workspace = TestWorkspace::new().plugin("names");
    let path = workspace.path("values.arrow");
    let mut next = random(7);
    let values = (0..ROWS).map(|_| (next() >> 11) as f64 / (1_u64 << 53) as f64);
    let values: ArrayRef = Arc::new(Float64Array::from_iter_values(values));
    write_arrow(
        &path,
        vec![("g", numbers(ROWS, random(8), 100_000)), ("v", values)],
    );

    let host = workspace.host();
    let session = host.session().expect("a session");
    let (runtime, context) = (native_runtime(), SessionContext::new().enable_url_table());
    context.register_udaf(AggregateUDF::from(NativeDeviation(Signature::exact(
        vec![DataType::Float64],
        Volatility::Immutable,
    ))));
    let load = format!("CREATE TABLE t AS SELECT * FROM '{}'", path.display());
    try_query(&host, &session, &load).expect("it is loaded");
    native_rows(&runtime, &context, &load);
    let sql = |function: &str| {
        format!(
            "SELECT count(*), sum(d), max(d) FROM (SELECT g, {function}(v) AS d FROM t GROUP BY g)"
        )
    };
    let in_guest = || {
        let answer = try_query(&host, &session, &sql("names.median_absolute_deviation"));
        lines(&answer.expect("it runs"))
    };
    let in_host = || native_rows(&runtime, &context, &sql("native_deviation"));
    assert_same(&in_guest(), &in_host());
    let (guest, native) = medians(3, || drop(in_guest()), || drop(in_host()));
    vec![Figure {
        name: "aggregate",
        value: guest / native,
        unit: "x time",
        bound: Bound::AtMost(1.8),
        how: "median_absolute_deviation of 10 million values in 100,000 groups, in the guest, against the same accumulator as a native DataFusion aggregate; median of 3".to_owned(),
    }]
}

/// The plugin's accumulator as a native function.
#[derive(Debug, PartialEq, Eq, Hash)]
struct NativeDeviation(Signature);

fn state_fields() -> Vec<FieldRef> {
    BoundAggregate::state(&MedianAbsoluteDeviation)
        .iter()
        .cloned()
        .collect()
}

impl AggregateUDFImpl for NativeDeviation {
    fn name(&self) -> &'static str {
        "native_deviation"
    }

    fn signature(&self) -> &Signature {
        &self.0
    }

    fn return_type(&self, _: &[DataType]) -> DataFusionResult<DataType> {
        Ok(DataType::Float64)
    }

    fn state_fields(&self, _: StateFieldsArgs<'_>) -> DataFusionResult<Vec<FieldRef>> {
        Ok(state_fields())
    }

    fn accumulator(&self, _: AccumulatorArgs<'_>) -> DataFusionResult<Box<dyn Accumulator>> {
        unreachable!("the benchmark groups its rows")
    }

    fn groups_accumulator_supported(&self, _: AccumulatorArgs<'_>) -> bool {
        true
    }

    fn create_groups_accumulator(
        &self,
        _: AccumulatorArgs<'_>,
    ) -> DataFusionResult<Box<dyn GroupsAccumulator>> {
        Ok(Box::new(NativeGroups(Samples::default())))
    }
}

struct NativeGroups(Samples);

fn indexes(groups: &[usize]) -> UInt32Array {
    groups.iter().map(|&group| group as u32).collect()
}

fn count(emit_to: EmitTo) -> Option<usize> {
    match emit_to {
        EmitTo::All => None,
        EmitTo::First(count) => Some(count),
    }
}

impl GroupsAccumulator for NativeGroups {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        groups: &[usize],
        _: Option<&BooleanArray>,
        total: usize,
    ) -> DataFusionResult<()> {
        let batch = RecordBatch::try_from_iter([("v", Arc::clone(&values[0]))])?;
        let arguments = Arguments::new(&[None], &batch);
        self.0
            .update(&arguments, &indexes(groups), total)
            .expect("it takes them");
        Ok(())
    }

    fn merge_batch(
        &mut self,
        states: &[ArrayRef],
        groups: &[usize],
        total: usize,
    ) -> DataFusionResult<()> {
        let batch = RecordBatch::try_from_iter([("values", Arc::clone(&states[0]))])?;
        self.0
            .merge(&batch, &indexes(groups), total)
            .expect("it takes them");
        Ok(())
    }

    fn state(&mut self, emit_to: EmitTo) -> DataFusionResult<Vec<ArrayRef>> {
        Ok(self.0.state(count(emit_to)).expect("it has one"))
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> DataFusionResult<ArrayRef> {
        Ok(self.0.finish(count(emit_to)).expect("it has one"))
    }

    fn convert_to_state(
        &self,
        values: &[ArrayRef],
        _: Option<&BooleanArray>,
    ) -> DataFusionResult<Vec<ArrayRef>> {
        let mut each = Self(Samples::default());
        let groups: Vec<_> = (0..values[0].len()).collect();
        each.update_batch(values, &groups, None, groups.len())?;
        each.state(EmitTo::All)
    }

    fn size(&self) -> usize {
        size_of::<Self>()
    }
}

/// 1 million nodes, 5 million edges.
pub(crate) fn pagerank(_: bool) -> Vec<Figure> {
    const EDGES: usize = 5_000_000;
    const NODES: u64 = 1_000_000;
    let workspace = TestWorkspace::new().plugin("graph");
    let path = workspace.path("edges.arrow");
    let columns = vec![
        ("a", numbers(EDGES, random(1), NODES)),
        ("b", numbers(EDGES, random(2), NODES)),
    ];
    let batches = write_arrow(&path, columns);
    let host = workspace.host();
    let session = host.session().expect("a session");
    let load = format!("CREATE TABLE edges AS SELECT * FROM '{}'", path.display());
    try_query(&host, &session, &load).expect("it is loaded");
    let sql = "SELECT count(*), sum(rank), max(rank) FROM graph.pagerank((SELECT a, b FROM edges), iterations => 20)";
    let in_guest = || lines(&try_query(&host, &session, sql).expect("it runs"));
    let natively = || {
        let mut edges = Edges::new(&DataType::Int64).expect("numbers are nodes");
        for batch in &batches {
            edges.push(batch).expect("they are not too many");
        }
        let graph = edges.into_graph();
        let ranks = sextant_plugin_graph::pagerank(&graph, 0.85, 20, Direction::Directed);
        let max = ranks.iter().copied().fold(0.0, f64::max);
        vec![format!(
            "{}\t{}\t{max}",
            ranks.len(),
            ranks.iter().sum::<f64>()
        )]
    };
    assert_same(&in_guest(), &natively());
    let (guest, native) = medians(3, || drop(in_guest()), || drop(natively()));
    vec![Figure {
        name: "pagerank",
        value: guest / native,
        unit: "x time",
        bound: Bound::AtMost(2.0),
        how: "20 iterations on 1 million nodes and 5 million edges in memory, as a table function in the guest, against the same Rust code natively on the same Arrow batches; median of 3".to_owned(),
    }]
}

/// 10 million rows of a Parquet file, handed on.
pub(crate) fn streaming(_: bool) -> Vec<Figure> {
    const ROWS: usize = 10_000_000;
    let workspace = TestWorkspace::new().plugin("hostile");
    let host = workspace.host();
    let session = host.session().expect("a session");
    let file = |rows: usize| {
        let path = workspace.path(&format!("rows-{rows}.parquet"));
        let make = format!(
            "COPY (SELECT value AS id, value * 0.5 AS half, concat('name ', value % 1000) AS name FROM generate_series(1, {rows})) TO '{}' STORED AS PARQUET",
            path.display()
        );
        try_query(&host, &session, &make).expect("it is made");
        format!("SELECT * FROM '{}'", path.display())
    };
    let drain = |sql: &str| {
        host.block_on(async {
            let mut answer = session.query(sql).await.expect("it plans");
            let mut rows = 0;
            while let Some(batch) = answer.next().await.expect("it runs") {
                rows += batch.num_rows();
            }
            (rows, answer.scope().guest_bytes_peak())
        })
    };
    let (few, many) = (file(ROWS / 4), file(ROWS));
    let pass = |select: &str| format!("SELECT * FROM hostile.pass(({select}))");
    let (through, plain) = medians(
        3,
        || assert_eq!(drain(&pass(&many)).0, ROWS),
        || assert_eq!(drain(&many).0, ROWS),
    );
    let ((_, few_peak), _) = timed(|| drain(&pass(&few)));
    let (_, many_peak) = drain(&pass(&many));
    vec![
        Figure {
            name: "streaming",
            value: through / plain,
            unit: "x time",
            bound: Bound::AtMost(1.5),
            how: "10 million rows of int64, float64 and text of a Parquet file handed on by a table function, against SELECT * of the same file; median of 3".to_owned(),
        },
        Figure {
            name: "streaming_memory",
            value: many_peak as f64 / few_peak as f64,
            unit: "x bytes",
            bound: Bound::AtMost(1.1),
            how: format!("peak guest memory over 10 million rows against over a quarter of them, {few_peak} bytes"),
        },
    ]
}
