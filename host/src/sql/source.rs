//! A table of a source as DataFusion's table provider. It splits the scan at planning, and hands
//! the parts to [`SourceScan`](super::scan::SourceScan).

use super::failure::to_datafusion;
use super::options::{QueryOptions, SourceErrors};
use super::predicate::translate;
use super::scan::SourceScan;
use crate::error::Error;
use crate::registry::Source;
use crate::wasm::{
    Connection, Operator, Plugin, Predicate, Request, Scope, SourceSettings, TableDescription,
};
use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::stats::Precision;
use datafusion::common::{Result, Statistics};
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_plan::ExecutionPlan;
use std::sync::Arc;

/// A table of a source.
#[derive(Clone, Debug)]
pub(super) struct SourceTable {
    source: Arc<Source>,
    table: Arc<TableDescription>,
    /// Whether what is missing of it would look like no hit.
    is_strict: bool,
}

impl SourceTable {
    pub(super) fn new(source: &Arc<Source>, table: &Arc<TableDescription>) -> Self {
        Self {
            source: Arc::clone(source),
            table: Arc::clone(table),
            is_strict: false,
        }
    }

    /// The same table, which is not gone without if it is asked by key.
    pub(super) fn strict(mut self) -> Self {
        self.is_strict = !self.required_keys().is_empty();
        self
    }

    /// Whether it is not gone without.
    pub(super) fn is_strict(&self) -> bool {
        self.is_strict
    }

    /// Its name in SQL, with its source's.
    pub(super) fn full_name(&self) -> String {
        format!("{}.{}", self.source.name(), self.table.name)
    }

    pub(super) fn source_name(&self) -> &str {
        self.source.name()
    }

    pub(super) fn description(&self) -> &TableDescription {
        &self.table
    }

    pub(super) fn plugin(&self) -> Result<&Arc<Plugin>, Error> {
        self.source.plugin()
    }

    pub(super) fn settings(&self) -> Result<&SourceSettings, Error> {
        self.source.settings()
    }

    /// The keys without which it cannot be asked.
    pub(super) fn required_keys(&self) -> &[usize] {
        &self.table.required_keys
    }

    /// Those of them that no filter gives.
    pub(super) fn missing_keys(&self, filters: &[Expr]) -> Vec<usize> {
        let predicates = self.predicates(filters);
        let keys = self.required_keys().iter().copied();
        keys.filter(|&key| !is_given(key, &predicates)).collect()
    }

    /// What of the filters is sent to the source.
    pub(super) fn predicates(&self, filters: &[Expr]) -> Vec<Predicate> {
        filters
            .iter()
            .filter_map(|filter| translate(filter, &self.table))
            .flatten()
            .collect()
    }

    /// A table that is only asked by key needs one.
    fn check_keys(&self, predicates: &[Predicate]) -> Result<(), Error> {
        for &key in &self.table.required_keys {
            if !is_given(key, predicates) {
                let field = self.table.columns.field(key);
                let (column, data_type) = (field.name(), field.data_type());
                let name = self.full_name();
                return Err(Error::sql(format!(
                    "table {name} can only be asked by its key {column:?}"
                ))
                .with_hint(format!(
                    "for example: SELECT * FROM {name} WHERE {column} IN ('...'), or a join ON {column} = ...; what is of another type than {data_type} gives no key until it is cast to that"
                )));
            }
        }
        Ok(())
    }
}

/// Whether predicates give a key.
fn is_given(key: usize, predicates: &[Predicate]) -> bool {
    predicates.iter().any(|predicate| {
        predicate.column == key && matches!(predicate.operator, Operator::Eq | Operator::InList)
    })
}

#[async_trait]
impl TableProvider for SourceTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.table.columns)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    /// Always inexact, whatever the plugin says: a filter that is applied again costs little, a
    /// wrong answer everything.
    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> Result<Vec<TableProviderFilterPushDown>> {
        let taken = filters
            .iter()
            .map(|filter| match translate(filter, &self.table) {
                Some(_) => TableProviderFilterPushDown::Inexact,
                None => TableProviderFilterPushDown::Unsupported,
            });
        Ok(taken.collect())
    }

    fn statistics(&self) -> Option<Statistics> {
        let rows = usize::try_from(self.table.rows?).ok()?;
        let statistics = Statistics::new_unknown(&self.table.columns);
        // Never exact: an exact count would answer COUNT(*) without a look at the data.
        Some(statistics.with_num_rows(Precision::Inexact(rows)))
    }

    async fn scan(
        &self,
        session: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let options = session.config_options();
        let predicates = self.predicates(filters);
        self.check_keys(&predicates).map_err(to_datafusion)?;
        let columns = projection
            .cloned()
            .unwrap_or_else(|| (0..self.table.columns.fields().len()).collect());
        let request = Request {
            table: self.table.name.clone(),
            predicates,
            limit,
            batch_rows: options.execution.batch_size.get(),
            partitions: options.execution.target_partitions,
            described: Arc::clone(&self.table.columns),
            columns,
        };
        let plugin = self.source.plugin().map_err(to_datafusion)?;
        // Whatever reads a part of the scan reads it of the files that it was split by.
        let settings = self.source.settings().map_err(to_datafusion)?.pinned();
        let scope = QueryOptions::of(options).map_or_else(
            || Scope::new(plugin.limits()),
            |query| Arc::clone(&query.scope),
        );
        let split = async {
            let mut connection = Connection::open(plugin, &scope, &settings).await?;
            connection.partitions(&request).await
        };
        let parts = match split.await {
            Err(error) => {
                let on_error = SourceErrors::of(options);
                let error = on_error.bear(error, self.is_strict);
                scope.report_failed(self.source.name(), &error.map_err(to_datafusion)?);
                Vec::new()
            }
            Ok(parts) => parts,
        };
        let schema = Arc::new(self.table.columns.project(&request.columns)?);
        Ok(Arc::new(SourceScan::new(
            plugin,
            settings,
            &self.table,
            self.is_strict,
            request,
            parts,
            schema,
        )))
    }
}
