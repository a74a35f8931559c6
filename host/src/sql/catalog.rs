//! A snapshot as DataFusion's catalog: a schema for each source, `sextant` for the host's own
//! state, and `public` for what a session makes.

use super::failure::to_datafusion;
use super::options::OnSourceError;
use super::queries::Queries;
use super::source::SourceTable;
use super::system;
use crate::error::Error;
use crate::registry::{Snapshot, Source};
use crate::wasm::{Scope, TableDescription};
use async_trait::async_trait;
use datafusion::catalog::{CatalogProvider, MemorySchemaProvider, SchemaProvider, TableProvider};
use datafusion::common::DataFusionError;
use std::sync::{Arc, OnceLock};

/// The name of the one catalog.
pub(super) const CATALOG: &str = "sextant";
/// The schema of tables and views that a session makes.
pub(super) const PUBLIC: &str = "public";
/// The schema of the host's own state.
pub(super) const SYSTEM: &str = "sextant";

/// The catalog of one statement.
#[derive(Debug)]
pub(super) struct SnapshotCatalog {
    pub(super) snapshot: Arc<Snapshot>,
    pub(super) queries: Arc<Queries>,
    pub(super) scope: Arc<Scope>,
    pub(super) public: Arc<MemorySchemaProvider>,
    pub(super) on_error: OnSourceError,
}

impl CatalogProvider for SnapshotCatalog {
    fn schema_names(&self) -> Vec<String> {
        let own = [PUBLIC, SYSTEM].map(str::to_owned);
        own.into_iter()
            .chain(self.snapshot.sources().keys().cloned())
            .collect()
    }

    fn schema(&self, name: &str) -> Option<Arc<dyn SchemaProvider>> {
        match name {
            PUBLIC => Some(Arc::clone(&self.public) as Arc<dyn SchemaProvider>),
            SYSTEM => Some(Arc::new(SystemSchema {
                snapshot: Arc::clone(&self.snapshot),
                queries: Arc::clone(&self.queries),
            })),
            _ => {
                let source = Arc::clone(self.snapshot.sources().get(name)?);
                Some(Arc::new(SourceSchema {
                    source,
                    scope: Arc::clone(&self.scope),
                    on_error: self.on_error,
                    failure: OnceLock::new(),
                }))
            }
        }
    }
}

/// The tables of a source.
#[derive(Debug)]
struct SourceSchema {
    source: Arc<Source>,
    scope: Arc<Scope>,
    on_error: OnSourceError,
    /// Why the source cannot be described. It is not tried again for each of its tables.
    failure: OnceLock<Error>,
}

impl SourceSchema {
    async fn described(&self, name: &str) -> Result<Option<Arc<TableDescription>>, Error> {
        if let Some(failure) = self.failure.get() {
            return Err(failure.clone());
        }
        let tables = self.source.tables(&self.scope).await;
        let tables = tables.map_err(|error| self.failure.get_or_init(|| error).clone())?;
        let table = tables.iter().find(|table| table.name == name);
        match table.and_then(|table| table.problem.clone()) {
            Some(problem) => Err(problem),
            None => Ok(table.cloned()),
        }
    }
}

#[async_trait]
impl SchemaProvider for SourceSchema {
    /// The tables that can be asked; a statement that lists tables has all sources described first. Where the query
    /// may go without what failed, that is what is remembered of it.
    fn table_names(&self) -> Vec<String> {
        let is_tolerated = |error: &Error| self.on_error.tolerates(error);
        let Some(tables) = self.source.known_tables() else {
            return match self.source.problem().as_ref().is_some_and(is_tolerated) {
                true => self.source.last_described_names(),
                false => Vec::new(),
            };
        };
        let can_be_asked = |table: &&Arc<TableDescription>| match &table.problem {
            None => true,
            Some(problem) => {
                is_tolerated(problem) && self.source.last_described(&table.name).is_some()
            }
        };
        let tables = tables.iter().filter(can_be_asked);
        tables.map(|table| table.name.clone()).collect()
    }

    async fn table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>, DataFusionError> {
        let table = match self.described(name).await {
            // The query may go without it, and the scan says what failed.
            Err(error) if self.on_error.tolerates(&error) => {
                self.source.last_described(name).map(Some).ok_or(error)
            }
            described => described,
        };
        let table = table.map_err(to_datafusion)?;
        Ok(table.map(|table| Arc::new(SourceTable::new(&self.source, &table)) as _))
    }

    fn table_exist(&self, name: &str) -> bool {
        self.source
            .known_tables()
            .is_some_and(|tables| tables.iter().any(|table| table.name == name))
    }
}

/// The host's own state.
#[derive(Debug)]
struct SystemSchema {
    snapshot: Arc<Snapshot>,
    queries: Arc<Queries>,
}

#[async_trait]
impl SchemaProvider for SystemSchema {
    fn table_names(&self) -> Vec<String> {
        system::TABLES.map(str::to_owned).to_vec()
    }

    async fn table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>, DataFusionError> {
        system::table(&self.snapshot, &self.queries, name)
    }

    fn table_exist(&self, name: &str) -> bool {
        system::TABLES.contains(&name)
    }
}
