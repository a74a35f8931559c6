//! The H3 grid (Uber Technologies, "H3: A Hexagonal Hierarchical Geospatial Indexing System"):
//! cells of places, outlines of cells, and both as scalar functions.

use crate::geometry;
use crate::metric::Metric;
use arrow_array::builder::StringViewBuilder;
use arrow_array::cast::AsArray;
use arrow_array::types::{ArrowPrimitiveType, Float64Type, Int64Type};
use arrow_array::{Array, ArrayRef, PrimitiveArray};
use arrow_schema::{DataType, Field};
use h3o::{CellIndex, LatLng, Resolution};
use sextant_plugin_sdk::{
    Arguments, BoundScalar, Description, Error, Parameter, Result, Scalar, Signature, SimpleScalar,
};
use std::fmt::Write as _;
use std::sync::Arc;

/// The finest resolution.
pub(crate) const RESOLUTION_MAX: u8 = 15;

/// The cell of a place in degrees at a resolution from 0 (cells of 4,357,449 km² on average) to 15
/// (0.9 m²). None where the longitude is not from -180 to 180, the latitude not from -90 to 90, or
/// there is no such resolution.
pub fn h3_cell(lon: f64, lat: f64, resolution: u8) -> Option<u64> {
    let resolution = Resolution::try_from(resolution).ok()?;
    if lon.abs() > 180.0 || lat.abs() > 90.0 {
        return None;
    }
    // What is not finite is refused here.
    let place = LatLng::new(lat, lon).ok()?;
    Some(place.to_cell(resolution).into())
}

/// The corners of a cell as longitude and latitude in degrees, counterclockwise, each once; none
/// where the number is no cell.
///
/// Longitudes go beyond 180 or -180 where a cell crosses the antimeridian, so that it stays in one
/// piece instead of becoming a stripe around the world. The few cells around a pole cannot be
/// outlined in longitude and latitude; theirs is the plain order of their corners.
pub fn h3_boundary(cell: u64) -> Option<Vec<[f64; 2]>> {
    let cell = CellIndex::try_from(cell).ok()?;
    let middle = LatLng::from(cell).lng();
    let corners = cell.boundary();
    let corners = corners
        .iter()
        .map(|corner| [near(corner.lng(), middle), corner.lat()]);
    Some(corners.collect())
}

/// The longitude, by whole turns, that is nearest to another.
fn near(lon: f64, other: f64) -> f64 {
    if lon - other > 180.0 {
        lon - 360.0
    } else if lon - other < -180.0 {
        lon + 360.0
    } else {
        lon
    }
}

/// The cells within so many steps of a cell, and the cell itself.
pub(crate) fn h3_disk(cell: u64, steps: u32) -> Vec<u64> {
    let cell = CellIndex::try_from(cell).expect("cells come from h3_cell");
    let disk: Vec<CellIndex> = cell.grid_disk(steps);
    disk.into_iter().map(u64::from).collect()
}

/// A resolution as an argument.
fn resolution(value: i64) -> Result<u8> {
    let resolution = u8::try_from(value).ok();
    let resolution = resolution.filter(|resolution| *resolution <= RESOLUTION_MAX);
    resolution.ok_or_else(|| {
        Error::invalid_config(format!(
            "expected a resolution from 0 to {RESOLUTION_MAX}, found {value}"
        ))
    })
}

/// `h3_cell(lon, lat, resolution)`.
pub(crate) fn h3_cell_function() -> impl Scalar {
    let description = Description::new(
        "h3_cell",
        "The H3 cell of a place (Uber Technologies, H3 4), as the usual text of 15 hexadecimal \
         digits; null where an argument is null. A place that is not on the globe is an error. Count \
         by it where there are more rows than h3_bins takes.",
    )
    .parameter(Parameter::new(
        "lon",
        &[DataType::Float64],
        "The longitude in degrees, from -180 to 180.",
    ))
    .parameter(Parameter::new(
        "lat",
        &[DataType::Float64],
        "The latitude in degrees, from -90 to 90.",
    ))
    .parameter(Parameter::new(
        "resolution",
        &[DataType::Int64],
        "From 0 (cells of 1,281 km edge on average) to 15 (58 cm); 8 is a neighbourhood (531 m).",
    ))
    .example("SELECT hotspots.h3_cell(30.5234, 50.4501, 8)", "881e6384a3fffff");
    SimpleScalar::new(description, DataType::Utf8View, cells)
}

fn cells(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    let columns = [0, 1, 2].map(|argument| arguments.column(argument));
    let lons = primitive::<Float64Type>(&columns[0])?;
    let lats = primitive::<Float64Type>(&columns[1])?;
    let resolutions = primitive::<Int64Type>(&columns[2])?;
    let mut cells = StringViewBuilder::with_capacity(arguments.rows());
    let mut text = String::new();
    let rows = lons.iter().zip(lats).zip(resolutions);
    for (row, ((lon, lat), at)) in rows.enumerate() {
        let (Some(lon), Some(lat), Some(at)) = (lon, lat, at) else {
            cells.append_null();
            continue;
        };
        let record = row as u64 + 1;
        let resolution = resolution(at).map_err(|error| error.at_record(record))?;
        let cell = h3_cell(lon, lat, resolution).ok_or_else(|| {
            Error::invalid_data(format!(
                "expected a longitude from -180 to 180 and a latitude from -90 to 90, found {lon} and {lat}"
            ))
            .at_record(record)
        })?;
        text.clear();
        write!(text, "{cell:x}").expect("a String takes everything");
        cells.try_append_value(&text)?;
    }
    Ok(Arc::new(cells.finish()))
}

fn primitive<T: ArrowPrimitiveType>(column: &ArrayRef) -> Result<&PrimitiveArray<T>> {
    let values = column.as_primitive_opt::<T>();
    values.ok_or_else(|| {
        Error::internal(format!(
            "an argument is {}, not {}",
            column.data_type(),
            T::DATA_TYPE
        ))
    })
}

/// `h3_boundary(cell)`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct H3Boundary;

impl Scalar for H3Boundary {
    fn describe(&self) -> Description {
        Description::new(
            "h3_boundary",
            "The outline of an H3 cell (Uber Technologies, H3 4) as a polygon in longitude and \
             latitude; null where the cell is null. A text that is no cell is an error. Where a cell \
             crosses the antimeridian its longitudes go beyond 180 or -180.",
        )
        .parameter(Parameter::text(
            "cell",
            "The cell as hexadecimal text, as h3_cell and h3_bins give it.",
        ))
        .example(
            "SELECT substr(encode(hotspots.h3_boundary('881e6384a3fffff'), 'hex'), 1, 26)",
            "01030000000100000007000000",
        )
    }

    fn bind(&self, _: &Signature) -> Result<Box<dyn BoundScalar>> {
        Ok(Box::new(*self))
    }
}

impl BoundScalar for H3Boundary {
    fn output(&self) -> Field {
        geometry::field(Metric::Sphere, true)
    }

    fn invoke(&self, arguments: &Arguments<'_>) -> Result<ArrayRef> {
        let texts = arguments.strings(0)?;
        let ring = |row: usize| {
            let ring = texts.get(row).map(boundary_of).transpose();
            ring.map_err(|error| error.at_record(row as u64 + 1))
        };
        let rings = (0..arguments.rows()).map(ring);
        let rings = rings.collect::<Result<Vec<_>>>()?;
        Ok(geometry::polygons(rings.into_iter()))
    }
}

fn boundary_of(text: &str) -> Result<Vec<[f64; 2]>> {
    let cell = u64::from_str_radix(text, 16).ok();
    cell.and_then(h3_boundary).ok_or_else(|| {
        Error::invalid_data(format!(
            "expected an H3 cell such as 881e6384a3fffff, found {text:?}"
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::{Float64Array, Int64Array, StringArray};
    use sextant_plugin_sdk::testing::call;

    /// `h3.latlng_to_cell(lat, lon, resolution)`, h3-py 4.5.0.
    const CELLS: [(f64, f64, u8, u64); 8] = [
        (30.5234, 50.4501, 0, 0x801_ffff_ffff_ffff),
        (30.5234, 50.4501, 8, 0x881_e638_4a3f_ffff),
        (30.5234, 50.4501, 15, 0x8f1_e638_4a2e_c6a4),
        (-122.4183, 37.7759, 9, 0x892_8308_280f_ffff),
        (179.9999, -16.5, 5, 0x859_b5dc_7fff_ffff),
        (-180.0, 0.0, 3, 0x837_eb5f_ffff_ffff),
        (0.0, 90.0, 4, 0x840_3263_ffff_ffff),
        (12.5, -90.0, 7, 0x87f_2938_0eff_ffff),
    ];

    #[test]
    fn cells_are_those_of_the_original() {
        for (lon, lat, resolution, cell) in CELLS {
            assert_eq!(h3_cell(lon, lat, resolution), Some(cell), "{lon} {lat}");
        }
        for (lon, lat, resolution) in [
            (180.1, 0.0, 5),
            (0.0, -90.1, 5),
            (f64::NAN, 0.0, 5),
            (0.0, f64::INFINITY, 5),
            (0.0, 0.0, 16),
        ] {
            assert_eq!(
                h3_cell(lon, lat, resolution),
                None,
                "{lon} {lat} {resolution}"
            );
        }
    }

    /// `h3.cell_to_boundary`, h3-py 4.5.0, turned to longitude and latitude: a hexagon, a pentagon,
    /// and a hexagon across the antimeridian, kept in one piece.
    #[test]
    fn boundaries_are_those_of_the_original() {
        let cases: [(u64, &[[f64; 2]]); 3] = [
            (
                0x881_e638_4a3f_ffff,
                &[
                    [30.5158094111, 50.4558130945],
                    [30.5126405985, 50.4518249973],
                    [30.5169986694, 50.4480364715],
                    [30.5245251106, 50.4482358989],
                    [30.5276943252, 50.4522238260],
                    [30.5233366967, 50.4560124958],
                ],
            ),
            (
                0x830_800f_ffff_ffff,
                &[
                    [9.5971453451, 64.5280903802],
                    [10.2498853766, 64.3105246474],
                    [10.6187747895, 64.2637001063],
                    [11.3057759756, 64.4596778719],
                    [11.5292583680, 64.5959486125],
                    [11.3133628263, 64.9398927620],
                    [11.0758182390, 65.0730624558],
                    [10.2314960047, 65.0875103133],
                    [9.8599986683, 65.0303548193],
                    [9.5804751363, 64.6946929168],
                ],
            ),
            (
                0x859_b5dc_7fff_ffff,
                &[
                    [180.0119883594, -16.5648990807],
                    [180.0568133597, -16.4871106430],
                    [180.0146123002, -16.4151345299],
                    [179.9277127637, -16.4209070448],
                    [179.8828945242, -16.4985793453],
                    [179.9249689098, -16.5705951739],
                ],
            ),
        ];
        for (cell, due) in cases {
            let found = h3_boundary(cell).expect("it is a cell");
            assert_eq!(found.len(), due.len(), "{cell:x}");
            for (found, due) in found.iter().flatten().zip(due.iter().flatten()) {
                assert!((found - due).abs() < 1e-9, "{cell:x}: {found} and {due}");
            }
        }
        assert_eq!(h3_boundary(0), None);
    }

    #[test]
    fn scalars_keep_nulls_and_refuse_what_is_no_place_or_cell() {
        let lon: ArrayRef = Arc::new(Float64Array::from(vec![Some(30.5234), None, Some(30.5234)]));
        let lat: ArrayRef = Arc::new(Float64Array::from(vec![50.4501; 3]));
        let at: ArrayRef = Arc::new(Int64Array::from(vec![Some(8), Some(8), None]));
        let cells = call(&h3_cell_function(), vec![lon, lat, at]).expect("cells");
        let found: Vec<_> = cells.as_string_view().iter().collect();
        assert_eq!(found, [Some("881e6384a3fffff"), None, None]);

        let outlines = call(&H3Boundary, vec![cells]).expect("outlines");
        let lengths: Vec<_> = outlines.as_binary::<i32>().iter().collect();
        let lengths = lengths.into_iter().map(|wkb| wkb.map(<[u8]>::len));
        // A header of 13 bytes and seven pairs of 16.
        assert_eq!(lengths.collect::<Vec<_>>(), [Some(125), None, None]);

        let why = |lon: f64, lat: f64, at: i64| {
            let columns: Vec<ArrayRef> = vec![
                Arc::new(Float64Array::from(vec![lon])),
                Arc::new(Float64Array::from(vec![lat])),
                Arc::new(Int64Array::from(vec![at])),
            ];
            let error = call(&h3_cell_function(), columns).expect_err("an error");
            error.to_string()
        };
        assert_eq!(
            why(f64::NAN, 0.0, 8),
            "record 1: expected a longitude from -180 to 180 and a latitude from -90 to 90, found NaN and 0"
        );
        assert_eq!(
            why(0.0, 0.0, 16),
            "record 1: expected a resolution from 0 to 15, found 16"
        );
        let cells: ArrayRef = Arc::new(StringArray::from(vec!["not a cell"]));
        let error = call(&H3Boundary, vec![cells]).expect_err("an error");
        assert_eq!(
            error.to_string(),
            "record 1: expected an H3 cell such as 881e6384a3fffff, found \"not a cell\""
        );
    }
}
