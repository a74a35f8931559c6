//! Running look-ups: the asking side comes in spread by its keys, so that each key belongs to one
//! partition; piece by piece, new keys are asked for, a few requests at a time, and the template of the
//! join is run over the piece and the rows of its keys. Pieces begin small and grow to whole batches: who
//! wants few rows (`LIMIT`) has not asked for many keys then, each of which may be an act on record.

use super::cache::Cache;
use super::{KeyLookupNode, Side, SideNode};
use crate::error::Error;
use crate::sql::failure::to_datafusion;
use crate::sql::options::{OnSourceError, QueryOptions, SourceErrors};
use crate::sql::source::SourceTable;
use crate::sql::usage::InstanceMetrics;
use crate::wasm::{Connection, Operator, Predicate, Request, Scope, Usage};
use arrow::array::{ArrayRef, RecordBatch, UInt64Array};
use arrow::compute::{CastOptions, cast_with_options, take};
use arrow::datatypes::SchemaRef;
use arrow::row::{RowConverter, SortField};
use async_trait::async_trait;
use datafusion::catalog::Session;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{JoinType, Result, internal_err};
use datafusion::datasource::source_as_provider;
use datafusion::execution::memory_pool::MemoryConsumer;
use datafusion::execution::session_state::SessionStateBuilder;
use datafusion::execution::{SendableRecordBatchStream, SessionState, TaskContext};
use datafusion::logical_expr::physical_planning_context::PhysicalPlanningContext;
use datafusion::logical_expr::{LogicalPlan, UserDefinedLogicalNode};
use datafusion::physical_expr::{Distribution, EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType, reset_plan_states};
use datafusion::physical_plan::memory::MemoryStream;
use datafusion::physical_plan::metrics::{
    Count, ExecutionPlanMetricsSet, MetricBuilder, MetricsSet,
};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties,
    InputDistributionRequirements, Partitioning, PlanProperties,
};
use datafusion::physical_planner::{ExtensionPlanner, PhysicalPlanner};
use futures::StreamExt;
use futures::stream::{self, TryStreamExt};
use std::any::Any;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

/// Makes plans in which look-ups run.
#[derive(Debug)]
pub(in crate::sql) struct KeyLookups;

#[async_trait]
impl ExtensionPlanner for KeyLookups {
    async fn plan_extension(
        &self,
        planner: &dyn PhysicalPlanner,
        node: &dyn UserDefinedLogicalNode,
        _: &[&LogicalPlan],
        inputs: &[Arc<dyn ExecutionPlan>],
        session: &dyn Session,
        planning: &PhysicalPlanningContext,
    ) -> Result<Option<Arc<dyn ExecutionPlan>>> {
        if let Some(side) = node.as_any().downcast_ref::<SideNode>() {
            let schema = Arc::clone(side.schema.inner());
            return Ok(Some(Arc::new(SideExec::new(side.side, schema, None))));
        }
        let Some(node) = node.as_any().downcast_ref::<KeyLookupNode>() else {
            return Ok(None);
        };
        let [input] = inputs else {
            return internal_err!("a look-up has one input");
        };
        let Some(state) = session.as_any().downcast_ref::<SessionState>() else {
            return internal_err!("a look-up is planned in a session");
        };
        // A batch is joined by one thread: the partitions of the asking side are the many.
        let config = state.config().clone().with_target_partitions(1);
        let single = SessionStateBuilder::new_from_existing(state.clone())
            .with_config(config)
            .build();
        let template = planner
            .create_physical_plan(&node.template, &single)
            .await?;
        let expr = |key: &super::Key| {
            planner.create_physical_expr(&key.equals, node.input.schema(), session, planning)
        };
        let exprs = node.keys.iter().map(expr).collect::<Result<Vec<_>>>()?;
        let provider = source_as_provider(&node.scan.source)?;
        let Some(table) = (provider.as_ref() as &dyn Any).downcast_ref::<SourceTable>() else {
            return internal_err!("what is looked up in is a table of a source");
        };
        let projection = match &node.scan.projection {
            Some(projection) => projection.clone(),
            None => (0..table.description().columns.fields().len()).collect(),
        };
        let options = session.config_options();
        let request = Request {
            table: table.description().name.clone(),
            predicates: table.predicates(&node.scan.filters),
            limit: None,
            batch_rows: options.execution.batch_size.get(),
            partitions: 1,
            described: Arc::clone(&table.description().columns),
            columns: projection,
        };
        Ok(Some(Arc::new(KeyLookupExec::new(
            Arc::new(Lookup {
                schema: Arc::new(table.description().columns.project(&request.columns)?),
                columns: node.keys.iter().map(|key| key.column).collect(),
                output: Arc::clone(node.schema.inner()),
                join_type: node.join_type,
                table: table.clone(),
                request,
                template,
                exprs,
            }),
            Arc::clone(input),
            None,
        ))))
    }
}

/// What is looked up, and how it is joined.
struct Lookup {
    table: SourceTable,
    request: Request,
    /// The columns of the request.
    schema: SchemaRef,
    /// The keys, among the columns of the table, and what they equal over the asking side.
    columns: Vec<usize>,
    exprs: Vec<Arc<dyn PhysicalExpr>>,
    template: Arc<dyn ExecutionPlan>,
    join_type: JoinType,
    output: SchemaRef,
}

impl fmt::Debug for Lookup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.table.full_name())
    }
}

/// Looks keys up.
#[derive(Debug)]
struct KeyLookupExec {
    lookup: Arc<Lookup>,
    input: Arc<dyn ExecutionPlan>,
    /// More rows than this are not wanted of a partition.
    fetch: Option<usize>,
    properties: Arc<PlanProperties>,
    metrics: ExecutionPlanMetricsSet,
}

impl KeyLookupExec {
    fn new(lookup: Arc<Lookup>, input: Arc<dyn ExecutionPlan>, fetch: Option<usize>) -> Self {
        let properties = PlanProperties::new(
            EquivalenceProperties::new(Arc::clone(&lookup.output)),
            Partitioning::UnknownPartitioning(input.output_partitioning().partition_count()),
            EmissionType::Incremental,
            Boundedness::Bounded,
        );
        Self {
            lookup,
            input,
            fetch,
            properties: Arc::new(properties),
            metrics: ExecutionPlanMetricsSet::new(),
        }
    }
}

/// A partition of a look-up at work.
struct Running {
    lookup: Arc<Lookup>,
    input: SendableRecordBatchStream,
    /// What is left of the batch at hand.
    rest: Option<RecordBatch>,
    /// How many of its rows are joined next.
    piece_rows: usize,
    /// What the piece at hand is joined to.
    joined: Option<SendableRecordBatchStream>,
    /// How many more rows are wanted.
    wanted: Option<usize>,
    cache: Cache,
    scope: Arc<Scope>,
    context: Arc<TaskContext>,
    on_error: OnSourceError,
    metrics: Metrics,
}

struct Metrics {
    instances: InstanceMetrics,
    keys: Count,
    found: Count,
    lookups: Count,
}

impl Running {
    async fn next(&mut self) -> Result<Option<RecordBatch>> {
        while self.wanted != Some(0) {
            if let Some(joined) = &mut self.joined {
                match joined.next().await {
                    Some(batch) => return Ok(Some(self.give(batch?))),
                    None => self.joined = None,
                }
            }
            match self.next_piece().await? {
                Some(piece) => self.join(piece).await?,
                None => break,
            }
        }
        self.metrics.instances.done();
        Ok(None)
    }

    /// As much of a batch as is wanted.
    fn give(&mut self, batch: RecordBatch) -> RecordBatch {
        let batch = match &mut self.wanted {
            Some(wanted) => {
                let batch = batch.slice(0, batch.num_rows().min(*wanted));
                *wanted -= batch.num_rows();
                batch
            }
            None => batch,
        };
        self.metrics.instances.rows(&batch);
        batch
    }

    /// The next rows of the asking side, twice as many as the last time.
    async fn next_piece(&mut self) -> Result<Option<RecordBatch>> {
        let batch = match self.rest.take() {
            Some(batch) => batch,
            None => match self.input.next().await {
                Some(batch) => batch?,
                None => return Ok(None),
            },
        };
        let rows = batch.num_rows().min(self.piece_rows);
        if rows < batch.num_rows() {
            self.rest = Some(batch.slice(rows, batch.num_rows() - rows));
        }
        self.piece_rows = self.piece_rows.saturating_mul(2);
        Ok(Some(batch.slice(0, rows)))
    }

    /// Asks for the new keys of a piece, and starts to join it.
    async fn join(&mut self, batch: RecordBatch) -> Result<()> {
        if batch.num_rows() == 0 {
            return Ok(());
        }
        let columns = self.lookup.keys_of(&batch)?;
        let keys = self.cache.keys(&columns)?;
        let new = self.cache.take_new(&keys)?;
        if !new.is_empty() {
            let rows = UInt64Array::from_iter_values(new.iter().map(|&at| at as u64));
            let taken = columns.iter().map(|column| take(column, &rows, None));
            let taken = taken.collect::<std::result::Result<Vec<_>, _>>()?;
            self.ask(&taken).await?;
        }
        let rows = self.cache.rows_of(&keys)?;
        let template = reset_plan_states(Arc::clone(&self.lookup.template))?;
        let filled = template.transform_up(|plan| {
            let Some(leaf) = plan.downcast_ref::<SideExec>() else {
                return Ok(Transformed::no(plan));
            };
            let batch = match leaf.side {
                Side::Asking => batch.clone(),
                Side::Asked => rows.clone(),
            };
            let schema = Arc::clone(&leaf.schema);
            let leaf = SideExec::new(leaf.side, schema, Some(batch));
            Ok(Transformed::yes(Arc::new(leaf) as Arc<dyn ExecutionPlan>))
        })?;
        self.joined = Some(filled.data.execute(0, Arc::clone(&self.context))?);
        Ok(())
    }

    /// Asks for keys, and keeps the rows that come back.
    async fn ask(&mut self, keys: &[ArrayRef]) -> Result<()> {
        let limits = self.scope.limits();
        let (keys_max, at_once) = (limits.lookup_keys_max.max(1), limits.lookups_max.max(1));
        let count = keys.first().map_or(0, |column| column.len());
        self.metrics.keys.add(count);
        let requests = self.lookup.requests(keys, keys_max)?;
        self.metrics.lookups.add(requests.len());
        let answers = requests.into_iter().map(|request| {
            let (lookup, scope) = (Arc::clone(&self.lookup), Arc::clone(&self.scope));
            async move { lookup.fetch(&request, &scope).await }
        });
        let mut answers = stream::iter(answers).buffer_unordered(at_once);
        while let Some(answer) = answers.next().await {
            let Answer {
                batches,
                usage,
                failure,
            } = answer;
            if let Some(error) = failure {
                let table = &self.lookup.table;
                let error = self.on_error.bear(error, table.is_strict());
                let error = error.map_err(to_datafusion)?;
                self.scope.report_failed(table.source_name(), &error);
            }
            for usage in usage {
                self.metrics.instances.next_instance();
                self.metrics.instances.update(usage);
            }
            for batch in batches {
                let columns = self.lookup.own_keys(&batch);
                self.metrics.found.add(self.cache.add(batch, &columns)?);
            }
        }
        Ok(())
    }
}

impl Lookup {
    /// What the keys equal in a batch of the asking side, in the types of their columns. What does not
    /// fit into these equals no key, as a null.
    fn keys_of(&self, batch: &RecordBatch) -> Result<Vec<ArrayRef>> {
        let safe = CastOptions {
            safe: true,
            ..CastOptions::default()
        };
        let columns = self.exprs.iter().zip(&self.columns);
        let columns = columns.map(|(expr, &column)| {
            let values = expr.evaluate(batch)?.into_array(batch.num_rows())?;
            let wanted = self.table.description().columns.field(column).data_type();
            Ok(cast_with_options(&values, wanted, &safe)?)
        });
        columns.collect()
    }

    /// The keys of rows that came back.
    fn own_keys(&self, batch: &RecordBatch) -> Vec<ArrayRef> {
        let places = self.key_places();
        let columns = places.iter().map(|&at| Arc::clone(batch.column(at)));
        columns.collect()
    }

    /// Where the keys stand among the columns of the request.
    fn key_places(&self) -> Vec<usize> {
        let places = self.columns.iter();
        let places = places.filter_map(|key| self.request.columns.iter().position(|c| c == key));
        places.collect()
    }

    /// The requests that ask for keys: of one column, so many at a time; of several, those that are
    /// alike but for the last.
    fn requests(&self, keys: &[ArrayRef], keys_max: usize) -> Result<Vec<Request>> {
        let Some((last, before)) = keys.split_last() else {
            return internal_err!("a look-up has keys");
        };
        let alike: Vec<Vec<u64>> = match before {
            [] => vec![(0..last.len() as u64).collect()],
            _ => {
                let fields = before
                    .iter()
                    .map(|column| SortField::new(column.data_type().clone()));
                let rows = RowConverter::new(fields.collect())?.convert_columns(before)?;
                let mut alike: HashMap<_, Vec<u64>> = HashMap::new();
                for (at, row) in rows.iter().enumerate() {
                    alike.entry(row.owned()).or_default().push(at as u64);
                }
                alike.into_values().collect()
            }
        };
        let mut requests = Vec::new();
        for chunk in alike.iter().flat_map(|rows| rows.chunks(keys_max)) {
            let mut request = self.request.clone();
            let chunk = UInt64Array::from(chunk.to_vec());
            for (column, values) in self.columns.iter().zip(before) {
                request.predicates.push(Predicate {
                    column: *column,
                    operator: Operator::Eq,
                    values: take(values, &chunk.slice(0, 1), None)?,
                });
            }
            request.predicates.push(Predicate {
                column: self.columns[before.len()],
                operator: Operator::InList,
                values: take(last, &chunk, None)?,
            });
            requests.push(request);
        }
        Ok(requests)
    }

    /// The answer to a request, up to where it failed.
    async fn fetch(&self, request: &Request, scope: &Arc<Scope>) -> Answer {
        let mut answer = Answer::default();
        let failure = self.fetch_into(request, scope, &mut answer).await.err();
        answer.failure = failure.map(|error| {
            let keys = request
                .predicates
                .last()
                .map_or(0, |keys| keys.values.len());
            match keys {
                0 | 1 => error,
                _ => error.context(format!(
                    "a look-up of {keys} keys, of which those after it have no answer"
                )),
            }
        });
        answer
    }

    async fn fetch_into(
        &self,
        request: &Request,
        scope: &Arc<Scope>,
        answer: &mut Answer,
    ) -> std::result::Result<(), Error> {
        let (plugin, settings) = (self.table.plugin()?, self.table.settings()?.pinned());
        let mut first = Connection::open(plugin, scope, &settings).await?;
        let parts = first.partitions(request).await?;
        let mut first = Some(first);
        for part in parts {
            let connection = match first.take() {
                Some(first) => first,
                None => Connection::open(plugin, scope, &settings).await?,
            };
            let mut scan = connection.scan(request, &part, &self.schema).await?;
            let ended = loop {
                match scan.next().await {
                    Ok(Some(batch)) => answer.batches.push(batch),
                    Ok(None) => break Ok(()),
                    Err(error) => break Err(error),
                }
            };
            answer.usage.push(scan.usage());
            ended?;
        }
        Ok(())
    }
}

/// What came back for some keys.
#[derive(Default)]
struct Answer {
    batches: Vec<RecordBatch>,
    usage: Vec<Usage>,
    /// Why there is no more.
    failure: Option<Error>,
}

impl DisplayAs for KeyLookupExec {
    fn fmt_as(&self, kind: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lookup = &self.lookup;
        let name = lookup.table.full_name();
        if let DisplayFormatType::TreeRender = kind {
            return write!(f, "{name}");
        }
        let description = lookup.table.description();
        let column = |column: usize| description.columns.field(column).name().as_str();
        let keys = lookup.columns.iter().zip(&lookup.exprs);
        let keys: Vec<_> = keys
            .map(|(&key, expr)| format!("{} = {expr}", column(key)))
            .collect();
        let columns: Vec<_> = lookup
            .request
            .columns
            .iter()
            .map(|&at| column(at))
            .collect();
        write!(
            f,
            "KeyLookup: {name}, join={}, keys=[{}], columns=[{}]",
            lookup.join_type,
            keys.join(", "),
            columns.join(", ")
        )?;
        if let Some(fetch) = self.fetch {
            write!(f, ", fetch={fetch}")?;
        }
        let predicates = lookup.request.predicates.iter();
        let predicates: Vec<_> = predicates
            .map(|predicate| predicate.describe(column(predicate.column)))
            .collect();
        match predicates.is_empty() {
            true => Ok(()),
            false => write!(f, ", pushed=[{}]", predicates.join(" AND ")),
        }
    }
}

impl ExecutionPlan for KeyLookupExec {
    fn name(&self) -> &'static str {
        "KeyLookup"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    /// Equal keys meet in one partition, which asks for them once.
    fn input_distribution_requirements(&self) -> InputDistributionRequirements {
        let keys = self.lookup.exprs.clone();
        InputDistributionRequirements::new(vec![Distribution::KeyPartitioned(keys)])
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(
        self: Arc<Self>,
        mut children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        match (children.pop(), children.is_empty()) {
            (Some(input), true) => {
                let lookup = Arc::clone(&self.lookup);
                Ok(Arc::new(Self::new(lookup, input, self.fetch)))
            }
            _ => internal_err!("a look-up has one input"),
        }
    }

    fn fetch(&self) -> Option<usize> {
        self.fetch
    }

    fn with_fetch(&self, fetch: Option<usize>) -> Option<Arc<dyn ExecutionPlan>> {
        let (lookup, input) = (Arc::clone(&self.lookup), Arc::clone(&self.input));
        Some(Arc::new(Self::new(lookup, input, fetch)))
    }

    fn execute(
        &self,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        let options = context.session_config().options();
        let limits = self.lookup.table.plugin().map_err(to_datafusion)?.limits();
        let scope = QueryOptions::of(options)
            .map_or_else(|| Scope::new(limits), |query| Arc::clone(&query.scope));
        let consumer = MemoryConsumer::new(format!("look-up in {}", self.lookup.table.full_name()));
        let reservation = consumer.register(context.memory_pool());
        let count = |name: &'static str| MetricBuilder::new(&self.metrics).counter(name, partition);
        let running = Running {
            cache: Cache::new(&self.lookup.schema, &self.lookup.key_places(), reservation)?,
            input: self.input.execute(partition, Arc::clone(&context))?,
            rest: None,
            // One row may well bring one; without a limit, what goes out at once.
            piece_rows: match self.fetch {
                Some(fetch) => fetch.max(1),
                None => limits
                    .lookup_keys_max
                    .saturating_mul(limits.lookups_max)
                    .max(1),
            },
            joined: None,
            wanted: self.fetch,
            on_error: SourceErrors::of(options),
            metrics: Metrics {
                instances: InstanceMetrics::new(&self.metrics, partition),
                keys: count("keys_asked"),
                found: count("keys_found"),
                lookups: count("lookups"),
            },
            lookup: Arc::clone(&self.lookup),
            context,
            scope,
        };
        let batches = stream::try_unfold(running, |mut running| async move {
            let next = running.next().await?;
            Ok(next.map(|batch| (batch, running)))
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(
            Arc::clone(&self.lookup.output),
            batches.into_stream(),
        )))
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }
}

/// A leaf of a template.
#[derive(Debug)]
struct SideExec {
    side: Side,
    schema: SchemaRef,
    batch: Option<RecordBatch>,
    properties: Arc<PlanProperties>,
}

impl SideExec {
    fn new(side: Side, schema: SchemaRef, batch: Option<RecordBatch>) -> Self {
        let properties = PlanProperties::new(
            EquivalenceProperties::new(Arc::clone(&schema)),
            Partitioning::UnknownPartitioning(1),
            EmissionType::Incremental,
            Boundedness::Bounded,
        );
        Self {
            side,
            schema,
            batch,
            properties: Arc::new(properties),
        }
    }
}

impl DisplayAs for SideExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyLookupSide: {:?}", self.side)
    }
}

impl ExecutionPlan for SideExec {
    fn name(&self) -> &'static str {
        "KeyLookupSide"
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
        _: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(self)
    }

    fn execute(&self, _: usize, _: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let Some(batch) = &self.batch else {
            return internal_err!("a template is filled before it runs");
        };
        // The other side may be more exact about nulls than its plan is.
        let batch = RecordBatch::try_new(Arc::clone(&self.schema), batch.columns().to_vec())?;
        let stream = MemoryStream::try_new(vec![batch], Arc::clone(&self.schema), None)?;
        Ok(Box::pin(stream))
    }
}
