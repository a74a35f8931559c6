//! Spatial SQL: the functions of PostGIS, as the crate geodatafusion has them, on geometry in well-known
//! binary; and GeoParquet, whose columns of geometry come with the extension name and the reference system
//! that GeoArrow gives them (geoparquet.org, 1.1; geoarrow.org, "extension types").

use async_trait::async_trait;
use datafusion::arrow::datatypes::{Field, Schema, SchemaRef};
use datafusion::catalog::{TableProvider, UrlTableFactory};
use datafusion::datasource::listing::ListingTableConfigExt;
use datafusion::datasource::listing::{ListingTable, ListingTableConfig, ListingTableUrl};
use datafusion::error::Result;
use datafusion::execution::SessionState;
use datafusion::execution::registry::FunctionRegistry;
use datafusion::logical_expr::{AggregateUDF, ScalarUDF};
use datafusion::prelude::SessionContext;
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

/// The key of a file's metadata.
const GEO: &str = "geo";
/// The keys of a column's metadata.
const EXTENSION: &str = "ARROW:extension:name";
const EXTENSION_METADATA: &str = "ARROW:extension:metadata";
/// The extension of a column that holds well-known binary.
const WKB: &str = "geoarrow.wkb";
/// The reference system of GeoParquet where a file names none.
const DEFAULT_CRS: &str = "OGC:CRS84";

/// The spatial functions; they are made once.
#[derive(Debug)]
struct Spatial {
    scalars: Vec<Arc<ScalarUDF>>,
    aggregates: Vec<Arc<AggregateUDF>>,
}

static SPATIAL: LazyLock<Spatial> = LazyLock::new(|| {
    let context = SessionContext::new();
    let plain = context.state();
    geodatafusion::register(&context);
    let state = context.state();
    let scalars = state.scalar_functions().iter();
    let aggregates = state.aggregate_functions().iter();
    Spatial {
        scalars: scalars
            .filter(|(name, _)| !plain.scalar_functions().contains_key(*name))
            .map(|(_, function)| Arc::clone(function))
            .collect(),
        aggregates: aggregates
            .filter(|(name, _)| !plain.aggregate_functions().contains_key(*name))
            .map(|(_, function)| Arc::clone(function))
            .collect(),
    }
});

/// Registers the spatial functions.
pub(super) fn register(state: &mut SessionState) -> Result<()> {
    for function in &SPATIAL.scalars {
        state.register_udf(Arc::clone(function))?;
    }
    for function in &SPATIAL.aggregates {
        state.register_udaf(Arc::clone(function))?;
    }
    Ok(())
}

/// Files as tables, by their names in SQL: as DataFusion reads them, with geometry told as such.
#[derive(Debug)]
pub(super) struct Files(pub(super) SessionState);

#[async_trait]
impl UrlTableFactory for Files {
    async fn try_new(&self, url: &str) -> Result<Option<Arc<dyn TableProvider>>> {
        let Ok(url) = ListingTableUrl::parse(url) else {
            return Ok(None);
        };
        let state = &self.0;
        // What is no file of a known kind is no table of ours.
        let Ok(config) = ListingTableConfig::new(url).infer_options(state).await else {
            return Ok(None);
        };
        let config = config.infer_partitions_from_path(state).await?;
        let config = config.infer_schema(state).await?;
        let config = match config.file_schema.as_ref().map(told) {
            Some(schema) => config.with_schema(schema),
            None => config,
        };
        let table: Arc<dyn TableProvider> = Arc::new(ListingTable::try_new(config)?);
        Ok(Some(table))
    }
}

/// The schema of a file with its geometry told. The file's own metadata is left out: it is not that of a
/// query's answer.
fn told(schema: &SchemaRef) -> SchemaRef {
    let geo = schema.metadata().get(GEO);
    let geo: Value = geo
        .and_then(|geo| serde_json::from_str(geo).ok())
        .unwrap_or_default();
    let fields =
        schema
            .fields()
            .iter()
            .map(|field| match extension(&geo["columns"][field.name()]) {
                Some(extension) if field.extension_type_name().is_none() => {
                    let mut metadata = field.metadata().clone();
                    metadata.extend(extension);
                    Arc::new(Field::clone(field).with_metadata(metadata))
                }
                _ => Arc::clone(field),
            });
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

/// A column's metadata, from what a file says of it.
fn extension(column: &Value) -> Option<HashMap<String, String>> {
    let name = match column["encoding"].as_str()? {
        "WKB" => WKB.to_owned(),
        native => format!("geoarrow.{native}"),
    };
    let mut metadata = Map::new();
    match column.get("crs") {
        None => {
            metadata.insert("crs".to_owned(), DEFAULT_CRS.into());
            metadata.insert("crs_type".to_owned(), "authority_code".into());
        }
        Some(Value::Null) => {}
        Some(crs) => {
            metadata.insert("crs".to_owned(), crs.clone());
            metadata.insert("crs_type".to_owned(), "projjson".into());
        }
    }
    if let Some(edges) = column.get("edges") {
        metadata.insert("edges".to_owned(), edges.clone());
    }
    let metadata = Value::Object(metadata).to_string();
    Some(HashMap::from([
        (EXTENSION.to_owned(), name),
        (EXTENSION_METADATA.to_owned(), metadata),
    ]))
}

/// What a GeoParquet file says of the columns of an answer that hold geometry; none where none does. A
/// reference system in other words than PROJJSON is not known to GeoParquet, and is left undefined.
pub(crate) fn geoparquet(schema: &Schema) -> Option<(String, String)> {
    let mut columns = Map::new();
    let is_geometry = |field: &&Arc<Field>| field.extension_type_name() == Some(WKB);
    for field in schema.fields().iter().filter(is_geometry) {
        let metadata = field.metadata().get(EXTENSION_METADATA);
        let metadata = metadata.and_then(|metadata| serde_json::from_str(metadata).ok());
        let metadata: Value = metadata.unwrap_or_default();
        let mut column = json!({ "encoding": "WKB", "geometry_types": [] });
        match &metadata["crs"] {
            Value::String(crs) if crs == DEFAULT_CRS => {}
            Value::Object(crs) => column["crs"] = crs.clone().into(),
            _ => column["crs"] = Value::Null,
        }
        if let Some(edges) = metadata.get("edges") {
            column["edges"] = edges.clone();
        }
        columns.insert(field.name().clone(), column);
    }
    let primary = columns.keys().next()?.clone();
    let geo = json!({ "version": "1.1.0", "primary_column": primary, "columns": columns });
    Some((GEO.to_owned(), geo.to_string()))
}
