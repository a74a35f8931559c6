//! Sessions. A session keeps settings, views and external tables; everything else is looked up in
//! the newest snapshot for each statement, so a view sees a plugin that was replaced after it.

use super::answer::Answer;
use super::catalog::{CATALOG, PUBLIC, SnapshotCatalog};
use super::check::parse;
use super::failure::from_datafusion;
use super::function::Functions;
use super::hints::Names;
use super::options::{QueryOptions, SourceErrors};
use super::planner::Planner;
use super::queries::{EndOnDrop, Queries, QueryRecord};
use super::spatial;
use super::statements::{self, is_public};
use super::subqueries;
use crate::error::{Error, Result};
use crate::registry::{Registry, Snapshot};
use crate::wasm::Scope;
use datafusion::catalog::{
    CatalogProviderList, DynamicFileCatalog, MemoryCatalogProviderList, MemorySchemaProvider,
    SchemaProvider, TableProvider,
};
use datafusion::common::utils::quote_identifier;
use datafusion::common::{DataFusionError, TableReference};
use datafusion::datasource::ViewTable;
use datafusion::execution::context::SQLOptions;
use datafusion::execution::{SessionState, SessionStateBuilder};
use datafusion::logical_expr::{CreateView, DdlStatement, LogicalPlan, Statement as PlanStatement};
use datafusion::physical_plan::execute_stream;
use datafusion::prelude::{SessionConfig, SessionContext};
use datafusion::sql::parser::Statement;
use futures::StreamExt;
use std::collections::{BTreeMap, HashSet, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::runtime::Handle;
use tokio::sync::mpsc;

/// Batches that may be ready and not taken yet.
const READY_BATCHES: usize = 2;
/// How deep views may use views.
const VIEW_DEPTH_MAX: usize = 32;

/// A session: the way to run SQL.
#[derive(Clone)]
pub struct Session {
    shared: Arc<Shared>,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Session")
    }
}

struct Shared {
    registry: Arc<Registry>,
    queries: Arc<Queries>,
    runtime: Handle,
    reach: Reach,
    state: Mutex<State>,
}

/// How far the statements of a session reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Plugins, sources, and the files of whoever runs it.
    Files,
    /// Plugins, sources, and what the session itself makes; no file by its name.
    Session,
    /// Plugins and sources alone, and only to be asked: for SQL that a bundle brings along.
    Plugins,
}

/// What a session keeps from statement to statement.
struct State {
    config: SessionConfig,
    /// External tables.
    tables: BTreeMap<String, Arc<dyn TableProvider>>,
    /// Views, as the queries that define them.
    views: BTreeMap<String, String>,
    /// The functions of a generation, made once.
    functions: Option<(u64, Arc<Functions>)>,
}

/// A statement that is about to run.
struct Prepared {
    context: SessionContext,
    /// The statement's own `public`: the session's tables, and the views that it uses.
    public: Arc<MemorySchemaProvider>,
    /// The views that it uses, and those that they use.
    views: HashSet<String>,
    /// The tables that the statement names.
    references: Vec<TableReference>,
    scope: Arc<Scope>,
    snapshot: Arc<Snapshot>,
    sql: Arc<str>,
}

impl Session {
    /// A session on a registry, among the queries of all sessions, whose work is done on the given
    /// runtime.
    pub fn new(
        registry: &Arc<Registry>,
        queries: &Arc<Queries>,
        runtime: &Handle,
        reach: Reach,
    ) -> Self {
        let limits = registry.engine().limits();
        let mut config = SessionConfig::new()
            .with_default_catalog_and_schema(CATALOG, PUBLIC)
            .with_create_default_catalog_and_schema(false)
            .with_information_schema(true)
            .with_batch_size(limits.batch_rows);
        config.options_mut().sql_parser.collect_spans = true;
        config
            .options_mut()
            .extensions
            .insert(SourceErrors::default());
        let state = State {
            config,
            tables: BTreeMap::new(),
            views: BTreeMap::new(),
            functions: None,
        };
        let shared = Shared {
            registry: Arc::clone(registry),
            queries: Arc::clone(queries),
            runtime: runtime.clone(),
            reach,
            state: Mutex::new(state),
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// Runs one statement.
    pub async fn query(&self, sql: &str) -> Result<Answer> {
        let mut statements = self.statements(sql)?;
        match (statements.pop_front(), statements.is_empty()) {
            (Some(statement), true) => self.run(statement).await,
            (None, _) => Err(Error::sql("there is no statement")),
            (Some(_), false) => Err(Error::sql("there is more than one statement")),
        }
    }

    /// The statements of an SQL text, to be run one after the other.
    pub fn statements(&self, sql: &str) -> Result<VecDeque<SqlStatement>> {
        let text: Arc<str> = sql.into();
        let statements = parse(sql, self.shared.registry.engine().limits())?;
        Ok(statements
            .into_iter()
            .map(|statement| SqlStatement {
                statement,
                text: Arc::clone(&text),
            })
            .collect())
    }

    /// Plans a statement on the newest snapshot and starts it. Planning and execution happen on the
    /// session's own runtime, so that it does not matter where this is called. Dropping the future
    /// or the answer cancels the query.
    pub async fn run(&self, statement: SqlStatement) -> Result<Answer> {
        let (scope, record) = self.shared.queries.begin(&statement.text);
        let guard = CancelOnDrop(Some(Arc::clone(&scope)));
        let (send, receive) = mpsc::channel(READY_BATCHES);
        let shared = Arc::clone(&self.shared);
        let work = {
            let scope = Arc::clone(&scope);
            async move { shared.start(statement, &scope, &record, send).await }
        };
        let started = self.shared.runtime.spawn(work).await;
        let (schema, generation) =
            started.map_err(|error| Error::internal(format!("planning: {error}")))??;
        guard.disarm();
        Ok(Answer::new(schema, receive, scope, generation))
    }
}

/// One statement of an SQL text.
#[derive(Debug)]
pub struct SqlStatement {
    statement: Statement,
    text: Arc<str>,
}

/// Cancels a query whose caller went away while it was being planned.
struct CancelOnDrop(Option<Arc<Scope>>);

impl CancelOnDrop {
    fn disarm(mut self) {
        self.0 = None;
    }
}

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        if let Some(scope) = &self.0 {
            scope.cancel();
        }
    }
}

type Batches = mpsc::Sender<Result<arrow::array::RecordBatch>>;

impl Shared {
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn start(
        &self,
        statement: SqlStatement,
        scope: &Arc<Scope>,
        record: &Arc<QueryRecord>,
        send: Batches,
    ) -> Result<(arrow::datatypes::SchemaRef, u64)> {
        let end = EndOnDrop(Arc::clone(record));
        let started = self.start_recorded(statement, scope, end, send).await;
        if let Err(error) = &started {
            record.end(Some(error));
        }
        started
    }

    async fn start_recorded(
        &self,
        statement: SqlStatement,
        scope: &Arc<Scope>,
        end: EndOnDrop,
        send: Batches,
    ) -> Result<(arrow::datatypes::SchemaRef, u64)> {
        let prepared = self.prepare(&statement, scope).await?;
        let names = Names::of(&statement.statement, &prepared.references);
        let snapshot = Arc::clone(&prepared.snapshot);
        let started = self.start_prepared(statement, prepared, end, send).await;
        started.map_err(
            |error| match error.is_sql().then(|| names.hint(&snapshot)).flatten() {
                Some(hint) => error.with_hint(hint),
                None => error,
            },
        )
    }

    async fn start_prepared(
        &self,
        statement: SqlStatement,
        prepared: Prepared,
        end: EndOnDrop,
        send: Batches,
    ) -> Result<(arrow::datatypes::SchemaRef, u64)> {
        let failed = |error: DataFusionError| from_datafusion(&error, &statement.text);
        let generation = prepared.snapshot.generation();
        let plan = plan(&prepared, statement.statement).await?;
        self.check(&plan)?;
        let plan = statements::with_reset(plan);
        if let LogicalPlan::Ddl(DdlStatement::CreateView(view)) = &plan {
            let schema = self.create_view(view, &prepared.views)?;
            end.0.end(None);
            return Ok((schema, generation));
        }
        let is_ddl = matches!(&plan, LogicalPlan::Ddl(_));
        let is_setting = matches!(
            &plan,
            LogicalPlan::Statement(PlanStatement::SetVariable(_) | PlanStatement::ResetVariable(_))
        );
        if let LogicalPlan::Ddl(DdlStatement::DropView(view)) = &plan
            && self.state().views.remove(view.name.table()).is_some()
        {
            end.0.end(None);
            return Ok((empty_schema(), generation));
        }
        let frame = prepared
            .context
            .execute_logical_plan(plan)
            .await
            .map_err(failed)?;
        if is_ddl {
            self.keep_tables(&prepared).await.map_err(failed)?;
        }
        if is_setting {
            self.state().config = without_query(prepared.context.copied_config());
        }
        let physical = frame.create_physical_plan().await.map_err(failed)?;
        let schema = physical.schema();
        let stream = execute_stream(physical, prepared.context.task_ctx()).map_err(failed)?;
        tokio::spawn(pump(stream, prepared, end, send));
        Ok((schema, generation))
    }

    /// A context for one statement: the newest snapshot, the session's own tables, and those of its
    /// views that the statement uses.
    async fn prepare(&self, statement: &SqlStatement, scope: &Arc<Scope>) -> Result<Prepared> {
        let snapshot = self.registry.snapshot();
        let failed = |error: DataFusionError| from_datafusion(&error, &statement.text);
        let public = Arc::new(MemorySchemaProvider::new());
        let tables = self.state().tables.clone();
        for (name, table) in tables {
            public.register_table(name, table).map_err(failed)?;
        }
        let context = self.context(&snapshot, scope, &public).map_err(failed)?;
        let references = context
            .state()
            .resolve_table_references(&statement.statement)
            .map_err(failed)?;
        if references
            .iter()
            .any(|reference| reference.schema() == Some("information_schema"))
            || is_show(&statement.statement)
        {
            describe_all(&snapshot, scope).await;
        }
        let mut views = HashSet::new();
        self.add_views(&context, references.clone(), &mut views, 0)
            .await?;
        Ok(Prepared {
            references,
            context,
            public,
            views,
            scope: Arc::clone(scope),
            snapshot,
            sql: Arc::clone(&statement.text),
        })
    }

    fn context(
        &self,
        snapshot: &Arc<Snapshot>,
        scope: &Arc<Scope>,
        public: &Arc<MemorySchemaProvider>,
    ) -> Result<SessionContext, DataFusionError> {
        let mut config = self.state().config.clone();
        config
            .options_mut()
            .extensions
            .insert(QueryOptions::new(scope));
        let catalogs = MemoryCatalogProviderList::new();
        let catalog = SnapshotCatalog {
            snapshot: Arc::clone(snapshot),
            queries: Arc::clone(&self.queries),
            scope: Arc::clone(scope),
            public: Arc::clone(public),
            on_error: SourceErrors::of(config.options()),
        };
        catalogs.register_catalog(CATALOG.to_owned(), Arc::new(catalog));
        let mut state = SessionStateBuilder::new()
            .with_config(config)
            .with_runtime_env(Arc::clone(self.queries.environment()))
            .with_catalog_list(Arc::new(catalogs))
            .with_default_features()
            .with_query_planner(Arc::new(Planner))
            .build();
        spatial::register(&mut state)?;
        self.functions(snapshot, &state)
            .register(&mut state, scope)?;
        let context = SessionContext::new_with_state(state);
        if matches!(self.reach, Reach::Files) {
            let files = Arc::new(spatial::Files(context.state()));
            let catalogs = Arc::clone(context.state().catalog_list());
            context.register_catalog_list(Arc::new(DynamicFileCatalog::new(catalogs, files)));
        }
        Ok(context)
    }

    fn functions(&self, snapshot: &Snapshot, builtin: &SessionState) -> Arc<Functions> {
        let mut state = self.state();
        match &state.functions {
            Some((generation, known)) if *generation == snapshot.generation() => Arc::clone(known),
            _ => {
                let functions = Arc::new(Functions::new(snapshot, builtin));
                state.functions = Some((snapshot.generation(), Arc::clone(&functions)));
                functions
            }
        }
    }

    /// Plans the views that are referred to, and those that they refer to, on this snapshot.
    async fn add_views(
        &self,
        context: &SessionContext,
        references: Vec<TableReference>,
        seen: &mut HashSet<String>,
        depth: usize,
    ) -> Result<()> {
        if depth > VIEW_DEPTH_MAX {
            return Err(Error::over_limit(
                "views within views",
                depth,
                VIEW_DEPTH_MAX,
                "sql_depth_max",
            ));
        }
        for reference in references {
            let name = reference.table().to_owned();
            let definition = self.state().views.get(&name).cloned();
            let (Some(definition), true) = (definition, is_public(&reference)) else {
                continue;
            };
            if !seen.insert(name.clone()) {
                continue;
            }
            let in_view = |error: &DataFusionError| {
                from_datafusion(error, &definition).context(format!("view {name:?}"))
            };
            let limits = self.registry.engine().limits();
            let mut statements = parse(&definition, limits)?;
            let statement = statements
                .pop_front()
                .ok_or_else(|| Error::internal("a view without a query"))?;
            let inner = context
                .state()
                .resolve_table_references(&statement)
                .map_err(|error| in_view(&error))?;
            Box::pin(self.add_views(context, inner, seen, depth + 1)).await?;
            let plan = context
                .state()
                .statement_to_plan(statement)
                .await
                .map_err(|error| in_view(&error))?;
            let plan = match plan {
                LogicalPlan::Ddl(DdlStatement::CreateView(view)) => {
                    Arc::unwrap_or_clone(view.input)
                }
                other => other,
            };
            let view = ViewTable::new(plan, Some(definition.clone()));
            context
                .register_table(reference, Arc::new(view))
                .map_err(|error| in_view(&error))?;
        }
        Ok(())
    }

    /// Keeps the tables that a statement made, and forgets those that it dropped.
    async fn keep_tables(&self, prepared: &Prepared) -> Result<(), DataFusionError> {
        let mut tables = BTreeMap::new();
        for name in prepared.public.table_names() {
            if !prepared.views.contains(&name)
                && let Some(table) = prepared.public.table(&name).await?
            {
                tables.insert(name, table);
            }
        }
        self.state().tables = tables;
        Ok(())
    }

    /// Keeps a view that is defined by others.
    fn create_view(
        &self,
        view: &CreateView,
        used: &HashSet<String>,
    ) -> Result<arrow::datatypes::SchemaRef> {
        let name = view.name.table().to_owned();
        let definition = view
            .definition
            .clone()
            .ok_or_else(|| Error::internal("a view without its definition"))?;
        let mut state = self.state();
        if state.views.contains_key(&name) && !view.or_replace {
            return Err(Error::sql(format!("view {name:?} exists already"))
                .with_hint("write CREATE OR REPLACE VIEW"));
        }
        if state.tables.contains_key(&name) {
            return Err(Error::sql(format!("there is a table {name:?} already"))
                .with_hint(format!("DROP TABLE {}", quote_identifier(&name))));
        }
        // It was planned with the view that it replaces; from then on there would be only itself to look up.
        if used.contains(&name) {
            let hint = format!(
                "give it another name, or write what {0} is now in its place: FROM (SELECT ...) AS {0}",
                quote_identifier(&name)
            );
            return Err(
                Error::sql(format!("view {name:?} would be defined by itself")).with_hint(hint),
            );
        }
        state.views.insert(name, definition);
        Ok(empty_schema())
    }

    /// Refuses what a statement must not do, tables in the place of views, and drops of what is not there.
    fn check(&self, plan: &LogicalPlan) -> Result<()> {
        statements::check(plan)?;
        let state = self.state();
        let tables: Vec<_> = state.tables.keys().map(String::as_str).collect();
        let views: Vec<_> = state.views.keys().map(String::as_str).collect();
        statements::check_place(plan, &views)?;
        statements::check_dropped(plan, &tables, &views)?;
        subqueries::check_nulls(plan).map_err(|error| from_datafusion(&error, ""))?;
        if self.reach == Reach::Plugins {
            let queries_alone = SQLOptions::new()
                .with_allow_ddl(false)
                .with_allow_dml(false)
                .with_allow_statements(false);
            let verified = queries_alone.verify_plan(plan);
            verified.map_err(|error| from_datafusion(&error, ""))?;
        }
        Ok(())
    }
}

/// A statement as a plan.
async fn plan(prepared: &Prepared, statement: Statement) -> Result<LogicalPlan> {
    let is_query = statements::is_query(&statement);
    let state = prepared.context.state();
    let planned = state.statement_to_plan(statement).await;
    planned.map_err(|error| {
        let is_unknown = matches!(error.find_root(), DataFusionError::NotImplemented(_));
        let error = from_datafusion(&error, &prepared.sql);
        match is_unknown && !is_query {
            true => error.with_hint(statements::TAKEN),
            false => error,
        }
    })
}

fn empty_schema() -> arrow::datatypes::SchemaRef {
    Arc::new(arrow::datatypes::Schema::empty())
}

fn is_show(statement: &Statement) -> bool {
    use datafusion::sql::sqlparser::ast::Statement as Sql;
    matches!(statement, Statement::Statement(sql) if matches!(sql.as_ref(), Sql::ShowTables { .. } | Sql::ShowColumns { .. }))
}

/// Describes every source at the same time. One that cannot be described is left out, and the
/// analyst told.
async fn describe_all(snapshot: &Snapshot, scope: &Arc<Scope>) {
    let all = snapshot.sources().values().map(|source| async move {
        match source.tables(scope).await {
            Err(error) => scope.warn(error.to_string()),
            Ok(tables) => {
                let problems = tables.iter().filter_map(|table| table.problem.as_ref());
                problems.for_each(|problem| scope.warn(problem.to_string()));
            }
        }
    });
    futures::future::join_all(all).await;
}

/// The settings of a session, without the query that changed them.
fn without_query(config: SessionConfig) -> SessionConfig {
    let mut config = config;
    let extensions = &mut config.options_mut().extensions;
    let own = extensions.get::<SourceErrors>().cloned();
    *extensions = datafusion::common::config::Extensions::new();
    extensions.insert(own.unwrap_or_default());
    config
}

/// Brings batches from the plan to the answer, as fast as they are taken.
async fn pump(
    mut stream: datafusion::execution::SendableRecordBatchStream,
    prepared: Prepared,
    end: EndOnDrop,
    send: Batches,
) {
    let record = &end.0;
    loop {
        let batch = tokio::select! {
            biased;
            () = prepared.scope.cancelled() => {
                let _ = send.try_send(Err(Error::cancelled("the query was cancelled")));
                return;
            }
            batch = stream.next() => batch,
        };
        let (batch, is_last) = match batch {
            None => return record.end(None),
            Some(Ok(batch)) => (Ok(batch), false),
            Some(Err(error)) => (Err(from_datafusion(&error, &prepared.sql)), true),
        };
        match &batch {
            Ok(batch) => record.add_rows(batch.num_rows()),
            Err(error) => record.end(Some(error)),
        }
        if is_last {
            // The other partitions have nothing left to work for.
            prepared.scope.cancel();
        }
        if send.send(batch).await.is_err() || is_last {
            return;
        }
    }
}
