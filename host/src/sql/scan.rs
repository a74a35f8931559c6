//! The plan node that reads a source: a bundle, a source's settings, a request and the opaque tokens
//! of its parts. Each part runs in an instance of its own, and works only while rows are asked of it,
//! so there is no queue to bound. There are as many streams as the session has partitions, each of
//! which reads its parts one after the other, so a thousand files are not open at once.

use super::failure::to_datafusion;
use super::options::{OnSourceError, QueryOptions, SourceErrors};
use super::usage::InstanceMetrics;
use crate::wasm::{Connection, Plugin, Request, Scan, Scope, SourceSettings, TableDescription};
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{Result, internal_err};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::metrics::{ExecutionPlanMetricsSet, MetricsSet};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PlanProperties,
};
use futures::stream::{self, Stream};
use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

/// Reads a table of a source.
#[derive(Debug)]
pub(super) struct SourceScan {
    plugin: Arc<Plugin>,
    settings: SourceSettings,
    request: Arc<Request>,
    table: Arc<TableDescription>,
    is_strict: bool,
    parts: Vec<Vec<u8>>,
    streams: usize,
    schema: SchemaRef,
    properties: Arc<PlanProperties>,
    metrics: ExecutionPlanMetricsSet,
}

impl SourceScan {
    /// A scan of a table by settings that are pinned, as those were that split it into parts.
    pub(super) fn new(
        plugin: &Arc<Plugin>,
        settings: SourceSettings,
        table: &Arc<TableDescription>,
        is_strict: bool,
        request: Request,
        parts: Vec<Vec<u8>>,
        schema: SchemaRef,
    ) -> Self {
        // One where there are no parts as well: a plan without a stream cannot be merged, sorted or written.
        let streams = parts.len().clamp(1, request.partitions.max(1));
        let properties = PlanProperties::new(
            EquivalenceProperties::new(Arc::clone(&schema)),
            Partitioning::UnknownPartitioning(streams),
            EmissionType::Incremental,
            Boundedness::Bounded,
        );
        Self {
            plugin: Arc::clone(plugin),
            settings,
            request: Arc::new(request),
            table: Arc::clone(table),
            is_strict,
            parts,
            streams,
            schema,
            properties: Arc::new(properties),
            metrics: ExecutionPlanMetricsSet::new(),
        }
    }

    fn read(
        &self,
        stream: usize,
        scope: Arc<Scope>,
        on_error: OnSourceError,
    ) -> impl Stream<Item = Result<RecordBatch>> + Send + 'static {
        let parts = self.parts.iter().skip(stream).step_by(self.streams);
        let reading = Reading {
            plugin: Arc::clone(&self.plugin),
            settings: self.settings.clone(),
            request: Arc::clone(&self.request),
            schema: Arc::clone(&self.schema),
            scope,
            on_error,
            is_strict: self.is_strict,
            parts: parts.cloned().collect(),
            scan: None,
            metrics: InstanceMetrics::new(&self.metrics, stream),
        };
        stream::try_unfold(reading, |mut reading| async move {
            let next = reading.next().await.map_err(to_datafusion)?;
            Ok(next.map(|batch| (batch, reading)))
        })
    }
}

/// A stream of a scan: the parts that are left, and the one that is being read.
struct Reading {
    plugin: Arc<Plugin>,
    settings: SourceSettings,
    request: Arc<Request>,
    schema: SchemaRef,
    scope: Arc<Scope>,
    on_error: OnSourceError,
    /// Whether what is missing of it would look like no hit.
    is_strict: bool,
    parts: VecDeque<Vec<u8>>,
    scan: Option<Scan>,
    metrics: InstanceMetrics,
}

impl Reading {
    /// The next batch. A part that fails ends the stream, or itself alone where partial answers are
    /// wanted.
    async fn next(&mut self) -> crate::error::Result<Option<RecordBatch>> {
        loop {
            match self.step().await {
                Err(error) => {
                    let error = self.on_error.bear(error, self.is_strict)?;
                    self.scan = None;
                    self.scope.report_failed(&self.settings.name, &error);
                }
                Ok(Step::Batch(batch)) => return Ok(Some(batch)),
                Ok(Step::PartDone) => self.scan = None,
                Ok(Step::Done) => {
                    self.metrics.done();
                    return Ok(None);
                }
            }
        }
    }

    async fn step(&mut self) -> crate::error::Result<Step> {
        let scan = match &mut self.scan {
            Some(scan) => scan,
            None => {
                let Some(part) = self.parts.pop_front() else {
                    return Ok(Step::Done);
                };
                self.metrics.next_instance();
                let connection =
                    Connection::open(&self.plugin, &self.scope, &self.settings).await?;
                let scan = connection.scan(&self.request, &part, &self.schema).await?;
                self.scan.insert(scan)
            }
        };
        let next = scan.next().await;
        self.metrics.update(scan.usage());
        Ok(match next? {
            Some(batch) => {
                self.metrics.rows(&batch);
                Step::Batch(batch)
            }
            None => Step::PartDone,
        })
    }
}

enum Step {
    Batch(RecordBatch),
    /// The part that was being read has no more rows.
    PartDone,
    /// There are no more parts.
    Done,
}

impl DisplayAs for SourceScan {
    fn fmt_as(&self, kind: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns: Vec<_> = self
            .schema
            .fields()
            .iter()
            .map(|field| field.name().as_str())
            .collect();
        let name = format!("{}.{}", self.settings.name, self.request.table);
        if let DisplayFormatType::TreeRender = kind {
            return write!(f, "{name}");
        }
        write!(
            f,
            "SourceScan: {name}, plugin={} {}, columns=[{}], partitions={}",
            self.plugin.name(),
            self.plugin.digest().short(),
            columns.join(", "),
            self.streams,
        )?;
        if self.parts.len() > self.streams {
            write!(f, ", parts={}", self.parts.len())?;
        }
        if !self.request.predicates.is_empty() {
            let predicates: Vec<_> = self
                .request
                .predicates
                .iter()
                .map(|predicate| {
                    predicate.describe(self.table.columns.field(predicate.column).name())
                })
                .collect();
            write!(f, ", pushed=[{}]", predicates.join(" AND "))?;
        }
        match self.request.limit {
            Some(limit) => write!(f, ", limit={limit}"),
            None => Ok(()),
        }
    }
}

impl ExecutionPlan for SourceScan {
    fn name(&self) -> &'static str {
        "SourceScan"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        Vec::new()
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
        match children.is_empty() {
            true => Ok(self),
            false => internal_err!("a source scan has no children"),
        }
    }

    fn execute(
        &self,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        let query = QueryOptions::of(context.session_config().options());
        let scope = query.map_or_else(
            || Scope::new(self.plugin.limits()),
            |query| Arc::clone(&query.scope),
        );
        let on_error = SourceErrors::of(context.session_config().options());
        let batches = self.read(partition, scope, on_error);
        Ok(Box::pin(RecordBatchStreamAdapter::new(
            Arc::clone(&self.schema),
            batches,
        )))
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }
}
