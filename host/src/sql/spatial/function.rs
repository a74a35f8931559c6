//! Spatial functions, as the crate geodatafusion has them, with what lies between them and geometry of any
//! origin: it is looked through before, points come out of well-known binary, nulls stay null, relations hold
//! the way they are written, and a panic of theirs is an error of the query.

use super::geometry::{self, Geometry, Kind, Place};
use super::{EXTENSION, EXTENSION_METADATA};
use crate::error::Error;
use crate::sql::failure::to_datafusion;
use datafusion::arrow::array::{Array, ArrayRef, BooleanArray, Float64Array, StructArray};
use datafusion::arrow::buffer::NullBuffer;
use datafusion::arrow::compute::nullif;
use datafusion::arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::{Result, ScalarValue, plan_err};
use datafusion::config::ConfigOptions;
use datafusion::logical_expr::{
    ColumnarValue, Documentation, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl,
    Signature, TypeSignature, Volatility,
};
use geodatafusion::udf::geo::relationships::{Contains, CoveredBy, Covers, Within};
use geodatafusion::udf::native::io::AsBinary;
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// Points of a geometry from which on a function that recurses gets a stack of its own; that of a query's
/// thread is enough for four times as many.
const POINTS_SHALLOW: usize = 8 << 10;
/// Bytes of stack for each of them. Without optimisation a level takes about one KiB.
const STACK_BYTES_A_POINT: usize = 2 << 10;

/// A spatial function.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct SpatialFunction {
    inner: Arc<ScalarUDF>,
    /// The same of its arguments the other way round, for the relations that have one.
    converse: Option<ScalarUDF>,
    takes: Takes,
    signature: Signature,
}

/// What the inner function wants of its arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Takes {
    /// Any geometry.
    Any,
    /// Any geometry, which it goes through by recursion: a level for each point, at worst.
    Recursively,
    /// Geometry that has points. Of others it would give infinite bounds, or points before the first.
    Filled,
    /// Geometry that has heights; others make it panic.
    Heights,
    /// Points as arrays of coordinates along these axes.
    Points(&'static str),
}

impl Takes {
    fn of(function: &str) -> Self {
        match function {
            "st_simplify" | "st_convexhull" | "st_orientedenvelope" => Self::Recursively,
            "st_xmin" | "st_xmax" | "st_ymin" | "st_ymax" | "box2d" | "st_startpoint"
            | "st_endpoint" => Self::Filled,
            "st_zmin" | "st_zmax" | "box3d" => Self::Heights,
            "st_x" | "st_y" | "st_geohash" | "st_makebox2d" => Self::Points("xy"),
            "st_z" | "st_3dmakebox" => Self::Points("xyz"),
            "st_m" => Self::Points("xym"),
            _ => Self::Any,
        }
    }
}

impl SpatialFunction {
    /// The function around one of geodatafusion's.
    pub(super) fn new(inner: &Arc<ScalarUDF>) -> Self {
        let takes = Takes::of(inner.name());
        let signature = match (takes, &inner.signature().type_signature) {
            // The types that it lists are those of arrays of points.
            (Takes::Points(_), TypeSignature::Uniform(count, _)) => {
                Signature::any(*count, Volatility::Immutable)
            }
            _ => inner.signature().clone(),
        };
        Self {
            inner: Arc::clone(inner),
            converse: converse(inner.name()),
            takes,
            signature,
        }
    }

    /// The arguments as the inner function wants them, and how many points the largest geometry has at most.
    fn prepare(&self, mut arguments: ScalarFunctionArgs) -> Result<(ScalarFunctionArgs, usize)> {
        let mut largest = 0;
        let fields = &mut arguments.arg_fields;
        if fields.iter().all(|field| field.data_type().is_numeric()) {
            arguments.args = null_together(&arguments.args)?;
            return Ok((arguments, largest));
        }
        let options = &arguments.config_options;
        for (value, field) in arguments.args.iter_mut().zip(fields) {
            let array = match &*value {
                ColumnarValue::Array(array) => Arc::clone(array),
                ColumnarValue::Scalar(value) => value.to_array()?,
            };
            let (prepared, points) = self.prepare_array(array, field, options)?;
            largest = largest.max(points);
            let Some(prepared) = prepared else { continue };
            if let Takes::Points(_) = self.takes {
                *field = point_field(field, prepared.data_type());
            }
            *value = match value {
                ColumnarValue::Array(_) => ColumnarValue::Array(prepared),
                ColumnarValue::Scalar(_) => {
                    ColumnarValue::Scalar(ScalarValue::try_from_array(&prepared, 0)?)
                }
            };
        }
        Ok((arguments, largest))
    }

    /// The function to call. geodatafusion takes a constant before a column for one behind it, and so has the
    /// relation the other way round.
    fn turn(&self, arguments: &mut ScalarFunctionArgs) -> &ScalarUDF {
        let is_constant_first = matches!(
            arguments.args.as_slice(),
            [ColumnarValue::Scalar(_), ColumnarValue::Array(_)]
        );
        match &self.converse {
            Some(converse) if is_constant_first => {
                arguments.args.swap(0, 1);
                arguments.arg_fields.swap(0, 1);
                converse
            }
            _ => self.inner.as_ref(),
        }
    }

    /// An argument as the inner function wants it, where that is not as it is; and how many points the
    /// largest geometry in it has at most.
    fn prepare_array(
        &self,
        array: ArrayRef,
        field: &FieldRef,
        options: &Arc<ConfigOptions>,
    ) -> Result<(Option<ArrayRef>, usize)> {
        let failed = |error: Error| to_datafusion(error.context(self.name()));
        match self.takes {
            Takes::Points(axes) => {
                let is_binary = geometry::binaries(&array).is_some();
                let binary = match is_binary {
                    true => array,
                    false => {
                        geometry::look_through(&array).map_err(failed)?;
                        guarded(self.name(), || as_binary(array, field, options))?
                    }
                };
                Ok((Some(self.points(axes, &binary)?), 0))
            }
            Takes::Filled => {
                let filled = without(array, |geometry| geometry.points == 0);
                Ok((Some(filled.map_err(failed)?), 0))
            }
            Takes::Heights => {
                let with_heights = without(array, |geometry| !geometry.has_heights);
                Ok((Some(with_heights.map_err(failed)?), 0))
            }
            Takes::Any | Takes::Recursively => {
                let points = geometry::look_through(&array).map_err(failed)?;
                Ok((None, points))
            }
        }
    }

    /// Points in well-known binary as arrays of their coordinates. Null is what is null, empty, or has no
    /// coordinate along one of the axes.
    fn points(&self, axes: &str, array: &dyn Array) -> Result<ArrayRef> {
        let empty = axes.chars().map(|_| Vec::with_capacity(array.len()));
        let mut columns: Vec<Vec<f64>> = empty.collect();
        let mut is_there = Vec::with_capacity(array.len());
        for bytes in geometry::binaries(array).into_iter().flatten() {
            let place = bytes.map(|bytes| self.place(bytes)).transpose();
            let place = place.map_err(to_datafusion)?.flatten();
            let along = |axis| place.and_then(|place| place.along(axis));
            is_there.push(axes.chars().all(|axis| along(axis).is_some()));
            for (column, axis) in columns.iter_mut().zip(axes.chars()) {
                column.push(along(axis).unwrap_or(f64::NAN));
            }
        }
        let fields = axes
            .chars()
            .map(|axis| Field::new(axis.to_string(), DataType::Float64, false));
        let columns = columns
            .into_iter()
            .map(|column| Arc::new(Float64Array::from(column)) as ArrayRef);
        let points = StructArray::try_new(
            fields.collect(),
            columns.collect(),
            Some(NullBuffer::from(is_there)),
        )?;
        Ok(Arc::new(points))
    }

    /// Where a point is; none if it is empty.
    fn place(&self, bytes: &[u8]) -> Result<Option<Place>, Error> {
        let name = self.name();
        let geometry = geometry::read(bytes).map_err(|error| error.context(name))?;
        if geometry.kind == Kind::Point {
            return Ok(geometry.place);
        }
        let message = format!("{name} takes points; a row has a {}", geometry.kind.name());
        Err(Error::data(message).with_hint(
            "st_centroid(...) is a point of any geometry; WHERE st_geometrytype(...) = 'ST_Point' leaves others out",
        ))
    }
}

impl ScalarUDFImpl for SpatialFunction {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn aliases(&self) -> &[String] {
        self.inner.aliases()
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        self.inner.return_type(arguments)
    }

    fn return_field_from_args(&self, arguments: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        let fields = arguments.arg_fields;
        if let Takes::Points(_) = self.takes
            && let Some(field) = fields.iter().find(|field| !is_geometry(field.data_type()))
        {
            let (name, data_type) = (self.name(), field.data_type());
            return plan_err!("{name} takes geometry, and not {data_type}");
        }
        let field = guarded(self.name(), || self.inner.return_field_from_args(arguments))?;
        if let Takes::Any | Takes::Recursively = self.takes {
            return Ok(field);
        }
        // A box between points has their reference system.
        let mut metadata = field.metadata().clone();
        let system = fields
            .first()
            .and_then(|field| field.extension_type_metadata());
        if let (Some(system), Some(_)) = (system, field.extension_type_name()) {
            metadata
                .entry(EXTENSION_METADATA.to_owned())
                .or_insert_with(|| system.to_owned());
        }
        // Some say of themselves that they are never null.
        let field = Field::clone(&field).with_nullable(true);
        Ok(Arc::new(field.with_metadata(metadata)))
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        // As in PostGIS, where all of these are strict.
        if arguments.args.iter().any(is_null) {
            return ScalarValue::try_new_null(arguments.return_type()).map(ColumnarValue::Scalar);
        }
        let (mut arguments, points) = self.prepare(arguments)?;
        let inner = self.turn(&mut arguments);
        let work = || guarded(self.name(), || inner.invoke_with_args(arguments));
        match self.takes {
            Takes::Recursively if points > POINTS_SHALLOW => on_own_stack(points, work),
            _ => work(),
        }
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.inner.documentation()
    }
}

/// Runs what others wrote on geometry that others made. There are panics in it, for one where a coordinate
/// is no number; nothing of ours is shared with it that could be left half done.
pub(super) fn guarded<T>(name: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
        let message = format!("{name} has no answer for one of these geometries");
        Err(to_datafusion(Error::data(message)))
    })
}

/// Runs what recurses for each of so many points on a stack that is large enough. The memory is only
/// reserved until it is used.
fn on_own_stack<T: Send>(points: usize, work: impl FnOnce() -> Result<T> + Send) -> Result<T> {
    let bytes = points.saturating_mul(STACK_BYTES_A_POINT);
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new()
            .name("sextant-spatial".to_owned())
            .stack_size(bytes)
            .spawn_scoped(scope, work);
        match thread.map(std::thread::ScopedJoinHandle::join) {
            Ok(Ok(result)) => result,
            Ok(Err(panic)) => std::panic::resume_unwind(panic),
            Err(error) => Err(to_datafusion(Error::io(format!(
                "no stack for a geometry of {points} points: {error}"
            )))),
        }
    })
}

/// The converse of a relation that is not its own.
fn converse(function: &str) -> Option<ScalarUDF> {
    Some(match function {
        "st_contains" => Within::new().into(),
        "st_within" => Contains::new().into(),
        "st_covers" => CoveredBy::new().into(),
        "st_coveredby" => Covers::new().into(),
        _ => return None,
    })
}

fn is_null(value: &ColumnarValue) -> bool {
    matches!(value, ColumnarValue::Scalar(value) if value.is_null())
}

/// Whether a type may hold geometry; what is in it will be seen.
fn is_geometry(data_type: &DataType) -> bool {
    data_type.is_null() || data_type.is_binary() || data_type.is_string() || data_type.is_nested()
}

/// Numbers that make points, each row null of which a number is: geodatafusion looks at the first alone.
fn null_together(values: &[ColumnarValue]) -> Result<Vec<ColumnarValue>> {
    let mut arrays = ColumnarValue::values_to_arrays(values)?;
    let nulls = NullBuffer::union_many(arrays.iter().map(|array| array.nulls()));
    if let (Some(nulls), Some(first)) = (nulls, arrays.first_mut()) {
        *first = nullif(&*first, &BooleanArray::new(!nulls.inner(), None))?;
    }
    Ok(arrays.into_iter().map(ColumnarValue::Array).collect())
}

/// Well-known binary with nulls in place of some of its geometry. What else holds geometry stays as it is.
fn without(array: ArrayRef, is_left_out: impl Fn(&Geometry) -> bool) -> Result<ArrayRef, Error> {
    if geometry::binaries(&array).is_none() {
        geometry::look_through(&array)?;
        return Ok(array);
    }
    let values = geometry::binaries(&array).into_iter().flatten();
    let left_out = values.map(|bytes| match bytes {
        Some(bytes) => geometry::read(bytes).map(|geometry| is_left_out(&geometry)),
        None => Ok(false),
    });
    let left_out: Vec<bool> = left_out.collect::<Result<_, Error>>()?;
    nullif(&array, &BooleanArray::from(left_out))
        .map_err(|error| Error::internal(format!("nulls among geometry: {error}")))
}

/// Geometry of any kind as well-known binary.
fn as_binary(
    array: ArrayRef,
    field: &FieldRef,
    config_options: &Arc<ConfigOptions>,
) -> Result<ArrayRef> {
    let fields = vec![Arc::clone(field)];
    let return_field = AsBinary.return_field_from_args(ReturnFieldArgs {
        arg_fields: &fields,
        scalar_arguments: &[None],
    })?;
    let number_rows = array.len();
    let binary = AsBinary.invoke_with_args(ScalarFunctionArgs {
        args: vec![ColumnarValue::Array(array)],
        arg_fields: fields,
        number_rows,
        return_field,
        config_options: Arc::clone(config_options),
    })?;
    binary.into_array(number_rows)
}

/// The field of points that were geometry of any kind.
fn point_field(field: &Field, data_type: &DataType) -> FieldRef {
    let mut metadata = HashMap::from([(EXTENSION.to_owned(), "geoarrow.point".to_owned())]);
    if let Some(system) = field.extension_type_metadata() {
        metadata.insert(EXTENSION_METADATA.to_owned(), system.to_owned());
    }
    Arc::new(Field::new(field.name(), data_type.clone(), true).with_metadata(metadata))
}
