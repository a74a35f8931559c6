//! Counting places by H3 cell.

use crate::arguments::{Constants, given, whole_number};
use crate::call::{count_field, counts, float_field, floats, gathering};
use crate::geometry;
use crate::h3::{RESOLUTION_MAX, h3_boundary, h3_cell};
use crate::metric::Metric;
use crate::rows::{Layout, Role, Rows};
use arrow_array::{ArrayRef, StringViewArray};
use arrow_schema::{DataType, Field, SchemaRef};
use sextant_plugin_sdk::{
    Answer, BoundTable, Description, Error, Feed, Result, Signature, TableFunction,
};
use std::sync::Arc;

/// What lies in a cell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bin {
    /// The cell.
    pub cell: u64,
    /// How many places.
    pub count: usize,
    /// How many of them have a value.
    pub values: usize,
    /// The sum of these values.
    pub sum: f64,
}

impl Bin {
    /// The mean of the values; none where there are none.
    pub fn mean(&self) -> Option<f64> {
        (self.values > 0).then(|| self.sum / self.values as f64)
    }
}

/// The bins of places, given as cells with or without a value, in the order of cells.
///
/// Values of a cell are added in their order, so that the sums do not depend on that of the places.
pub fn h3_bins(mut places: Vec<(u64, Option<f64>)>) -> Vec<Bin> {
    places.sort_unstable_by(|(cell, value), (other_cell, other)| {
        let values = || match (value, other) {
            (Some(value), Some(other)) => value.total_cmp(other),
            (value, other) => value.is_some().cmp(&other.is_some()),
        };
        cell.cmp(other_cell).then_with(values)
    });
    let cells = places.chunk_by(|a, b| a.0 == b.0);
    cells
        .map(|same| Bin {
            cell: same[0].0,
            count: same.len(),
            values: same.iter().filter(|(_, value)| value.is_some()).count(),
            sum: same.iter().filter_map(|(_, value)| *value).sum(),
        })
        .collect()
}

/// `h3_bins((lon, lat, value), resolution)`.
#[derive(Debug)]
pub(crate) struct H3Bins;

impl TableFunction for H3Bins {
    fn describe(&self) -> Description {
        Description::new(
            "h3_bins",
            "Counts places by H3 cell (Uber Technologies, H3 4): cell (text of 15 hexadecimal digits), \
             count, and geometry (polygon in longitude and latitude). With a third column also the \
             sum and the mean of its values, of which nulls are left out as SQL does; null where a \
             cell has none. Cells without places do not appear.",
        )
        .relation(
            "places",
            Feed::Build,
            "By position: lon, lat (degrees, no nulls) and, where wanted, value (number or null).",
        )
        .parameter(whole_number(
            "resolution",
            "From 0 (cells of 1,281 km edge on average) to 15 (58 cm); 8 is a neighbourhood (531 m).",
        ))
        .example(
            "SELECT cell, count, sum, mean FROM hotspots.h3_bins((SELECT * FROM (VALUES (30.5234, 50.4501, 2), (30.5230, 50.4500, 3), (24.0297, 49.8397, NULL)) AS t(lon, lat, value)), 8) ORDER BY cell",
            "881e6384a3fffff,2,5.0,2.5\n881e768837fffff,1,,",
        )
    }

    fn bind(&self, relations: &[SchemaRef], signature: &Signature) -> Result<Box<dyn BoundTable>> {
        let roles = [Role::X, Role::Y, Role::Measure];
        let layout = Layout::new(relations, &roles, Metric::Sphere)?;
        let range = 0..=i64::from(RESOLUTION_MAX);
        let resolution = Constants(signature).whole(0, "a resolution", range)?;
        let resolution = given(resolution, "a resolution")? as u8;
        let has_values = layout.has(Role::Measure);
        let mut fields = vec![
            Field::new("cell", DataType::Utf8View, false),
            count_field("count"),
        ];
        if has_values {
            fields.extend([float_field("sum"), float_field("mean")]);
        }
        fields.push(geometry::field(Metric::Sphere, false));
        let compute = move |rows: Rows| {
            let places = (0..rows.len()).map(|row| {
                let cell = h3_cell(rows.x[row], rows.y[row], resolution);
                let cell = cell.ok_or_else(|| Error::internal("a place is not on the globe"))?;
                let value = rows.values.get(row).copied();
                Ok((cell, value.filter(|value| !value.is_nan())))
            });
            let bins = h3_bins(places.collect::<Result<_>>()?);
            Ok(Answer::new(bins.len(), move |range| {
                columns(&bins[range], has_values)
            }))
        };
        Ok(gathering(layout, fields, compute))
    }
}

fn columns(bins: &[Bin], has_values: bool) -> Vec<ArrayRef> {
    let cells = bins.iter().map(|bin| Some(format!("{:x}", bin.cell)));
    let mut columns: Vec<ArrayRef> = vec![
        Arc::new(cells.collect::<StringViewArray>()),
        counts(bins.iter().map(|bin| bin.count)),
    ];
    if has_values {
        columns.push(floats(bins.iter().map(|bin| bin.mean().map(|_| bin.sum))));
        columns.push(floats(bins.iter().map(Bin::mean)));
    }
    columns.push(geometry::polygons(
        bins.iter().map(|bin| h3_boundary(bin.cell)),
    ));
    columns
}
