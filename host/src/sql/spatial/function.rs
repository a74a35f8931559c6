//! Spatial functions, as the crate geodatafusion has them, with what lies between them and geometry of any
//! origin: it is looked through before, and comes as what a function can take of it; what it takes at worst is
//! bounded; nulls stay null, relations hold the way they are written, and a panic of theirs is an error of the query.

use super::effort::{Effort, Estimate, Estimator};
use super::geometry::{self, Geometry, Kind, Place};
use super::{EXTENSION, EXTENSION_METADATA, WKB};
use crate::error::Error;
use crate::sql::failure::to_datafusion;
use crate::sql::options::QueryOptions;
use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, BinaryArray, BooleanArray, Float64Array, LargeBinaryArray,
    StructArray, new_empty_array, new_null_array,
};
use datafusion::arrow::buffer::NullBuffer;
use datafusion::arrow::compute::{cast, concat, nullif};
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Float64Type};
use datafusion::common::{DataFusionError, Result, ScalarValue, plan_err};
use datafusion::config::ConfigOptions;
use datafusion::logical_expr::{
    ColumnarValue, Documentation, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl,
    Signature, TypeSignature, Volatility,
};
use geodatafusion::udf::geo::relationships::{Contains, CoveredBy, Covers, Within};
use geodatafusion::udf::native::io::AsBinary;
use serde_json::Value;
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// Levels of recursion from which on a function gets a stack of its own; that of a query's thread is enough for
/// four times as many.
const DEPTH_SHALLOW: usize = 8 << 10;
/// Bytes of stack for each of them. Without optimisation a level takes about one KiB.
const STACK_BYTES_A_LEVEL: usize = 2 << 10;
/// Steps after which it is looked whether a query was cancelled.
const STEPS_A_CALL: u64 = 500_000_000;
/// How far within the last cell of a geohash, in degrees, its end is taken to lie; the smallest cells that there
/// are here have 1.7e-7.
const WITHIN_CELL: f64 = 1e-9;
/// The extension of a column that holds boxes.
const BOX: &str = "geoarrow.box";
/// That of one that holds points.
const POINT: &str = "geoarrow.point";

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
    /// Geometry as it comes.
    Any,
    /// Well-known binary: of arrays it would not see the nulls, or of boxes the heights.
    Binary,
    /// Well-known binary of lines that have points; of others it would give points before the first, and of
    /// measures heights.
    Lines,
    /// Well-known binary without empty parts, which geo does not know; what it takes grows as they do.
    Full,
    /// The same, and what it takes has to be bounded.
    Bounded(Effort),
    /// Points as arrays of coordinates along these axes.
    Points(&'static str),
    /// The same along x and y, in degrees and within the cells of geohashes.
    Cells,
    /// Boxes as arrays of bounds along these axes: of others it would give infinite bounds, and measures for heights.
    Boxes(&'static str),
}

impl Takes {
    fn of(function: &str) -> Self {
        match function {
            "st_coorddim" | "st_ndims" | "st_asbinary" => Self::Binary,
            "st_startpoint" | "st_endpoint" => Self::Lines,
            "st_area" | "st_length" | "st_centroid" | "st_simplifyvw" => Self::Full,
            "st_intersects" | "st_disjoint" | "st_within" | "st_contains" | "st_equals"
            | "st_coveredby" | "st_covers" | "st_touches" | "st_crosses" | "st_overlaps" => {
                Self::Bounded(Effort::Relation)
            }
            "st_distance" => Self::Bounded(Effort::Distance),
            "st_isvalid" | "st_isvalidreason" => Self::Bounded(Effort::Validity),
            "st_simplify" => Self::Bounded(Effort::Splits),
            "st_simplifypreservetopology" => Self::Bounded(Effort::Triangles),
            "st_convexhull" | "st_orientedenvelope" => Self::Bounded(Effort::Hull),
            "st_pointonsurface" => Self::Bounded(Effort::PointWithin),
            "st_x" | "st_y" | "st_makebox2d" => Self::Points("xy"),
            "st_geohash" => Self::Cells,
            "st_z" | "st_3dmakebox" => Self::Points("xyz"),
            "st_m" => Self::Points("xym"),
            "st_xmin" | "st_xmax" | "st_ymin" | "st_ymax" | "box2d" => Self::Boxes("xy"),
            "st_zmin" | "st_zmax" | "box3d" => Self::Boxes("xyz"),
            _ => Self::Any,
        }
    }

    /// How many of so many arguments have to be geometry; they are the first.
    fn geometries(self, arguments: usize) -> usize {
        match self {
            Self::Any => 0,
            Self::Points(_) | Self::Cells => arguments,
            Self::Bounded(effort) => effort.geometries(),
            _ => 1,
        }
    }

    /// The field of geometry that was prepared.
    fn field(self, field: &Field, data_type: &DataType) -> FieldRef {
        let extension = match self {
            Self::Points(_) | Self::Cells => POINT,
            Self::Boxes(_) => BOX,
            _ => WKB,
        };
        let mut metadata = HashMap::from([(EXTENSION.to_owned(), extension.to_owned())]);
        if let Some(system) = field.extension_type_metadata() {
            metadata.insert(EXTENSION_METADATA.to_owned(), system.to_owned());
        }
        Arc::new(Field::new(field.name(), data_type.clone(), true).with_metadata(metadata))
    }
}

impl SpatialFunction {
    /// The function around one of geodatafusion's.
    pub(super) fn new(inner: &Arc<ScalarUDF>) -> Self {
        let takes = Takes::of(inner.name());
        let signature = match (takes, &inner.signature().type_signature) {
            // The types that it lists are those of arrays of points.
            (Takes::Points(_) | Takes::Cells, TypeSignature::Uniform(count, _)) => {
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

    fn failed(&self, error: Error) -> DataFusionError {
        to_datafusion(error.context(self.name()))
    }

    /// The arguments as the inner function wants them.
    fn prepare(&self, mut arguments: ScalarFunctionArgs) -> Result<ScalarFunctionArgs> {
        let fields = &mut arguments.arg_fields;
        if self.takes == Takes::Any {
            if fields.iter().all(|field| field.data_type().is_numeric()) {
                arguments.args = null_together(&arguments.args)?;
            }
            for value in &arguments.args {
                let looked = geometry::look_through(&one_or_all(value)?);
                looked.map_err(|error| self.failed(error))?;
            }
            return Ok(arguments);
        }
        let geometries = self.takes.geometries(fields.len());
        let values = arguments.args.iter_mut().zip(fields);
        for (value, field) in values.take(geometries) {
            let array = one_or_all(value)?;
            let binary = self.as_binary(array, field, &arguments.config_options)?;
            let prepared = self.prepare_binary(binary);
            let prepared = prepared.map_err(|error| self.failed(error))?;
            *field = self.takes.field(field, prepared.data_type());
            *value = match value {
                ColumnarValue::Array(_) => ColumnarValue::Array(prepared),
                ColumnarValue::Scalar(_) => {
                    ColumnarValue::Scalar(ScalarValue::try_from_array(&prepared, 0)?)
                }
            };
        }
        Ok(arguments)
    }

    /// Geometry of any kind as well-known binary.
    fn as_binary(
        &self,
        array: ArrayRef,
        field: &FieldRef,
        options: &Arc<ConfigOptions>,
    ) -> Result<ArrayRef> {
        if geometry::binaries(&array).is_some() {
            return Ok(array);
        }
        if array.data_type().is_null() {
            return Ok(new_null_array(&DataType::Binary, array.len()));
        }
        if field.extension_type_name() == Some(BOX) {
            return polygons(&array).map_err(|error| self.failed(error));
        }
        geometry::look_through(&array).map_err(|error| self.failed(error))?;
        let fields = vec![Arc::clone(field)];
        guarded(self.name(), || {
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
                config_options: Arc::clone(options),
            })?;
            binary.into_array(number_rows)
        })
    }

    /// Well-known binary as the inner function wants it.
    fn prepare_binary(&self, binary: ArrayRef) -> Result<ArrayRef, Error> {
        match self.takes {
            Takes::Points(axes) => self.points(&binary, axes, |_, number| number),
            Takes::Cells => self.points(&binary, "xy", within_cell),
            Takes::Boxes(axes) => {
                let least = axes.chars().map(|axis| format!("{axis}min"));
                let greatest = axes.chars().map(|axis| format!("{axis}max"));
                let boxes = seen(&binary).map(|geometry| -> Result<_, Error> {
                    let geometry = geometry?;
                    let along = |axis| geometry.and_then(|geometry| geometry.bounds.along(axis));
                    let bounds: Option<Vec<_>> = axes.chars().map(along).collect();
                    Ok(bounds.map(|bounds| {
                        let (least, greatest): (Vec<_>, Vec<_>) = bounds.into_iter().unzip();
                        [least, greatest].concat()
                    }))
                });
                numbers(least.chain(greatest).collect(), boxes)
            }
            Takes::Lines => {
                for geometry in seen(&binary) {
                    let refused = |one: Geometry| one.is_measured && one.kind == Kind::LineString;
                    if geometry?.is_some_and(refused) {
                        return Err(Error::data(
                            "it takes no line that has measures (M) without heights (Z)",
                        ));
                    }
                }
                without_empty(binary)
            }
            Takes::Bounded(Effort::Distance) => without_empty(full(binary)?),
            Takes::Bounded(_) | Takes::Full => full(binary),
            Takes::Binary | Takes::Any => {
                geometry::look_through(&binary)?;
                Ok(binary)
            }
        }
    }

    /// Points as arrays of coordinates along some axes, as `taken` has them.
    fn points(
        &self,
        binary: &ArrayRef,
        axes: &str,
        taken: impl Fn(char, f64) -> f64,
    ) -> Result<ArrayRef, Error> {
        let names = axes.chars().map(String::from);
        let points = seen(binary).map(|geometry| -> Result<_, Error> {
            let place = self.place(geometry?)?;
            let along = |axis| Some(taken(axis, place?.along(axis)?));
            Ok(axes.chars().map(along).collect())
        });
        numbers(names.collect(), points)
    }

    /// Where a point is; none if it is null or empty.
    fn place(&self, geometry: Option<Geometry>) -> Result<Option<Place>, Error> {
        let Some(geometry) = geometry.filter(|geometry| geometry.kind != Kind::Point) else {
            return Ok(geometry.and_then(|geometry| geometry.place));
        };
        let kind = geometry.kind.name();
        Err(Error::data(format!("it takes points; a row has a {kind}")).with_hint(
            "st_centroid(...) is a point of any geometry; WHERE st_geometrytype(...) = 'ST_Point' leaves others out",
        ))
    }

    /// Calls the inner function for as many rows at a time as take some seconds, in which it cannot be cancelled.
    fn call_bounded(&self, effort: Effort, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let query = QueryOptions::of(&arguments.config_options);
        let scope = query.map(|query| Arc::clone(&query.scope));
        let limits = scope.as_ref().map(|scope| Arc::clone(scope.limits()));
        let limits = limits.unwrap_or_default();
        let columns = Columns::new(&arguments, effort.geometries())?;
        let (values, rows) = (columns.values(), columns.rows());
        if rows == 0 {
            return Ok(new_empty_array(arguments.return_type()).into());
        }
        let tolerance = tolerance(effort, &arguments)?;
        let is_constant = &columns.is_constant;
        let mut estimator = Estimator::new(effort, is_constant, tolerance, &limits);
        let mut results = Vec::new();
        let (mut start, mut call) = (0, Estimate::default());
        for row in 0..rows {
            if scope.as_ref().is_some_and(|scope| scope.is_cancelled()) {
                let error = Error::cancelled("the query was cancelled");
                return Err(to_datafusion(error));
            }
            let row_values = values.iter().zip(is_constant);
            let row_values = row_values.map(|(column, is_constant)| {
                let index = if *is_constant { 0 } else { row };
                column.get(index).copied().flatten()
            });
            let estimate = estimator.estimate(&row_values.collect::<Vec<_>>());
            let estimate = estimate.map_err(|error| self.failed(error))?;
            if row > start && call.steps + estimate.steps > STEPS_A_CALL {
                let part = slice(&arguments, start, row - start);
                results.push(self.call(part, call.depth)?.into_array(row - start)?);
                (start, call) = (row, Estimate::default());
            }
            call.steps += estimate.steps;
            call.depth = call.depth.max(estimate.depth);
        }
        if start == 0 {
            return self.call(arguments, call.depth);
        }
        let part = slice(&arguments, start, rows - start);
        results.push(self.call(part, call.depth)?.into_array(rows - start)?);
        let results: Vec<&dyn Array> = results.iter().map(|array| array.as_ref()).collect();
        Ok(concat(&results)?.into())
    }

    /// Calls the inner function, on a stack that is large enough.
    fn call(&self, mut arguments: ScalarFunctionArgs, depth: usize) -> Result<ColumnarValue> {
        let inner = self.turn(&mut arguments);
        let work = || guarded(self.name(), || inner.invoke_with_args(arguments));
        match depth > DEPTH_SHALLOW {
            true => on_own_stack(depth, work),
            false => work(),
        }
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
        let given = arguments.arg_fields;
        let geometries = self.takes.geometries(given.len());
        let mut fields = given.to_vec();
        for field in fields.iter_mut().take(geometries) {
            let data_type = field.data_type();
            if !is_geometry(data_type) {
                let name = self.name();
                return plan_err!("{name} takes geometry, and not {data_type}");
            }
            if !geometry::is_binary(data_type) {
                *field = Takes::Binary.field(field, &DataType::Binary);
            }
        }
        let field = guarded(self.name(), || {
            self.inner.return_field_from_args(ReturnFieldArgs {
                arg_fields: &fields,
                scalar_arguments: arguments.scalar_arguments,
            })
        })?;
        if self.takes == Takes::Any {
            return Ok(field);
        }
        // A box between points has the reference system of one of them.
        let mut metadata = field.metadata().clone();
        let mut systems = given.iter().filter_map(system);
        if let (Some(system), Some(_)) = (systems.next(), field.extension_type_name()) {
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
        let arguments = self.prepare(arguments)?;
        match self.takes {
            Takes::Bounded(effort) => self.call_bounded(effort, arguments),
            _ => self.call(arguments, 0),
        }
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.inner.documentation()
    }
}

/// Runs what others wrote on geometry that others made. There are panics in it, for one where a coordinate
/// is no number; nothing of ours is shared with it that could be left half done.
pub(super) fn guarded<T>(name: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    let failed = |why: String| Err(to_datafusion(Error::data(why).context(name)));
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Err(DataFusionError::External(error))) => failed(error.to_string()),
        Ok(Err(DataFusionError::ArrowError(error, _))) => failed(error.to_string()),
        Ok(result) => result,
        Err(_) => failed("it has no answer for one of these geometries".to_owned()),
    }
}

/// Runs what recurses so deep on a stack that is large enough. The memory is only reserved until it is used.
fn on_own_stack<T: Send>(depth: usize, work: impl FnOnce() -> Result<T> + Send) -> Result<T> {
    let bytes = depth.saturating_mul(STACK_BYTES_A_LEVEL);
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new()
            .name("sextant-spatial".to_owned())
            .stack_size(bytes)
            .spawn_scoped(scope, work);
        match thread.map(std::thread::ScopedJoinHandle::join) {
            Ok(Ok(result)) => result,
            Ok(Err(panic)) => std::panic::resume_unwind(panic),
            Err(error) => Err(to_datafusion(Error::io(format!(
                "no stack for a geometry of {depth} points: {error}"
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
    let is_array = data_type.is_null() || data_type.is_nested();
    is_array || data_type.is_string() || geometry::is_binary(data_type)
}

/// The reference system of a field, as metadata of an extension.
fn system(field: &FieldRef) -> Option<&str> {
    let metadata = field.extension_type_metadata()?;
    let value: Value = serde_json::from_str(metadata).ok()?;
    (!value["crs"].is_null()).then_some(metadata)
}

/// The geometry of a call.
struct Columns {
    /// One row of each constant.
    arrays: Vec<ArrayRef>,
    is_constant: Vec<bool>,
}

impl Columns {
    fn new(arguments: &ScalarFunctionArgs, geometries: usize) -> Result<Self> {
        let values = arguments.args.iter().take(geometries);
        let is_constant = values
            .clone()
            .map(|value| matches!(value, ColumnarValue::Scalar(_)));
        Ok(Self {
            is_constant: is_constant.collect(),
            arrays: values.map(one_or_all).collect::<Result<_>>()?,
        })
    }

    /// How many rows there are; one where all is constant.
    fn rows(&self) -> usize {
        let all = self.arrays.iter().zip(&self.is_constant);
        let mut columns = all.filter(|(_, is_constant)| !**is_constant);
        columns.next().map_or(1, |(array, _)| array.len())
    }

    fn values(&self) -> Vec<Vec<Option<&[u8]>>> {
        let values = self.arrays.iter().map(|array| {
            let values = geometry::binaries(array).into_iter().flatten();
            values.collect()
        });
        values.collect()
    }
}

/// A constant as an array of one row, or a column.
fn one_or_all(value: &ColumnarValue) -> Result<ArrayRef> {
    match value {
        ColumnarValue::Array(array) => Ok(Arc::clone(array)),
        ColumnarValue::Scalar(value) => value.to_array(),
    }
}

/// Some rows of a call.
fn slice(arguments: &ScalarFunctionArgs, start: usize, rows: usize) -> ScalarFunctionArgs {
    let mut part = arguments.clone();
    for value in &mut part.args {
        if let ColumnarValue::Array(array) = value {
            *array = array.slice(start, rows);
        }
    }
    part.number_rows = rows;
    part
}

/// How far a simplified line may be from the line: a number behind the geometry, as the inner function reads it.
fn tolerance(effort: Effort, arguments: &ScalarFunctionArgs) -> Result<f64> {
    match (effort, arguments.args.get(1)) {
        (Effort::Splits, Some(ColumnarValue::Scalar(value))) => {
            match value.cast_to(&DataType::Float64)? {
                ScalarValue::Float64(Some(number)) => Ok(number),
                _ => Ok(0.0),
            }
        }
        _ => Ok(0.0),
    }
}

/// A longitude or latitude within the cells of geohashes. The last of them has its end as well, as in PostGIS; the
/// crate geohash takes that for the start of the first.
fn within_cell(axis: char, degrees: f64) -> f64 {
    let end = if axis == 'x' { 180.0 } else { 90.0 };
    let last = end - WITHIN_CELL;
    match (last..=end).contains(&degrees) {
        true => last,
        false => degrees,
    }
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

/// The geometry of a column of well-known binary, looked through.
fn seen(binary: &ArrayRef) -> impl Iterator<Item = Result<Option<Geometry>, Error>> + '_ {
    let values = geometry::binaries(binary).into_iter().flatten();
    values.map(|bytes| bytes.map(geometry::read).transpose())
}

/// Well-known binary with nulls in place of geometry that has no points.
fn without_empty(binary: ArrayRef) -> Result<ArrayRef, Error> {
    let empty = seen(&binary)
        .map(|geometry| Ok(geometry?.is_some_and(|geometry| geometry.points == 0)))
        .collect::<Result<Vec<bool>, Error>>()?;
    nullif(&binary, &BooleanArray::from(empty)).map_err(unexpected)
}

/// Well-known binary of which no part is empty.
fn full(binary: ArrayRef) -> Result<ArrayRef, Error> {
    let mut has_empty_parts = false;
    for geometry in seen(&binary) {
        has_empty_parts |= geometry?.is_some_and(|geometry| geometry.has_empty_parts);
    }
    if !has_empty_parts {
        return Ok(binary);
    }
    let values = geometry::binaries(&binary).into_iter().flatten();
    let values = values.map(|bytes| bytes.map(geometry::without_empty_parts).transpose());
    let values = values.collect::<Result<Vec<Option<Vec<u8>>>, Error>>()?;
    cast(&LargeBinaryArray::from_iter(values), binary.data_type()).map_err(unexpected)
}

/// Rows of numbers by their names, as arrays of coordinates and boxes have them. A row without numbers is null.
fn numbers(
    names: Vec<String>,
    rows: impl Iterator<Item = Result<Option<Vec<f64>>, Error>>,
) -> Result<ArrayRef, Error> {
    let mut columns = vec![Vec::new(); names.len()];
    let mut is_there = Vec::new();
    for row in rows {
        let row = row?;
        is_there.push(row.is_some());
        let row = row.unwrap_or_else(|| vec![f64::NAN; names.len()]);
        for (column, number) in columns.iter_mut().zip(row) {
            column.push(number);
        }
    }
    let fields = names
        .into_iter()
        .map(|name| Field::new(name, DataType::Float64, false));
    let columns = columns
        .into_iter()
        .map(|column| Arc::new(Float64Array::from(column)) as ArrayRef);
    let nulls = Some(NullBuffer::from(is_there));
    let numbers = StructArray::try_new(fields.collect(), columns.collect(), nulls);
    Ok(Arc::new(numbers.map_err(unexpected)?))
}

/// Boxes as polygons.
fn polygons(boxes: &ArrayRef) -> Result<ArrayRef, Error> {
    let along = |axis: &str| {
        let boxes = boxes.as_struct_opt()?;
        let [least, greatest] = ["min", "max"].map(|end| {
            let numbers = boxes.column_by_name(&format!("{axis}{end}"))?;
            numbers.as_primitive_opt::<Float64Type>()
        });
        least.zip(greatest)
    };
    let bounds: Vec<_> = ["x", "y", "z"].into_iter().filter_map(along).collect();
    if bounds.len() < 2 {
        return Err(Error::data("malformed box: it has no bounds along x and y"));
    }
    let polygons = (0..boxes.len()).map(|row| {
        let bounds = bounds
            .iter()
            .map(|(least, greatest)| (least.value(row), greatest.value(row)));
        let is_there = boxes.is_valid(row);
        is_there.then(|| geometry::polygon(&bounds.collect::<Vec<_>>()))
    });
    Ok(Arc::new(BinaryArray::from_iter(polygons)))
}

fn unexpected(error: impl std::fmt::Display) -> Error {
    Error::internal(format!("geometry in arrays: {error}"))
}
