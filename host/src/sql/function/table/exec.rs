//! Running calls of table functions: an instance a partition, which is fed a batch whenever it wants
//! one, so that there is no queue to bound.

use super::call::TableCallNode;
use super::{Callee, to_datafusion};
use crate::sql::options::QueryOptions;
use crate::sql::usage::InstanceMetrics;
use crate::wasm::{Distribution, Progress, Scope, TableArguments, TableCall, TableShape};
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::Session;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{Result, internal_err};
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::physical_planning_context::PhysicalPlanningContext;
use datafusion::logical_expr::{LogicalPlan, UserDefinedLogicalNode};
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_expr::{Distribution as Required, EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::metrics::{ExecutionPlanMetricsSet, MetricsSet};
use datafusion::physical_plan::projection::ProjectionExec;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties,
    InputDistributionRequirements, Partitioning, PlanProperties,
};
use datafusion::physical_planner::{ExtensionPlanner, PhysicalPlanner};
use futures::StreamExt;
use futures::stream::{self, BoxStream};
use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use tokio::sync::OnceCell;

/// Makes plans in which calls of table functions run.
#[derive(Debug)]
pub(in crate::sql) struct TableCalls;

#[async_trait]
impl ExtensionPlanner for TableCalls {
    async fn plan_extension(
        &self,
        _: &dyn PhysicalPlanner,
        node: &dyn UserDefinedLogicalNode,
        _: &[&LogicalPlan],
        inputs: &[Arc<dyn ExecutionPlan>],
        _: &dyn Session,
        _: &PhysicalPlanningContext,
    ) -> Result<Option<Arc<dyn ExecutionPlan>>> {
        let Some(node) = node.as_any().downcast_ref::<TableCallNode>() else {
            return Ok(None);
        };
        for (input, bound) in inputs.iter().zip(&node.arguments.relations) {
            let types = |schema: &SchemaRef| {
                let fields = schema.fields().iter();
                fields
                    .map(|field| field.data_type().clone())
                    .collect::<Vec<_>>()
            };
            if types(&input.schema()) != types(bound) {
                return internal_err!(
                    "a relation of {:?} has other types than when it was planned",
                    node.callee
                );
            }
        }
        Ok(Some(Arc::new(TableCallExec::new(
            &node.callee,
            &node.arguments,
            &node.shape,
            None,
            inputs.to_vec(),
        )?)))
    }
}

/// Calls a table function.
#[derive(Debug)]
struct TableCallExec {
    callee: Arc<Callee>,
    arguments: Arc<TableArguments>,
    shape: Arc<TableShape>,
    projection: Option<Vec<usize>>,
    inputs: Vec<Arc<dyn ExecutionPlan>>,
    /// The relations that go to every instance, once they are read.
    broadcast: Arc<Vec<OnceCell<Broadcast>>>,
    properties: Arc<PlanProperties>,
    metrics: ExecutionPlanMetricsSet,
}

/// A relation held in memory.
#[derive(Debug)]
struct Broadcast {
    batches: Arc<Vec<RecordBatch>>,
    _reservation: MemoryReservation,
}

impl TableCallExec {
    fn new(
        callee: &Arc<Callee>,
        arguments: &Arc<TableArguments>,
        shape: &Arc<TableShape>,
        projection: Option<Vec<usize>>,
        inputs: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Self> {
        let columns = match &projection {
            None => Arc::clone(&shape.columns),
            Some(wanted) => Arc::new(shape.columns.project(wanted)?),
        };
        let spread = inputs
            .iter()
            .zip(&shape.distributions)
            .filter(|(_, distribution)| {
                matches!(distribution, Distribution::Any | Distribution::Hash(_))
            });
        let widest = spread.map(|(input, _)| input.output_partitioning().partition_count());
        let partitions = match is_single(shape) {
            true => 1,
            false => widest.max().unwrap_or(1),
        };
        let properties = PlanProperties::new(
            EquivalenceProperties::new(columns),
            Partitioning::UnknownPartitioning(partitions),
            EmissionType::Incremental,
            Boundedness::Bounded,
        );
        Ok(Self {
            callee: Arc::clone(callee),
            arguments: Arc::clone(arguments),
            shape: Arc::clone(shape),
            projection,
            broadcast: Arc::new(inputs.iter().map(|_| OnceCell::new()).collect()),
            inputs,
            properties: Arc::new(properties),
            metrics: ExecutionPlanMetricsSet::new(),
        })
    }

    fn hash_together(&self) -> Together {
        let spread = self.shape.distributions.iter().zip(&self.inputs);
        let key_types = spread.filter_map(|(distribution, input)| match distribution {
            Distribution::Hash(keys) => {
                let schema = input.schema();
                let types = keys
                    .iter()
                    .map(|&key| schema.field(key).data_type().clone());
                Some(types.collect::<Vec<_>>())
            }
            _ => None,
        });
        let key_types: Vec<_> = key_types.collect();
        let alike = key_types.windows(2).all(|pair| pair[0] == pair[1]);
        match key_types.len() {
            0 | 1 => Together::Indifferent,
            count if alike && count == self.inputs.len() => Together::Needed,
            _ => Together::Impossible,
        }
    }

    /// The rows of a relation for one instance.
    fn feed(
        &self,
        relation: usize,
        partition: usize,
        context: &Arc<TaskContext>,
    ) -> Result<BoxStream<'static, Result<RecordBatch>>> {
        let input = &self.inputs[relation];
        let partitions = self.properties.partitioning.partition_count();
        if self.shape.distributions[relation] == Distribution::Broadcast && partitions > 1 {
            let (input, context) = (Arc::clone(input), Arc::clone(context));
            let all = Arc::clone(&self.broadcast);
            let name = self.callee.full_name.clone();
            let read = async move {
                let read = || read_all(input, context, name);
                let broadcast = all[relation].get_or_try_init(read).await?;
                Ok(stream::iter(batches_of(broadcast)))
            };
            return Ok(stream::once(read)
                .flat_map(|read: Result<_>| match read {
                    Ok(batches) => batches.boxed(),
                    Err(error) => stream::once(async move { Err(error) }).boxed(),
                })
                .boxed());
        }
        match partition < input.output_partitioning().partition_count() {
            true => Ok(input.execute(partition, Arc::clone(context))?.boxed()),
            // Another relation has more parts.
            false => Ok(stream::empty().boxed()),
        }
    }
}

fn batches_of(broadcast: &Broadcast) -> impl Iterator<Item = Result<RecordBatch>> + use<> {
    let batches = Arc::clone(&broadcast.batches);
    (0..batches.len()).map(move |i| Ok(batches[i].clone()))
}

async fn read_all(
    input: Arc<dyn ExecutionPlan>,
    context: Arc<TaskContext>,
    name: String,
) -> Result<Broadcast> {
    let consumer = MemoryConsumer::new(format!("relation of {name}"));
    let reservation = consumer.register(context.memory_pool());
    let mut stream = input.execute(0, Arc::clone(&context))?;
    let mut batches = Vec::new();
    while let Some(batch) = stream.next().await {
        let batch = batch?;
        reservation.try_grow(batch.get_array_memory_size())?;
        batches.push(batch);
    }
    Ok(Broadcast {
        batches: Arc::new(batches),
        _reservation: reservation,
    })
}

/// Whether relations that are spread by their keys must be spread alike, so that rows of equal keys
/// meet in one instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Together {
    /// There is one such relation at most.
    Indifferent,
    /// All relations are such, of the same types.
    Needed,
    /// Equal keys of other types would be spread differently, and DataFusion spreads alike either
    /// all relations or none. These then go to one instance whole.
    Impossible,
}

fn is_single(shape: &TableShape) -> bool {
    shape.distributions.contains(&Distribution::Single)
}

/// A call and what it is still to be fed.
struct Running {
    call: TableCall,
    feeds: VecDeque<(usize, BoxStream<'static, Result<RecordBatch>>)>,
    metrics: InstanceMetrics,
}

impl Running {
    async fn next(&mut self) -> Result<Option<RecordBatch>> {
        loop {
            let progress = self.call.next().await;
            self.metrics.update(self.call.usage());
            match progress.map_err(to_datafusion)? {
                Progress::Rows(batch) => {
                    self.metrics.rows(&batch);
                    return Ok(Some(batch));
                }
                Progress::Finished => {
                    self.metrics.done();
                    return Ok(None);
                }
                Progress::WantingInput => self.push().await?,
            }
        }
    }

    async fn push(&mut self) -> Result<()> {
        let Some((relation, rows)) = self.feeds.front_mut() else {
            return Err(to_datafusion(self.call.wants_too_much()));
        };
        let relation = *relation;
        let pushed = match rows.next().await {
            Some(batch) => match batch? {
                batch if batch.num_rows() == 0 => return Ok(()),
                batch => self.call.push(relation, &batch).await,
            },
            None => {
                self.feeds.pop_front();
                self.call.finish(relation).await
            }
        };
        pushed.map_err(to_datafusion)
    }
}

impl DisplayAs for TableCallExec {
    fn fmt_as(&self, kind: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let DisplayFormatType::TreeRender = kind {
            return write!(f, "{}", self.callee.full_name);
        }
        write!(
            f,
            "TableCallExec: {}, plugin={} {}",
            self.callee.full_name,
            self.callee.plugin.name(),
            self.callee.plugin.digest().short()
        )?;
        let relations = self.callee.function.relations.iter();
        for (relation, distribution) in relations.zip(&self.shape.distributions) {
            let feed = if relation.is_build { " build" } else { "" };
            write!(f, ", {}={distribution:?}{feed}", relation.name)?;
        }
        match &self.projection {
            None => Ok(()),
            Some(wanted) => {
                let names = wanted
                    .iter()
                    .map(|&column| self.shape.columns.field(column).name());
                let names: Vec<_> = names.map(String::as_str).collect();
                write!(f, ", columns=[{}]", names.join(", "))
            }
        }
    }
}

impl ExecutionPlan for TableCallExec {
    fn name(&self) -> &'static str {
        "TableCallExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        self.inputs.iter().collect()
    }

    fn input_distribution_requirements(&self) -> InputDistributionRequirements {
        let single = is_single(&self.shape);
        let together = self.hash_together();
        let required = self.shape.distributions.iter().zip(&self.inputs);
        let required = required.map(|(distribution, input)| match distribution {
            Distribution::Hash(keys) if !single && together != Together::Impossible => {
                let schema = input.schema();
                let keys = keys.iter().map(|&key| {
                    Arc::new(Column::new(schema.field(key).name(), key)) as Arc<dyn PhysicalExpr>
                });
                Required::KeyPartitioned(keys.collect())
            }
            Distribution::Any if !single => Required::UnspecifiedDistribution,
            _ => Required::SinglePartition,
        });
        let required = required.collect();
        match together {
            Together::Needed => InputDistributionRequirements::co_partitioned(required),
            _ => InputDistributionRequirements::new(required),
        }
    }

    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        let single = is_single(&self.shape);
        let spread = self.shape.distributions.iter();
        spread
            .map(|distribution| !single && *distribution == Distribution::Any)
            .collect()
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
        Ok(Arc::new(Self::new(
            &self.callee,
            &self.arguments,
            &self.shape,
            self.projection.clone(),
            children,
        )?))
    }

    fn try_swapping_with_projection(
        &self,
        projection: &ProjectionExec,
    ) -> Result<Option<Arc<dyn ExecutionPlan>>> {
        if !self.callee.function.projects || self.projection.is_some() {
            return Ok(None);
        }
        let wanted = projection.expr().iter().map(|projected| {
            let column = projected.expr.downcast_ref::<Column>()?;
            (column.name() == projected.alias).then(|| column.index())
        });
        let Some(wanted) = wanted.collect::<Option<Vec<_>>>() else {
            return Ok(None);
        };
        Ok(Some(Arc::new(Self::new(
            &self.callee,
            &self.arguments,
            &self.shape,
            Some(wanted),
            self.inputs.clone(),
        )?)))
    }

    fn execute(
        &self,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        let query = QueryOptions::of(context.session_config().options());
        let scope: Arc<Scope> =
            query.map_or_else(|| self.callee.own_scope(), |query| Arc::clone(&query.scope));
        let call = TableCall::start(
            &self.callee.plugin,
            &scope,
            &self.callee.function.name,
            &self.arguments,
            &self.shape,
            self.projection.as_deref(),
        )
        .map_err(to_datafusion)?;
        // Relations that are built come to their ends before the others begin.
        let relations = self.callee.function.relations.iter().enumerate();
        let (build, stream): (Vec<_>, Vec<_>) = relations.partition(|(_, r)| r.is_build);
        let feeds = build
            .into_iter()
            .chain(stream)
            .map(|(relation, _)| Ok((relation, self.feed(relation, partition, &context)?)));
        let running = Running {
            call,
            feeds: feeds.collect::<Result<_>>()?,
            metrics: InstanceMetrics::new(&self.metrics, partition),
        };
        let batches = stream::try_unfold(running, |mut running| async move {
            let batch = running.next().await?;
            Ok(batch.map(|batch| (batch, running)))
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(
            Arc::clone(self.properties.eq_properties.schema()),
            batches,
        )))
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }
}
