//! A table of a source as DataFusion's table provider. It splits the scan at planning, and hands
//! the parts to [`SourceScan`](super::scan::SourceScan).

use super::failure::to_datafusion;
use super::options::{QueryOptions, SourceErrors};
use super::predicate::translate;
use super::scan::SourceScan;
use crate::error::Error;
use crate::registry::Source;
use crate::wasm::{Connection, Operator, Predicate, Request, Scope, TableDescription};
use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::stats::Precision;
use datafusion::common::{Result, Statistics};
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_plan::ExecutionPlan;
use std::sync::Arc;

/// A table of a source.
#[derive(Debug)]
pub(super) struct SourceTable {
    source: Arc<Source>,
    table: Arc<TableDescription>,
}

impl SourceTable {
    pub(super) fn new(source: &Arc<Source>, table: &Arc<TableDescription>) -> Self {
        Self {
            source: Arc::clone(source),
            table: Arc::clone(table),
        }
    }

    fn predicates(&self, filters: &[Expr]) -> Vec<Predicate> {
        filters
            .iter()
            .filter_map(|filter| translate(filter, &self.table))
            .flatten()
            .collect()
    }

    /// A table that is only asked by key needs one.
    fn check_keys(&self, predicates: &[Predicate]) -> Result<(), Error> {
        for &key in &self.table.required_keys {
            let given = |predicate: &Predicate| {
                predicate.column == key
                    && matches!(predicate.operator, Operator::Eq | Operator::InList)
            };
            if !predicates.iter().any(given) {
                let column = self.table.columns.field(key).name();
                let name = format!("{}.{}", self.source.name(), self.table.name);
                return Err(Error::sql(format!(
                    "table {name} can only be asked by its key {column:?}"
                ))
                .with_hint(format!(
                    "for example: SELECT * FROM {name} WHERE {column} IN ('...')"
                )));
            }
        }
        Ok(())
    }
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
            columns,
        };
        let plugin = self.source.plugin().map_err(to_datafusion)?;
        let settings = self.source.settings().map_err(to_datafusion)?;
        let scope = QueryOptions::of(options).map_or_else(
            || Scope::new(plugin.limits()),
            |query| Arc::clone(&query.scope),
        );
        let split = async {
            let mut connection = Connection::open(plugin, &scope, settings).await?;
            connection.partitions(&request).await
        };
        let parts = match split.await {
            Err(error) if SourceErrors::of(options).tolerates(&error) => {
                scope.report_failed(self.source.name(), &error);
                Vec::new()
            }
            split => split.map_err(to_datafusion)?,
        };
        let schema = Arc::new(self.table.columns.project(&request.columns)?);
        Ok(Arc::new(SourceScan::new(
            plugin,
            settings,
            &self.table,
            request,
            parts,
            schema,
        )))
    }
}
