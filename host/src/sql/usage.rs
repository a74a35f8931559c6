//! What plugins used, in EXPLAIN ANALYZE: for scans and table functions with the operator and its
//! partitions; for scalar functions and aggregates, which run within operators that know nothing of
//! them, in a node of its own above the plan.

use crate::wasm::{Scope, Usage};
use arrow::array::RecordBatch;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{Result, internal_err};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::metrics::{
    BaselineMetrics, Count, ExecutionPlanMetricsSet, Gauge, Metric, MetricBuilder, MetricValue,
    MetricsSet, Time,
};
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// The metrics of an instance that works for a partition.
pub(super) struct InstanceMetrics {
    baseline: BaselineMetrics,
    guest_time: Time,
    host_time: Time,
    calls: Count,
    bytes_out: Count,
    memory: Gauge,
    /// Rows and bytes passed: only of what is passed any, as no source is.
    passed: Option<(Count, Count)>,
    /// Requests, tries again, and the wait for turns: only of what asks over the network.
    network: Option<(Count, Count, Time)>,
    metrics: ExecutionPlanMetricsSet,
    partition: usize,
    seen: Usage,
}

impl InstanceMetrics {
    pub(super) fn new(metrics: &ExecutionPlanMetricsSet, partition: usize) -> Self {
        let new = || MetricBuilder::new(metrics);
        Self {
            baseline: BaselineMetrics::new(metrics, partition),
            guest_time: new().subset_time("guest_time", partition),
            host_time: new().subset_time("host_time", partition),
            calls: new().counter("calls", partition),
            bytes_out: new().counter("bytes_out", partition),
            memory: new().gauge("guest_memory_bytes_peak", partition),
            passed: None,
            network: None,
            metrics: metrics.clone(),
            partition,
            seen: Usage::default(),
        }
    }

    /// From now on another instance works for the partition.
    pub(super) fn next_instance(&mut self) {
        self.seen = Usage::default();
    }

    /// Takes over what the instance used since the last time.
    pub(super) fn update(&mut self, usage: Usage) {
        let seen = std::mem::replace(&mut self.seen, usage);
        let since = |now: u64, then: u64| (now - then) as usize;
        self.guest_time
            .add_duration(Duration::from_nanos(usage.guest_ns - seen.guest_ns));
        self.host_time
            .add_duration(Duration::from_nanos(usage.host_ns - seen.host_ns));
        self.calls.add(since(usage.calls, seen.calls));
        self.bytes_out.add(since(usage.bytes_out, seen.bytes_out));
        self.memory.set_max(usage.memory_bytes_peak as usize);
        let (metrics, partition) = (&self.metrics, self.partition);
        let new = || MetricBuilder::new(metrics);
        if usage.rows_in > seen.rows_in {
            let (rows, bytes) = self.passed.get_or_insert_with(|| {
                (
                    new().counter("rows_in", partition),
                    new().counter("bytes_in", partition),
                )
            });
            rows.add(since(usage.rows_in, seen.rows_in));
            bytes.add(since(usage.bytes_in, seen.bytes_in));
        }
        if usage.requests > seen.requests {
            let (requests, retries, paced) = self.network.get_or_insert_with(|| {
                (
                    new().counter("requests", partition),
                    new().counter("retries", partition),
                    new().subset_time("paced_time", partition),
                )
            });
            requests.add(since(usage.requests, seen.requests));
            retries.add(since(usage.retries, seen.retries));
            paced.add_duration(Duration::from_nanos(usage.paced_ns - seen.paced_ns));
        }
    }

    pub(super) fn rows(&self, batch: &RecordBatch) {
        self.baseline.record_output(batch.num_rows());
    }

    pub(super) fn done(&self) {
        self.baseline.done();
    }
}

/// Shows what all plugins of a query used; the rows pass through.
#[derive(Debug)]
pub(super) struct PluginUsage {
    input: Arc<dyn ExecutionPlan>,
    scope: Arc<Scope>,
}

impl PluginUsage {
    pub(super) fn new(input: &Arc<dyn ExecutionPlan>, scope: &Arc<Scope>) -> Self {
        Self {
            input: Arc::clone(input),
            scope: Arc::clone(scope),
        }
    }
}

impl DisplayAs for PluginUsage {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.scope.is_accounted() {
            true => "PluginUsage",
            false => "PluginUsage: accounting is off (queries.accounting in sextant.toml)",
        })
    }
}

impl ExecutionPlan for PluginUsage {
    fn name(&self) -> &'static str {
        "PluginUsage"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        self.input.properties()
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        vec![true]
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        match children.as_slice() {
            [input] => Ok(Arc::new(Self::new(input, &self.scope))),
            _ => internal_err!("one input is shown"),
        }
    }

    fn execute(
        &self,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        self.input.execute(partition, context)
    }

    fn metrics(&self) -> Option<MetricsSet> {
        let mut metrics = MetricsSet::new();
        for (name, usage) in self.scope.usage() {
            let peak = ("memory_bytes_peak", usage.memory_bytes_peak);
            for (what, value) in usage.counts().chain([peak]) {
                let count = Count::new();
                count.add(value as usize);
                let value = MetricValue::Count {
                    name: format!("{name} {what}").into(),
                    count,
                };
                metrics.push(Arc::new(Metric::new(value, None)));
            }
        }
        Some(metrics)
    }
}
