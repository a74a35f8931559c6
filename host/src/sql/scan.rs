//! The plan node that reads a source: a bundle, a source's settings, a request and opaque partition
//! tokens. Each partition runs in an instance of its own, and works only while rows are asked of
//! it, so there is no queue to bound.

use super::failure::to_datafusion;
use super::options::QueryOptions;
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
use futures::stream::{self, Stream, StreamExt};
use std::fmt;
use std::sync::Arc;

/// Reads a table of a source.
#[derive(Debug)]
pub(super) struct SourceScan {
    plugin: Arc<Plugin>,
    settings: SourceSettings,
    request: Arc<Request>,
    table: Arc<TableDescription>,
    partitions: Vec<Vec<u8>>,
    schema: SchemaRef,
    properties: Arc<PlanProperties>,
    metrics: ExecutionPlanMetricsSet,
}

impl SourceScan {
    pub(super) fn new(
        plugin: &Arc<Plugin>,
        settings: &SourceSettings,
        table: &Arc<TableDescription>,
        request: Request,
        partitions: Vec<Vec<u8>>,
        schema: SchemaRef,
    ) -> Self {
        let properties = PlanProperties::new(
            EquivalenceProperties::new(Arc::clone(&schema)),
            Partitioning::UnknownPartitioning(partitions.len()),
            EmissionType::Incremental,
            Boundedness::Bounded,
        );
        Self {
            plugin: Arc::clone(plugin),
            settings: settings.clone(),
            request: Arc::new(request),
            table: Arc::clone(table),
            partitions,
            schema,
            properties: Arc::new(properties),
            metrics: ExecutionPlanMetricsSet::new(),
        }
    }

    fn read(
        &self,
        partition: usize,
        scope: Arc<Scope>,
    ) -> impl Stream<Item = Result<RecordBatch>> + Send + 'static {
        let (plugin, settings, request) = (
            Arc::clone(&self.plugin),
            self.settings.clone(),
            Arc::clone(&self.request),
        );
        let (token, schema) = (self.partitions[partition].clone(), Arc::clone(&self.schema));
        let metrics = InstanceMetrics::new(&self.metrics, partition);
        let open = async move {
            let connection = Connection::open(&plugin, &scope, &settings).await?;
            connection.scan(&request, &token, &schema).await
        };
        let mut metrics = Some(metrics);
        let batches = stream::once(open).flat_map(move |scan| match scan {
            Ok(scan) => {
                let running = metrics.take().map(|metrics| (scan, metrics));
                stream::unfold(running, step).boxed()
            }
            Err(error) => stream::once(async move { Err(error) }).boxed(),
        });
        batches.map(|batch| batch.map_err(to_datafusion))
    }
}

/// One batch, and the scan that goes on; after an error there is none.
async fn step(
    running: Option<(Scan, InstanceMetrics)>,
) -> Option<(
    crate::error::Result<RecordBatch>,
    Option<(Scan, InstanceMetrics)>,
)> {
    let (mut scan, mut metrics) = running?;
    let next = scan.next().await;
    metrics.update(scan.usage());
    match next {
        Ok(Some(batch)) => {
            metrics.rows(&batch);
            Some((Ok(batch), Some((scan, metrics))))
        }
        Ok(None) => {
            metrics.done();
            None
        }
        Err(error) => Some((Err(error), None)),
    }
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
            self.partitions.len(),
        )?;
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
        let batches = self.read(partition, scope);
        Ok(Box::pin(RecordBatchStreamAdapter::new(
            Arc::clone(&self.schema),
            batches,
        )))
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }
}
