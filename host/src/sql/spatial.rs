//! Spatial SQL: the functions of PostGIS, as the crate geodatafusion has them, on geometry in well-known
//! binary, which is looked through before any of them sees it; and GeoParquet, whose columns of geometry come
//! with the extension name and the reference system that GeoArrow gives them (geoparquet.org, 1.1;
//! geoarrow.org, "extension types").

mod effort;
mod extent;
mod function;
mod geometry;

use async_trait::async_trait;
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::catalog::{TableProvider, UrlTableFactory};
use datafusion::datasource::file_format::FileFormat;
use datafusion::datasource::file_format::parquet::ParquetFormat;
use datafusion::datasource::listing::ListingTableConfigExt;
use datafusion::datasource::listing::{ListingTable, ListingTableConfig, ListingTableUrl};
use datafusion::error::Result;
use datafusion::execution::SessionState;
use datafusion::execution::registry::FunctionRegistry;
use datafusion::logical_expr::{AggregateUDF, ScalarUDF};
use datafusion::prelude::SessionContext;
use extent::Extent;
use function::SpatialFunction;
use futures::TryStreamExt;
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

/// The key of a file's metadata.
const GEO: &str = "geo";
/// What files in that format are called.
const PARQUET: &str = "parquet";
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
    extent: Arc<AggregateUDF>,
}

static SPATIAL: LazyLock<Spatial> = LazyLock::new(|| {
    let context = SessionContext::new();
    let plain = context.state();
    geodatafusion::register(&context);
    let state = context.state();
    let scalars = state.scalar_functions().iter();
    let scalars = scalars
        .filter(|(name, _)| !plain.scalar_functions().contains_key(*name))
        .map(|(_, function)| Arc::new(ScalarUDF::from(SpatialFunction::new(function))));
    Spatial {
        scalars: scalars.collect(),
        // The one aggregate that there is.
        extent: Arc::new(AggregateUDF::from(Extent)),
    }
});

/// Registers the spatial functions.
pub(super) fn register(state: &mut SessionState) -> Result<()> {
    for function in &SPATIAL.scalars {
        state.register_udf(Arc::clone(function))?;
    }
    state.register_udaf(Arc::clone(&SPATIAL.extent))?;
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
        let config = match &config.file_schema {
            Some(schema) => {
                let told = told(schema, &geometry(state, &config).await?);
                config.with_schema(told)
            }
            None => config,
        };
        let table: Arc<dyn TableProvider> = Arc::new(ListingTable::try_new(config)?);
        Ok(Some(table))
    }
}

/// The metadata of columns, by their names.
type Columns = HashMap<String, HashMap<String, String>>;

/// What the files of a table say of geometry: that of which all of them say the same.
async fn geometry(state: &SessionState, config: &ListingTableConfig) -> Result<Columns> {
    let format = config
        .options
        .as_ref()
        .map(|options| options.format.get_ext());
    let (Some(PARQUET), [url]) = (format.as_deref(), config.table_paths.as_slice()) else {
        return Ok(Columns::new());
    };
    let store = state.runtime_env().object_store(url)?;
    let files = url.list_all_files(state, &store, "").await?;
    let format = ParquetFormat::default().with_skip_metadata(false);
    let said = files.and_then(|file| {
        let (format, store) = (&format, &store);
        async move {
            let schema = format.infer_schema(state, store, &[file]).await?;
            Ok(columns(&schema))
        }
    });
    let mut said = std::pin::pin!(said);
    let mut all = said.try_next().await?.unwrap_or_default();
    while let Some(next) = said.try_next().await? {
        all.retain(|name, metadata| next.get(name) == Some(metadata));
    }
    Ok(all)
}

/// What a file says of its columns. Only what can be geometry is believed to be.
fn columns(schema: &Schema) -> Columns {
    let geo = schema.metadata().get(GEO);
    let geo: Option<Value> = geo.and_then(|geo| serde_json::from_str(geo).ok());
    let geo = geo.unwrap_or_default();
    let fields = schema.fields().iter();
    let told = fields.filter_map(|field| {
        let extension = extension(&geo["columns"][field.name()], field.data_type())?;
        Some((field.name().clone(), extension))
    });
    told.collect()
}

/// The schema of a table with its geometry told.
fn told(schema: &SchemaRef, columns: &Columns) -> SchemaRef {
    let fields = schema
        .fields()
        .iter()
        .map(|field| match columns.get(field.name()) {
            Some(extension) if field.extension_type_name().is_none() => {
                let mut metadata = field.metadata().clone();
                metadata.extend(extension.clone());
                Arc::new(Field::clone(field).with_metadata(metadata))
            }
            _ => Arc::clone(field),
        });
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

/// A column's metadata, from what a file says of it.
fn extension(column: &Value, data_type: &DataType) -> Option<HashMap<String, String>> {
    const NATIVE: [&str; 6] = [
        "point",
        "linestring",
        "polygon",
        "multipoint",
        "multilinestring",
        "multipolygon",
    ];
    let name = match column["encoding"].as_str()? {
        "WKB" if data_type.is_binary() => WKB.to_owned(),
        native if NATIVE.contains(&native) && data_type.is_nested() => format!("geoarrow.{native}"),
        _ => return None,
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
    // Straight lines need no word in GeoArrow.
    if column["edges"] == "spherical" {
        metadata.insert("edges".to_owned(), "spherical".into());
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
    let mut primary = None;
    let is_geometry = |field: &&Arc<Field>| field.extension_type_name() == Some(WKB);
    for field in schema.fields().iter().filter(is_geometry) {
        let metadata = field.metadata().get(EXTENSION_METADATA);
        let metadata = metadata.and_then(|metadata| serde_json::from_str(metadata).ok());
        let metadata: Value = metadata.unwrap_or_default();
        let mut column = json!({ "encoding": "WKB", "geometry_types": [] });
        match &metadata["crs"] {
            // What has longitude before latitude in well-known binary, whatever the authority says.
            Value::String(crs) if [DEFAULT_CRS, "EPSG:4326"].contains(&crs.as_str()) => {}
            Value::Object(crs) => column["crs"] = crs.clone().into(),
            _ => column["crs"] = Value::Null,
        }
        // GeoParquet knows one more way than straight lines.
        if metadata.get("edges").is_some() {
            column["edges"] = "spherical".into();
        }
        primary.get_or_insert_with(|| field.name().clone());
        columns.insert(field.name().clone(), column);
    }
    let primary = primary?;
    let geo = json!({ "version": "1.1.0", "primary_column": primary, "columns": columns });
    Some((GEO.to_owned(), geo.to_string()))
}
